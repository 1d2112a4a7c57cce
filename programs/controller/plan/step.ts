import type { Action, ControllerRecord, PodView } from "../model";

/** What one concern wants. */
export type Step =
  /** Write the record (the concern's own, or the one that the round started with), then do the action. */
  | {
      readonly kind: "do";
      readonly action?: Action;
      readonly record?: ControllerRecord;
      readonly reason: string;
    }
  /**
   * Nothing to do now. `blocks`: later concerns may not change the cluster either. `refused`: waiting won't help, the
   * declaration has to change.
   */
  | { readonly kind: "wait"; readonly reason: string; readonly blocks: boolean; readonly refused?: true };

export function doAction(action: Action, reason: string, record?: ControllerRecord): Step {
  return { kind: "do", action, record, reason };
}

/** Not forced: the kubelet stops it first. Its volume stays. */
export function deletePod(
  { name, uid }: Pick<PodView, "name" | "uid">,
  reason: string,
  record?: ControllerRecord,
): Step {
  return doAction({ kind: "deletePod", name, uid, force: false }, reason, record);
}

export function remember(record: ControllerRecord, reason: string): Step {
  return { kind: "do", record, reason };
}

export function wait(reason: string): Step {
  return { kind: "wait", reason, blocks: true };
}

/** A reason that prevents `converged` but blocks no other concern. */
export function mention(reason: string): Step {
  return { kind: "wait", reason, blocks: false };
}

/** The declaration can't be carried out in the present cluster. The user learns it at once instead of waiting. */
export function refusal(problem: string, blocks = true): Step {
  return { kind: "wait", reason: `refused: ${problem}`, blocks, refused: true };
}
