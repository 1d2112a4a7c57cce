/**
 * From nothing to a cluster with an ID: bootstrap by the first member, or adoption of disks whose record was lost. In
 * the record and in orders a bootstrap is called `birth`, a name that older releases read.
 *
 * Why it can't lose an acknowledged write: a bootstrap needs a claim for each pod, and every existing volume must have
 * been inspected and found empty. It is recorded, for one pod, before it is ordered. It is repeated only under the same
 * conditions, only while there never was a second voter, and not once clients have written to the new cluster or could
 * have (see `seal` in `bookkeeping`).
 *
 * Disks with data are never bootstrapped again. If a quorum of the voters named on the disk with the newest last entry
 * is there, that disk holds every committed entry. Those voters start. So do learners by their own disk's account: they
 * count for nothing until the others accept them. Any other disk belongs to a removed member, and several of those
 * could form a quorum of an older list. None starts if the disks can't all be from one moment, or while a declared
 * recovery is unfinished.
 *
 * A bootstrap waits for every volume, however long that takes. Intact members don't have to. If they are a quorum by
 * the newest disk among them, they start after waiting a long time for a volume that can't be inspected, because its
 * node may be gone for good. On their own they would have started at once. No later write can be on that volume alone:
 * every later member list was written by a quorum of theirs, so the newest of them knows it, even if those members were
 * removed since. Only copies from different moments could lack it. That is why they start only after there was time to
 * bring all of them, and not if another generation than theirs is declared: that one may be on the missing volume.
 *
 * A disk of another cluster or generation doesn't keep them from starting for ever, either. They start after the same
 * time if theirs is the declared generation, and no other group of disks has a quorum of its own voters or could have
 * one with the volumes that weren't inspected. Those other disks stay fenced.
 */
import type { AdoptedDisk, Birth, ControllerRecord, PodView } from "../model";
import type { Disk, WalDisk } from "../../shared/disk";
import { age, ageOf, DEFRAGMENTATION, workMs } from "./age";
import { updateRecord } from "./bookkeeping";
import { byEnd } from "./log-end";
import { inconsistency } from "./copied-volumes";
import { isNamed } from "./abandoned-members";
import { begin, mayBegin } from "./prepare-rebuild";
import { withMember } from "./record";
import type { Step } from "./step";
import { deletePod, remember, wait } from "./step";
import type { Facts } from "./facts";
import { startupProblem, describePod } from "./describe-pod";
import {
  claimAt,
  factsOf,
  gateOf,
  hasNoDisk,
  hasRun,
  isInspected,
  label,
  podAt,
  quorum,
  statusOf,
} from "./view";

/** How long the gates of intact members wait for a volume that can't be inspected. A node restarts faster. */
const WAIT_MS = 600_000;
/**
 * Unrecorded members without a leader for this long are stopped, so that their gates can inspect the disks. A member
 * that answers nobody may be at work on all of its data, and still vote: it has as much longer as that work takes.
 */
const LEADERLESS_MS = 60_000;

type Adopting = Extract<Birth, { state: "adopting" }>;
interface Seen {
  readonly ordinal: number;
  readonly claimUid: string;
  readonly disk: Disk;
}
type Found = Seen & { readonly disk: WalDisk };

export function bootstrap(f: Facts): Step | undefined {
  const state = f.record.birth;
  switch (state.state) {
    case "born":
      return state.sealed || f.list ? undefined : repeatIfEmpty(f);
    case "adopting":
      return f.list ? adoptRunning(f) : adopt(f);
    case "seeding":
      return awaitBootstrap(f);
    case "unborn":
      return f.list ? adoptRunning(f) : bootstrapOrAdopt(f);
  }
}

/** Adoption is recorded even while nothing else may be done: without it, none of these members could start. */
export function adoption(f: Facts): Step | undefined {
  const { birth, rebuild } = f.record;
  if (f.doubt || rebuild || birth.state === "born" || birth.state === "seeding") return undefined;
  const looked = () => !notLookedAt(f) || waitsMs(f) === 0;
  const disks = () => looked() && looks(f).some((s) => s.disk.state === "wal");
  const step = f.list ? adoptRunning(f) : birth.state === "adopting" || disks() ? adopt(f) : undefined;
  return step?.kind === "do" && !step.action && !step.record?.rebuild ? step : undefined;
}

