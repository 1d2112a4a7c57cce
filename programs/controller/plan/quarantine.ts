/**
 * How long the directories stay that a restore or a recovery has set aside.
 *
 * Why it can't lose an acknowledged write: they are the only copies of what was before, should the new data turn out to be
 * less than was thought. They go, at each member's next start, only after the new cluster was seen to be whole for as many
 * days as are declared. Where none are: for seven, or until the new data itself is out of reach of what may happen to the
 * volumes, which is when a backup of the new cluster's ID is told to be good (its hash and its pages are checked while it
 * passes), and the cluster is whole as well. A backup of any other cluster, one of the data from before above all, counts
 * for nothing. No two clocks are compared: each look adds what has passed since the one before, and no more than twice the
 * time between two looks, so that a clock that is set adds nearly nothing; a stamp from the future adds nothing and is
 * written anew.
 */
import type { ControllerRecord, Desired, World } from "../model";
import type { Facts } from "./facts";

const DAY_MS = 24 * 3_600_000;
const USUAL_DAYS = 7;
const LOOK_EVERY_MS = 600_000;

export function keepsQuarantine(desired: Desired, { made, generation }: ControllerRecord): boolean {
  if (made?.generation !== generation) return false;
  const { keepReplacedDays: days } = desired;
  if (days === undefined && made.backup !== undefined) return false;
  return (made.wholeMs ?? 0) < (days ?? USUAL_DAYS) * DAY_MS;
}

/** Whether a backup would change anything. */
function awaitsBackup(desired: Desired, record: ControllerRecord): boolean {
  return desired.keepReplacedDays === undefined && keepsQuarantine(desired, record);
}

/** The same of what was seen, which may be unreadable. */
export function wantsBackup(desired: World["desired"], record: World["record"]): boolean {
  return (
    !("problem" in desired) && record !== undefined && !("problem" in record) && awaitsBackup(desired, record)
  );
}

export function countWhole(f: Facts, record: ControllerRecord): ControllerRecord {
  const { made } = record;
  if (!made || !keepsQuarantine(f.desired, record)) return record;
  const whole = f.healthy.length >= f.desired.members && f.healthy.length === f.members.length;
  const backup = whole ? backupOf(f, record) : undefined;
  if (backup !== undefined) return { ...record, made: { ...made, backup } };
  const { wholeMs = 0, countedMs } = made;
  const passedMs = countedMs === undefined ? -1 : f.now - countedMs;
  if (passedMs >= 0 && passedMs < LOOK_EVERY_MS) return record;
  const more = whole ? Math.max(0, Math.min(passedMs, 2 * LOOK_EVERY_MS)) : 0;
  return { ...record, made: { ...made, wholeMs: wholeMs + more, countedMs: f.now } };
}

function backupOf({ world, desired }: Facts, record: ControllerRecord): string | undefined {
  const { birth } = record;
  if (!awaitsBackup(desired, record) || birth.state !== "born") return undefined;
  return world.backup?.clusterId === birth.clusterId ? world.backup.name : undefined;
}
