/**
 * One learner at a time: announced, added, started, promoted.
 *
 * Why it can't lose an acknowledged write: a learner's acknowledgements don't count, so nothing depends on it before
 * its promotion. It is promoted only when it is in sync, is recorded as started (so that an emptied disk counts as
 * lost), and a quorum is healthy. The record seals the bootstrap before the first promotion. What was on a joining
 * member's volume is quarantined and later deleted, so no member joins on the data of a foreign cluster.
 *
 * etcd asks any one peer for the list, and a peer that was cut off may still name the ID that was removed from
 * this URL. Under that ID an empty disk counts for no quorum: a quorum of the others has the removal, and none
 * of them elects a member that lacks it. The first of them that it meets sends it away, and etcd exits with 0.
 * The learner doesn't start, so it is removed and added again.
 */
import type { ControllerRecord, RemovalCause } from "../model";
import type { Disk } from "../../shared/disk";
import { age, ageOf, isOver, PROGRESS, workMs } from "./age";
import { isForeign } from "./foreign";
import { identityStatus } from "./identity";
import { withNote, withoutIntent } from "./record";
import type { Step } from "./step";
import { deletePod, doAction, mention, remember, wait } from "./step";
import type { Facts, Member } from "./facts";
import { isPreparing, describePod } from "./describe-pod";
import { gateOf, hasRun, isAbandoned, label, noteOf, peerUrl, podAt, quorum, recordOf } from "./view";
import { listKey } from "../../shared/etcd/members";
import { podVersionProblem } from "./version";

/** How long a failed learner's successor waits. */
const RETRY_MS = 60_000;
/** etcd's own condition for a promotion. */
const IN_SYNC = 0.9;

/** Carries out what was announced, or takes it back if its pod is gone. */
export function finishAdd(f: Facts): Step | undefined {
  const { intent } = f.record;
  if (intent?.kind !== "add" || !f.list) return undefined;
  const pod = podAt(f.world, intent.ordinal);
  const name = label(f, intent.ordinal);
  const gate = pod && gateOf(f.world, pod);
  const same = pod?.uid === intent.podUid && pod.claimUid === intent.claimUid && gate && !hasRun(pod);
  if (!same || f.learners.length > 0) {
    return remember(withoutIntent(f.record), `${name} isn't added: its pod has changed since`);
  }
  return add(f, intent.ordinal, intent.podUid, intent.claimUid);
}

function add(f: Facts, ordinal: number, podUid: string, claimUid: string): Step | undefined {
  if (!f.list) return undefined;
  const url = peerUrl(f.desired, ordinal);
  const record: ControllerRecord = {
    ...f.record,
    intent: { kind: "add", ordinal, claimUid, podUid, peerUrl: url, atMs: f.now },
  };
  return doAction(
    { kind: "addLearner", ordinal, peerUrl: url, listKey: listKey(f.list) },
    `${label(f, ordinal)} is added as a learner`,
    record,
  );
}

/** The present learner: promote it, wait for it, or give it up. */
export function tendLearner(f: Facts): Step | undefined {
  const learner = f.learners[0];
  if (!learner || f.record.intent) return undefined;
  const m = learner.record;
  const name = label(f, learner.ordinal);
  if (!m || learner.ordinal === undefined) {
    return giveUp(f, learner, "it isn't recorded", "foreign-learner");
  }
  if (m.ordinal >= f.desired.members) return giveUp(f, learner, "it isn't declared any more", "shrink");
  const found = identityStatus(f, m);
  if (found.kind === "lost" || found.kind === "broken") return undefined;
  const pod = podAt(f.world, m.ordinal);
  const waiting = pod && gateOf(f.world, pod);
  const changed = f.list && m.joinListKey !== listKey(f.list);
  if (m.phase === "ordered" && waiting && changed) {
    return giveUp(f, learner, "the member list has changed since it was added", "failed-join");
  }
  const etcd = pod?.etcd;
  const failed = etcd?.lastExit && etcd.state !== "running" && !isPreparing(etcd) && etcd.restarts > 0;
  if (m.phase === "ordered" && failed && !waiting) {
    return giveUp(f, learner, `it ${describePod(pod, f.world)}`, "failed-join");
  }
  const patienceMs = workMs(f.world, PROGRESS);
  if (m.progress && ageOf(f.world, age.progress(m)) >= patienceMs) {
    return giveUp(f, learner, `no progress for ${Math.round(patienceMs / 60_000)} minutes`, "failed-join");
  }
  const behind = notReady(f, learner);
  if (behind) return wait(`${name} is a learner: ${behind}`);
  const birth = f.record.birth.state === "born" ? { ...f.record.birth, sealed: true } : f.record.birth;
  return doAction(
    { kind: "promote", ordinal: learner.ordinal, memberId: learner.memberId },
    `${name} is in sync: it becomes a voter`,
    { ...f.record, birth },
  );
}

