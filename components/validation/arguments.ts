import type { EtcdClusterArgs } from "../args";
import { nearest } from "../contract/units";
import { argumentShapes } from "./argument-shapes";
import { isLater } from "./checks";
import type { ValidationErrors } from "./errors";

/** Names of earlier releases, which resemble other arguments more than their own new names. */
const renamed: ReadonlyMap<string, string> = new Map([["controllerDoorSecret", "controllerServerSecret"]]);

/** Quantities and durations, whose own rules say how to write them. */
const measures: ReadonlySet<string> = new Set([
  ...["cpuRequest", "cpuLimit", "memoryRequest", "memoryLimit", "size", "defragmentMinSize"],
  ...["quota", "maxRequestSize", "compactHashCheckInterval"],
]);

/**
 * Adds an error for each argument that does not exist or is of the wrong type: Pulumi checks neither for a program's or
 * a stack's values. Returns whether the rest has a shape that further checks can read.
 */
export function validateShape(errors: ValidationErrors, args: EtcdClusterArgs): boolean {
  return checkShape(errors, "", args, "EtcdClusterArgs");
}

/**
 * `shape`: `text`, `flag`, `input` (text or an output), `inputs` (texts or outputs by keys of the user's own), `any`
 * (not checked here), the name of an object type, or one of these followed by `[]` for a list.
 */
function checkShape(errors: ValidationErrors, path: string, given: unknown, shape: string): boolean {
  if (shape === "any" || given === undefined) {
    return true;
  }
  if (shape.endsWith("[]")) {
    return checkList(errors, path, given, shape.slice(0, -2));
  }
  switch (shape) {
    case "text":
      return measures.has(path.split(".").at(-1) ?? "") || checkType(errors, path, given, "string");
    case "flag":
      return checkType(errors, path, given, "boolean");
    case "input":
      if (!isLater(given)) checkType(errors, path, given, "string");
      return true;
    case "inputs":
      checkInputs(errors, path, given);
      return true;
    default:
      return checkObject(errors, path, given, argumentShapes[shape] ?? {});
  }
}

const rules = {
  string: ["it has to be text", "Put it in quotes"],
  boolean: ["it has to be a yes or no", "Use true or false"],
} as const;

function checkType(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  type: keyof typeof rules,
): boolean {
  const fits = typeof given === type;
  if (!fits) {
    const [rule, fix] = rules[type];
    errors.add(path, given, rule, fix);
  }
  return fits;
}

function checkList(errors: ValidationErrors, path: string, given: unknown, shape: string): boolean {
  if (!Array.isArray(given)) {
    errors.add(path, given, "it has to be a list", "Write it as one, with one element if need be");
    return false;
  }
  return given.map((item, index) => checkShape(errors, `${path}[${index}]`, item, shape)).every(Boolean);
}

function checkObject(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  fields: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(fields);
  if (!isObject(given)) {
    errors.add(path, given, "it has arguments of its own", `Use an object with ${names.join(", ")}`);
    return false;
  }
  return Object.entries(given)
    .map(([key, value]) => {
      const before = path === "" ? "" : `${path}.`;
      const shape = names.includes(key) ? fields[key] : undefined;
      if (shape !== undefined) {
        return checkShape(errors, `${before}${key}`, value, shape);
      }
      const meant = renamed.get(key) ?? nearest(key, names);
      errors.add(
        `${before}${key}`,
        value,
        "there is no such argument",
        meant ? `Did you mean ${before}${meant}?` : `There are: ${names.join(", ")}`,
      );
      return true;
    })
    .every(Boolean);
}

function checkInputs(errors: ValidationErrors, path: string, given: unknown): void {
  if (isLater(given)) {
    return;
  }
  if (!isObject(given)) {
    errors.add(path, given, "it has to be texts by their names", `Use an object such as {"a": "b"}`);
    return;
  }
  for (const [key, value] of Object.entries(given)) {
    checkShape(errors, `${path}.${key}`, value, "input");
  }
}

const isObject = (given: unknown): given is Readonly<Record<string, unknown>> =>
  given !== null && typeof given === "object" && !Array.isArray(given);
