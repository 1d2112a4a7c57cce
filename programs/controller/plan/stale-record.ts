/**
 * A record that was put back from before what lives was made: by a backup tool, or by whoever keeps objects in step with
 * a repository. It is then as good as lost, and what lives is adopted.
 *
 * Why it can't lose an acknowledged write: forgetting changes nothing; adoption only ever starts what is there, and a
 * birth needs every disk to be empty, while this needs one that isn't. What proves it can't be there as long as the
 * record is true: of what a birth or a rebuild is about to make there is one member at most, the first, until the record
 * says that it is through.
 *
 * Any volume may bring a disk of a later generation, another cluster's too. So it is never that disk alone that proves
 * it: the recorded members' own disks were looked at, and aren't theirs any more. Either none of them is left, or too few
 * for a quorum and a recorded volume holds the later generation. While they may still be whole, the record stays as it
 * is, and is in doubt: no generation is made by its word; and nobody starts by it either if it says that one is being
 * made, or if a recorded volume holds the later generation. Nor is it forgotten before something was adopted: whatever
 * else is written in such a round, the members stay in it, with how far each of them had come.
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
  /** In words. */
  readonly why: string;
  /** It only may be one. */
  readonly doubtful: boolean;
  /** Nobody may start by its word. */
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

/** What is left of it. Its sequence goes on, and what it says of volumes that were given up. */
export function withoutMembers(record: ControllerRecord): ControllerRecord {
  return {
    ...record,
    birth: { state: "unborn" },
    members: [],
    // Which pod was restarted once so that its disk is looked at: said of that pod only.
    notes: record.notes.flatMap(({ ordinal, suspect }) => (suspect ? [{ ordinal, suspect }] : [])),
    removed: undefined,
    intent: undefined,
    rebuild: undefined,
    clusterVersion: undefined,
  };
}

/** What is written before anything was adopted: all that the record said stays, and what was noted since. */
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
  const lives = `cluster ${f.list.clusterId} lives, of ${f.list.members.length} members`;
  if (birth.state === "seeding") return grown ? `it knows of a birth only, and ${lives}` : undefined;
  if (!grown && rebuild?.seed) return undefined;
  const newer = f.members.some((m) => m.status && (m.pod?.generation ?? 1) > generation);
  const first = birth.state === "unborn" && grown;
  return newer || first ? `it is of generation ${generation}, and ${lives} of a later one` : undefined;
}

function byDisks(f: Facts): Staleness | undefined {
  const recorded = recordedDisks(f);
  const has = (what: Holding) => recorded.filter((m) => holding(f, m) === what);
  const [own, unseen] = [has("own"), has("unknown")];
  // Nobody has declared it: whose disk that is has to be said by a person.
  const later = laterDisks(f).filter((l) => own.length === 0 || l.disk.generation <= f.desired.generation);
  const inPlace = later.find((l) => recorded.some((m) => m.claimUid === l.pod.claimUid));
  const found = inPlace ?? later[0];
  if (!found) return undefined;
  const proof = `it is of generation ${f.record.generation}, and ${label(f, found.pod.ordinal)}'s disk is of ${found.disk.generation}`;
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
    names ? `The disks of its members tell: waits for ${names}` : "Its members' disks don't tell",
    "If it is old, delete its ConfigMap and then: pulumi up --refresh",
    `If it isn't, delete claim ${pod.claimName} and the pod for a new volume, or move the data away`,
  ].join(". ");
}

/** Whose disks would have to be there if it were true. */
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

/** `own`: data of the recorded cluster. `half`: what is being made. `other`: it is gone, or holds something else. */
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

/** What there may be of a birth or a rebuild before the record says that it is through. */
function isHalfMade(f: Facts, pod: PodView, disk: WalDisk): boolean {
  const { birth, rebuild, generation } = f.record;
  if (pod.ordinal !== 0 || disk.voters.length > 1) return false;
  if (birth.state === "seeding" && disk.generation === generation) return true;
  return rebuild !== undefined && (rebuild.seed !== undefined || disk.generation < rebuild.generation);
}
