import { extraSettings, typedSettings } from "../config/etcd-settings";
import { nearest } from "../contract/units";
import { argumentShapes } from "./argument-shapes";
import { inWords } from "./checks";
import { isSecretPath } from "./hidden";
import { hints, synonyms } from "./synonyms";

/** What to do about an argument that does not exist: `key` in the object at `path`, which has that shape. */
export function wayOutOfUnknown(path: string, key: string, value: unknown, shape: string): string {
  const before = path === "" ? "" : `${path}.`;
  // As the tables have it: without an index.
  const full = `${before}${key}`.replace(/\[\d+\]/g, "");
  const known = Object.keys(argumentShapes[shape] ?? {});
  const meant = nearest(key, known);
  return (
    ofFlatKey(before, key, known) ??
    ofSynonym(full, value) ??
    hints.get(full) ??
    (shape === "EtcdSettings" ? ofSetting(key) : undefined) ??
    ofOtherPlace(full, key, value) ??
    (meant === undefined ? `The arguments are ${known.join(", ")}` : `Did you mean ${before}${meant}?`)
  );
}

/** A path where a name belongs, as `pulumi config set` makes it without `--path`. */
function ofFlatKey(before: string, key: string, known: readonly string[]): string | undefined {
  const [, first = "", rest = ""] = /^(\w+)[.[](.+)$/.exec(key) ?? [];
  if (!known.includes(first)) {
    return undefined;
  }
  const inProgram = /^\w+$/.test(rest) ? `, or in a program an object: ${first}: { ${rest}: … }` : "";
  return `Use pulumi config set --path '${before}${key}'${inProgram}`;
}

function ofSynonym(full: string, value: unknown): string | undefined {
  const found = translate(full, value);
  return found.length === 0 ? undefined : `Use ${found.join(" and ")}`;
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
function ofSetting(key: string): string | undefined {
  const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const typed = Object.entries(typedSettings).find(([setting]) => setting === name)?.[1];
  const isExtra = Object.values(extraSettings).some((settings) => Object.keys(settings).includes(name));
  if (typed !== undefined) {
    return `Use ${typed}`;
  }
  return isExtra ? `Use etcd.extra: { "${name}": … }` : undefined;
}

/** Arguments of that name in other objects, if they are few enough to name them. */
function ofOtherPlace(full: string, key: string, value: unknown): string | undefined {
  const paths = places("EtcdClusterArgs", "").filter(
    (path) => path.split(".").at(-1) === key && path !== full,
  );
  const depth = (path: string) => path.split(".").length;
  const [top] = full.split(".");
  const near = paths.filter((path) => full.includes(".") && path.startsWith(`${top}.`));
  const candidates = near.length > 0 ? near : paths;
  const least = Math.min(...candidates.map(depth));
  const best = candidates.filter((path) => depth(path) === least);
  if (best.length === 1 && best[0] !== undefined) {
    return `Use ${withValue(best[0], value)}`;
  }
  return best.length > 1 && best.length <= 3 ? `Use ${inWords(best)}` : undefined;
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
    isSecretPath(argument) ||
    value === hiddenValue ||
    !["string", "number", "boolean"].includes(typeof value)
  ) {
    return argument;
  }
  return shape === "text" || shape === "input"
    ? `${argument}: "${String(value)}"`
    : `${argument}: ${isNumber(value) ? Number(value) : JSON.stringify(value)}`;
}

/** What stands for the value of an unknown key of a stack, which may be a secret. */
const hiddenValue = "…";

const isNumber = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value));

function shapeOf(path: string): string {
  return path.split(".").reduce((shape, field) => argumentShapes[shape]?.[field] ?? "any", "EtcdClusterArgs");
}
