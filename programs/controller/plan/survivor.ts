/**
 * Which disk a recovery is made from: the one with the newest last entry.
 *
 * Why it can't lose an acknowledged write that could be kept: by raft's election rule, the log with the highest last
 * term and index holds every entry that any of the compared logs knows as committed. All disks are inspected first, so
 * none with a newer entry is missed. A disk may show less than it once had: it was chosen, now or by an earlier
 * recovery, or the record has its floor. If it had more than the best of the others, it is waited for until a user
 * abandons it. So is what was half made of it. Until the first member gets the data, a newer disk that turns up is
 * chosen instead. A disk counts by its log alone, whatever claim it is on and whatever it had before: it becomes one
 * member of a new cluster, which can't be mistaken for an old one.
 */
import type { ClaimView, OrdinalClaim, PodView, Rebuild, Survivor } from "../model";
import type { Disk, WalDisk } from "../../shared/disk";
import { isNamed, isOutOfReach, wayOut } from "./abandoned-members";
import type { End } from "./log-end";
import { byEnd, isLater } from "./log-end";
import { clusterIdOf } from "./record";
import type { Step } from "./step";
import { refusal, remember, wait } from "./step";
import type { Facts } from "./facts";
import { describePod } from "./describe-pod";
import { gateOf, hasNoDisk, isAbandoned, isInspected, label, podAt, statusOf } from "./view";
import { stepProblem } from "../../../components/contract/upgrade";

interface Candidate {
  readonly ordinal: number;
  readonly claimUid: string;
  readonly disk: WalDisk;
}

export function survivorOf(f: Facts, rebuild: Rebuild): Step {
  for (const claim of f.world.claims) {
    const unseen = notLookedAt(f, claim);
    if (unseen) return wait(`before a recovery, every disk is looked at: ${unseen}`);
  }
  const { found, unfit } = looks(f);
  const best = newest(found);
  const passed = passedBy(f, chosenBefore(rebuild), best?.disk, rebuild.generation);
  if (passed) return refusal(passed);
  const missed = awaited(f, rebuild, best?.disk);
  if (missed) return wait(missed);
  if (!best) return refusal(halfMade(f, rebuild.generation) ?? noneLeft(f, unfit));
  const name = label(f, best.ordinal);
  const problem = stepProblem(best.disk.lastVersion, f.desired.etcdVersion, undefined);
  if (problem) return wait(`${name}'s disk is the newest, and ${problem}`);
  const { memberId, lastTerm, lastIndex } = best.disk;
  const commit = Math.min(lastIndex, knownCommit(f));
  const older = found.filter((c) => c !== best).map((c) => `${label(f, c.ordinal)} ${endOf(c.disk)}`);
  const unseen = f.world.pods.filter((pod) => isOutOfReach(f, pod));
  const named = unseen.map((pod) => `${pod.name} is given up by its name, and wasn't looked at`);
  const passedOver = [...older, ...unfit, ...named].join("; ");
  const survivor: Survivor = {
    ...{ ordinal: best.ordinal, claimUid: best.claimUid, memberId, lastTerm, lastIndex, commit },
    ...(passedOver ? { passedOver } : {}),
  };
  const others = passedOver ? `. Not taken: ${passedOver}` : "";
  return remember(
    { ...f.record, rebuild: { ...rebuild, survivor } },
    `${name}'s disk is the newest: it ends with entry ${lastIndex} of term ${lastTerm}, and up to ` +
      `${commit} it was committed for sure${others}`,
  );
}

/** Before anything is stopped: which disk would be taken as far as is known, or why there is none. */
export function outlook(f: Facts): { readonly words: string } | { readonly problem: string } {
  const { found, unfit } = looks(f);
  const known = found.map(({ ordinal, disk: { lastTerm, lastIndex } }) => {
    return { ordinal, lastTerm, lastIndex, runs: false };
  });
  const unseen: string[] = [];
  for (const pod of f.world.pods) {
    if (gateOf(f.world, pod) || isGivenUp(f, pod)) continue;
    const runs = runningOf(f, pod);
    if (runs === undefined) unseen.push(label(f, pod.ordinal));
    else if (typeof runs === "string") unfit.push(runs);
    else known.push({ ...runs, ordinal: pod.ordinal, runs: true });
  }
  const best = known.sort(byEnd).at(-1);
  const before = f.record.rebuild && chosenBefore(f.record.rebuild);
  const passed = passedBy(f, before, best, f.desired.generation);
  if (passed && unseen.length === 0) return { problem: passed };
  const later = unseen.length > 0 ? `; not looked at yet: ${unseen.join(", ")}` : "";
  if (best) {
    const how = best.runs
      ? `runs, and has entries up to ${best.lastIndex} of term ${best.lastTerm}`
      : endOf(best);
    const others = unfit.length > 0 ? `; not taken: ${unfit.join("; ")}` : "";
    return { words: `it takes the disk of ${label(f, best.ordinal)}, which ${how}${later}${others}` };
  }
  if (unseen.length > 0)
    return { words: `whose disk it takes is known once it was looked at: ${unseen.join(", ")}` };
  return { problem: halfMade(f, f.desired.generation) ?? noneLeft(f, unfit) };
}

