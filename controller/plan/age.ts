/**
 * How old something is. No two machines' clocks are compared where it costs a member, a claim or a promotion.
 *
 * What costs something waits until this process has seen a fact hold for so long, by a clock that nobody can set:
 * `World.ages`, counted by `Ages`. What holds is named by what can't change while it does (a UID, a number of restarts, an
 * index), so that a break can't be missed. Ages that a decision about a member or a claim rests on are carried over in the
 * record, as lengths of time and not as stamps: a controller that is restarted again and again still comes to an end.
 *
 * A stamp in the record is by some controller's wall clock. It only limits how often something harmless is done: then one
 * from the future is as good as expired, so that a clock that was ahead once holds up nothing.
 */
import type {
  CarriedAge,
  ClaimView,
  ControllerRecord,
  Desired,
  MemberRecord,
  PodView,
  Uid,
  World,
} from "../model";
import type { Facts } from "./view";
import { hasNoPlace, isStranded } from "./unplaceable";

/** A kubelet that is well needs a moment longer than a pod's grace to say that it is gone. */
export const SLACK_MS = 10_000;
/** At most one broken disk of a member is replaced in that time. */
export const BROKEN_EVERY_MS = 3_600_000;
/** So long a voter may read nothing linearizably, while all others do, before it is restarted. */
export const UNREAD_MS = 600_000;
/** For how long etcd may be at something that grows with its data: at least, and for each GiB. */
interface Work {
  readonly leastMs: number;
  readonly perGibMs: number;
}
/** Without progress for so long, a learner is removed. It shows none until it has all of the snapshot: 4 MiB a second. */
export const PROGRESS: Work = { leastMs: 600_000, perGibMs: 256_000 };
/** Read and written once, at 16 MiB a second. */
export const DEFRAGMENTATION: Work = { leastMs: 30_000, perGibMs: 64_000 };
/** At least a thousand revisions in 10 ms, and a few millions in a GiB. */
export const COMPACTION: Work = { leastMs: 10_000, perGibMs: 60_000 };
/** How often an age that lasts is written down. A controller that lives less than that adds nothing to it. */
const CARRY_EVERY_MS = 20_000;
/** Nobody looked for so long (or the clock was set): an age that was written down begins anew. */
const UNSEEN_MS = 600_000;
/** How often one that is old enough is written down again, so that it is still believed after a restart. */
const RENEW_EVERY_MS = 300_000;

export const age = {
  deleting: (podUid: Uid) => `deleting/${podUid}`,
  running: (pod: PodView, container: "gate" | "etcd" = "etcd") =>
    `running/${pod.uid}/${container}/${pod[container].restarts}`,
  unheard: (pod: PodView) => `unheard/${pod.uid}/${pod.etcd.restarts}`,
  leaderless: (pod: PodView) => `leaderless/${pod.uid}/${pod.etcd.restarts}`,
  unread: (pod: PodView) => `unread/${pod.uid}/${pod.etcd.restarts}`,
  stranded: (pod: PodView) => `stranded/${pod.uid}/${pod.claimUid ?? ""}`,
  placeless: (pod: PodView) => `placeless/${pod.uid}/${pod.claimUid ?? ""}`,
  progress: ({ memberId, phase, progress }: MemberRecord) =>
    `progress/${memberId}/${phase}/${progress?.index ?? 0}`,
  compacting: (revision: number) => `compacting/${revision}`,
  awaitsMount: (claim: ClaimView) => `awaits-mount/${claim.uid}/${claim.requestedBytes}`,
  broken: (ordinal: number, stampMs: number) => `broken/${ordinal}/${stampMs}`,
} as const;

/** Something whose age counts, while it holds. */
export interface Aging {
  readonly what: string;
  /** Carried over in the record until it is that old. Absent: of no consequence that a restart would have to save. */
  readonly carriedUntilMs?: number;
}

type Seen = Pick<World, "desired" | "record" | "pods" | "claims" | "etcd">;

/** By the largest database that is known of, or else by the largest that there may be. */
export function workMs(
  { etcd, desired }: Pick<Seen, "etcd" | "desired">,
  { leastMs, perGibMs }: Work,
): number {
  const sizes = etcd.statuses.flatMap((s) => (s.answers && !s.isLearner ? (s.dbBytes ?? []) : []));
  const most = "problem" in desired ? 0 : desired.quotaBytes;
  const bytes = sizes.length > 0 ? Math.max(...sizes) : most;
  return leastMs + (bytes / 2 ** 30) * perGibMs;
}

/** Everything that holds now and grows old. */
export function aging(world: Seen): readonly Aging[] {
  const { desired, pods, claims } = world;
  const record = world.record && !("problem" in world.record) ? world.record : undefined;
  const known = "problem" in desired ? undefined : desired;
  return [
    ...pods.flatMap((pod) => [...ofPod(pod, known), ...ofPlace(world, pod, known)]),
    ...claims.flatMap((claim) => (claim.awaitsMount ? [{ what: age.awaitsMount(claim) }] : [])),
    ...pods.flatMap((pod) => [...ofSilence(world, pod), ...ofLead(world, pod), ...ofReads(world, pod)]),
    ...(record ? ofRecord(world, record) : []),
  ];
}