function bootstrapOrAdopt(f: Facts): Step {
  const stop = restartToInspect(f);
  if (stop) return stop;
  if (f.doubt) return wait(f.doubt);
  const unseen = notLookedAt(f);
  if (unseen) return withoutUnseen(f, unseen);
  const seen = looks(f);
  if (!seen.every((s) => s.disk.state === "empty")) return adopt(f);
  const claimless = withoutClaim(f);
  if (claimless) return wait(claimless);
  return f.desired.rebuild ? bootstrapRestored(f) : beginBootstrap(f);
}

function withoutUnseen(f: Facts, unseen: string): Step {
  return waitsMs(f) === 0 ? adopt(f) : wait(`${unseen}${inTime(f)}`);
}

/** Says what happens without a user's help, and when. */
function inTime(f: Facts): string {
  const left = waitsMs(f);
  if (left === undefined) return "";
  return `. A quorum of intact members is there, and starts without it in ${Math.ceil(left / 60_000)} min`;
}

/** How long a quorum of intact members still waits for other volumes. Undefined: there is no such quorum. */
function waitsMs(f: Facts): number | undefined {
  const start = wholeOf(f)?.start;
  if (!start) return undefined;
  const waited = start.map(({ ordinal }) => {
    const pod = podAt(f.world, ordinal);
    return pod ? ageOf(f.world, age.running(pod, "gate")) : 0;
  });
  return Math.max(0, WAIT_MS - Math.min(...waited));
}

interface Whole {
  readonly disks: readonly Found[];
  /** Its voters. */
  readonly start: readonly AdoptedDisk[];
}

/**
 * The one cluster that has a quorum of disks while no other can have one. It is of the declared generation and one
 * moment.
 */
function wholeOf(f: Facts): Whole | undefined {
  const { generation } = f.desired;
  const all = walDisks(f);
  // What a restore or recovery left behind is older than what it made.
  const rivals = all.filter(({ disk }) => disk.generation < 1 || disk.generation >= generation);
  const keys = [...new Set(rivals.map(keyOfGroup))];
  const groups = keys.map((key) => rivals.filter((s) => keyOfGroup(s) === key));
  const [mine, ...more] = groups.filter((disks) => votersOf(disks).length >= needed(disks));
  const first = mine?.[0]?.disk;
  if (!mine || first?.generation !== generation || more.length > 0) return undefined;
  if (notLookedAt(f) && all.length > mine.length) {
    const unseen = f.world.claims.filter((c) => !all.some((s) => s.claimUid === c.uid)).length;
    const others = groups.filter((disks) => disks !== mine);
    const mayBe = others.some((disks) => votersOf(disks).length + unseen >= needed(disks));
    if (mayBe || all.length > rivals.length) return undefined;
  }
  const alike = all.filter(({ disk }) => disk.clusterId === first.clusterId);
  return inconsistency(named(f, alike)) ? undefined : { disks: mine, start: votersOf(mine) };
}

const keyOfGroup = ({ disk }: Found) => `${disk.clusterId} ${disk.generation}`;

/** By the newest disk among them. */
function votersOf(disks: readonly Found[]): readonly AdoptedDisk[] {
  const voters = newestOf(disks)?.disk.voters ?? [];
  return startable(disks, voters, []).filter((s) => voters.includes(s.memberId));
}

function needed(disks: readonly Found[]): number {
  return quorum(newestOf(disks)?.disk.voters.length ?? 0);
}

function newestOf(disks: readonly Found[]): Found | undefined {
  return [...disks].sort(byLastEntry).at(-1);
}

/** Instead of an empty bootstrap: with the data that was declared to be restored. */
function bootstrapRestored(f: Facts): Step {
  const { generation, rebuild } = f.desired;
  if (rebuild?.kind === "recovery") {
    return wait("a recovery is declared, and no disk holds data: declare a restore, or remove the argument");
  }
  const record: ControllerRecord = {
    ...f.record,
    generation,
    rebuild: { generation, kind: "restore", phase: "building" },
  };
  return mayBegin(f) ?? remember(record, "every disk is empty: the cluster begins with restored data");
}

/** etcd runs without a record and without a quorum. Only its disk says which cluster it belongs to. */
function restartToInspect(f: Facts): Step | undefined {
  const old = f.world.pods.find(
    (p) =>
      !p.deleting &&
      !p.ready &&
      !gateOf(f.world, p) &&
      // An election takes a moment, and a restart would prolong it.
      ageOf(f.world, age.leaderless(p)) >
        LEADERLESS_MS + (statusOf(f.world, p) ? 0 : workMs(f.world, DEFRAGMENTATION)),
  );
  if (!old) return undefined;
  return deletePod(
    old,
    `${old.name} runs without a leader and without a record: restarted so that its disk is looked at`,
  );
}

