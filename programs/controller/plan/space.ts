/**
 * Space: compaction and defragmentation, and the alarm that there is none left.
 *
 * Why it can't lose an acknowledged write: compaction drops superseded revisions only; a defragmentation copies a
 * member's database and leaves the others alone, and is begun only while every voter is healthy; disarming lets etcd
 * take writes again, of which it refuses each that has no room.
 *
 * Why it ends: between two compactions a member is defragmented at most `MOST_TIMES`, then once in `AGAIN_MS` while that
 * failed or much of it is still free; and compacted again is only what has changed since, after `AGAIN_MS`.
 */
import type { Alarm, ControllerRecord, SpaceWork } from "../model";
import { age, ageOf, COMPACTION, DEFRAGMENTATION, isOver, workMs } from "./age";
import { withNote } from "./record";
import type { Step } from "./step";
import { doAction, mention, remember } from "./step";
import { failedActions, failureOf, isDone } from "./retry";
import type { Facts, Member } from "./facts";
import { label, leads, noteOf } from "./view";

/** Between two members: nobody is in a hurry. Under the alarm somebody is, and the next follows at once. */
const BETWEEN_MS = 60_000;
const SAME_MEMBER_MS = 3_600_000;
/** A database below this share of its quota may be written to again. */
const WELL_UNDER = 0.8;
/** What is worth a defragmentation under the alarm. */
const WORTH = 0.1;
const MOST_TIMES = 3;
/** Keys that were deleted under the alarm give their space back after the next compaction only. */
export const AGAIN_MS = 600_000;
/** In etcd's refusal of a compaction that it has taken already. */
const COMPACTED = "has been compacted";
/** Of an error, in the record. */
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
 * Asked for again until etcd has said yes, which it does when all of it is deleted. It doesn't say how far one is that
 * outlived its request: then it gets the time that it may take, and what is deleted later is defragmented later.
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
 * Once in any case: etcd counts as free only what was free at its last commit, so right after a compaction a full
 * database that could be half of its size says that all of it is in use. Again where that one failed, or where more was
 * counted since.
 */
function isWorthIt(f: Facts, space: SpaceWork, m: Member): boolean {
  const times = workOn(space, m)?.times ?? 0;
  if (times === 0) return true;
  return mightShrink(space, m) && (times < MOST_TIMES || !recently(f, m, AGAIN_MS));
}

/** A copy of it failed, or would be much smaller. */
function mightShrink(space: SpaceWork, m: Member): boolean {
  return workOn(space, m)?.failed !== undefined || free(m) >= size(m) * WORTH;
}

function workOn(space: SpaceWork, m: Member) {
  return space.defragmented.find((d) => d.memberId === m.memberId);
}

/** In etcd's words, for as long as none has succeeded. */
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
    return `NOSPACE: ${name} has ${mebibytes(m)}, ${free} of them free, and its defragmentation ${why}. It is tried again every ten minutes`;
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

/** Followers before the leader: leadership moves once, and not to one whose turn is still to come. */
export function inOrder(members: readonly Member[]): readonly Member[] {
  return [...members].sort((a, b) => Number(leads(a)) - Number(leads(b)));
}

/**
 * One that is at it reads nothing, so it counts as unhealthy and the next one waits for it. A leader would hold up all
 * writes meanwhile: it follows before. The only voter can't, nor does one whose leadership couldn't be moved wait under the
 * alarm, when nothing is written anyway.
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

/** Then it answers nobody, and would have done it in vain if it were restarted. */
export function mayBeDefragmenting(f: Facts, ordinal: number): boolean {
  const at = noteOf(f.record, ordinal)?.defragmentedMs;
  return at !== undefined && !isOver(f, at, workMs(f.world, DEFRAGMENTATION));
}

/** Its leadership was to be moved, and wasn't. */
function stayed({ world }: Facts, m: Member): boolean {
  return failedActions(world).some((action) => action.kind === "moveLeader" && action.from === m.memberId);
}

export function recently(f: Facts, m: Member, withinMs: number): boolean {
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
