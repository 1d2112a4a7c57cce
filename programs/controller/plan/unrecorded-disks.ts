/**
 * Disks that the record doesn't know, because it may be older than they are. A backup tool, or a tool that syncs
 * objects with a repository, can put an old record back at any moment.
 *
 * Why it can't lose an acknowledged write: it neither bootstraps nor writes to a disk. A member may start if a running
 * quorum lists it. Without a quorum, its disk must be of the recorded cluster and generation, its log must reach at
 * least as far as the record, and the record must neither give its ID to another disk nor know it as removed. Raft then
 * decides, as it would if the gates had started them alone. A removed member is told by the others. Removed members
 * can't form a quorum of their own: the record has the IDs of the removals it saw, and a log that goes beyond every
 * recorded floor contains those before.
 */
import type { PodView } from "../model";
import type { Disk, WalDisk } from "../../shared/disk";
import type { Facts } from "./facts";

/** A member of the recorded cluster that the record doesn't know yet. */
export function isUnrecordedMember(f: Facts, pod: PodView, disk: Disk): disk is WalDisk {
  if (disk.state !== "wal") return false;
  const { birth, members, removed, generation, intent } = f.record;
  if (intent?.kind === "remove" && intent.memberId === disk.memberId) return false;
  if (members.some((m) => m.memberId === disk.memberId) || isTwice(f, pod, disk.memberId)) return false;
  // A running quorum knows better than any record.
  if (f.list) return disk.clusterId === f.list.clusterId && isListedAt(f, pod, disk.memberId);
  if (birth.state !== "born" || disk.clusterId !== birth.clusterId) return false;
  if (disk.generation !== generation || removed?.includes(disk.memberId)) return false;
  return disk.lastIndex >= Math.max(0, ...members.map((m) => m.floor));
}

function isListedAt(f: Facts, pod: PodView, memberId: string): boolean {
  return f.members.some((m) => m.memberId === memberId && m.ordinal === pod.ordinal);
}

/** Two disks with one ID: one of them is a copy, and it isn't known which. */
function isTwice(f: Facts, pod: PodView, memberId: string): boolean {
  const asked = f.world.gates.some((g) => g.podUid !== pod.uid && hasId(g.disk, memberId));
  return (
    asked || f.world.etcd.statuses.some((s) => s.answers && s.podUid !== pod.uid && s.memberId === memberId)
  );
}

function hasId(disk: Disk, memberId: string): boolean {
  return disk.state === "wal" && disk.memberId === memberId;
}
