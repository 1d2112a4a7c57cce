/**
 * Failed actions: the next try comes after a pause, and meanwhile the other concerns have their turn.
 *
 * Why it can't lose an acknowledged write: an action that waits for its next try isn't done, and every concern checks
 * all its own conditions in each round, whatever came before. Some kinds of actions are relied on by later concerns,
 * though, or may have been done without an answer. These block what an unfinished concern blocks: see `HOLDS`.
 */
import { failing, nameOf } from "../model/acts";
import type { Action, World } from "../model";
import type { Step } from "./step";

/**
 * Removal and promotion change the quorum, and may have been done even if no answer came: no healthy pod is restarted
 * before the list shows the result. The three about versions come before the restarts that rely on them.
 *
 * The others block nothing. Another learner doesn't change the quorum. Whoever depends on leadership, replicas, pods,
 * claims, their sizes, space or alarms looks at them again. A late eviction has to pass the disruption budget like any
 * other.
 */
const HOLDS: readonly Action["kind"][] = [
  "removeMember",
  "promote",
  "fillLog",
  "enableDowngrade",
  "cancelDowngrade",
];

/** Whether this was the process's last action and succeeded. */
export function isDone({ tries }: Pick<World, "tries">, action: Action): boolean {
  return tries?.done === nameOf(action);
}

export function failureOf({ tries }: Pick<World, "tries">, action: Action) {
  const name = nameOf(action);
  return tries?.failed.find((failed) => failed.act === name);
}

/** Whether its last try got no answer. */
export function isUnanswered(world: Pick<World, "tries">, step: Step): boolean {
  return step.kind === "do" && !!step.action && failureOf(world, step.action)?.kind === "unanswered";
}

/** Actions that have failed. */
export function failedActions({ tries }: Pick<World, "tries">): readonly Action[] {
  return (tries?.failed ?? []).map((failed) => JSON.parse(failed.act) as Action);
}

/** The step as it can be taken now: its reason names the last failure, and it waits until the next try is due. */
export function delayRetry(world: Pick<World, "tries">, step: Step): Step {
  const failed = step.kind === "do" && step.action ? failureOf(world, step.action) : undefined;
  if (step.kind !== "do" || !step.action || !failed) return step;
  const reason = failing(step.reason, failed);
  if (!failed.rests) return { ...step, reason };
  return { kind: "wait", reason, blocks: HOLDS.includes(step.action.kind) };
}
