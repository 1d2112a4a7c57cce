/**
 * Acts that have failed: the next try comes after a pause, and meanwhile the other concerns have their turn.
 *
 * Why it can't lose an acknowledged write: an act that waits for its next try is one that isn't done, and each concern
 * asks for all of its own conditions in each round, whatever was done before it. Three kinds of acts are relied on by what
 * comes after them, though, or may have been done although nobody said so; these hold up what an unfinished concern holds
 * up: see `HOLDS`.
 */
import { failing, nameOf } from "../model/acts";
import type { Action, World } from "../model";
import type { Step } from "./step";

/**
 * Removal and promotion change what a quorum is, and may be done after all when no answer came: no healthy pod is
 * restarted before the list shows how that ended. The three around versions come before the restarts that rest on them.
 *
 * The others hold up nothing. A learner more changes no quorum. Leadership, replicas and pods, claims and their sizes,
 * space and alarms are looked at anew by whoever depends on them; an eviction that comes late has the disruption budget
 * to pass, as any other.
 */
const HOLDS: readonly Action["kind"][] = [
  "removeMember",
  "promote",
  "fillLog",
  "enableDowngrade",
  "cancelDowngrade",
];

/** Whether this process was told that this, the last that it did, is done. */
export function isDone({ tries }: Pick<World, "tries">, action: Action): boolean {
  return tries?.done === nameOf(action);
}

export function failureOf({ tries }: Pick<World, "tries">, action: Action) {
  const name = nameOf(action);
  return tries?.failed.find((failed) => failed.act === name);
}

/** Whether no answer came to its last try. */
export function isUnanswered(world: Pick<World, "tries">, step: Step): boolean {
  return step.kind === "do" && !!step.action && failureOf(world, step.action)?.kind === "unanswered";
}

/** What was tried in vain. */
export function failedActions({ tries }: Pick<World, "tries">): readonly Action[] {
  return (tries?.failed ?? []).map((failed) => JSON.parse(failed.act) as Action);
}

/** A step as it is taken now: with the words of the last try, and not before the next one is due. */
export function delayRetry(world: Pick<World, "tries">, step: Step): Step {
  const failed = step.kind === "do" && step.action ? failureOf(world, step.action) : undefined;
  if (step.kind !== "do" || !step.action || !failed) return step;
  const reason = failing(step.reason, failed);
  if (!failed.rests) return { ...step, reason };
  return { kind: "wait", reason, blocks: HOLDS.includes(step.action.kind) };
}
