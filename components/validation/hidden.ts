import * as pulumi from "@pulumi/pulumi";
import { isSubdomain } from "../contract/units";

/** Fields whose value is nobody's to read, as they are called here and elsewhere. The name of a Secret is no secret. */
const secretField =
  /^(?:credentials?|secret|.*(?:accesskey(?:id)?|secretkey|privatekey|apikey|pass(?:word|wd|phrase)?|pwd)|(?:session|access)?token)$/;

/** What stands for a value. */
export const secret = "[secret]";

/** The value that was given at that path, as a message may have it. It never has what is known later or is secret. */
export function shown(path: string, given: unknown): string {
  if (isHidden(path, given)) {
    return JSON.stringify(secret);
  }
  try {
    return unwritable(given) ?? withoutUsers(JSON.stringify(given, readable));
  } catch {
    return "an object that contains itself";
  }
}

/** The value as JSON has it, without what is secret by its field or its form. Undefined for what JSON doesn't have. */
export function readableCopy(given: unknown): unknown {
  try {
    return unwritable(given) === undefined ? JSON.parse(JSON.stringify(given, readable)) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the text stands for a value in such a copy. */
export const isStandIn = (text: string): boolean =>
  text === secret || /^an? (?:Output|resource|Promise|function|symbol)$/.test(text);

/** Quoted texts without what is before the @ of a URL or in its query, which may be a password or a signature. */
export const withoutUsers = (message: string): string =>
  message.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) =>
    quoted
      .replace(/(?:(\/\/)|[^\s:@/"]+:(?!\/\/)).*@(?!sha256:)/s, (_, slashes = "") => `${slashes}…@`)
      .replace(/(\/\/[^?&]*[?&]).*=.*"/s, '$1…"'),
  );

/** Whether a message may not repeat the value. Where a Secret's name belongs, people put the secret itself. */
export const isHidden = (path: string, given: unknown): boolean =>
  isSecretPath(path) || (/Secrets?(?:\[\d+\])?$/.test(path) && isNoName(given));

const isNoName = (given: unknown): boolean =>
  typeof given === "number" || (typeof given === "string" && given !== "" && !isSubdomain(given));

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
