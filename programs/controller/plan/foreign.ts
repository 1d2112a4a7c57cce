/**
 * Data of a cluster that this one neither was nor has replaced, on a volume that one of its members shall have.
 *
 * Why it can't lose an acknowledged write: such data is left where it is. No member joins on it, which would set it aside
 * and drop it later, and its volume isn't given up with its node. What a restore or a recovery has replaced is known by the
 * cluster's ID; where an earlier release made the generation, or the record was lost since, by being of a lower one.
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

/** Once its pod is gone, nobody can look any more. */
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

/** Of a pod that holds no member. */
export function mayHoldForeign({ record, world }: Facts, { ordinal, claimUid }: PodView): boolean {
  if (noteOf(record, ordinal)?.foreignClaimUid === claimUid) return true;
  return claimAt(world, ordinal)?.comesFilled === true;
}
