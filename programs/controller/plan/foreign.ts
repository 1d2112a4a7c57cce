/**
 * Data of a foreign cluster on a volume that a member is to use: a cluster that this one never was and hasn't replaced.
 *
 * Why it can't lose an acknowledged write: such data is left alone. No member joins on it, because that would
 * quarantine and later delete it, and the volume isn't abandoned with its node. Clusters replaced by a restore or
 * recovery are known by their IDs. If an earlier release made the generation, or the record was lost since, they are
 * known by their lower generation.
 */
import type { ControllerRecord, PodView } from "../model";
import type { Disk } from "../../shared/disk";
import { withNote } from "./record";
import type { Facts } from "./facts";
import { claimAt, gateOf, noteOf } from "./view";

export function isForeign({ birth, generation, made, replaced }: ControllerRecord, disk: Disk): boolean {
  if (disk.state !== "wal" || birth.state !== "born" || disk.clusterId === birth.clusterId) return false;
  if (replaced) return !replaced.includes(disk.clusterId);
  const wasBefore = disk.generation >= 1 && disk.generation < generation;
  return !(made?.generation === generation && wasBefore);
}

/** Recorded, because the disk can't be inspected once its pod is gone. */
export function noteForeign(f: Facts, before: ControllerRecord): ControllerRecord {
  let record = before;
  for (const pod of f.world.pods) {
    const gate = gateOf(f.world, pod);
    if (!gate || !pod.claimUid || record.members.some((m) => m.ordinal === pod.ordinal)) continue;
    const foreignClaimUid = isForeign(record, gate.disk) ? pod.claimUid : undefined;
    if (noteOf(record, pod.ordinal)?.foreignClaimUid === foreignClaimUid) continue;
    record = withNote(record, pod.ordinal, { foreignClaimUid });
  }
  return record;
}

/** For a pod without a member. */
export function mayHoldForeign({ record, world }: Facts, { ordinal, claimUid }: PodView): boolean {
  if (noteOf(record, ordinal)?.foreignClaimUid === claimUid) return true;
  return claimAt(world, ordinal)?.comesFilled === true;
}
