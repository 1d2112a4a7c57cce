/**
 * Space: compaction, defragmentation and the NOSPACE alarm.
 *
 * Why it can't lose an acknowledged write: compaction drops superseded revisions only. A defragmentation copies one
 * member's database while every other voter is healthy. After disarming, etcd takes writes again and refuses those that
 * don't fit.
 *
 * Why it ends: between two compactions a member is defragmented at most `MOST_TIMES`, then once in `AGAIN_MS` while
 * that failed or much of the database is still free. Another compaction comes only after new writes, and after
 * `AGAIN_MS`.
 */
import type { Alarm, ControllerRecord, SpaceWork } from "../model";
import { age, ageOf, COMPACTION, DEFRAGMENTATION, isOver, workMs } from "./age";
import { withNote } from "./record";
import type { Step } from "./step";
import { doAction, mention, remember } from "./step";
import { failedActions, failureOf, isDone } from "./retry";
import type { Facts, Member } from "./facts";
import { label, leads, noteOf } from "./view";

/** Between two members, as there is no hurry. Under the alarm there is, and the next one follows at once. */
const BETWEEN_MS = 60_000;
const SAME_MEMBER_MS = 3_600_000;
/** A database below this share of its quota has room for writes. */
const WELL_UNDER = 0.8;
/** The free share that is worth a defragmentation under the alarm. */
const WORTH = 0.1;
const MOST_TIMES = 3;
/** Keys that are deleted under the alarm free their space only after the next compaction. */
export const AGAIN_MS = 600_000;
/** etcd's error for a compaction that it has already accepted. */
const COMPACTED = "has been compacted";
/** The longest error kept in the record. */
const LONGEST_WORDS = 200;

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
  const failed = noteFailure(f, space);
  if (failed) return failed;

  const full = f.voters.filter((m) => isFull(f, m));
  const next = inOrder(full.filter((m) => isWorthIt(f, space, m)))[0];
  if (next) {
    const record = { ...f.record, space: counted(space, next) };
    const step = defragment(f, next, `NOSPACE, ${mebibytes(next)}`, record);
    return step ?? mention("NOSPACE: defragmentation waits until every voter is healthy");
  }
  const changed = f.world.etcd.revision !== undefined && f.world.etcd.revision > space.revision;
  if (full[0] && changed && isOver(f, space.atMs, AGAIN_MS)) return compact(f);
  const stays = full.find((m) => mightShrink(space, m)) ?? full[0];
  if (stays) return mention(holdsTooMuch(f, space, stays));

  // Its process may still obey a smaller quota than the declared one, and would raise the alarm again at once.
  const old = f.voters.find((m) => !m.status?.quotaBytes && m.pod?.revision !== f.sts.updateRevision);
  if (old) return mention(`NOSPACE: ${label(f, old.ordinal)} has to be restarted with the declared quota`);
  const fullLearner = f.learners.find((m) => isFull(f, m));
  if (fullLearner)
    return mention(`NOSPACE: ${label(f, fullLearner.ordinal)} is defragmented once it is a voter`);
  const { memberId } = raised;
  return doAction(
    { kind: "disarm", memberId, alarm: "NOSPACE" },
    "there is space again: the alarm is disarmed",
  );
}

function compact(f: Facts): Step {
  const { revision } = f.world.etcd;
  if (revision === undefined) return mention("NOSPACE: waits for a linearizable read to compact");
  const space = { revision, atMs: f.now, compacted: false, defragmented: [] };
  return doAction(
    { kind: "compact", revision },
    `NOSPACE: the history up to revision ${revision} is compacted`,
    {
      ...f.record,
      space,
    },
  );
}

/**
 * Requests the compaction until etcd confirms that everything is deleted. etcd doesn't report the progress of a
 * compaction whose request has timed out. That one gets as long as it may take, and what is deleted later is
 * defragmented later.
 */
function finishCompaction(f: Facts, space: SpaceWork): Step {
  const { revision } = space;
  const action = { kind: "compact", revision } as const;
  const taken = failureOf(f.world, action)?.words.includes(COMPACTED) === true;
  const enough = ageOf(f.world, age.compacting(revision)) >= workMs(f.world, COMPACTION);
  if (isDone(f.world, action) || (taken && enough)) {
    return remember(
      { ...f.record, space: { ...space, compacted: true } },
      `compacted to revision ${revision}`,
    );
  }
  if (taken) return mention(`NOSPACE: etcd is deleting the history up to revision ${revision}`);
  return doAction(
    { kind: "compact", revision },
    `NOSPACE: the history up to revision ${revision} is compacted`,
  );
}

/**
 * Once in any case: etcd counts as free only what was free at its last commit, so right after a compaction a database
 * may seem fully in use. Again if that failed, or if etcd reports more free space since.
 */
