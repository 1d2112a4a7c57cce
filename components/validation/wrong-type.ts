import * as pulumi from "@pulumi/pulumi";
import { argumentShapes } from "./argument-shapes";
import { isHidden } from "./hidden";

/** Ways out of a value of the wrong type. They show the right value where it can be told from the wrong one. */

export function toText(path: string, given: unknown): string {
  if (pulumi.Resource.isInstance(given)) {
    return "Pass the resource's metadata.name";
  }
  if (typeof given === "number" || typeof given === "boolean") {
    const quoted = isHidden(path, given) ? "" : `: "${given}"`;
    return `Put it in quotes${quoted} (pulumi config set takes --type string)`;
  }
  const name = nameOf(given);
  if (name !== undefined && !isHidden(path, name)) {
    return `Use its name alone, in quotes: ${JSON.stringify(name)}`;
  }
  return given === null ? "Use text in quotes, or leave it out" : "Use text in quotes";
}

const flags: Readonly<Record<string, boolean>> = { true: true, yes: true, on: true, 1: true };

export function toFlag(given: unknown): string {
  const text = isText(given) || typeof given === "number" ? String(given).toLowerCase() : "";
  if (flags[text]) {
    return "Use true";
  }
  return ["false", "no", "off", "0"].includes(text) ? "Use false" : "Use true or false";
}

export function toList(path: string, given: unknown, shape: string): string {
  const field = mainFields[shape];
  if (isText(given) && !isHidden(path, given)) {
    return `Use [${field === undefined ? JSON.stringify(given) : asObject(field, given)}]`;
  }
  const [key] = given !== null && typeof given === "object" ? Object.keys(given) : [];
  if (field !== undefined && key !== undefined && !Object.keys(argumentShapes[shape] ?? {}).includes(key)) {
    return `Use [${asObject(field, key)}]`;
  }
  return "Put it into a list, in brackets";
}

/** The fields that people mean who write text instead of an object. */
const mainFields: Readonly<Record<string, string>> = {
  Client: "name",
  Storage: "size",
  Service: "type",
  Backup: "schedule",
  BackupDrill: "schedule",
  S3Store: "bucket",
  ClaimStore: "existing",
};

export function toObject(path: string, given: unknown, shape: string): string {
  const field = mainFields[shape];
  if (isText(given) && field !== undefined && !isHidden(path, given)) {
    return `Use ${asObject(field, given)}`;
  }
  const [, repository, tag] = /^([^\s@]+):([\w.-]+)$/.exec(isText(given) ? given : "") ?? [];
  if (shape === "Image" && repository !== undefined && tag !== undefined) {
    return `Use ${asObject("repository", repository).slice(0, -2)}, tag: ${JSON.stringify(tag)} }`;
  }
  return `Use an object with ${Object.keys(argumentShapes[shape] ?? {}).join(", ")}`;
}

const asObject = (field: string, value: string) => `{ ${field}: ${JSON.stringify(value)} }`;
const isText = (given: unknown): given is string => typeof given === "string";

/** As Kubernetes refers to objects in many places. */
function nameOf(given: unknown): string | undefined {
  const name = given !== null && typeof given === "object" && "name" in given ? given.name : undefined;
  return isText(name) ? name : undefined;
}