function ofPod(pod: PodView, desired: Desired | undefined): readonly Aging[] {
  const running = (["gate", "etcd"] as const).filter((c) => pod[c].state === "running");
  const ages: Aging[] = running.map((container) => ({ what: age.running(pod, container) }));
  if (!pod.deleting) return ages;
  const graceMs = lossGraceMs(desired);
  const carriedUntilMs = graceMs === undefined ? undefined : pod.deleting.graceMs + graceMs;
  return [...ages, { what: age.deleting(pod.uid), carriedUntilMs }];
}

/** etcd runs, by the kubelet's word, and doesn't answer this controller. */
function ofSilence({ etcd }: Pick<World, "etcd">, pod: PodView): readonly Aging[] {
  const heard = etcd.statuses.some((s) => s.podUid === pod.uid && s.answers);
  return pod.etcd.state === "running" && !heard ? [{ what: age.unheard(pod) }] : [];
}

/** etcd runs and knows no leader, or can't say so: without one it answers nobody after its start. */
function ofLead({ etcd }: Pick<World, "etcd">, pod: PodView): readonly Aging[] {
  const led = etcd.statuses.some((s) => s.podUid === pod.uid && s.answers && s.leaderId !== undefined);
  return pod.etcd.state === "running" && !led ? [{ what: age.leaderless(pod) }] : [];
}

/** It answers, knows a leader, and reads nothing linearizably: half dead, and by its liveness probe well. */
function ofReads({ etcd }: Seen, pod: PodView): readonly Aging[] {
  const status = etcd.statuses.find((s) => s.podUid === pod.uid && s.answers);
  const deaf =
    status?.leaderId !== undefined && status.isLearner !== true && status.linearizableRead === false;
  return deaf && !pod.deleting ? [{ what: age.unread(pod), carriedUntilMs: UNREAD_MS }] : [];
}

function ofPlace(world: Pick<World, "claims">, pod: PodView, desired: Desired | undefined): readonly Aging[] {
  const carriedUntilMs = lossGraceMs(desired);
  return [
    ...(isStranded(world, pod) ? [{ what: age.stranded(pod), carriedUntilMs }] : []),
    ...(hasNoPlace(world, pod) ? [{ what: age.placeless(pod) }] : []),
  ];
}

function ofRecord(world: Seen, { members, notes, space }: ControllerRecord): readonly Aging[] {
  const carriedUntilMs = workMs(world, PROGRESS);
  return [
    ...(space && !space.compacted ? [{ what: age.compacting(space.revision) }] : []),
    ...members.flatMap((m) => (m.progress ? [{ what: age.progress(m), carriedUntilMs }] : [])),
    ...notes.flatMap(({ ordinal, brokenMs }) =>
      brokenMs === undefined
        ? []
        : [{ what: age.broken(ordinal, brokenMs), carriedUntilMs: BROKEN_EVERY_MS }],
    ),
  ];
}

function lossGraceMs(desired: Desired | undefined): number | undefined {
  return desired?.nodeLossGraceSeconds === undefined ? undefined : desired.nodeLossGraceSeconds * 1000;
}

/** For how long that has been seen to hold. */
export function ageOf({ ages }: Pick<World, "ages">, what: string): number {
  return ages[what] ?? 0;
}

/** How long a pod has been overdue: its deletion was asked for, and its own grace is over. Negative: not yet. */
export function overdueMs(world: Pick<World, "ages">, pod: PodView): number | undefined {
  return pod.deleting && ageOf(world, age.deleting(pod.uid)) - pod.deleting.graceMs;
}

/** Whether a stamp is so old. Only for what does no harm when it comes too early. */
export function isOver(f: Pick<Facts, "now">, stampMs: number, afterMs: number): boolean {
  return f.now < stampMs || f.now - stampMs >= afterMs;
}

/** What the controllers before this one have seen of it, when this one sees it first. */
export function carried(record: World["record"], what: string, nowMs: number): number {
  if (!record || "problem" in record) return 0;
  const found = record.ages?.find((a) => a.what === what);
  return found && Math.abs(nowMs - found.atMs) <= UNSEEN_MS ? found.ms : 0;
}

/** What holds no more goes; what lasts is written down now and then. */
export function carryAges(f: Facts, record: ControllerRecord): ControllerRecord {
  const before = record.ages ?? [];
  const after = aging({ ...f.world, record }).flatMap((it) => carry(f, it, before));
  const same = after.length === before.length && after.every((a) => before.includes(a));
  return same ? record : { ...record, ages: after };
}

function carry(f: Facts, it: Aging, before: readonly CarriedAge[]): readonly CarriedAge[] {
  const old = before.find((a) => a.what === it.what);
  if (it.carriedUntilMs === undefined) return [];
  // A process's own clock tells parts of a millisecond, and the record has none.
  const ms = Math.floor(ageOf(f.world, it.what));
  if (!old) return ms < CARRY_EVERY_MS ? [] : [{ what: it.what, ms, atMs: f.now }];
  const enough = ms >= it.carriedUntilMs && old.ms >= it.carriedUntilMs;
  const kept = enough ? !isOver(f, old.atMs, RENEW_EVERY_MS) : Math.abs(ms - old.ms) < CARRY_EVERY_MS;
  if (kept) return [old];
  return [{ what: it.what, ms, atMs: f.now }];
}
