/**
 * Whose disk a recovery is made from: the one with the newest last entry.
 *
 * Why it can't lose an acknowledged write that could be kept: by raft's rule for elections, the log with the highest
 * last term and index among some holds every entry that any of them knows as committed. All disks are looked at first,
 * so that none with a newer entry is passed over. Whatever claim a disk is on, and whatever it had reached before, it is
 * as good as its log: what is made of it is one member of a new cluster, which nobody takes for an old one.
 */
import type { ClaimView, Disk, PodView, Rebuild, Survivor } from "../model";
import { isNamed, isOutOfReach, wayOut } from "./given-up";
import type { Step } from "./step";
import { refusal, remember, wait } from "./step";
import type { Facts } from "./view";
import { trouble } from "./trouble";
import { gateOf, isAbandoned, label, podAt, statusOf } from "./view";
import { stepProblem } from "./version";

type WalDisk = Extract<Disk, { state: "wal" }>;
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
  const best = [...found].sort(byLastEntry).at(-1);
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
    `${name}'s disk is the newest: it ends with entry ${lastIndex} of term ${lastTerm}, and up to ${commit} it was committed for sure${others}`,
  );
}

/** Before anything is stopped: whose disk it would be by what can be known by then, or why there is none. */
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
  const best = known.sort((a, b) => a.lastTerm - b.lastTerm || a.lastIndex - b.lastIndex).at(-1);
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

/** Whether the disk that was chosen isn't there any more as it was, so that there is another choice. */
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

function noneLeft(f: Facts, unfit: readonly string[]): string {
  const why = unfit.length > 0 ? ` (${unfit.join("; ")})` : "";
  return `no disk is left that holds a voter of generation ${f.record.generation}${why}: declare a restore from a backup, with generation ${f.desired.generation + 1}`;
}

/** What an earlier try had made by then is as good as the disk that it was made from. */
function halfMade(f: Facts, generation: number): string | undefined {
  const seed = podAt(f.world, 0);
  const disk = seed && gateOf(f.world, seed)?.disk;
  if (disk?.state !== "wal" || disk.generation <= f.record.generation || disk.generation >= generation)
    return undefined;
  return `${label(f, 0)}'s disk is of generation ${disk.generation}, which was half made, and no other is left: declare generation ${disk.generation} again`;
}

function notLookedAt(f: Facts, claim: ClaimView): string | undefined {
  if (isAbandoned(f.record, claim.uid)) return undefined;
  if (claim.phase === "Pending" && !claim.comesFilled) return undefined;
  const pod = podAt(f.world, claim.ordinal);
  const name = label(f, claim.ordinal);
  // A volume beyond the pods belongs to nobody that is recorded.
  if (!pod && claim.ordinal >= f.sts.replicas) return undefined;
  if (pod && pod.claimUid === claim.uid && gateOf(f.world, pod)) return undefined;
  if (pod && isOutOfReach(f, pod)) return undefined;
  return `${name} ${trouble(pod, f.world)}${wayOut(f, pod)}`;
}

/** The disks that gates see: what can be taken, and why the others can't. */
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
  if (disk.clusterId !== clusterIdOf(f)) return `is of another cluster, ${disk.clusterId}`;
  // etcd can't begin a cluster from it.
  return disk.voters.includes(disk.memberId) ? undefined : `is a learner's, and ${endOf(disk)}`;
}

/** Of any disk of the cluster, a learner's too. */
function knownCommit(f: Facts): number {
  const disks = f.world.pods.flatMap((pod) => gateOf(f.world, pod)?.disk ?? []);
  const ours = disks.flatMap((disk) =>
    disk.state === "wal" && disk.generation === f.record.generation && disk.clusterId === clusterIdOf(f)
      ? [disk.commit ?? 0]
      : [],
  );
  return Math.max(0, ...ours);
}

/** Of a member that runs without a quorum. Undefined when it doesn't say. */
function runningOf(f: Facts, pod: PodView): Pick<WalDisk, "lastTerm" | "lastIndex"> | string | undefined {
  const status = statusOf(f.world, pod);
  if (!status?.memberId || !status.clusterId) return undefined;
  const name = label(f, pod.ordinal);
  if (status.clusterId !== clusterIdOf(f)) return `${name} is of another cluster, ${status.clusterId}`;
  if (status.isLearner) return `${name} is a learner`;
  return { lastTerm: status.raftTerm ?? 0, lastIndex: status.raftIndex ?? 0 };
}

function isGivenUp(f: Facts, pod: PodView): boolean {
  return isAbandoned(f.record, pod.claimUid) || isNamed(f, pod.name);
}

function clusterIdOf({ record: { birth } }: Facts): string | undefined {
  return "clusterId" in birth ? birth.clusterId : undefined;
}

const endOf = ({ lastIndex, lastTerm }: Pick<WalDisk, "lastTerm" | "lastIndex">): string =>
  `ends with entry ${lastIndex} of term ${lastTerm}`;

function byLastEntry(a: Candidate, b: Candidate): number {
  return a.disk.lastTerm - b.disk.lastTerm || a.disk.lastIndex - b.disk.lastIndex;
}
