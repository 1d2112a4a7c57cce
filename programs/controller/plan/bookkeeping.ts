/**
 * Bookkeeping: the record learns what an observation proves. It changes nothing in the cluster.
 *
 * Why it can't lose an acknowledged write: it only records what a linearizable list or a member's own answer shows. A
 * member becomes `started` and gets its floor as soon as that is seen, so from then on an emptied or rolled-back disk
 * is recognised. An entry is dropped only when a linearizable list no longer has the member. The record was read before
 * that list, so the compare-and-swap fails if there is a newer entry.
 */
import type { ControllerRecord, MemberRecord } from "../model";
import { age, ageOf, BROKEN_EVERY_MS, carryAges, isOver } from "./age";
import { countWhole } from "./quarantine";
import { noteForeign } from "./foreign";
import { noteOldLog } from "./old-log";
import { withMember, withNote, withoutIntent, withoutMember, withRemoved } from "./record";
import type { Facts, Member } from "./facts";
import { factsOf, noteOf, recordOf } from "./view";
import { listKey } from "../../shared/etcd/members";
import { withdrawRemoval } from "./withdraw-removal";

const FLOOR_EVERY_MS = 60_000;
const PROGRESS_EVERY_MS = 15_000;
/** The entries that etcd itself writes first, with a few restarts: membership, versions, elections. */
const BOOTSTRAP_ENTRIES = 20;
/** After more than this, an empty disk doesn't show what has happened to a new cluster. */
const BOOTSTRAP_MS = 60_000;

export function updateRecord(f: Facts): ControllerRecord {
  const kept = noteForeign(f, forgetBroken(f, prune(f, version(f))));
  return carryAges(f, seal(f, observed(f, kept.birth.state === "born" ? withdrawRemoval(f, kept) : kept)));
}

/** Clients may have written to it. From then on an empty disk is a lost one, whoever else has joined. */
function seal(f: Facts, record: ControllerRecord): ControllerRecord {
  const { birth, members } = record;
  if (birth.state !== "born" || birth.sealed) return record;
  const written = f.list?.clusterId === birth.clusterId && (f.world.etcd.revision ?? 0) > 1;
  const used = members.some((m) => m.floor > BOOTSTRAP_ENTRIES || isOver(f, m.floorMs, BOOTSTRAP_MS));
  return written || used ? { ...record, birth: { ...birth, sealed: true } } : record;
}

function observed(f: Facts, before: ControllerRecord): ControllerRecord {
  let record = before;
  const list = f.list;
  if (record.birth.state !== "born" || !list || list.clusterId !== record.birth.clusterId) return record;
  record = forgetRemoved(f, record);
  record = recogniseLearner(f, record);
  for (const member of f.members) record = recogniseMember(f, record, member);
  record = noteOldLog(f, record);
  const known = factsOf(f.world, f.desired, f.sts, record);
  for (const member of known.members) record = noteProgress(known, record, member);
  return countWhole(known, record);
}

function version(f: Facts): ControllerRecord {
  const seen = f.world.etcd.clusterVersion;
  return !seen || !f.list || seen === f.record.clusterVersion
    ? f.record
    : { ...f.record, clusterVersion: seen };
}

/** No pod can start from a claim that is gone. */
function prune(f: Facts, record: ControllerRecord): ControllerRecord {
  const left = record.abandoned.filter(
    (a) =>
      f.world.claims.some((c) => c.uid === a.claimUid) ||
      record.members.some((m) => m.claimUid === a.claimUid) ||
      f.world.pods.some((p) => p.ordinal === a.ordinal && p.deleting),
  );
  return left.length === record.abandoned.length ? record : { ...record, abandoned: left };
}

/** After this, the next broken disk may be replaced. */
function forgetBroken(f: Facts, before: ControllerRecord): ControllerRecord {
  let record = before;
  for (const { ordinal, brokenMs } of before.notes) {
    if (brokenMs === undefined || ageOf(f.world, age.broken(ordinal, brokenMs)) < BROKEN_EVERY_MS) continue;
    record = withNote(record, ordinal, { brokenMs: undefined });
  }
  return record;
}

