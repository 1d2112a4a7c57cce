/** An act's name, and what is said of one that fails: by those who plan it, do it and tell of it. */
import type { Action, Failure } from ".";

/** What only guards an act against a race, or says how much of it is left. */
const GUARDS = ["resourceVersion", "listKey", "entries"];

/** An act and whom it is done to. */
export function nameOf(action: Action): string {
  const parts = Object.entries(action).filter(([key]) => !GUARDS.includes(key));
  return JSON.stringify(Object.fromEntries(parts.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Nobody has to look into it: it is done as soon as it can be. */
export function isExpected({ kind }: Failure): boolean {
  return kind === "moment" || kind === "not-yet";
}

const WAITS = ", which has to wait: ";
const FAILS = ", which fails: ";

/** What was to be done, and why it isn't. The words of an earlier try go. */
export function failing(reason: string, failure: Failure): string {
  const [purpose] = reason.split(/, which (?:has to wait|fails): /);
  return `${purpose}${isExpected(failure) ? WAITS : FAILS}${failure.words}`;
}