/** Whether the chosen disk is gone or has changed, so that another one can be chosen. */
export function isSurvivorGone(f: Facts, { ordinal, claimUid, ...log }: Survivor): boolean {
  if (isAbandoned(f.record, claimUid)) return true;
  const pod = podAt(f.world, ordinal);
  if (!pod?.claimUid) return false;
  if (pod.claimUid !== claimUid || isOutOfReach(f, pod)) return true;
  const disk = gateOf(f.world, pod)?.disk;
  if (!disk) return false;
  if (disk.state !== "wal" || disk.memberId !== log.memberId) return true;
  return disk.lastTerm !== log.lastTerm || disk.lastIndex !== log.lastIndex;
}

/** A disk that is newer than the chosen one and wasn't there before. */
export function newerThan(f: Facts, survivor: Survivor): string | undefined {
  const best = newest(looks(f).found);
  if (!best || !isLater(best.disk, survivor)) return undefined;
  return `${label(f, best.ordinal)}'s disk is newer than the one that was chosen: it ${endOf(best.disk)}`;
}

/** A disk that had more than the best one there is, no longer shows it, and wasn't abandoned. */
function awaited(f: Facts, rebuild: Rebuild, best: WalDisk | undefined): string | undefined {
  const chosen = [rebuild.survivor, rebuild.before].find(
    (had) => had && (!best || isLater(had, best)) && isKept(f, had),
  );
  if (chosen) return pleaFor(f, chosen, `was chosen, ${endedWith(chosen)}`);
  const more = f.record.members.find((m) => {
    const disk = diskOn(f, m);
    return best && disk && !isLegible(f, disk) && m.floor > best.lastIndex && isKept(f, m);
  });
  return more && pleaFor(f, more, `had reached entry ${more.floor}, more than any other disk`);
}

function pleaFor(f: Facts, m: OrdinalClaim, had: string): string {
  const name = label(f, m.ordinal);
  const disk = diskOn(f, m);
  const shows = (disk && unfitness(f, disk)) ?? (disk?.state === "wal" ? endOf(disk) : "isn't there");
  return (
    `${name}'s disk ${had}, and now ${shows}: it is waited for. If it stays so, name ${name} in ` +
    "recovery.abandonedMembers: then it is passed over"
  );
}

/** Its member isn't named, and its volume is neither abandoned nor deleted. */
function isKept(f: Facts, { ordinal, claimUid }: OrdinalClaim): boolean {
  if (isNamed(f, label(f, ordinal)) || isAbandoned(f.record, claimUid)) return false;
  return f.world.claims.some((c) => c.uid === claimUid && !c.deleting);
}

function diskOn(f: Facts, { ordinal, claimUid }: OrdinalClaim): Disk | undefined {
  const pod = podAt(f.world, ordinal);
  return pod && pod.claimUid === claimUid ? gateOf(f.world, pod)?.disk : undefined;
}

/** Its own data says what it has, whether it can be taken or not. */
function isLegible(f: Facts, disk: Disk): boolean {
  return (
    disk.state === "wal" &&
    disk.generation === f.record.generation &&
    disk.clusterId === clusterIdOf(f.record)
  );
}

function noneLeft(f: Facts, unfit: readonly string[]): string {
  const why = unfit.length > 0 ? ` (${unfit.join("; ")})` : "";
  return (
    `no disk is left that holds a voter of generation ${f.record.generation}${why}: declare a restore ` +
    `from a backup, with generation ${f.desired.generation + 1}`
  );
}

/** What an earlier try has half made is as good as the disk that it was made from. */
function halfMade(f: Facts, generation: number): string | undefined {
  const half = halfGeneration(f, generation);
  return half === undefined
    ? undefined
    : `${label(f, 0)}'s disk is of generation ${half}, which was half made, and no other is left: ` +
        `declare generation ${half} again`;
}

function halfGeneration(f: Facts, generation: number): number | undefined {
  const seed = podAt(f.world, 0);
  const disk = seed && gateOf(f.world, seed)?.disk;
  if (disk?.state !== "wal" || disk.generation <= f.record.generation) return undefined;
  return disk.generation < generation ? disk.generation : undefined;
}

