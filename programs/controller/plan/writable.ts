/**
 * A step whose record no controller could read is a bug of its concern, and isn't taken. The others have their turn.
 *
 * Why it can't lose an acknowledged write: it only leaves out a step, and blocks what an unfinished concern blocks.
 */
import type { ControllerRecord } from "../model";
import { recordData, UnreadableRecord } from "../model/record";
import { messageOf } from "../../shared/errors";
import type { Step } from "./step";
import { wait } from "./step";

export const UNWRITABLE = "which can't be written down";

/** `kept`: the record that is written with a step that has none of its own. */
export function writable(kept: ControllerRecord, step: Step): Step {
  if (step.kind !== "do") return step;
  try {
    recordData(step.record ?? kept);
    return step;
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw error;
    return wait(`${step.reason}, ${UNWRITABLE}: ${messageOf(error)}`);
  }
}
