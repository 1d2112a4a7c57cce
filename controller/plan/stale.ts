/**
 * A record that was put back from before what lives was made: by a backup tool, or by whoever keeps objects in step with
 * a repository. It is then as good as lost, and what lives is adopted.
 *
 * Why it can't lose an acknowledged write: forgetting changes nothing; adoption only ever starts what is there, and a
 * birth needs every disk to be empty, while this needs one that isn't. What proves it can't be there as long as the
 * record is true: of what a birth or a rebuild is about to make there is one member at most, the first, until the record
 * says that it is through.
 */
import type { ControllerRecord, Disk, PodView } from "../model";
import { standing } from "./identity";
import type { Facts } from "./view";
import { gateOf, label } from "./view";

type WalDisk = Extract<Disk, { state: "wal" }>;

/** What contradicts the record, in words. */
export function staleness(f: Facts): string | undefined {
  const { birth, rebuild } = f.record;
  if (birth.state === "unborn" && !rebuild) return undefined;
  const proof = f.list ? byList(f) : byDisks(f);
  return proof && `the record is an old one that was put back: ${proof}`;
}

/** What is left of it. Its sequence goes on, and what it says of volumes that were given up. */
export function withoutMembers(record: ControllerRecord): ControllerRecord {
  return {
    ...record,
    birth: { state: "unborn" },
    members: [],
    notes: [],
    removed: undefined,
    intent: undefined,
    rebuild: undefined,
    clusterVersion: undefined,
  };
}

function clusterOf({ birth }: ControllerRecord): string | undefined {
  return "clusterId" in birth ? birth.clusterId : undefined;
}

function byList(f: Facts): string | undefined {
  const { birth, rebuild, generation } = f.record;
  if (!f.list || f.list.clusterId === clusterOf(f.record)) return undefined;
  const grown = f.list.members.length > 1;
  const lives = `cluster ${f.list.clusterId} lives, of ${f.list.members.length} members`;
  if (birth.state === "seeding") return grown ? `it knows of a birth only, and ${lives}` : undefined;
  if (!grown && rebuild?.seed) return undefined;
  const newer = f.members.some((m) => m.status && (m.pod?.generation ?? 1) > generation);
  const first = birth.state === "unborn" && grown;
  return newer || first ? `it is of generation ${generation}, and ${lives} of a later one` : undefined;
}

function byDisks(f: Facts): string | undefined {
  const recorded = f.record.members.some((m) => standing(f, m).kind === "intact");
  for (const pod of f.world.pods) {
    const disk = gateOf(f.world, pod)?.disk;
    if (disk?.state !== "wal" || !isLater(f, pod, disk)) continue;
    // Nobody has declared it: whose disk that is has to be said by a person.
    if (recorded && disk.generation > f.desired.generation) continue;
    return `it is of generation ${f.record.generation}, and ${label(f, pod.ordinal)}'s disk is of ${disk.generation}`;
  }
  return undefined;
}

function isLater(f: Facts, pod: PodView, disk: WalDisk): boolean {
  const { birth, generation } = f.record;
  if (disk.clusterId === clusterOf(f.record)) return false;
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
