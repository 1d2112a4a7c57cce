/**
 * Space: compaction and defragmentation, and the alarm that there is none left.
 *
 * Why it can't lose an acknowledged write: compaction drops superseded revisions only; a defragmentation copies a
 * member's database and leaves the others alone, and is begun only while every voter is healthy; disarming lets etcd
 * take writes again, of which it refuses each that has no room.
 *
 * Why it ends: between two compactions a member is defragmented at most `MOST_TIMES`, and compacted again is only what
 * has changed since, after `AGAIN_MS`.
 */
import type { Alarm, ControllerRecord, SpaceWork } from "../model";
import { isOver } from "./age";
import { withNote } from "./record";
import type { Step } from "./step";
import { act, mention, remember } from "./step";
import type { Facts, Member } from "./view";
import { label, noteOf } from "./view";

/** Between two members: nobody is in a hurry. Under the alarm somebody is, and the next follows at once. */
const BETWEEN_MS = 60_000;
const SAME_MEMBER_MS = 3_600_000;
/** A database below this share of its quota may be written to again. */
const WELL_UNDER = 0.8;
/** What is worth a defragmentation under the alarm. */
const WORTH = 0.1;
const MOST_TIMES = 3;
/** Keys that were deleted under the alarm give their space back after the next compaction only. */
const AGAIN_MS = 600_000;

export function alarm(f: Facts, type: Alarm["type"]): Alarm | undefined {
  return f.world.etcd.alarms.find((a) => a.type === type);
}

export function noSpace(f: Facts): Step | undefined {
  const raised = alarm(f, "NOSPACE");
  if (!f.list) return undefined;
  const { space } = f.record;
  if (!raised) return space && remember({ ...f.record, space: undefined }, "there is space again");
  if (!space) return compact(f);
  if (!space.compacted) return finishCompaction(f, space);

  const full = f.voters.filter((m) => isFull(f, m));
  const next = inOrder(full.filter((m) => isWorthIt(f, space, m)))[0];
  if (next) {
    const record = { ...f.record, space: counted(space, next) };
    const step = defragment(f, next, `NOSPACE, ${mebibytes(next)}`, record);
    return step ?? mention("NOSPACE: defragmentation waits until every voter is healthy");
  }
  const changed = f.world.etcd.revision !== undefined && f.world.etcd.revision > space.revision;
  if (full[0] && changed && isOver(f, space.atMs, AGAIN_MS)) return compact(f);
  if (full[0]) return mention(holdsTooMuch(f, full[0]));

  // Its process may still obey a smaller quota than the declared one, and would raise the alarm again at once.
  const old = f.voters.find((m) => !m.status?.quotaBytes && m.pod?.revision !== f.sts.updateRevision);
  if (old) return mention(`NOSPACE: ${label(f, old.ordinal)} has to be restarted with the declared quota`);
  const swollen = f.learners.find((m) => isFull(f, m));
  if (swollen) return mention(`NOSPACE: ${label(f, swollen.ordinal)} is defragmented once it is a voter`);
  const { memberId } = raised;
  return act({ kind: "disarm", memberId, alarm: "NOSPACE" }, "there is space again: the alarm is disarmed");
}

function compact(f: Facts): Step {
  const { revision } = f.world.etcd;
  if (revision === undefined) return mention("NOSPACE: waits for a linearizable read to compact");
  const space = { revision, atMs: f.now, compacted: false, defragmented: [] };
  return act({ kind: "compact", revision }, `NOSPACE: the history up to revision ${revision} is compacted`, {
    ...f.record,
    space,
  });
}

/** Asked for again until etcd has said yes: it says so as well to what is compacted already. */
function finishCompaction(f: Facts, space: SpaceWork): Step {
  const { last } = f.world;
  const { revision } = space;
  if (last?.action.kind === "compact" && last.action.revision === revision && last.error === undefined) {
    return remember(
      { ...f.record, space: { ...space, compacted: true } },
      `compacted to revision ${revision}`,
    );
  }
  return act({ kind: "compact", revision }, `NOSPACE: the history up to revision ${revision} is compacted`);
}

