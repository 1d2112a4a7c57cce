/**
 * Pods and voters: as many as declared.
 *
 * Why it can't lose an acknowledged write: a member is removed only while every voter that stays is healthy, so each
 * entry is on a quorum of those left. Its removal is recorded first, so that its disk isn't started again. A pod is
 * never scaled away while a quorum's list has a member on it, while a member is announced for it, or while it isn't
 * known what its volume holds. Claims stay.
 */
import { overdueMs } from "./age";
import { identityStatus } from "./identity";
import { withTouched } from "./record";
import { removalProblem } from "./removal";
import { needsThird, toRestart } from "./rollout";
import type { Step } from "./step";
import { doAction, mention, wait } from "./step";
import type { Facts, Member } from "./facts";
import { claimAt, gateOf, label, leads, podAt, quorum, statusesOf } from "./view";

/** One more than the highest ordinal that needs its pod. */
export function needed(f: Facts): number {
  const born = f.record.birth.state === "born";
  const ordinals = [
    ...f.record.members.map((m) => m.ordinal),
    ...f.members.map((m) => m.ordinal ?? -1),
    (f.record.intent && "ordinal" in f.record.intent ? f.record.intent.ordinal : undefined) ?? -1,
    ...(born ? [] : [f.desired.members - 1, ...f.world.claims.map((c) => c.ordinal)]),
  ];
  return Math.max(0, ...ordinals) + 1;
}

/**
 * The record alone doesn't bring back pods beyond the declared size: it may be older than their removal, and enough of
 * them could form a quorum of their own. A running member without a leader must need them, or a member's disk
 * must count them among its voters: without a quorum etcd answers nobody after its start.
 */
function mayNeed(f: Facts): number {
  const { birth } = f.record;
  const least = needed(f);
  const known = birth.state !== "born" || f.list !== undefined;
  if (known || statusesOf(f.world, birth.clusterId).some((s) => s.leaderId === undefined)) return least;
  const declared = Math.max(f.desired.members, f.sts.replicas);
  return isMissed(f, declared) ? least : Math.min(least, declared);
}

function isMissed(f: Facts, declared: number): boolean {
  const { members } = f.record;
  const beyond = members.filter((m) => m.ordinal >= declared).map((m) => m.memberId);
  return members.some((m) => {
    const pod = podAt(f.world, m.ordinal);
    const disk = pod && gateOf(f.world, pod)?.disk;
    const misses = disk?.state === "wal" && disk.voters.some((id) => beyond.includes(id));
    return misses && identityStatus(f, m).kind === "intact";
  });
}

/** Undoes manual scaling. Needs no quorum: it only brings pods back. */
export function restoreReplicas(f: Facts): Step | undefined {
  const least = mayNeed(f);
  if (f.sts.replicas >= least) return undefined;
  return scale(f, least, `${f.sts.replicas} pods are too few for the members and volumes there are`);
}

export function scale(f: Facts, replicas: number, why: string): Step {
  const { uid, resourceVersion } = f.sts;
  return doAction(
    { kind: "setReplicas", replicas, statefulSetUid: uid, resourceVersion },
    `${why}: ${replicas} pods`,
  );
}

/**
 * Pods that can't join keep the disruption budget closed. The reason why they can't may be the very thing that
 * restarting the voters would cure: the old pods may keep them off the nodes by affinity, or use up a quota. If a voter
 * were evicted while they wait, one of them might also take its place on the node. So they are removed while voters are
 * restarted, whatever they wait for. No member has joined from their volumes, so these hold nothing that counts.
 */
export function standBack(f: Facts): Step | undefined {
  const least = needed(f);
  if (!f.list || f.record.intent || f.learners.length > 0 || f.sts.replicas <= least) return undefined;
  if (f.healthy.length < f.voters.length || !rollsFirst(f)) return undefined;
  const names = Array.from({ length: f.sts.replicas - least }, (_, i) => label(f, least + i));
  return scale(
    f,
    least,
    `the voters are restarted before the cluster grows: no pods for ${names.join(", ")} meanwhile`,
  );
}

/** Growing would only close the budget again. */
const rollsFirst = (f: Facts) => toRestart(f).length > 0 && !needsThird(f);

/** All at once: the gates hold the new pods. */
export function raiseReplicas(f: Facts): Step | undefined {
  if (f.sts.replicas >= f.desired.members) return undefined;
  if (f.healthy.length < f.voters.length) return mention("growing waits until every voter is healthy");
  // Until then it isn't known which pods are outdated.
  if (!f.sts.observed) return mention("growing waits until the declared template has been seen");
  if (rollsFirst(f))
    return mention("growing waits until every voter has been restarted at the declared revision");
  return scale(f, f.desired.members, `growing to ${f.desired.members} members`);
}

