/** An action's name, and the message of one that fails: shared by those who plan, execute and report it. */
import type { Action, Failure } from ".";

/** Fields that only guard an action against a race, or say how much of it is left. */
const GUARDS = ["resourceVersion", "listKey", "entries"];

/** The action and its object. */
export function nameOf(action: Action): string {
  const parts = Object.entries(action).filter(([key]) => !GUARDS.includes(key));
  return JSON.stringify(Object.fromEntries(parts.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Needs no attention: it will be done as soon as possible. */
export function isExpected({ kind }: Failure): boolean {
  return kind === "moment" || kind === "not-yet";
}

const WAITS = ", which has to wait: ";
const FAILS = ", which fails: ";

/** What was to be done, and why it isn't. Replaces the failure of an earlier try. */
export function failing(reason: string, failure: Failure): string {
  const [purpose] = reason.split(/, which (?:has to wait|fails): /);
  return `${purpose}${isExpected(failure) ? WAITS : FAILS}${failure.words}`;
}
