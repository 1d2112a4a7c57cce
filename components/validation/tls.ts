import { isIP } from "node:net";
import type { CaRotation, EtcdClusterArgs, ExistingTls } from "../args";
import { CaRotationStep } from "../args";
import { certificateDays } from "../config/defaults";
import { isDnsLabel, isDnsName } from "../contract/units";
import { checkInteger, checkOneOf, plainTexts, respelt } from "./checks";
import type { ValidationErrors } from "./errors";

export function validateTls(errors: ValidationErrors, args: EtcdClusterArgs): void {
  validateClients(errors, args);
  const tls = args.tls ?? {};
  if (tls.existing) {
    for (const field of [
      "caValidityDays",
      "validityDays",
      "renewBeforeDays",
      "organization",
      "extraServerNames",
      "caRotation",
    ] as const) {
      if (tls[field] !== undefined) {
        errors.add(
          `tls.${field}`,
          tls[field],
          "with tls.existing the component makes no certificates",
          "Leave one of them out",
        );
      }
    }
    validateAllGiven(errors, tls.existing);
    return;
  }
  validateLifetimes(errors, args);
  validateRotation(errors, args);
  validateServerNames(errors, "tls.extraServerNames", tls.extraServerNames);
  if (tls.organization !== undefined && (tls.organization === "" || tls.organization.length > 64)) {
    errors.add(
      "tls.organization",
      tls.organization,
      "a certificate has room for 1 to 64 characters",
      "Use a shorter name, or leave it out",
    );
  }
}

export function validateServerNames(errors: ValidationErrors, path: string, given: unknown): void {
  const seen = new Set<string>();
  for (const [index, name] of plainTexts(given)) {
    if (!isServerName(name)) {
      errors.add(
        `${path}[${index}]`,
        name,
        "it has to be a DNS name or an IP address",
        wayOutOfServerName(name),
      );
    }
    if (seen.has(name)) {
      errors.add(`${path}[${index}]`, name, "the list has it twice", "Leave one of them out");
    }
    seen.add(name);
  }
}

/** Without a restore pod's Secret, which the validation of the restore requires. */
function validateAllGiven(errors: ValidationErrors, existing: Partial<ExistingTls>): void {
  for (const field of [
    "peerSecret",
    "peerClientSecret",
    "serverSecret",
    "rootSecret",
    "controllerSecret",
    "controllerServerSecret",
  ] as const) {
    if (existing[field] === undefined) {
      errors.add(
        `tls.existing.${field}`,
        undefined,
        "with tls.existing every certificate comes from a Secret of yours",
        "Set it to the name of the Secret that its documentation describes",
      );
    }
  }
}

/** Without a zone (`%eth0`), which a certificate can't have. Four numbers that are no IP address are no name either. */
function isServerName(text: string): boolean {
  const name = text.replace(/^\*\./, "");
  return text.includes("%") ? false : isIP(text) !== 0 || (isDnsName(name) && !/(?:^|\.)\d+$/.test(name));
}

function wayOutOfServerName(text: string): string {
  const [, ofUrl] = /^\w+:\/\/([^/:]+)/.exec(text) ?? [];
  const [, withoutPort] = /^([^/:]+)(?::\d+)?(?:\/.*)?$/.exec(text) ?? [];
  const [, withoutZone] = /^([^%]+)%/.exec(text) ?? [];
  const meant = [ofUrl, withoutPort, withoutZone]
    .map((name = "") => name.toLowerCase())
    .find((name) => name !== "" && isServerName(name));
  if (meant !== undefined) {
    return `Use "${meant}"`;
  }
  return text.includes("_")
    ? "Use a name without underscores, which a certificate can't have"
    : "Use the name alone, without scheme, port and zone";
}

function validateLifetimes(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const tls = args.tls ?? {};
  const inRange = [
    checkInteger(errors, "tls.caValidityDays", tls.caValidityDays, 1, 36_500),
    checkInteger(errors, "tls.validityDays", tls.validityDays, 1, 36_500),
    checkInteger(errors, "tls.renewBeforeDays", tls.renewBeforeDays, 1, 36_500),
  ].every(Boolean);
  if (!inRange) {
    return;
  }
  const days = certificateDays(tls);
  if (days.leaf > days.ca) {
    errors.add(
      "tls.validityDays",
      days.leaf,
      `the authority that signs it is valid for ${days.ca} days only`,
      "Lower it, or raise tls.caValidityDays",
    );
  }
  if (tls.renewBeforeDays !== undefined && tls.renewBeforeDays >= Math.min(days.leaf, days.ca)) {
    errors.add(
      "tls.renewBeforeDays",
      tls.renewBeforeDays,
      `a certificate that is valid for ${Math.min(days.leaf, days.ca)} days would be due at once, and ` +
        "every run would renew it",
      "Lower it, or raise tls.validityDays",
    );
  }
}

function validateRotation(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const rotation = args.tls?.caRotation as Partial<CaRotation> | undefined;
  if (!rotation) {
    return;
  }
  if (rotation.revision === undefined) {
    errors.add(
      "tls.caRotation.revision",
      rotation.revision,
      "the new authorities need a number",
      "Use 2 for the first rotation, and one more for each that follows",
    );
  } else {
    checkInteger(errors, "tls.caRotation.revision", rotation.revision, 2, 9999);
  }
  checkOneOf(errors, "tls.caRotation.step", rotation.step, CaRotationStep);
  if (rotation.step === undefined) {
    errors.add(
      "tls.caRotation.step",
      rotation.step,
      "a rotation of the authorities goes step by step",
      `Use ${Object.values(CaRotationStep).join(", then ")}`,
    );
  }
}

function validateClients(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const seen = new Set<string>();
  for (const [index, client] of (args.clients ?? []).entries()) {
    const path = `clients[${index}].name`;
    const { name } = client;
    if (typeof name !== "string" || !isDnsLabel(name)) {
      errors.add(
        path,
        name,
        "a Secret is named after it: at most 63 lower-case letters, digits and dashes",
        respelt(name, isDnsLabel, name === undefined ? "Give the client a name" : `For example: "app"`),
      );
    }
    if (name === "root") {
      errors.add(
        path,
        name,
        "the administrator is called root, and has a certificate already",
        "Use another name",
      );
    }
    if (seen.has(name)) {
      errors.add(path, name, "there is a client of this name already", "Leave one of them out");
    }
    seen.add(name);
  }
  if (args.tls?.existing && seen.size > 0) {
    errors.add(
      "clients",
      [...seen],
      "with tls.existing the component has no authority that could sign certificates",
      "Sign the clients' certificates yourself, and leave clients out",
    );
  }
}