function notReady(f: Facts, learner: Member): string | undefined {
  if (learner.unhealthyReason) return `it ${learner.unhealthyReason}`;
  const newest = Math.max(...f.healthy.map((m) => m.status?.raftIndex ?? 0));
  const applied = learner.status?.appliedIndex ?? 0;
  if (applied < newest * IN_SYNC) return `it has ${applied} of ${newest} entries`;
  if (f.healthy.length < quorum(f.voters.length)) return "a quorum of voters must be healthy first";
  return undefined;
}

function giveUp(f: Facts, learner: Member, words: string, why: RemovalCause): Step {
  const { ordinal, memberId } = learner;
  const claimUid = learner.record?.claimUid ?? "";
  const noted = ordinal === undefined ? f.record : withNote(f.record, ordinal, { failedJoinMs: f.now });
  const record: ControllerRecord = {
    ...noted,
    intent: { kind: "remove", ordinal, memberId, claimUid, why, atMs: f.now },
  };
  return doAction(
    { kind: "removeMember", ordinal, memberId },
    `learner ${label(f, learner.ordinal)}: ${words}`,
    record,
  );
}

/** Successors of lost members. A healthy quorum is enough, as they make the cluster safer. */
export function addReplacement(f: Facts): Step | undefined {
  return addNext(f, (ordinal) => noteOf(f.record, ordinal)?.replacing === true, quorum(f.voters.length));
}

/** Further members, only while every voter is healthy. */
export function addMember(f: Facts): Step | undefined {
  return addNext(f, () => true, f.voters.length);
}

function addNext(f: Facts, wanted: (ordinal: number) => boolean, healthy: number): Step | undefined {
  if (!f.list || f.learners.length > 0 || f.record.intent || f.voters.length === 0) return undefined;
  let reason: string | undefined;
  for (let ordinal = 0; ordinal < f.desired.members; ordinal++) {
    if (f.members.some((m) => m.ordinal === ordinal) || !wanted(ordinal)) continue;
    const pod = podAt(f.world, ordinal);
    const problem = notJoinable(f, ordinal);
    if (problem || !pod?.claimUid) {
      reason ??= `${label(f, ordinal)} can't join yet: ${problem}`;
      continue;
    }
    if (f.healthy.length < healthy) {
      return mention(
        `${label(f, ordinal)} joins when ${healthy} voters are healthy, ${f.healthy.length} are`,
      );
    }
    return add(f, ordinal, pod.uid, pod.claimUid);
  }
  return reason ? mention(reason) : undefined;
}

function notJoinable(f: Facts, ordinal: number): string | undefined {
  const pod = podAt(f.world, ordinal);
  const gate = pod && gateOf(f.world, pod);
  if (!gate) return `it ${describePod(pod, f.world)}`;
  if (isAbandoned(f.record, pod.claimUid)) return "its volume was given up";
  if (recordOf(f.record, ordinal)) return "its old member isn't gone yet";
  if (hasRun(pod)) return "etcd ran in its pod before";
  const failed = noteOf(f.record, ordinal)?.failedJoinMs;
  if (failed !== undefined && !isOver(f, failed, RETRY_MS)) return "its last try failed a moment ago";
  return podVersionProblem(f, pod) ?? foreignData(f, pod.claimName, gate.disk);
}

function foreignData({ record }: Facts, claim: string, disk: Disk): string | undefined {
  if (disk.state !== "wal" || !isForeign(record, disk)) return undefined;
  return (
    `its volume holds data of another cluster (${disk.clusterId}), which is left as it is: delete claim ` +
    `${claim} and the pod for a new volume, or move the data away`
  );
}

/** A join is ordered once per pod. A pod in which etcd ran is replaced before it joins. */
export function* freshPod(f: Facts): Iterable<Step> {
  if (!f.list || f.record.intent) return;
  for (const pod of f.world.pods) {
    if (!gateOf(f.world, pod) || !hasRun(pod) || pod.ordinal >= f.desired.members) continue;
    if (f.members.some((m) => m.ordinal === pod.ordinal) || recordOf(f.record, pod.ordinal)) continue;
    yield deletePod(pod, `${pod.name} ran a member that was removed: a new pod joins`);
  }
}
