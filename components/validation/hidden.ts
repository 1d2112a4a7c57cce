import * as pulumi from "@pulumi/pulumi";

/** Fields whose value is nobody's to read, as they are called here and elsewhere. The name of a Secret is no secret. */
const secretField =
  /^(?:credentials?|secret|.*(?:accesskey(?:id)?|secretkey|privatekey|apikey|password|passphrase)|(?:session|access)?token)$/;

/** What stands for a value. */
export const secret = "[secret]";

/** The value that was given at that path, as a message may have it. It never has what is known later or is secret. */
export function shown(path: string, given: unknown): string {
  if (isSecretPath(path)) {
    return JSON.stringify(secret);
  }
  try {
    return unwritable(given) ?? JSON.stringify(given, readable);
  } catch {
    return "an object that contains itself";
  }
}

export const isSecretPath = (path: string): boolean => fieldsOf(path).some(isSecret);

/** `etcd.extra` has etcd's own names, none of which is a secret's. */
const fieldsOf = (path: string) => (path.startsWith("etcd.extra.") ? [] : path.split(/[.[\]]+/));
const isSecret = (field: string) => secretField.test(field.replace(/[-_]/g, "").toLowerCase());

/** `JSON.stringify` calls it with the object that has the field, whose value may have been converted before. */
function readable(this: Readonly<Record<string, unknown>>, field: string, value: unknown): unknown {
  if (isSecret(field) || (typeof value === "string" && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(value))) {
    return secret;
  }
  return unwritable(this[field]) ?? value;
}

/** What to call a value that JSON doesn't have. */
function unwritable(given: unknown): string | undefined {
  if (pulumi.Output.isInstance(given)) return "an Output";
  if (pulumi.Resource.isInstance(given)) return "a resource";
  if (given instanceof Promise) return "a Promise";
  if (typeof given === "function" || typeof given === "symbol") return `a ${typeof given}`;
  if (typeof given === "bigint" || (typeof given === "number" && !Number.isFinite(given)))
    return String(given);
  return undefined;
}