/** The half-made data is all that is left of the chosen log, and no user has abandoned it. */
function passedBy(
  f: Facts,
  before: End | undefined,
  best: End | undefined,
  generation: number,
): string | undefined {
  const half = halfGeneration(f, generation);
  const first = label(f, 0);
  if (half === undefined || !before || isNamed(f, first)) return undefined;
  if (best && !isLater(before, best)) return undefined;
  return (
    `an earlier recovery had chosen a log that ${endOf(before)}, which no disk has any more, and ` +
    `${first}'s disk is of generation ${half}, which was half made: declare generation ${half} again, ` +
    `or name ${first} in recovery.abandonedMembers, then it is passed over`
  );
}

/** How far the newest disk was. Kept when a later generation replaces the one that was begun. */
export function chosenBefore({ survivor, before }: Rebuild): Rebuild["before"] {
  if (!survivor || (before && isLater(before, survivor))) return before;
  const { ordinal, claimUid, memberId, lastTerm, lastIndex, commit } = survivor;
  return { ordinal, claimUid, memberId, lastTerm, lastIndex, commit };
}

function notLookedAt(f: Facts, claim: ClaimView): string | undefined {
  if (isAbandoned(f.record, claim.uid)) return undefined;
  if (hasNoDisk(claim) || isInspected(f.world, claim)) return undefined;
  const pod = podAt(f.world, claim.ordinal);
  const name = label(f, claim.ordinal);
  // A volume beyond the replicas belongs to no recorded member.
  if (!pod && claim.ordinal >= f.sts.replicas) return undefined;
  if (pod && isOutOfReach(f, pod)) return undefined;
  return `${name} ${describePod(pod, f.world)}${wayOut(f, pod)}`;
}

/** The disks that gates see: those that can be taken, and why the others can't. */
function looks(f: Facts): { readonly found: Candidate[]; readonly unfit: string[] } {
  const found: Candidate[] = [];
  const unfit: string[] = [];
  for (const pod of f.world.pods) {
    const disk = gateOf(f.world, pod)?.disk;
    if (!disk || !pod.claimUid || isAbandoned(f.record, pod.claimUid)) continue;
    const why = unfitness(f, disk);
    if (why) unfit.push(`${label(f, pod.ordinal)} ${why}`);
    else if (disk.state === "wal") found.push({ ordinal: pod.ordinal, claimUid: pod.claimUid, disk });
  }
  return { found, unfit };
}

function unfitness(f: Facts, disk: Disk): string | undefined {
  if (disk.state === "empty") return "has no data";
  if (disk.state === "broken") return `can't be read: ${disk.reason}`;
  const { generation } = f.record;
  if (disk.generation !== generation) return `is of generation ${disk.generation}, not of ${generation}`;
  if (disk.clusterId !== clusterIdOf(f.record)) return `is of another cluster, ${disk.clusterId}`;
  // etcd can't make a cluster from a learner's disk.
  return disk.voters.includes(disk.memberId) ? undefined : `is a learner's, and ${endOf(disk)}`;
}

/** By any disk of the cluster, including learners'. */
function knownCommit(f: Facts): number {
  const disks = f.world.pods.flatMap((pod) => gateOf(f.world, pod)?.disk ?? []);
  const ours = disks.flatMap((disk) =>
    disk.state === "wal" && isLegible(f, disk) ? [disk.commit ?? 0] : [],
  );
  return Math.max(0, ...ours);
}

/** Of a member that runs without a quorum. Undefined if it doesn't tell. */
function runningOf(f: Facts, pod: PodView): Pick<WalDisk, "lastTerm" | "lastIndex"> | string | undefined {
  const status = statusOf(f.world, pod);
  if (!status?.memberId || !status.clusterId) return undefined;
  const name = label(f, pod.ordinal);
  if (status.clusterId !== clusterIdOf(f.record)) return `${name} is of another cluster, ${status.clusterId}`;
  if (status.isLearner) return `${name} is a learner`;
  return { lastTerm: status.raftTerm ?? 0, lastIndex: status.raftIndex ?? 0 };
}

function isGivenUp(f: Facts, pod: PodView): boolean {
  return isAbandoned(f.record, pod.claimUid) || isNamed(f, pod.name);
}

const endOf = ({ lastIndex, lastTerm }: End): string => `ends with entry ${lastIndex} of term ${lastTerm}`;

const endedWith = ({ lastIndex, lastTerm }: End): string =>
  `with entry ${lastIndex} of term ${lastTerm} at its end`;

/** Of two equal ones, the last. */
function newest(found: readonly Candidate[]): Candidate | undefined {
  return [...found].sort((a, b) => byEnd(a.disk, b.disk)).at(-1);
}