export function shrink(f: Facts): Step | undefined {
  if (f.record.intent?.kind === "unread") return undefined;
  const surplus = f.members.filter((m) => m.ordinal === undefined || m.ordinal >= f.desired.members);
  const candidate = surplus.sort((a, b) => rank(b) - rank(a))[0];
  // An announced change comes first: the record must keep it.
  if (!candidate || f.record.intent) return undefined;
  const unsafe = removalProblem(f, candidate);
  const staying = f.voters.filter((m) => m.memberId !== candidate.memberId);
  const unhealthy = staying.find((m) => m.unhealthyReason !== undefined);
  const name = label(f, candidate.ordinal);
  if (!candidate.isLearner) {
    if (staying.length === 0) return mention(`${name} is the last voter: another joins before it goes`);
    const enough = f.healthy.length - (candidate.unhealthyReason ? 0 : 1) >= quorum(f.voters.length);
    if (unhealthy && !(candidate.unhealthyReason && enough)) {
      return wait(`shrinking waits: ${label(f, unhealthy.ordinal)} ${unhealthy.unhealthyReason}`);
    }
    if (unsafe) return wait(`shrinking waits: ${name} can't be removed yet: ${unsafe}`);
    // The one that is removed last, so that leadership moves only once.
    const newLeader = [...staying]
      .filter((m) => m.unhealthyReason === undefined)
      .sort((a, b) => rank(a) - rank(b))[0];
    if (leads(candidate) && newLeader) {
      const reason = `${name} leads and is to be removed: leadership goes to ${label(f, newLeader.ordinal)}`;
      return doAction({ kind: "moveLeader", from: candidate.memberId, to: newLeader.memberId }, reason);
    }
  }
  const { ordinal, memberId } = candidate;
  const claimUid = candidate.record?.claimUid ?? "";
  const record = {
    ...f.record,
    intent: { kind: "remove" as const, ordinal, memberId, claimUid, why: "shrink" as const, atMs: f.now },
  };
  const reason = `shrinking to ${f.desired.members} members: ${name} is removed`;
  return doAction({ kind: "removeMember", ordinal, memberId }, reason, record);
}

/** Learners first, then unhealthy voters, then the highest ordinal. */
function rank(m: Member): number {
  return (m.isLearner ? 1000 : 0) + (m.unhealthyReason ? 100 : 0) + (m.ordinal ?? 99);
}

/** One at a time, so that a mistake shows before the next. Never below what the list needs. */
export function lowerReplicas(f: Facts): Step | undefined {
  if (f.record.intent?.kind === "unread") return undefined;
  const least = Math.max(needed(f), f.desired.members);
  if (!f.list || f.sts.replicas <= least) return undefined;
  return scale(f, f.sts.replicas - 1, `${label(f, f.sts.replicas - 1)} is no longer a member`);
}

/** Only once the list no longer has the member. Until then its node may come back, and the others may need it. */
export function dropReplaced(f: Facts): Iterable<Step> {
  const { abandoned, members, intent } = f.record;
  if (intent?.kind === "unread") return [];
  return dropAbandoned(
    f,
    abandoned.filter((a) => !members.some((m) => m.claimUid === a.claimUid)),
  );
}

/** A force-deleted pod may still write to its volume, so the volume must be gone before another pod can start. */
export function* dropAbandoned(f: Facts, given = f.record.abandoned): Iterable<Step> {
  for (const { ordinal, claimUid } of given) {
    if (f.members.some((m) => m.ordinal === ordinal && m.record?.claimUid === claimUid)) continue;
    const claim = claimAt(f.world, ordinal);
    if (claim?.uid === claimUid && !claim.deleting) {
      const reason = `volume ${claim.name} was given up with its node: deleted, a new one takes its place`;
      yield doAction(
        { kind: "deleteClaim", name: claim.name, uid: claim.uid },
        reason,
        withTouched(f.record, claimUid),
      );
      continue;
    }
    const pod = f.world.pods.find((p) => p.ordinal === ordinal && (!p.claimUid || p.claimUid === claimUid));
    if (!pod) continue;
    const force = pod.deleting !== undefined;
    if (force && (overdueMs(f.world, pod) ?? 0) < 0) continue;
    const reason = `${pod.name} is still bound to a volume that was given up: ${force ? "force-" : ""}deleted`;
    yield doAction(
      { kind: "deletePod", name: pod.name, uid: pod.uid, force },
      reason,
      withTouched(f.record, claimUid),
    );
  }
}