function notLookedAt(f: Facts): string | undefined {
  for (const claim of f.world.claims) {
    if (hasNoDisk(claim)) continue;
    // The declaration abandons it by name.
    if (isNamed(f, label(f, claim.ordinal))) continue;
    if (claim.deleting) return `volume ${claim.name} is being deleted`;
    if (!isInspected(f.world, claim)) {
      const who = awaited(f, claim.ordinal);
      return `before a cluster is made or adopted, every volume is looked at: waits for ${who}`;
    }
  }
  const first = podAt(f.world, 0);
  if (!first?.claimUid || !gateOf(f.world, first)) return `waits for ${awaited(f, 0)}`;
  return undefined;
}

/** A member, and what keeps it from starting. On the first day nothing else tells the user. */
function awaited(f: Facts, ordinal: number): string {
  const pod = podAt(f.world, ordinal);
  const why = pod ? startupProblem(pod, f.world) : describePod(pod, f.world);
  return why ? `${label(f, ordinal)}, which ${why}` : label(f, ordinal);
}

/** A claim that appears later could bring the data of a whole cluster, beside one bootstrapped without it. */
function withoutClaim(f: Facts): string | undefined {
  const pods = Math.min(f.desired.members, f.sts.replicas);
  for (let ordinal = 0; ordinal < pods; ordinal++) {
    if (claimAt(f.world, ordinal)) continue;
    return `before a cluster is made, every pod has its claim: waits for ${awaited(f, ordinal)}`;
  }
  return undefined;
}

function looks(f: Facts): readonly Seen[] {
  return f.world.pods.flatMap((pod) => {
    const gate = gateOf(f.world, pod);
    return gate && pod.claimUid ? [{ ordinal: pod.ordinal, claimUid: pod.claimUid, disk: gate.disk }] : [];
  });
}

function beginBootstrap(f: Facts): Step {
  const pod = podAt(f.world, 0);
  if (!pod?.claimUid) return wait(`waits for ${awaited(f, 0)}`);
  if (hasRun(pod)) {
    return deletePod(
      pod,
      `${pod.name} ran before and its disk is empty: a bootstrap is ordered once per pod`,
    );
  }
  const record: ControllerRecord = {
    ...f.record,
    generation: f.desired.generation,
    birth: { state: "seeding", token: `birth-${pod.uid}`, podUid: pod.uid, claimUid: pod.claimUid },
    members: [],
    // Notes of an earlier bootstrap don't concern the pods of this one.
    notes: [],
    intent: undefined,
  };
  return remember(record, `every disk is empty: ${pod.name} creates the cluster`);
}

function awaitBootstrap(f: Facts): Step {
  const state = f.record.birth;
  const pod = podAt(f.world, 0);
  if (state.state !== "seeding" || !pod) return wait(`waits for ${awaited(f, 0)}`);
  const status = statusOf(f.world, pod);
  if (f.list && status?.memberId && pod.claimUid === state.claimUid) {
    const listed = f.members.find((m) => m.memberId === status.memberId);
    if (f.list.members.length === 1 && listed && !listed.unhealthyReason)
      return bootstrapped(f, pod, status.memberId);
  }
  const gate = gateOf(f.world, pod);
  if (gate?.disk.state === "broken") return wait(`${pod.name}'s disk can't be read: ${gate.disk.reason}`);
  const repeatable = gate?.disk.state === "empty" && (pod.uid !== state.podUid || hasRun(pod));
  if (repeatable || (gate && pod.claimUid !== state.claimUid)) return repeatBootstrap(f);
  const why = startupProblem(pod, f.world);
  if (why) return wait(`${pod.name} creates the cluster, but ${why}`);
  return wait(
    `${pod.name} creates the cluster: ${gate ? "its gate has the order" : "waits until it answers"}`,
  );
}

