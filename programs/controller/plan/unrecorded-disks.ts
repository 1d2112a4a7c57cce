/**
 * Disks that the record doesn't know: is it older than they are? A backup tool, or whoever keeps objects in step with a
 * repository, may put an old record back, at any moment of the cluster's life.
 *
 * Why it can't lose an acknowledged write: nobody is born by it, and no disk is written to. What is let start is either
 * in the list of the quorum that lives, or, while there is none, a disk of the recorded cluster and generation whose log
 * goes on from where the record ends, under an ID that the record neither gives to another disk nor saw removed. Raft
 * counts then, as it would if the gates had started them alone. A member that was removed before is told by the others;
 * and removed ones can't make a quorum of their own, for those that the record saw go are in it by ID, and a log that
 * goes on beyond every recorded floor knows of the removals before.
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
  // Whoever lives knows better than any record.
  if (f.list) return disk.clusterId === f.list.clusterId && isListedAt(f, pod, disk.memberId);
  if (birth.state !== "born" || disk.clusterId !== birth.clusterId) return false;
  if (disk.generation !== generation || removed?.includes(disk.memberId)) return false;
  return disk.lastIndex >= Math.max(0, ...members.map((m) => m.floor));
}

function isListedAt(f: Facts, pod: PodView, memberId: string): boolean {
  return f.members.some((m) => m.memberId === memberId && m.ordinal === pod.ordinal);
}

/** Two disks under one ID: one of them is a copy, and which isn't known. */
function isTwice(f: Facts, pod: PodView, memberId: string): boolean {
  const asked = f.world.gates.some((g) => g.podUid !== pod.uid && hasId(g.disk, memberId));
  return (
    asked || f.world.etcd.statuses.some((s) => s.answers && s.podUid !== pod.uid && s.memberId === memberId)
  );
}

function hasId(disk: Disk, memberId: string): boolean {
  return disk.state === "wal" && disk.memberId === memberId;
}
