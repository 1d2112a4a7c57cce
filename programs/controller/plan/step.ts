import type { Action, ControllerRecord, PodView } from "../model";

/** What one concern wants. */
export type Step =
  /** Write the record (the concern's own, or the one that the round started with) and then act. */
  | {
      readonly kind: "do";
      readonly action?: Action;
      readonly record?: ControllerRecord;
      readonly reason: string;
    }
  /**
   * Nothing to do now. `blocks`: nor may a later concern change the cluster. `refused`: waiting won't help, another
   * declaration is needed.
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

/** Something to tell that keeps `converged` away but hinders no other concern. */
export function mention(reason: string): Step {
  return { kind: "wait", reason, blocks: false };
}

/** What is declared can't be, as the cluster is: whoever declared it is told at once, and nothing waits for it. */
export function refusal(problem: string, blocks = true): Step {
  return { kind: "wait", reason: `refused: ${problem}`, blocks, refused: true };
}