/**
 * Once in any case: etcd counts as free only what was free at its last commit, so right after a compaction a full
 * database that could be half of its size says that all of it is in use. Again where that one failed, or where more was
 * counted since.
 */
function isWorthIt(f: Facts, space: SpaceWork, m: Member): boolean {
  const times = timesOf(space, m);
  const { last } = f.world;
  const failed =
    last?.action.kind === "defragment" && last.action.memberId === m.memberId && last.error !== undefined;
  return times === 0 || (times < MOST_TIMES && (failed || free(m) >= size(m) * WORTH));
}

function timesOf(space: SpaceWork, m: Member): number {
  return space.defragmented.find((d) => d.memberId === m.memberId)?.times ?? 0;
}

function counted(space: SpaceWork, m: Member): SpaceWork {
  const others = space.defragmented.filter((d) => d.memberId !== m.memberId);
  return {
    ...space,
    defragmented: [...others, { memberId: m.memberId, times: timesOf(space, m) + 1 }],
  };
}

function holdsTooMuch(f: Facts, m: Member): string {
  const name = label(f, m.ordinal);
  if (size(m) < f.desired.quotaBytes * WELL_UNDER) {
    return `NOSPACE: ${name} has to be restarted with the declared quota`;
  }
  return `NOSPACE: ${name} holds too much for its quota, ${mebibytes(m)}: raise the quota, or delete keys`;
}

export function defragmentAll(f: Facts): Step | undefined {
  if (!f.list || f.learners.length > 0 || alarm(f, "NOSPACE")) return undefined;
  const { freePercent, minBytes } = f.desired.defragment;
  const due = f.voters.filter(
    (m) => size(m) >= minBytes && free(m) * 100 >= size(m) * freePercent && !recently(f, m, SAME_MEMBER_MS),
  );
  const next = inOrder(due)[0];
  if (!next || f.voters.some((v) => recently(f, v, BETWEEN_MS))) return undefined;
  return defragment(f, next, `${Math.round((free(next) * 100) / size(next))} % of its database is free`);
}

/** Followers before the leader: their reads and writes stand still meanwhile. */
function inOrder(members: readonly Member[]): readonly Member[] {
  const leads = (m: Member) => (m.status?.leaderId === m.memberId ? 1 : 0);
  return [...members].sort((a, b) => leads(a) - leads(b));
}

/** One that is at it reads nothing, so it counts as unhealthy and the next one waits for it. */
function defragment(f: Facts, m: Member, why: string, record: ControllerRecord = f.record): Step | undefined {
  if (f.healthy.length < f.voters.length || m.ordinal === undefined) return undefined;
  const { ordinal, memberId } = m;
  return act(
    { kind: "defragment", ordinal, memberId },
    `${label(f, ordinal)} is defragmented: ${why}`,
    withNote(record, ordinal, { defragmentedMs: f.now }),
  );
}

function recently(f: Facts, m: Member, withinMs: number): boolean {
  const at = m.ordinal === undefined ? undefined : noteOf(f.record, m.ordinal)?.defragmentedMs;
  return at !== undefined && !isOver(f, at, withinMs);
}

/** By the quota that its own process obeys, where it tells it. */
function isFull(f: Facts, m: Member): boolean {
  return size(m) >= (m.status?.quotaBytes ?? f.desired.quotaBytes) * WELL_UNDER;
}

function size(m: Member): number {
  return m.status?.dbBytes ?? 0;
}

function free(m: Member): number {
  return size(m) - (m.status?.dbInUseBytes ?? size(m));
}

function mebibytes(m: Member): string {
  return `${Math.round(size(m) / 2 ** 20)} MiB`;
}
