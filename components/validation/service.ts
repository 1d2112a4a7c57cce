import { isIP } from "node:net";
import type { EtcdClusterArgs } from "../args";
import { ExternalTrafficPolicy, ServiceType, SessionAffinity, TrafficDistribution } from "../args";
import { isQualifiedName } from "../contract/units";
import { checkInteger, checkOneOf, checkWord, plainText, plainTexts } from "./checks";
import type { ValidationErrors } from "./errors";

/** The default range of node ports. The API server may be configured with another one. */
const nodePorts = { from: 30_000, to: 32_767 };

const word =
  (allowed: Readonly<Record<string, string>>) => (errors: ValidationErrors, path: string, given: unknown) =>
    checkWord(errors, path, given, Object.values(allowed));

/** Words that Kubernetes knows. */
export const serviceWords = {
  externalTrafficPolicy: word(ExternalTrafficPolicy),
  sessionAffinity: word(SessionAffinity),
  trafficDistribution: word(TrafficDistribution),
};

export function validateService(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const service = args.service ?? {};
  const type = service.type ?? ServiceType.ClusterIP;
  checkOneOf(errors, "service.type", service.type, ServiceType);
  validateNodePort(errors, service.nodePort);
  for (const [path, check] of Object.entries(serviceWords)) {
    check(errors, `service.${path}`, service[path as keyof typeof serviceWords]);
  }
  validateLoadBalancerClass(errors, "service.loadBalancerClass", service.loadBalancerClass);
  validateRanges(errors, "service.loadBalancerSourceRanges", service.loadBalancerSourceRanges);
  for (const field of ["nodePort", "externalTrafficPolicy"] as const) {
    if (service[field] !== undefined && type === ServiceType.ClusterIP && !errors.has("service.type")) {
      errors.add(
        `service.${field}`,
        service[field],
        "a Service has it only with type NodePort or LoadBalancer",
        "Set service.type",
      );
    }
  }
  for (const field of ["loadBalancerClass", "loadBalancerSourceRanges"] as const) {
    if (service[field] !== undefined && type !== ServiceType.LoadBalancer && !errors.has("service.type")) {
      errors.add(
        `service.${field}`,
        service[field],
        "a Service has it only with type LoadBalancer",
        "Set service.type",
      );
    }
  }
}

function validateNodePort(errors: ValidationErrors, port: number | undefined): void {
  const path = "service.nodePort";
  if (
    checkInteger(errors, path, port, 1, 65_535) &&
    port !== undefined &&
    (port < nodePorts.from || port > nodePorts.to)
  ) {
    errors.warn(
      path,
      port,
      `Kubernetes refuses a port outside ${nodePorts.from} to ${nodePorts.to}, unless its API server is ` +
        "configured with another range",
      "Use a port from that range, or check the API server's",
    );
  }
}

export function validateLoadBalancerClass(errors: ValidationErrors, path: string, given: unknown): void {
  const text = plainText(given);
  if (text !== undefined && !isQualifiedName(text)) {
    errors.add(
      path,
      text,
      "it has to be a name, with or without a domain before it",
      `For example: "example.com/internal"`,
    );
  }
}

export function validateRanges(errors: ValidationErrors, path: string, given: unknown): void {
  for (const [index, range] of plainTexts(given)) {
    if (!isRange(range)) {
      const oneAddress = [`${range}/${isIP(range) === 4 ? 32 : 128}`].find(isRange);
      errors.add(
        `${path}[${index}]`,
        range,
        "it has to be an address, a slash and the number of leading bits: up to 32, or 128 with IPv6",
        oneAddress === undefined ? `For example: "10.0.0.0/8"` : `Use "${oneAddress}" for one address`,
      );
    }
  }
}

function isRange(given: string): boolean {
  const [, address = "", bits] = /^([0-9a-fA-F.:]+)\/(0|[1-9]\d{0,2})$/.exec(given.trim()) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}
