/**
 * Whose disk a recovery is made from: the one with the newest last entry.
 *
 * Why it can't lose an acknowledged write that could be kept: by raft's rule for elections, the log with the highest
 * last term and index among some holds every entry that any of them knows as committed. All disks are looked at first,
 * so that none with a newer entry is passed over; and each has to be the member that the record says.
 */
import type { ClaimView, Disk, Rebuild } from "../model";
import type { Step } from "./step";
import { refusal, remember, wait } from "./step";
import type { Facts } from "./view";
import { trouble } from "./trouble";
import { gateOf, isAbandoned, label, podAt, recordOf } from "./view";
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
  const found = candidates(f);
  const best = [...found].sort(byLastEntry).at(-1);
  if (!best) {
    const half = halfMade(f, rebuild);
    if (half) return refusal(half);
    return refusal(
      `no disk is left that holds a member of generation ${f.record.generation}: declare a restore from a backup, with generation ${rebuild.generation + 1}`,
    );
  }
  const problem = stepProblem(best.disk.lastVersion, f.desired.etcdVersion, undefined);
  if (problem) return wait(`${label(f, best.ordinal)}'s disk is the newest, and ${problem}`);
  const { memberId, lastTerm, lastIndex } = best.disk;
  const commit = Math.min(lastIndex, Math.max(...found.map((c) => c.disk.commit ?? 0)));
  const survivor = { ordinal: best.ordinal, claimUid: best.claimUid, memberId, lastTerm, lastIndex, commit };
  return remember(
    { ...f.record, rebuild: { ...rebuild, survivor } },
    `${label(f, best.ordinal)}'s disk is the newest of ${found.length}: it ends with entry ${lastIndex} of term ${lastTerm}, and up to ${commit} it was committed for sure`,
  );
}

/** What an earlier try had made by then is as good as the disk that it was made from. */
function halfMade(f: Facts, { generation }: Rebuild): string | undefined {
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
  const hint = pod?.unschedulable ? ". Bring its node back, or name it in recovery.abandonedMembers" : "";
  return `${name} ${trouble(pod, f.world)}${hint}`;
}

function candidates(f: Facts): readonly Candidate[] {
  const { birth, generation } = f.record;
  const clusterId = "clusterId" in birth ? birth.clusterId : undefined;
  return f.world.pods.flatMap((pod): Candidate[] => {
    const disk = gateOf(f.world, pod)?.disk;
    if (disk?.state !== "wal" || !pod.claimUid || isAbandoned(f.record, pod.claimUid)) return [];
    if (disk.generation !== generation || disk.clusterId !== clusterId) return [];
    if (!disk.voters.includes(disk.memberId)) return [];
    const known = recordOf(f.record, pod.ordinal);
    if (birth.state === "born") {
      if (known?.memberId !== disk.memberId || known.claimUid !== pod.claimUid) return [];
      // What was rolled back has forgotten entries that it acknowledged.
      if (disk.lastIndex < known.floor) return [];
    }
    return [{ ordinal: pod.ordinal, claimUid: pod.claimUid, disk }];
  });
}

function byLastEntry(a: Candidate, b: Candidate): number {
  return a.disk.lastTerm - b.disk.lastTerm || a.disk.lastIndex - b.disk.lastIndex;
}
