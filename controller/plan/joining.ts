/**
 * One learner at a time: announced, added, started, promoted.
 *
 * Why it can't lose an acknowledged write: a learner's acknowledgements don't count, so nothing rests on it until the
 * promotion; that comes only when it is in sync, was recorded as started (an emptied disk is then known as lost), and a
 * quorum is healthy. A birth is sealed in the record before the first promotion. What a joining member's volume holds is
 * set aside, and goes later; so none joins on the data of a cluster that this one neither was nor has replaced.
 *
 * etcd asks any one peer for the list, and one that was cut off may still name the ID that was removed from this URL. Under
 * it an empty disk votes in no quorum: the removal is on a quorum of the others, none of whom elects who lacks it, and the
 * first of them whom it meets sends it away (etcd then exits with 0). The learner doesn't start, so it is removed and added
 * anew.
 */
import type { ControllerRecord, Disk, RemovalCause } from "../model";
import { age, ageOf, isOver, PROGRESS, workMs } from "./age";
import { isForeign } from "./foreign";
import { standing } from "./identity";
import { withNote, withoutIntent } from "./record";
import type { Step } from "./step";
import { act, mention, remember, wait } from "./step";
import type { Facts, Member } from "./view";
import { isPreparing, trouble } from "./trouble";
import {
  gateOf,
  hasRun,
  isAbandoned,
  label,
  listKey,
  noteOf,
  peerUrl,
  podAt,
  quorum,
  recordOf,
} from "./view";
import { podVersionProblem } from "./version";

/** So long is waited before the next try. */
const RETRY_MS = 60_000;
/** etcd's own condition for a promotion. */
const IN_SYNC = 0.9;

/** What was announced is carried through, or taken back when its pod is no longer there. */
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
  return act(
    { kind: "addLearner", ordinal, peerUrl: url, listKey: listKey(f.list) },
    `${label(f, ordinal)} is added as a learner`,
    record,
  );
}

/** The learner there is: promoted, waited for, or given up. */
export function tendLearner(f: Facts): Step | undefined {
  const learner = f.learners[0];
  if (!learner || f.record.intent) return undefined;
  const m = learner.record;
  const name = label(f, learner.ordinal);
  if (!m || learner.ordinal === undefined) {
    return giveUp(f, learner, "nobody recorded it", "foreign-learner");
  }
  if (m.ordinal >= f.desired.members) return giveUp(f, learner, "it isn't declared any more", "shrink");
  const found = standing(f, m);
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
    return giveUp(f, learner, `it ${trouble(pod, f.world)}`, "failed-join");
  }
  const patienceMs = workMs(f.world, PROGRESS);
  if (m.progress && ageOf(f.world, age.progress(m)) >= patienceMs) {
    return giveUp(f, learner, `no progress for ${Math.round(patienceMs / 60_000)} minutes`, "failed-join");
  }
  const behind = notReady(f, learner);
  if (behind) return wait(`${name} is a learner: ${behind}`);
  const birth = f.record.birth.state === "born" ? { ...f.record.birth, sealed: true } : f.record.birth;
  return act(
    { kind: "promote", ordinal: learner.ordinal, memberId: learner.memberId },
    `${name} is in sync: it becomes a voter`,
    { ...f.record, birth },
  );
}

function notReady(f: Facts, learner: Member): string | undefined {
  if (learner.ailment) return `it ${learner.ailment}`;
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
  return act(
    { kind: "removeMember", ordinal, memberId },
    `learner ${label(f, learner.ordinal)}: ${words}`,
    record,
  );
}

/** Successors of members that were lost: a quorum is enough, as it makes the cluster safer. */
export function addReplacement(f: Facts): Step | undefined {
  return addNext(f, (ordinal) => noteOf(f.record, ordinal)?.replacing === true, quorum(f.voters.length));
}

/** Further members: only while every voter is healthy. */
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
  if (!gate) return `it ${trouble(pod, f.world)}`;
  if (isAbandoned(f.record, pod.claimUid)) return "its volume was given up";
  if (recordOf(f.record, ordinal)) return "its old member isn't gone yet";
  if (hasRun(pod)) return "etcd ran in its pod before";
  const failed = noteOf(f.record, ordinal)?.failedJoinMs;
  if (failed !== undefined && !isOver(f, failed, RETRY_MS)) return "its last try failed a moment ago";
  return podVersionProblem(f, pod) ?? foreignData(f, pod.claimName, gate.disk);
}

function foreignData({ record }: Facts, claim: string, disk: Disk): string | undefined {
  if (disk.state !== "wal" || !isForeign(record, disk)) return undefined;
  return `its volume holds data of another cluster (${disk.clusterId}), which is left as it is: delete claim ${claim} and the pod for a new volume, or move the data away`;
}

/** A join is ordered once per pod: one in which etcd ran is exchanged before it joins. */
export function* freshPod(f: Facts): Iterable<Step> {
  if (!f.list || f.record.intent) return;
  for (const pod of f.world.pods) {
    if (!gateOf(f.world, pod) || !hasRun(pod) || pod.ordinal >= f.desired.members) continue;
    if (f.members.some((m) => m.ordinal === pod.ordinal) || recordOf(f.record, pod.ordinal)) continue;
    yield act(
      { kind: "deletePod", name: pod.name, uid: pod.uid, force: false },
      `${pod.name} ran a member that was removed: a new pod joins`,
    );
  }
}