function bootstrapped(f: Facts, pod: PodView, memberId: string): Step {
  const record: ControllerRecord = {
    ...f.record,
    birth: { state: "born", clusterId: f.list?.clusterId ?? "", sealed: false },
  };
  const first = {
    ordinal: 0,
    claimUid: pod.claimUid ?? "",
    memberId,
    floor: statusOf(f.world, pod)?.appliedIndex ?? 0,
    floorMs: f.now,
    phase: "started" as const,
  };
  return remember(withMember(record, first), `the cluster is bootstrapped: ${pod.name} is its first voter`);
}

/** Only for a moment, and only while no client has written to it and no second member was promoted. */
function repeatIfEmpty(f: Facts): Step | undefined {
  const pod = podAt(f.world, 0);
  const gate = pod && gateOf(f.world, pod);
  if (!pod || gate?.disk.state !== "empty") return undefined;
  return repeatBootstrap(f);
}

function repeatBootstrap(f: Facts): Step {
  const unseen = notLookedAt(f) ?? withoutClaim(f);
  if (unseen) return wait(unseen);
  const full = looks(f).find((s) => s.disk.state !== "empty");
  if (full) {
    return wait(`the bootstrap can't be repeated: ${label(f, full.ordinal)} has data: declare a restore`);
  }
  return beginBootstrap(f);
}

function walDisks(f: Facts): readonly Found[] {
  return looks(f).filter((s): s is Found => s.disk.state === "wal");
}

/** A disk that keeps all others from starting until a user decides whose data counts. */
function inTheWay(f: Facts, all: readonly Found[], { disk }: Found): string | undefined {
  const unexpected = all.find((s) => s.disk.generation > f.desired.generation || s.disk.generation < 1);
  if (unexpected) {
    const its = unexpected.disk.generation;
    const claim = claimAt(f.world, unexpected.ordinal)?.name ?? "";
    const declare = its > f.desired.generation ? `declare generation ${its}, or ` : "";
    const whose = `${label(f, unexpected.ordinal)}'s disk is of generation ${its}, not the declared one`;
    return `${whose}: ${declare}delete claim ${claim} and the pod for a new volume, or move the data away`;
  }
  const alike = all.filter((s) => s.disk.generation === disk.generation);
  const others = [...new Set(alike.map((s) => s.disk.clusterId))].filter((id) => id !== disk.clusterId);
  if (others.length === 0) return undefined;
  const of = (id: string) => {
    const names = alike.filter((s) => s.disk.clusterId === id).map((s) => label(f, s.ordinal));
    return names.join(", ");
  };
  const words = others.map((id) => `on ${of(id)} data of another cluster, ${id}`);
  return (
    `on ${of(disk.clusterId)} is data of cluster ${disk.clusterId}, ${words.join(", ")}: decide which ` +
    "to keep, and move the others' data away, or delete their claims and pods for new volumes"
  );
}

interface Chosen {
  readonly disks: readonly Found[];
  readonly generation: number;
  readonly clusterId: string;
  readonly voters: readonly string[];
  /** What was adopted before, while some of its members run. */
  readonly before?: Adopting;
}

/** Which disks count, or why that isn't known. */
function choose(f: Facts): Chosen | string {
  const all = walDisks(f);
  const state = f.record.birth;
  // While all gates ask, only the disks count: what was adopted before may come from an old record.
  if (state.state === "adopting" && notLookedAt(f)) {
    const { clusterId, voters } = state;
    const { generation } = f.record;
    const disks = all.filter(({ disk }) => disk.generation === generation && disk.clusterId === clusterId);
    return { disks, generation, clusterId, voters, before: state };
  }
  // What a restore or recovery left behind is older than what it made.
  const highest = Math.max(1, ...all.map((s) => s.disk.generation));
  const found = all.filter((s) => s.disk.generation === highest);
  const whole = wholeOf(f);
  const newest = newestOf(whole?.disks ?? found) ?? newestOf(all);
  if (!newest) {
    const broken = looks(f).find((s) => s.disk.state === "broken");
    return `${label(f, broken?.ordinal)}'s disk can't be read, and no other has data: declare a restore`;
  }
  const { clusterId, voters } = newest.disk;
  const way = inTheWay(f, all, newest);
  if (way && waitsMs(f) !== 0) return way + inTime(f);
  const disks = way && whole ? whole.disks : found;
  return { disks, generation: newest.disk.generation, clusterId, voters };
}

