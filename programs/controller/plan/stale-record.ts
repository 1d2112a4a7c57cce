/**
 * A record that was put back from an earlier time, by a backup tool or a tool that syncs objects with a repository. It
 * then counts as lost, and the running cluster is adopted.
 *
 * Why it can't lose an acknowledged write: forgetting changes nothing in the cluster. Adoption only starts existing
 * members, and a bootstrap needs every disk to be empty, while the proof needed here is a disk with data. That proof
 * can't exist while the record is true: what a bootstrap or rebuild is making is one member at most, the first, until
 * the record says that it is complete.
 *
 * Any volume may bring a disk of a later generation, even of a foreign cluster. So such a disk alone proves nothing:
 * the recorded members' own disks must have been inspected and found not to be theirs any more. Either none of them is
 * left, or too few for a quorum while a recorded volume holds the later generation. While they may still be intact, the
 * record stays and is in doubt: no generation is made by it. Nor does any member start by it if it says that a
 * generation is being made, or if a recorded volume holds the later generation. The record is forgotten only once
 * something was adopted: whatever else such a round writes, the members and their floors stay in it.
 */
import type { ControllerRecord, MemberRecord, PodView, World } from "../model";
import type { WalDisk } from "../../shared/disk";
import { isNamed } from "./abandoned-members";
import { onVolume } from "./identity";
import { clusterIdOf, withNote } from "./record";
import type { Facts } from "./facts";
import { gateOf, isAbandoned, label, podAt, quorum } from "./view";

type Recorded = Pick<MemberRecord, "ordinal" | "claimUid" | "memberId">;
interface Later {
  readonly pod: PodView;
  readonly disk: WalDisk;
}

export interface Staleness {
  /** For the reason. */
  readonly why: string;
  /** It may be an old record, but that isn't certain. */
  readonly doubtful: boolean;
  /** No member may start by it. */
  readonly holds: boolean;
}

/** What contradicts the record. */
export function staleness(f: Facts): Staleness | undefined {
  const { birth, rebuild } = f.record;
  if (birth.state === "unborn" && !rebuild) return undefined;
  if (!f.list) return byDisks(f);
  const proof = byList(f);
  return proof ? stale(proof) : undefined;
}

const stale = (proof: string): Staleness => ({
  why: `the record is an old one that was put back: ${proof}`,
  doubtful: false,
  holds: true,
});

/** What is left of it: its sequence, and which volumes were abandoned. */
export function withoutMembers(record: ControllerRecord): ControllerRecord {
  return {
    ...record,
    birth: { state: "unborn" },
    members: [],
    // Which pod was restarted once for an inspection concerns that pod alone.
    notes: record.notes.flatMap(({ ordinal, suspect }) => (suspect ? [{ ordinal, suspect }] : [])),
    removed: undefined,
    intent: undefined,
    rebuild: undefined,
    clusterVersion: undefined,
  };
}

/** What is written before an adoption: all that the record said, and what was noted since. */
export function withMembers(record: ControllerRecord, before: World["record"]): ControllerRecord {
  if (!before || "problem" in before || record.birth.state !== "unborn" || record.rebuild) return record;
  const { birth, members, removed, intent, rebuild, clusterVersion } = before;
  const given = before.abandoned.filter(
    (a) => members.some((m) => m.claimUid === a.claimUid) && !isAbandoned(record, a.claimUid),
  );
  let kept: ControllerRecord = { ...record, birth, members, removed, intent, rebuild, clusterVersion };
  kept = { ...kept, abandoned: [...record.abandoned, ...given], notes: before.notes };
  for (const { ordinal, ...note } of record.notes) kept = withNote(kept, ordinal, note);
  return kept;
}

function byList(f: Facts): string | undefined {
  const { birth, rebuild, generation } = f.record;
  if (!f.list || f.list.clusterId === clusterIdOf(f.record)) return undefined;
  const grown = f.list.members.length > 1;
  const running = `cluster ${f.list.clusterId} of ${f.list.members.length} members`;
  if (birth.state === "seeding")
    return grown ? `it only knows of a bootstrap, but ${running} runs` : undefined;
  if (!grown && rebuild?.seed) return undefined;
  const newer = f.members.some((m) => m.status && (m.pod?.generation ?? 1) > generation);
  const first = birth.state === "unborn" && grown;
  return newer || first ? `it is of generation ${generation}, but ${running} is of a later one` : undefined;
}

