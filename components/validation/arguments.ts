import type { EtcdClusterArgs } from "../args";
import { argumentShapes } from "./argument-shapes";
import { isLater } from "./checks";
import type { ValidationErrors } from "./errors";
import { wholeArguments } from "./errors";
import { unknownArgument } from "./unknown-argument";
import { outline } from "./outline";
import { toFlag, toList, toObject, toText } from "./wrong-type";

/** Quantities and durations, whose own rules say what to use instead of a number. */
const measures: ReadonlySet<string> = new Set([
  ...["cpuRequest", "cpuLimit", "memoryRequest", "memoryLimit", "size", "defragmentMinSize"],
  ...["quota", "maxRequestSize", "compactHashCheckInterval"],
]);

/**
 * Adds an error for each argument that does not exist or is of the wrong type: Pulumi checks neither for a program's or
 * a stack's values. Returns the rest, in which every value can be read by further checks.
 */
export function readArguments(errors: ValidationErrors, args: EtcdClusterArgs): EtcdClusterArgs {
  const given: unknown = args;
  if (isLater(given)) {
    errors.add(
      wholeArguments,
      given,
      "they have to be known before anything is created",
      "Pass an object, in which single values may be outputs",
    );
  } else if (!isObject(given)) {
    errors.add(
      wholeArguments,
      outline("", given),
      "they have to be one object",
      "Pass an object such as { members: 3 }, or leave it out",
    );
  } else {
    return readObject(errors, "", given, "EtcdClusterArgs") ?? {};
  }
  return {};
}

/**
 * `shape`: `text`, `flag`, `input` (text or an output), `inputs` (texts or outputs by keys of the user's own), `plain`
 * (has rules of its own and is no output), `any` (not checked here), the name of an object type, or one of these
 * followed by `[]` for a list. `input[]` may also be an output as a whole.
 */
function read(errors: ValidationErrors, path: string, given: unknown, shape: string): unknown {
  if (given === undefined || shape === "any") {
    return given;
  }
  if (isLater(given)) {
    return shape.startsWith("input") ? given : refuseOutput(errors, path, given);
  }
  if (shape.endsWith("[]")) {
    return readList(errors, path, given, shape.slice(0, -2));
  }
  switch (shape) {
    case "plain":
      return readPlain(errors, path, given);
    case "text":
      return measures.has(path.split(".").at(-1) ?? "") ? given : readText(errors, path, given);
    case "input":
      return readText(errors, path, given);
    case "flag":
      return readFlag(errors, path, given);
    case "inputs":
      return readInputs(errors, path, given);
    default:
      return readObject(errors, path, given, shape);
  }
}

/** The same for a value that was an output. Returns whether its rules can read it. */
export const checkShape = (errors: ValidationErrors, path: string, given: unknown, shape: string): boolean =>
  read(errors, path, given, shape) !== undefined;

function refuseOutput(errors: ValidationErrors, path: string, given: unknown): undefined {
  errors.unreadable(
    path,
    given,
    "it has to be known before anything is created",
    "Pass a plain value, such as one from the stack's configuration that is no secret",
  );
}

function readText(errors: ValidationErrors, path: string, given: unknown): string | undefined {
  if (typeof given === "string") {
    return given;
  }
  errors.unreadable(path, given, "it has to be text", toText(path, given));
  return undefined;
}

function readFlag(errors: ValidationErrors, path: string, given: unknown): boolean | undefined {
  if (typeof given === "boolean") {
    return given;
  }
  errors.unreadable(path, given, "it has to be true or false, without quotes", toFlag(given));
  return undefined;
}

/** A number, one of a few words, or an object whose keys are etcd's. */
function readPlain(errors: ValidationErrors, path: string, given: unknown): unknown {
  if (!isObject(given)) {
    return given;
  }
  const later = Object.entries(given).filter(([, value]) => isLater(value));
  later.forEach(([key, value]) => refuseOutput(errors, `${path}.${key}`, value));
  return Object.fromEntries(Object.entries(given).filter(([, value]) => !isLater(value)));
}

/** The list has its length, because messages have an element's index. */
function readList(errors: ValidationErrors, path: string, given: unknown, shape: string): unknown {
  if (!Array.isArray(given)) {
    errors.unreadable(path, given, "it has to be a list", toList(path, given, shape));
    return undefined;
  }
  return given.map((item: unknown, index) => {
    const value = read(errors, `${path}[${index}]`, item ?? null, shape);
    return value === undefined && argumentShapes[shape] ? {} : value;
  });
}

function readObject(errors: ValidationErrors, path: string, given: unknown, shape: string): unknown {
  const fields = argumentShapes[shape] ?? {};
  const names = Object.keys(fields);
  if (!isObject(given)) {
    errors.unreadable(path, given, "it has to be an object", toObject(path, given, shape));
    return undefined;
  }
  const before = path === "" ? "" : `${path}.`;
  const known: [string, unknown][] = [];
  for (const [key, value] of Object.entries(given)) {
    if (names.includes(key)) {
      known.push([key, read(errors, `${before}${key}`, value, fields[key] ?? "any")]);
    } else {
      const { shown, wayOut } = unknownArgument(path, key, value, shape);
      errors.add(`${before}${key}`, shown, "there is no such argument", wayOut);
    }
  }
  return Object.fromEntries(known);
}

function readInputs(errors: ValidationErrors, path: string, given: unknown): unknown {
  if (!isObject(given)) {
    errors.unreadable(
      path,
      given,
      "it has to be an object whose values are text",
      `Use an object such as {"a": "b"}`,
    );
    return undefined;
  }
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key, read(errors, `${path}.${key}`, value, "input")]),
  );
}

const isObject = (given: unknown): given is Readonly<Record<string, unknown>> =>
  given !== null && typeof given === "object" && !Array.isArray(given);