function isWorthIt(f: Facts, space: SpaceWork, m: Member): boolean {
  const times = workOn(space, m)?.times ?? 0;
  if (times === 0) return true;
  return mightShrink(space, m) && (times < MOST_TIMES || !recently(f, m, AGAIN_MS));
}

/** Its defragmentation failed, or would free much. */
function mightShrink(space: SpaceWork, m: Member): boolean {
  return workOn(space, m)?.failed !== undefined || free(m) >= size(m) * WORTH;
}

function workOn(space: SpaceWork, m: Member) {
  return space.defragmented.find((d) => d.memberId === m.memberId);
}

/** etcd's error, kept until a defragmentation succeeds. */
function noteFailure(f: Facts, space: SpaceWork): Step | undefined {
  for (const old of space.defragmented) {
    const ordinal = f.members.find((m) => m.memberId === old.memberId)?.ordinal ?? -1;
    const action = { kind: "defragment", ordinal, memberId: old.memberId } as const;
    const failed = failureOf(f.world, action)?.words.slice(0, LONGEST_WORDS);
    if (old.failed === failed || (failed === undefined && !isDone(f.world, action))) continue;
    const defragmented = space.defragmented.map((d) => (d === old ? { ...d, failed } : d));
    const name = label(f, ordinal);
    const words =
      failed === undefined ? `${name} was defragmented` : `${name}'s defragmentation failed: ${failed}`;
    return remember({ ...f.record, space: { ...space, defragmented } }, `NOSPACE: ${words}`);
  }
  return undefined;
}

function counted(space: SpaceWork, m: Member): SpaceWork {
  const others = space.defragmented.filter((d) => d.memberId !== m.memberId);
  const old = workOn(space, m);
  return {
    ...space,
    defragmented: [...others, { ...old, memberId: m.memberId, times: (old?.times ?? 0) + 1 }],
  };
}

function holdsTooMuch(f: Facts, space: SpaceWork, m: Member): string {
  const name = label(f, m.ordinal);
  if (mightShrink(space, m)) {
    const failed = workOn(space, m)?.failed;
    const why = failed === undefined ? "hasn't given them back" : `fails: ${failed}`;
    const free = Math.round((size(m) - (m.status?.dbInUseBytes ?? size(m))) / 2 ** 20);
    return (
      `NOSPACE: ${name} has ${mebibytes(m)}, ${free} of them free, and its defragmentation ${why}. It ` +
      "is tried again every ten minutes"
    );
  }
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

/** Followers before the leader: leadership moves once, and not to a member that is still to be defragmented. */
export function inOrder(members: readonly Member[]): readonly Member[] {
  return [...members].sort((a, b) => Number(leads(a)) - Number(leads(b)));
}

/**
 * A member that is defragmenting can't read, so it counts as unhealthy and the next one waits for it. A leader would
 * delay all writes, so it hands over leadership first. A single voter can't. Nor does a leader wait under the alarm if
 * the hand-over failed: nothing is written then anyway.
 */
export function defragment(
  f: Facts,
  m: Member,
  why: string,
  record: ControllerRecord = f.record,
): Step | undefined {
  if (f.healthy.length < f.voters.length || m.ordinal === undefined) return undefined;
  const { ordinal, memberId } = m;
  const name = label(f, ordinal);
  const newLeader = leads(m) ? f.voters.find((v) => v !== m) : undefined;
  if (newLeader && !(alarm(f, "NOSPACE") && stayed(f, m))) {
    const to = label(f, newLeader.ordinal);
    return doAction(
      { kind: "moveLeader", from: memberId, to: newLeader.memberId },
      `${name} leads and is to be defragmented: leadership goes to ${to}`,
    );
  }
  const alone = f.voters.length === 1 ? "; the only voter serves nobody meanwhile" : "";
  return doAction(
    { kind: "defragment", ordinal, memberId },
    `${name} is defragmented: ${why}${alone}`,
    withNote(record, ordinal, { defragmentedMs: f.now }),
  );
}

/** It answers nobody meanwhile, and a restart would waste the work. */
export function mayBeDefragmenting(f: Facts, ordinal: number): boolean {
  const at = noteOf(f.record, ordinal)?.defragmentedMs;
  return at !== undefined && !isOver(f, at, workMs(f.world, DEFRAGMENTATION));
}

/** Moving its leadership failed. */
function stayed({ world }: Facts, m: Member): boolean {
  return failedActions(world).some((action) => action.kind === "moveLeader" && action.from === m.memberId);
}

export function recently(f: Facts, m: Member, withinMs: number): boolean {
  const at = m.ordinal === undefined ? undefined : noteOf(f.record, m.ordinal)?.defragmentedMs;
  return at !== undefined && !isOver(f, at, withinMs);
}

/** By the quota that its own process reports, if it does. */
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
