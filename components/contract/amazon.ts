/** Where Amazon's services are. Each partition has its own domain. */
const domains: readonly (readonly [regions: RegExp, domain: string])[] = [
  [/^cn-/, "amazonaws.com.cn"],
  [/^us-iso-/, "c2s.ic.gov"],
  [/^us-isob-/, "sc2s.sgov.gov"],
  [/^us-isof-/, "csp.hci.ic.gov"],
  [/^eu-isoe-/, "cloud.adc-e.uk"],
  [/^eusc-/, "amazonaws.eu"],
];

const domainOf = (region: string): string =>
  domains.find(([regions]) => regions.test(region))?.[1] ?? "amazonaws.com";

export const isRegion = (text: string): boolean => /^[a-z]+(-[a-z]+)+-\d+$/.test(text);

export const s3Url = (region: string): string => `https://s3.${region}.${domainOf(region)}`;