function forgetRemoved(f: Facts, record: ControllerRecord): ControllerRecord {
  const listed = (memberId: string) => f.members.some((m) => m.memberId === memberId);
  let next = record;
  for (const m of record.members) {
    if (!listed(m.memberId)) next = withRemoved(withoutMember(next, m.ordinal), m.memberId);
  }
  if (next.intent?.kind === "remove" && !listed(next.intent.memberId)) next = withoutIntent(next);
  return next;
}

/** Finds the ID of the announced learner. The answer to the request that added it may never have arrived. */
function recogniseLearner(f: Facts, record: ControllerRecord): ControllerRecord {
  const intent = record.intent;
  if (intent?.kind !== "add" || !f.list) return record;
  const learner = f.learners.find((m) => m.ordinal === intent.ordinal);
  if (!learner || record.members.some((m) => m.memberId === learner.memberId)) return record;
  return withoutIntent(
    withMember(record, {
      ordinal: intent.ordinal,
      claimUid: intent.claimUid,
      memberId: learner.memberId,
      floor: 0,
      floorMs: f.now,
      phase: "ordered",
      joinPodUid: intent.podUid,
      joinListKey: listKey(f.list),
      progress: { index: 0, atMs: f.now },
    }),
  );
}

/**
 * A listed member without an entry: the record was lost, or the member was added manually. It is recorded with the
 * volume that its pod has. Whether its data is there shows once it runs or its gate reads the disk.
 */
function recogniseMember(f: Facts, record: ControllerRecord, member: Member): ControllerRecord {
  const { ordinal, pod } = member;
  if (ordinal === undefined || !pod?.claimUid || recordOf(record, ordinal)) return record;
  if (record.intent?.kind === "remove" && record.intent.memberId === member.memberId) return record;
  if (member.isLearner && member.listed.name === "" && !member.status) return record;
  const floor = member.status?.appliedIndex ?? 0;
  // A rolled-back quorum has forgotten the removal. Whatever is on the disk now, it isn't the member's data.
  const wasRemoved = record.removed?.includes(member.memberId) === true && !member.status;
  return withMember(record, {
    ordinal,
    claimUid: wasRemoved ? "" : pod.claimUid,
    memberId: member.memberId,
    floor,
    floorMs: f.now,
    phase: "started",
    progress: member.isLearner ? { index: floor, atMs: f.now } : undefined,
  });
}

function noteProgress(f: Facts, record: ControllerRecord, member: Member): ControllerRecord {
  const old = member.record;
  if (!old || member.ordinal === undefined) return record;
  let next: MemberRecord = old;
  const onItsVolume = member.status !== undefined && member.pod?.claimUid === old.claimUid;
  if (old.phase === "ordered" && (member.listed.name !== "" || member.status)) {
    next = { ...next, phase: "started", progress: { index: old.progress?.index ?? 0, atMs: f.now } };
  }
  const index = member.status?.appliedIndex ?? 0;
  if (onItsVolume && index > old.floor && (old.floor === 0 || isOver(f, old.floorMs, FLOOR_EVERY_MS))) {
    next = { ...next, floor: index, floorMs: f.now };
  }
  const progress = next.progress;
  if (member.isLearner && progress && index > progress.index && isOver(f, progress.atMs, PROGRESS_EVERY_MS)) {
    next = { ...next, progress: { index, atMs: f.now } };
  }
  let result = next === old ? record : withMember(record, next);
  const note = noteOf(result, member.ordinal);
  if (
    !member.isLearner &&
    !member.unhealthyReason &&
    (note?.suspect || note?.replacing || note?.failedJoinMs || note?.unreadPodUid)
  ) {
    result = withNote(result, member.ordinal, {
      suspect: undefined,
      replacing: undefined,
      failedJoinMs: undefined,
      unreadPodUid: undefined,
    });
  }
  return result;
}