function adopt(f: Facts): Step {
  const chosen = choose(f);
  if (typeof chosen === "string") return wait(chosen);
  const { disks, generation, clusterId, voters, before } = chosen;
  const state = f.record.birth;
  const start = startable(disks, voters, before?.start ?? []);
  const torn = before ? undefined : inconsistency(named(f, disks));
  const found = start.filter((s) => voters.includes(s.memberId)).length;
  const enough = found >= quorum(voters.length);
  const recovers = !before && f.desired.rebuild?.kind === "recovery";
  if ((!enough || torn || recovers) && generation < f.desired.generation && f.desired.rebuild) {
    const adopting = { state: "adopting" as const, clusterId, voters, start: [] };
    const then = factsOf(f.world, f.desired, f.sts, { ...f.record, generation, birth: adopting });
    return mayBegin(then) ?? begin(then, then.record);
  }
  if (torn) {
    return wait(
      `${lost(f)}, and the disks can't be from one moment: ${torn}. Volumes were copied or rolled ` +
        `back: declare a recovery with generation ${f.desired.generation + 1}, which takes the newest ` +
        "of them",
    );
  }
  if (!enough) {
    const need = `${found} of ${voters.length}`;
    return wait(`${lost(f)}, and there is no quorum of disks (${need} found): declare a restore or recovery`);
  }
  const birth = { state: "adopting" as const, clusterId, voters, start };
  if (state.state === "adopting" && keyOf(birth) === keyOf(state)) {
    const names = start.map((s) => awaited(f, s.ordinal));
    return wait(`${lost(f)}: waits until the adopted members answer: ${names.join("; ")}`);
  }
  const record = { ...f.record, generation, birth };
  return remember(record, `${lost(f)}, but disks remain: ${start.length} members are adopted`);
}

function keyOf({ clusterId, voters, start }: Adopting): string {
  return [clusterId, ...voters, ...start.map((s) => `${s.memberId}@${s.claimUid}`)].join();
}

const lost = (f: Facts) => f.stale ?? "the record was lost";

function named(f: Facts, disks: readonly Found[]) {
  return disks.map(({ ordinal, disk }) => ({ name: label(f, ordinal), disk }));
}

function byLastEntry(a: { disk: WalDisk }, b: { disk: WalDisk }): number {
  // Of two logs with the same end, the one that knows more entries as committed knows the newer member list.
  return byEnd(a.disk, b.disk) || (a.disk.commit ?? 0) - (b.disk.commit ?? 0);
}

/** The voters stay those of the first inspection: later some of them run, and their gates no longer report. */
function startable(
  disks: readonly Found[],
  voters: readonly string[],
  before: readonly AdoptedDisk[],
): readonly AdoptedDisk[] {
  const found = disks
    .filter(({ disk }) => voters.includes(disk.memberId) || !disk.voters.includes(disk.memberId))
    .map((s) => ({ ordinal: s.ordinal, claimUid: s.claimUid, memberId: s.disk.memberId }));
  const added = found.filter((s) => !before.some((b) => b.memberId === s.memberId));
  const twice = added.some((s) => added.filter((o) => o.memberId === s.memberId).length > 1);
  return twice ? [] : [...before, ...added];
}

/** A generation above 1 has quarantined older data. When is no longer known, so the time counts from now. */
function madeBefore({ now, record: { made } }: Facts, generation: number): ControllerRecord["made"] {
  if (made?.generation === generation || generation === 1) return made;
  const words = "adopted after its record was lost: how it was made isn't known";
  return { generation, kind: "adoption", atMs: now, words, wholeMs: 0, countedMs: now };
}

/** A running quorum lists its members itself. */
function adoptRunning(f: Facts): Step {
  const clusterId = f.list?.clusterId ?? "";
  const other = f.world.etcd.statuses.find((s) => s.clusterId !== undefined && s.clusterId !== clusterId);
  if (other) {
    return wait(`${lost(f)}, and ${label(f, other.ordinal)} runs another cluster (${other.clusterId})`);
  }
  const birth = { state: "born" as const, clusterId, sealed: true };
  // A new generation replaces all pods. While one pod is of an older generation, that is what runs.
  const running = f.members.flatMap((m) => (m.status && m.pod ? [m.pod.generation ?? 1] : []));
  const generation = Math.min(f.desired.generation, ...running);
  const blank = { ...f.record, generation, birth, members: [], made: madeBefore(f, generation) };
  const record = updateRecord(factsOf(f.world, f.desired, f.sts, blank));
  return remember(record, `${lost(f)}: the running cluster ${clusterId} is adopted`);
}
