import type {
  ClaimView,
  ControllerRecord,
  Desired,
  GateReport,
  MemberRecord,
  MemberStatus,
  PodView,
  StatefulSetView,
  World,
} from "../model";
import type { ClusterId, MemberId, Uid } from "../../shared/disk";
import type { Facts, Member } from "./facts";
import { describePod } from "./describe-pod";

/** How many entries a voter may lag behind: etcd keeps as many for slow followers after a snapshot. */
export const MAX_LAG = 5000;

export function quorum(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

export function memberName(desired: Desired, ordinal: number): string {
  return desired.memberName.replace("{ordinal}", String(ordinal));
}

export function peerUrl(desired: Desired, ordinal: number): string {
  return desired.peerUrl.replace("{ordinal}", String(ordinal));
}

/** Where that restore pod receives and hands over data. */
export function restoreUrl(desired: Desired, podUid: Uid): string | undefined {
  return desired.rebuild && `${desired.rebuild.url}/${podUid}`;
}

export function podAt(world: World, ordinal: number): PodView | undefined {
  return world.pods.find((p) => p.ordinal === ordinal);
}

export function claimAt(world: World, ordinal: number): ClaimView | undefined {
  return world.claims.find((c) => c.ordinal === ordinal);
}

export function recordOf(record: ControllerRecord, ordinal: number): MemberRecord | undefined {
  return record.members.find((m) => m.ordinal === ordinal);
}

export function statusOf(world: World, pod: PodView): MemberStatus | undefined {
  return world.etcd.statuses.find((s) => s.podUid === pod.uid && s.answers);
}

/** Of one cluster. Members of another one talk about theirs. */
export function statusesOf(world: World, clusterId: ClusterId | undefined): readonly MemberStatus[] {
  return world.etcd.statuses.filter((s) => s.answers && s.clusterId === clusterId);
}

/** A gate's report counts only while no etcd answers from its pod: a late report must not condemn it. */
export function gateOf(world: World, pod: PodView): GateReport | undefined {
  if (pod.deleting || statusOf(world, pod)) return undefined;
  return world.gates.find((g) => g.podUid === pod.uid);
}

/** Whether the gate of its pod has read the disk of this claim. */
export function isInspected(world: World, claim: ClaimView): boolean {
  const pod = podAt(world, claim.ordinal);
  return pod?.claimUid === claim.uid && gateOf(world, pod) !== undefined;
}

/** Nothing was ever written for this claim: it has no volume yet, and the one it gets will be empty. */
export function hasNoDisk(claim: ClaimView): boolean {
  return claim.phase === "Pending" && !claim.comesFilled;
}

/** Whether etcd ever ran in this pod. A gate that asks after that (its node restarted) sees a used disk. */
export function hasRun(pod: PodView): boolean {
  return pod.etcd.restarts > 0 || pod.etcd.lastExit !== undefined || pod.etcd.state !== "waiting";
}

export function isAbandoned(record: ControllerRecord, claimUid: Uid | undefined): boolean {
  return record.abandoned.some((a) => a.claimUid === claimUid);
}

export function noteOf(record: ControllerRecord, ordinal: number) {
  return record.notes.find((n) => n.ordinal === ordinal);
}

export function factsOf(
  world: World,
  desired: Desired,
  sts: StatefulSetView,
  record: ControllerRecord,
  stale?: string,
): Facts {
  const list = "problem" in world.etcd.list ? undefined : world.etcd.list;
  const ours = new Map<string, number>();
  for (let ordinal = 0; ordinal < 16; ordinal++) ours.set(peerUrl(desired, ordinal), ordinal);
  const newest = Math.max(0, ...statusesOf(world, list?.clusterId).map((s) => s.raftIndex ?? 0));

  const members = (list?.members ?? []).map((listed): Member => {
    const url = listed.peerUrls.find((one) => ours.has(one));
    const ordinal = url === undefined ? undefined : ours.get(url);
    const pod = ordinal === undefined ? undefined : podAt(world, ordinal);
    const answer = pod && statusOf(world, pod);
    const status = answer?.memberId === listed.memberId ? answer : undefined;
    const known = record.members.find((m) => m.memberId === listed.memberId);
    const base = { memberId: listed.memberId, isLearner: listed.isLearner, listed, ordinal, pod, status };
    return { ...base, record: known, unhealthyReason: unhealthyReason(pod, status, known, newest, world) };
  });
  const voters = members.filter((m) => !m.isLearner);
  return {
    world,
    now: world.nowMs,
    desired,
    record,
    sts,
    stale,
    list,
    members,
    voters,
    learners: members.filter((m) => m.isLearner),
    healthy: voters.filter((m) => m.unhealthyReason === undefined),
  };
}

/**
 * Readiness and alarms don't count. A member is healthy if it answers under its own ID from its own volume, knows a
 * leader, reads linearizably and lags little.
 */
function unhealthyReason(
  pod: PodView | undefined,
  status: MemberStatus | undefined,
  known: MemberRecord | undefined,
  newest: number,
  world: World,
): string | undefined {
  if (!pod || pod.deleting || !status) return describePod(pod, world);
  if (known && pod.claimUid !== known.claimUid) return "runs from another volume";
  if (status.leaderId === undefined) return "knows no leader";
  if (!status.isLearner && !status.linearizableRead) return "can't read linearizably";
  if (newest - (status.appliedIndex ?? 0) > MAX_LAG) return "lags behind";
  return undefined;
}

/**
 * The listed member on this pod. If its URL was changed manually, it is the one whose ID its etcd answers with or that
 * was recorded, unless that ID answers at the pod of its URL.
 */
export function memberOn(f: Facts, pod: PodView): Member | undefined {
  const placed = f.members.find((m) => m.ordinal === pod.ordinal);
  if (placed) return placed;
  const id = statusOf(f.world, pod)?.memberId ?? recordOf(f.record, pod.ordinal)?.memberId;
  return f.members.find((m) => m.memberId === id && !m.status);
}

/** As its own process says. */
export const leads = (m: Member): boolean => m.status?.leaderId === m.memberId;

/** Healthy voters without this one. */
export function healthyWithout(f: Facts, memberId: MemberId): number {
  return f.healthy.filter((m) => m.memberId !== memberId).length;
}

export function label(f: Facts, ordinal: number | undefined): string {
  return ordinal === undefined ? "a member that isn't ours" : memberName(f.desired, ordinal);
}
