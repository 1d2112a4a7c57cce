import { extraSettings, typedSettings } from "../config/etcd-settings";
import { nearest } from "../contract/units";
import { argumentShapes } from "./argument-shapes";
import { inWords } from "./checks";
import { isHidden } from "./hidden";
import { outline, shapeOf, unsaid } from "./outline";
import { hints, synonyms } from "./synonyms";

interface Meant {
  readonly wayOut: string;
  /** Where the value belongs, if it is one place. */
  readonly argument?: string;
}

/**
 * What to say of an argument that does not exist: `key` in the object at `path`, which has that shape. Its value may be
 * a credential, whatever it is called.
 */
export function unknownArgument(
  path: string,
  key: string,
  value: unknown,
  shape: string,
): { shown: unknown; wayOut: string } {
  const before = path === "" ? "" : `${path}.`;
  // As the tables have it: without an index.
  const full = `${before}${key}`.replace(/\[\d+\]/g, "");
  const known = Object.keys(argumentShapes[shape] ?? {});
  const { wayOut, argument }: Meant = ofFlatKey(before, key, known) ??
    ofSynonym(full, value) ??
    ofHint(full) ??
    (shape === "EtcdSettings" ? ofSetting(key) : undefined) ??
    ofOtherPlace(full, key, value) ??
    ofNearMiss(before, key, known) ?? { wayOut: `The arguments are ${known.join(", ")}` };
  return { shown: outline(argument ?? full, value), wayOut };
}

/** A path where a name belongs, as `pulumi config set` makes it without `--path`. */
function ofFlatKey(before: string, key: string, known: readonly string[]): Meant | undefined {
  const [, first = "", rest = ""] = /^(\w+)[.[](.+)$/.exec(key) ?? [];
  if (!known.includes(first)) {
    return undefined;
  }
  const inProgram = /^\w+$/.test(rest) ? `, or in a program an object: ${first}: { ${rest}: … }` : "";
  return {
    wayOut: `Use pulumi config set --path '${before}${key}'${inProgram}`,
    argument: `${before}${key}`,
  };
}

function ofSynonym(full: string, value: unknown): Meant | undefined {
  const found = translate(full, value);
  return found.length === 0
    ? undefined
    : { wayOut: `Use ${found.join(" and ")}`, argument: synonyms.get(full) };
}

function ofHint(full: string): Meant | undefined {
  const wayOut = hints.get(full);
  return wayOut === undefined ? undefined : { wayOut };
}

function ofNearMiss(before: string, key: string, known: readonly string[]): Meant | undefined {
  const meant = nearest(key, known);
  return meant === undefined
    ? undefined
    : { wayOut: `Did you mean ${before}${meant}?`, argument: `${before}${meant}` };
}

/** The longest path that has a synonym. */
const deepest = Math.max(...[...synonyms.keys()].map((path) => path.split(".").length));

/** The arguments for that value, or for the parts of it that have one. */
function translate(full: string, value: unknown): string[] {
  const argument = full === "size" && isNumber(value) ? "members" : synonyms.get(full);
  if (argument !== undefined) {
    return [withValue(argument, value)];
  }
  const isDeep = full.split(".").length >= deepest;
  return !isDeep && value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, part]) => translate(`${full}.${key}`, part))
    : [];
}

/** A setting of etcd by etcd's own name, with dashes or in camel case. */
function ofSetting(key: string): Meant | undefined {
  const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const typed = Object.entries(typedSettings).find(([setting]) => setting === name)?.[1];
  const isExtra = Object.values(extraSettings).some((settings) => Object.keys(settings).includes(name));
  if (typed !== undefined) {
    return { wayOut: `Use ${typed}`, argument: typed };
  }
  return isExtra ? { wayOut: `Use etcd.extra: { "${name}": … }`, argument: "etcd.extra" } : undefined;
}

/** Arguments of that name in other objects, if they are few enough to name them. */
function ofOtherPlace(full: string, key: string, value: unknown): Meant | undefined {
  const paths = places("EtcdClusterArgs", "").filter(
    (path) => path.split(".").at(-1) === key && path !== full,
  );
  const depth = (path: string) => path.split(".").length;
  const [top] = full.split(".");
  const near = paths.filter((path) => full.includes(".") && path.startsWith(`${top}.`));
  const candidates = near.length > 0 ? near : paths;
  const least = Math.min(...candidates.map(depth));
  const best = candidates.filter((path) => depth(path) === least);
  const [argument] = best;
  if (argument === undefined || best.length > 3) {
    return undefined;
  }
  return { wayOut: `Use ${best.length === 1 ? withValue(argument, value) : inWords(best)}`, argument };
}

/** The paths of all arguments. A list's elements are not places of their own. */
function places(shape: string, before: string): string[] {
  return Object.entries(argumentShapes[shape] ?? {}).flatMap(([field, inner]) => [
    `${before}${field}`,
    ...places(inner, `${before}${field}.`),
  ]);
}

function withValue(argument: string, value: unknown): string {
  const shape = shapeOf(argument);
  if (
    isHidden(argument, value) ||
    value === unsaid ||
    !["string", "number", "boolean"].includes(typeof value)
  ) {
    return argument;
  }
  return shape === "text" || shape === "input"
    ? `${argument}: "${String(value)}"`
    : `${argument}: ${isNumber(value) ? Number(value) : JSON.stringify(value)}`;
}

const isNumber = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value));