function byDisks(f: Facts): Staleness | undefined {
  const recorded = recordedDisks(f);
  const has = (what: Holding) => recorded.filter((m) => holding(f, m) === what);
  const [own, unseen] = [has("own"), has("unknown")];
  // If it isn't declared, a user has to say whose disk it is.
  const later = laterDisks(f).filter((l) => own.length === 0 || l.disk.generation <= f.desired.generation);
  const inPlace = later.find((l) => recorded.some((m) => m.claimUid === l.pod.claimUid));
  const found = inPlace ?? later[0];
  if (!found) return undefined;
  const proof =
    `it is of generation ${f.record.generation}, and ${label(f, found.pod.ordinal)}'s disk is of ` +
    `${found.disk.generation}`;
  const need = quorum(voterCount(f, recorded));
  const whole = own.length + (inPlace ? 0 : has("half").length);
  const left = whole + unseen.length;
  if (left === 0 || (inPlace && left < need)) return stale(proof);
  const isStopped = f.record.rebuild?.phase === "stopping" && f.sts.replicas === 0;
  if (isStopped || (!inPlace && whole >= need)) return undefined;
  const holds = inPlace !== undefined || f.record.rebuild !== undefined;
  return { why: inDoubt(f, proof, found.pod, unseen), doubtful: true, holds };
}

function inDoubt(f: Facts, proof: string, pod: PodView, unseen: readonly Recorded[]): string {
  const names = unseen.map((m) => label(f, m.ordinal)).join(", ");
  return [
    `the record may be an old one that was put back: ${proof}`,
    names ? `Its members' disks show which: waits for ${names}` : "Its members' disks don't show which",
    "If it is old, delete its ConfigMap and then: pulumi up --refresh",
    `If it isn't, delete claim ${pod.claimName} and the pod for a new volume, or move the data away`,
  ].join(". ");
}

/** The disks that would have to be there if the record were true. */
function recordedDisks(f: Facts): readonly Recorded[] {
  const { birth, members } = f.record;
  if (birth.state === "born") return members.filter((m) => m.phase === "started");
  if (birth.state !== "adopting") return [];
  if (birth.start.length > 0) return birth.start;
  return f.world.claims.map((c) => ({ ordinal: c.ordinal, claimUid: c.uid, memberId: "" }));
}

function voterCount({ record: { birth } }: Facts, recorded: readonly Recorded[]): number {
  return birth.state === "adopting" ? birth.voters.length : recorded.length;
}

/** `own`: data of the recorded cluster. `half`: what is being made. `other`: gone, or something else. */
type Holding = "own" | "half" | "other" | "unknown";

function holding(f: Facts, m: Recorded): Holding {
  const { ordinal, claimUid } = m;
  if (isAbandoned(f.record, claimUid) || !f.world.claims.some((c) => c.uid === claimUid)) return "other";
  const pod = podAt(f.world, ordinal);
  if (pod?.claimUid !== claimUid) return isNamed(f, label(f, ordinal)) ? "other" : "unknown";
  const disk = gateOf(f.world, pod)?.disk;
  if (disk?.state === "wal") {
    if (disk.clusterId === clusterIdOf(f.record)) return "own";
    return isHalfMade(f, pod, disk) ? "half" : "other";
  }
  if (disk) return disk.state === "empty" ? "other" : "unknown";
  const { kind } = onVolume(f, { ...m, floor: 0, floorMs: 0, phase: "started" }, pod);
  if (kind === "intact") return "own";
  return kind === "lost" || isNamed(f, pod.name) ? "other" : "unknown";
}

function laterDisks(f: Facts): readonly Later[] {
  return f.world.pods.flatMap((pod) => {
    const disk = gateOf(f.world, pod)?.disk;
    return disk?.state === "wal" && isLater(f, pod, disk) ? [{ pod, disk }] : [];
  });
}

function isLater(f: Facts, pod: PodView, disk: WalDisk): boolean {
  const { birth, generation } = f.record;
  if (disk.clusterId === clusterIdOf(f.record)) return false;
  const made = birth.state === "born" || birth.state === "adopting" ? generation : generation - 1;
  return disk.generation > made && !isHalfMade(f, pod, disk);
}

/** What may exist of a bootstrap or rebuild before the record says that it is complete. */
function isHalfMade(f: Facts, pod: PodView, disk: WalDisk): boolean {
  const { birth, rebuild, generation } = f.record;
  if (pod.ordinal !== 0 || disk.voters.length > 1) return false;
  if (birth.state === "seeding" && disk.generation === generation) return true;
  return rebuild !== undefined && (rebuild.seed !== undefined || disk.generation < rebuild.generation);
}
