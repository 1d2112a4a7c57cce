/**
 * How long the directories stay that a restore or a recovery has set aside.
 *
 * Why it can't lose an acknowledged write: they are the only copies of what was before, should the new data turn out to be
 * less than was thought. They go, at each member's next start, only after the new cluster was seen to be whole for seven
 * days in all. No two clocks are compared for that: each look adds what has passed since the one before, and no more than
 * twice the time between two looks, so that a clock that is set adds nearly nothing; a stamp from the future adds nothing
 * and is written anew.
 */
import type { ControllerRecord } from "../model";
import type { Facts } from "./view";

const KEPT_MS = 7 * 24 * 3_600_000;
const LOOK_EVERY_MS = 600_000;

export function keepsAsides({ made, generation }: ControllerRecord): boolean {
  return made?.generation === generation && (made.wholeMs ?? 0) < KEPT_MS;
}

export function countWhole(f: Facts, record: ControllerRecord): ControllerRecord {
  const { made } = record;
  if (!made || !keepsAsides(record)) return record;
  const { wholeMs = 0, countedMs } = made;
  const passedMs = countedMs === undefined ? -1 : f.now - countedMs;
  if (passedMs >= 0 && passedMs < LOOK_EVERY_MS) return record;
  const whole = f.healthy.length >= f.desired.members && f.healthy.length === f.members.length;
  const more = whole ? Math.max(0, Math.min(passedMs, 2 * LOOK_EVERY_MS)) : 0;
  return { ...record, made: { ...made, wholeMs: wholeMs + more, countedMs: f.now } };
}
