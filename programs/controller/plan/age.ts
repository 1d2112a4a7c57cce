/**
 * How long a fact has been true. Clocks of two machines are never compared where a mistake could cost a member, a claim
 * or a promotion.
 *
 * A costly decision waits until this process has seen a fact hold for long enough, by a clock that nobody can set:
 * `World.ages`, counted by `Ages`. The fact's name contains what can't change while it holds (a UID, a restart count,
 * an index), so an interruption is never missed. Ages that a decision about a member or a claim depends on are kept in
 * the record, as durations and not as timestamps. So even a controller that restarts again and again makes progress.
 *
 * A timestamp in the record comes from some controller's wall clock. It only limits how often something harmless is
 * done. A timestamp from the future counts as expired, so a clock that was once ahead delays nothing.
 */
import type {
  CarriedAge,
  ClaimView,
  ControllerRecord,
  Desired,
  MemberRecord,
  PodView,
  World,
} from "../model";
import type { Uid } from "../../shared/disk";
import type { Facts } from "./facts";
import { hasNoPlace, isStranded } from "./unplaceable";

/** Even a healthy kubelet needs a moment longer than the grace period to report that a pod is gone. */
export const SLACK_MS = 10_000;
/** At most one broken disk of a member is replaced within this time. */
export const BROKEN_EVERY_MS = 3_600_000;
/** How long a voter may fail linearizable reads, while all others succeed, before it is restarted. */
export const UNREAD_MS = 600_000;
/** How long etcd may need for work that grows with its data: a minimum, and more for each GiB. */
interface Work {
  readonly leastMs: number;
  readonly perGibMs: number;
}
/**
 * A learner without progress for this long is removed. It shows none until it has the whole snapshot: 4 MiB a second.
 */
export const PROGRESS: Work = { leastMs: 600_000, perGibMs: 256_000 };
/** The database is read and written once, at 16 MiB a second. */
export const DEFRAGMENTATION: Work = { leastMs: 30_000, perGibMs: 64_000 };
/** At least a thousand revisions in 10 ms, and a few million revisions in a GiB. */
export const COMPACTION: Work = { leastMs: 10_000, perGibMs: 60_000 };
/** How often a growing age is recorded. A controller that lives for less than this adds nothing to it. */
const CARRY_EVERY_MS = 20_000;
/** If no controller looked for this long, or the clock was set, a recorded age starts again from zero. */
const UNSEEN_MS = 600_000;
/** How often an age that is already high enough is recorded again, so that it still counts after a restart. */
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

/** A fact whose age counts while it holds. */
export interface Aging {
  readonly what: string;
  /** The record carries it until it is this old. Absent: a restart may lose it without harm. */
  readonly carriedUntilMs?: number;
}

type Seen = Pick<World, "desired" | "record" | "pods" | "claims" | "etcd">;

/** By the largest known database, or else by the largest that the quota allows. */
export function workMs(
  { etcd, desired }: Pick<Seen, "etcd" | "desired">,
  { leastMs, perGibMs }: Work,
): number {
  const sizes = etcd.statuses.flatMap((s) => (s.answers && !s.isLearner ? (s.dbBytes ?? []) : []));
  const most = "problem" in desired ? 0 : desired.quotaBytes;
  const bytes = sizes.length > 0 ? Math.max(...sizes) : most;
  return leastMs + (bytes / 2 ** 30) * perGibMs;
}

/** All facts that hold now and have an age. */
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

/** The kubelet says that etcd runs, but it doesn't answer this controller. */
function ofSilence({ etcd }: Pick<World, "etcd">, pod: PodView): readonly Aging[] {
  const heard = etcd.statuses.some((s) => s.podUid === pod.uid && s.answers);
  return pod.etcd.state === "running" && !heard ? [{ what: age.unheard(pod) }] : [];
}

/** etcd runs and knows no leader, or can't say so: without a leader it answers nobody after its start. */
function ofLead({ etcd }: Pick<World, "etcd">, pod: PodView): readonly Aging[] {
  const led = etcd.statuses.some((s) => s.podUid === pod.uid && s.answers && s.leaderId !== undefined);
  return pod.etcd.state === "running" && !led ? [{ what: age.leaderless(pod) }] : [];
}

/** It answers and knows a leader, but can't read linearizably. Its liveness probe doesn't notice. */
function ofReads({ etcd }: Seen, pod: PodView): readonly Aging[] {
  const status = etcd.statuses.find((s) => s.podUid === pod.uid && s.answers);
  const unread =
    status?.leaderId !== undefined && status.isLearner !== true && status.linearizableRead === false;
  return unread && !pod.deleting ? [{ what: age.unread(pod), carriedUntilMs: UNREAD_MS }] : [];
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

/** How long this fact has been seen to hold. */
export function ageOf({ ages }: Pick<World, "ages">, what: string): number {
  return ages[what] ?? 0;
}

/** How long ago the grace period of a deleted pod ended. Negative: it hasn't ended yet. */
export function overdueMs(world: Pick<World, "ages">, pod: PodView): number | undefined {
  return pod.deleting && ageOf(world, age.deleting(pod.uid)) - pod.deleting.graceMs;
}

/** Whether a timestamp is this old. Only for things that do no harm if they come too early. */
export function isOver(f: Pick<Facts, "now">, stampMs: number, afterMs: number): boolean {
  return f.now < stampMs || f.now - stampMs >= afterMs;
}

/** What earlier controllers have recorded of a fact that this one sees for the first time. */
export function carried(record: World["record"], what: string, nowMs: number): number {
  if (!record || "problem" in record) return 0;
  const found = record.ages?.find((a) => a.what === what);
  return found && Math.abs(nowMs - found.atMs) <= UNSEEN_MS ? found.ms : 0;
}

/** Drops the facts that no longer hold, and records those that last, now and then. */
export function carryAges(f: Facts, record: ControllerRecord): ControllerRecord {
  const before = record.ages ?? [];
  const after = aging({ ...f.world, record }).flatMap((it) => carry(f, it, before));
  const same = after.length === before.length && after.every((a) => before.includes(a));
  return same ? record : { ...record, ages: after };
}

function carry(f: Facts, it: Aging, before: readonly CarriedAge[]): readonly CarriedAge[] {
  const old = before.find((a) => a.what === it.what);
  if (it.carriedUntilMs === undefined) return [];
  // This process's clock counts fractions of a millisecond, the record doesn't.
  const ms = Math.floor(ageOf(f.world, it.what));
  if (!old) return ms < CARRY_EVERY_MS ? [] : [{ what: it.what, ms, atMs: f.now }];
  const enough = ms >= it.carriedUntilMs && old.ms >= it.carriedUntilMs;
  const kept = enough ? !isOver(f, old.atMs, RENEW_EVERY_MS) : Math.abs(ms - old.ms) < CARRY_EVERY_MS;
  if (kept) return [old];
  return [{ what: it.what, ms, atMs: f.now }];
}
