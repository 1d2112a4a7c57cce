/**
 * How long the directories that a restore or recovery has quarantined are kept.
 *
 * Why it can't lose an acknowledged write: they are the only copies of the old data, in case the new data turns out to
 * have less than expected. Each member deletes them at its next start, once the new cluster was seen complete for the
 * declared number of days. If none is declared, once it was complete for seven days, or has a good backup (hash and
 * pages are checked while it is made) while it is complete. Only a backup with the new cluster's ID counts. No two
 * clocks are compared: each observation adds the time since the last one, at most twice the usual time between two. So
 * a clock that is set adds nearly nothing, and a timestamp from the future adds nothing and is written anew.
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

/** The same for an observation, which may be unreadable. */
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
