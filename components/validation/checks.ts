import * as pulumi from "@pulumi/pulumi";
import { duration, isSubdomain, nearest } from "../contract/units";
import type { ValidationErrors } from "./errors";

/** Checks of one value. They return whether further checks may use it. An absent value is valid. */

export function checkInteger(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  from: number,
  to: number,
): boolean {
  const fits = (number: number) => Number.isInteger(number) && number >= from && number <= to;
  if (given === undefined || (typeof given === "number" && fits(given))) {
    return true;
  }
  const unit = unitOf(path);
  const meant = typeof given === "string" ? numberOf(given, unit) : undefined;
  if (meant !== undefined && fits(meant)) {
    errors.add(
      path,
      given,
      `it has to be a number${unit === undefined ? "" : ` of ${unit}`}, not text`,
      `Use ${meant}, without quotes`,
    );
  } else {
    errors.add(
      path,
      given,
      `it has to be a whole number from ${from} to ${to}${unit === undefined ? "" : `, in ${unit}`}`,
      `Use ${limitFor(given, from, to)}, or leave it out`,
    );
  }
  return false;
}

const limitFor = (given: unknown, from: number, to: number): string =>
  typeof given === "number" && given < from
    ? `${from} or more`
    : typeof given === "number" && given > to
      ? `${to} or less`
      : "a number in this range";

const units: Readonly<Record<string, number>> = { milliseconds: 1e-3, seconds: 1, days: 86_400 };

/** The unit that the argument's name says. */
const unitOf = (path: string): string | undefined =>
  Object.keys(units).find((unit) => path.toLowerCase().endsWith(unit));

/** The number that was meant by text, which may be a duration: `"10m"` is 600 seconds. */
function numberOf(text: string, unit: string | undefined): number | undefined {
  if (/^\d+$/.test(text)) {
    return Number(text);
  }
  const seconds = duration(text);
  const one = units[unit ?? ""];
  return seconds === undefined || one === undefined ? undefined : Math.round((seconds / one) * 1e6) / 1e6;
}

export function checkOneOf(errors: ValidationErrors, path: string, given: unknown, allowed: object): void {
  const words = Object.values(allowed) as string[];
  if (given !== undefined && !words.includes(given as string)) {
    addWord(errors, path, given, words);
  }
}

/** For a word that may also be an output. Kubernetes distinguishes upper and lower case. */
export function checkWord(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  allowed: readonly string[],
): void {
  const text = plainText(given);
  if (text !== undefined && !allowed.includes(text)) {
    addWord(errors, path, text, allowed);
  }
}

export function addWord(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  allowed: readonly string[],
): void {
  const meant = wordFor(given, allowed);
  errors.add(
    path,
    given,
    `it has to be ${inWords(allowed)}`,
    allowed.length === 1
      ? `Use "${allowed[0]}"`
      : meant === undefined
        ? "Use one of these words"
        : `Did you mean "${meant}"?`,
  );
}

/** The word that is most like the text, or the only one that contains it: `1.3` is TLS1.3. */
function wordFor(given: unknown, allowed: readonly string[]): string | undefined {
  const text = (plainText(given) ?? "").toLowerCase();
  if (text === "") {
    return undefined;
  }
  const lower = new Map(allowed.map((word) => [word.toLowerCase(), word]));
  const containing = [...lower.keys()].filter((word) => word.includes(text));
  const meant = nearest(text, lower.keys()) ?? (containing.length === 1 ? containing[0] : undefined);
  return lower.get(meant ?? "");
}

/** `a, b or c` */
export const inWords = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** For the name of a Kubernetes object, which may also be an output. */
export function checkObjectName(errors: ValidationErrors, path: string, given: unknown): void {
  const text = plainText(given);
  if (text !== undefined && !isSubdomain(text)) {
    errors.add(
      path,
      text,
      "a name in Kubernetes has lower-case letters, digits, dashes and dots only",
      "Use the object's name",
    );
  }
}

/** A question for a name that was written in a way that Kubernetes doesn't allow, or else the given advice. */
export function respelt(given: unknown, fits: (text: string) => boolean, advice: string): string {
  const meant = (plainText(given) ?? "")
    .toLowerCase()
    .replace(/[\s_.]+/g, "-")
    .replace(/^[-\d]+|-+$/g, "");
  return meant !== "" && fits(meant) ? `Did you mean "${meant}"?` : advice;
}

/** Whether the value is an output, which is known only later. */
export function isLater(given: unknown): boolean {
  return pulumi.Output.isInstance(given) || given instanceof Promise;
}

/** Those texts of a list that are known, with their places in it. */
export const plainTexts = (given: unknown): [number, string][] =>
  Array.isArray(given)
    ? given.flatMap((item: unknown, index): [number, string][] =>
        typeof item === "string" ? [[index, item]] : [],
      )
    : [];

/** The text, or undefined for an output. */
export function plainText(given: unknown): string | undefined {
  return typeof given === "string" ? given : undefined;
}
