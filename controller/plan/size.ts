/**
 * Pods and voters: as many as declared.
 *
 * Why it can't lose an acknowledged write: members go only while every voter that stays is healthy, so each entry is on
 * a quorum of what is left; the removal is recorded before, so that the disk isn't started again. Pods are never scaled
 * away while a member lives on them, or is announced for them, by a list that a quorum gave, or while it isn't known what
 * their volumes hold. Claims stay.
 */
import { overdueMs } from "./age";
import { standing } from "./identity";
import { withTouched } from "./record";
import { removalProblem } from "./removal";
import { needsThird, toRestart } from "./rollout";
import type { Step } from "./step";
import { act, mention, wait } from "./step";
import type { Facts, Member } from "./view";
import { claimAt, gateOf, label, leads, podAt, quorum, statusesOf } from "./view";

/** One more than the highest ordinal that must have its pod. */
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
 * Beyond the declared size the record alone brings nobody back: it may be from before they were removed, and enough of
 * them would make a quorum of their own. Somebody who is there and finds no quorum has to miss them, or count them among
 * its voters on its disk: without a quorum etcd answers nobody after its start.
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
    return misses && standing(f, m).kind === "intact";
  });
}

/** Undoes a scaling by hand. Needs no quorum: it only brings pods back. */
export function restoreReplicas(f: Facts): Step | undefined {
  const least = mayNeed(f);
  if (f.sts.replicas >= least) return undefined;
  return scale(f, least, `${f.sts.replicas} pods are too few for the members and volumes there are`);
}

export function scale(f: Facts, replicas: number, why: string): Step {
  const { uid, resourceVersion } = f.sts;
  return act(
    { kind: "setReplicas", replicas, statefulSetUid: uid, resourceVersion },
    `${why}: ${replicas} pods`,
  );
}

/**
 * Pods that can't join keep the disruption budget closed, and what keeps them from it may be the very thing that the
 * voters' restart is for: their old pods may bar the nodes by their affinity, or use up a quota. Were a voter to go while
 * they wait, one of them might take its room on the node, too. So they go while voters are restarted, whatever it is that
 * they wait for. Nothing is on their volumes that counts: nobody has joined from them.
 */
export function standBack(f: Facts): Step | undefined {
  const least = needed(f);
  if (!f.list || f.record.intent || f.learners.length > 0 || f.sts.replicas <= least) return undefined;
  if (f.healthy.length < f.voters.length || !rollsFirst(f)) return undefined;
  const names = Array.from({ length: f.sts.replicas - least }, (_, i) => label(f, least + i));
  return scale(f, least, `the voters are restarted before the cluster grows: ${names.join(", ")} stand back`);
}

/** Growing would only close the budget again. */
const rollsFirst = (f: Facts) => toRestart(f).length > 0 && !needsThird(f);

/** At once to the declared number: the gates hold the newcomers. */
export function raiseReplicas(f: Facts): Step | undefined {
  if (f.sts.replicas >= f.desired.members) return undefined;
  if (f.healthy.length < f.voters.length) return mention("growing waits until every voter is healthy");
  // Who is outdated isn't known before.
  if (!f.sts.observed) return mention("growing waits until the declared template was seen");
  if (rollsFirst(f)) return mention("growing waits until every voter was restarted at the declared revision");
  return scale(f, f.desired.members, `growing to ${f.desired.members} members`);
}

export function shrink(f: Facts): Step | undefined {
  if (f.record.intent?.kind === "unread") return undefined;
  const surplus = f.members.filter((m) => m.ordinal === undefined || m.ordinal >= f.desired.members);
  const victim = surplus.sort((a, b) => rank(b) - rank(a))[0];
  // One that was announced comes first: its words in the record are not to be overwritten.
  if (!victim || f.record.intent) return undefined;
  const unsafe = removalProblem(f, victim);
  const staying = f.voters.filter((m) => m.memberId !== victim.memberId);
  const unwell = staying.find((m) => m.ailment !== undefined);
  const name = label(f, victim.ordinal);
  if (!victim.isLearner) {
    if (staying.length === 0) return mention(`${name} is the last voter: another joins before it goes`);
    const enough = f.healthy.length - (victim.ailment ? 0 : 1) >= quorum(f.voters.length);
    if (unwell && !(victim.ailment && enough)) {
      return wait(`shrinking waits: ${label(f, unwell.ordinal)} ${unwell.ailment}`);
    }
    if (unsafe) return wait(`shrinking waits: ${name} can't be removed yet: ${unsafe}`);
    // The one that goes last of all, so that leadership moves once, however many are to go.
    const heir = [...staying].filter((m) => m.ailment === undefined).sort((a, b) => rank(a) - rank(b))[0];
    if (leads(victim) && heir) {
      const reason = `${name} leads and is to be removed: leadership goes to ${label(f, heir.ordinal)}`;
      return act({ kind: "moveLeader", from: victim.memberId, to: heir.memberId }, reason);
    }
  }
  const { ordinal, memberId } = victim;
  const claimUid = victim.record?.claimUid ?? "";
  const record = {
    ...f.record,
    intent: { kind: "remove" as const, ordinal, memberId, claimUid, why: "shrink" as const, atMs: f.now },
  };
  const reason = `shrinking to ${f.desired.members} members: ${name} is removed`;
  return act({ kind: "removeMember", ordinal, memberId }, reason, record);
}

/** Learners first, then voters that are down anyway, then the highest ordinal. */
function rank(m: Member): number {
  return (m.isLearner ? 1000 : 0) + (m.ailment ? 100 : 0) + (m.ordinal ?? 99);
}

/** One at a time, so that a mistake is seen before the next; never below what the list still needs. */
export function lowerReplicas(f: Facts): Step | undefined {
  if (f.record.intent?.kind === "unread") return undefined;
  const least = Math.max(needed(f), f.desired.members);
  if (!f.list || f.sts.replicas <= least) return undefined;
  return scale(f, f.sts.replicas - 1, `${label(f, f.sts.replicas - 1)} is no member any more`);
}

/** Only once the member is out of the list: before, its node may come back, and the others may need it to. */
export function dropReplaced(f: Facts): Iterable<Step> {
  const { abandoned, members, intent } = f.record;
  if (intent?.kind === "unread") return [];
  return dropAbandoned(
    f,
    abandoned.filter((a) => !members.some((m) => m.claimUid === a.claimUid)),
  );
}

/** A volume that a force-deleted pod may still write to must be gone before another pod can start. */
export function* dropAbandoned(f: Facts, given = f.record.abandoned): Iterable<Step> {
  for (const { ordinal, claimUid } of given) {
    if (f.members.some((m) => m.ordinal === ordinal && m.record?.claimUid === claimUid)) continue;
    const claim = claimAt(f.world, ordinal);
    if (claim?.uid === claimUid && !claim.deleting) {
      const reason = `volume ${claim.name} was given up with its node: deleted, a new one takes its place`;
      yield act(
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
    yield act(
      { kind: "deletePod", name: pod.name, uid: pod.uid, force },
      reason,
      withTouched(f.record, claimUid),
    );
  }
}
