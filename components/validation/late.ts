import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "../args";
import { checkShape } from "./arguments";
import { validateNoMember, validatePrefix } from "./backup";
import { checkObjectName, isLater } from "./checks";
import { validateNamespace, validateNotReserved } from "./cluster";
import { validateCredential, validateNeeded } from "./credentials";
import { ValidationErrors } from "./errors";
import {
  validateDigest,
  validateEtcdRepository,
  validateNodeTag,
  validateRepository,
  validateTag,
} from "./image";
import { validatePullSecrets, validateStorageClass } from "./object-names";
import { validateUrls } from "./restore-endpoints";
import { serviceWords, validateLoadBalancerClass, validateRanges } from "./service";
import { validateServerNames } from "./tls";
import { validateVersionOfTag } from "./version";

/** Checks a value as if it had been known from the start. */
type Check = (
  errors: ValidationErrors,
  path: string,
  given: unknown,
  args: EtcdClusterArgs,
  name: string,
) => void;

const text =
  (...checks: Check[]): Check =>
  (errors, path, given, args, name) => {
    checkShape(errors, path, given, "input");
    checks.forEach((check) => check(errors, path, given, args, name));
  };

/** Nothing is a list's default once the list was given. */
const list =
  (check: Check): Check =>
  (errors, path, given, args, name) => {
    const known: unknown = Array.isArray(given)
      ? given.map((item: unknown) => item ?? null)
      : (given ?? null);
    if (checkShape(errors, path, known, "input[]")) check(errors, path, known, args, name);
  };

const objectName = text(checkObjectName);

const existingTls = [
  ...["peerSecret", "peerClientSecret", "serverSecret", "rootSecret"],
  ...["controllerSecret", "controllerServerSecret", "restoreSecret"],
];

const store = (path: string): [string, Check][] => [
  [`${path}.s3.prefix`, text(validatePrefix)],
  [`${path}.s3.credentialsSecret`, objectName],
  [`${path}.claim.storageClass`, text(validateStorageClass)],
  [`${path}.claim.prefix`, text(validatePrefix)],
  ...["accessKeyId", "secretAccessKey"].map((field): [string, Check] => [
    `${path}.s3.credentials.${field}`,
    text(validateNeeded, validateCredential),
  ]),
  [`${path}.s3.credentials.sessionToken`, text(validateCredential)],
];

/** The arguments that may be outputs and that have rules. */
const checks: readonly (readonly [string, Check])[] = [
  ["namespace", text(validateNamespace, validateNotReserved)],
  ["tls.extraServerNames", list(validateServerNames)],
  ...existingTls.map((field): [string, Check] => [`tls.existing.${field}`, objectName]),
  ["imagePullSecrets", list(validatePullSecrets)],
  ["image.tag", text(validateTag, validateVersionOfTag)],
  ["nodeImage.tag", text(validateTag, validateNodeTag)],
  ["image.repository", text(validateRepository, validateEtcdRepository)],
  ["nodeImage.repository", text(validateRepository)],
  ["image.digest", text(validateDigest)],
  ["nodeImage.digest", text(validateDigest)],
  ["storage.storageClass", text(validateStorageClass)],
  ["scheduling.priorityClassName", objectName],
  ["scheduling.schedulerName", objectName],
  ["scheduling.runtimeClassName", objectName],
  ["controller.priorityClassName", objectName],
  ["service.loadBalancerClass", text(validateLoadBalancerClass)],
  ["service.loadBalancerSourceRanges", list(validateRanges)],
  ...Object.entries(serviceWords).map(([field, check]): [string, Check] => [`service.${field}`, text(check)]),
  ["restore.file.claim", objectName],
  ["restore.endpoints.urls", list(validateUrls)],
  ["restore.endpoints.tlsSecret", objectName],
  ["restore.endpoints.passwordSecret", objectName],
  ...store("backup"),
  ["backup.claim.existing", text(checkObjectName, validateNoMember)],
  ...store("restore.backup"),
  ["restore.backup.claim.existing", objectName],
];

/**
 * The arguments, in which every output fails if its value is refused. The component itself has them as its inputs, so
 * that the engine creates nothing before they are known and right.
 */
export function checkLater(args: EtcdClusterArgs, name: string): EtcdClusterArgs {
  const checked = (path: string, check: Check) => (given: unknown) => {
    if (!isLater(given) && !(Array.isArray(given) && given.some(isLater))) {
      return given;
    }
    const output = pulumi.output(given as pulumi.Input<string | pulumi.Input<string>[]>);
    return pulumi.all([output, pulumi.isSecret(output)]).apply(([value, secret]) => {
      const errors = new ValidationErrors(secret);
      check(errors, path, value, args, name);
      withoutPrefixes(() => errors.throwIfAny(`EtcdCluster "${name}"`));
      return value;
    });
  };
  return checks.reduce<object>(
    (all, [path, check]) => changed(all, path.split("."), checked(path, check)),
    args,
  );
}

/** The SDK would put a prefix before the error's message for each resource that has the value. */
function withoutPrefixes(check: () => void): void {
  try {
    check();
  } catch (error) {
    const { message } = error as Error;
    throw Object.defineProperty(error as Error, "message", { get: () => message, set: () => undefined });
  }
}

/** A copy in which the value at that path is changed, if there is one. */
function changed(
  all: object,
  [key = "", ...rest]: readonly string[],
  change: (given: unknown) => unknown,
): object {
  const value = (all as Readonly<Record<string, unknown>>)[key];
  if (value === undefined || value === null) {
    return all;
  }
  return { ...all, [key]: rest.length === 0 ? change(value) : changed(value, rest, change) };
}
