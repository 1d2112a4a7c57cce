/**
 * A removal that was written down and not carried out is taken back when its reason is gone.
 *
 * Why it can't lose an acknowledged write: it keeps a member, and asks for no start. What was written down doesn't say
 * whether etcd has done it: if it has, the member is told by its peers and ends, and the next linearizable list takes it
 * out of the record.
 */
import type { ControllerRecord, Intent } from "../model";
import { onVolume } from "./identity";
import { withoutAbandoned, withoutIntent } from "./record";
import { removalProblem } from "./removal";
import type { Facts } from "./facts";
import { claimAt, podAt, recordOf } from "./view";

type Removal = Extract<Intent, { kind: "remove" }>;

export function withdrawRemoval(f: Facts, record: ControllerRecord): ControllerRecord {
  const { intent } = record;
  if (intent?.kind !== "remove") return record;
  switch (intent.why) {
    case "shrink":
      return needsStay(f, intent) ? withoutIntent(record) : record;
    case "corrupt":
    case "lost-disk":
    case "broken-disk":
      return isNeeded(f, intent) ? withoutIntent(record) : record;
    case "lost-node":
      return cameBack(f, intent) ? withoutAbandoned(withoutIntent(record), intent.claimUid) : record;
    case "failed-join":
    case "foreign-learner":
      return record;
  }
}

/** It is healthy, and the others can't do without it: until it were gone, none of them would be replaced. */
function isNeeded(f: Facts, { memberId }: Removal): boolean {
  const member = f.members.find((m) => m.memberId === memberId);
  return member !== undefined && !member.unhealthyReason && removalProblem(f, member) !== undefined;
}

/** Its disk is whole, and the others can't do without it, or it is declared again. */
function needsStay(f: Facts, { memberId, ordinal }: Removal): boolean {
  if (!f.list) return true;
  const member = f.members.find((m) => m.memberId === memberId);
  if (!member) return false;
  const declared = ordinal !== undefined && ordinal < f.desired.members;
  return declared || removalProblem(f, member) !== undefined;
}

/**
 * Its pod was confirmed gone after all: nobody forces that before the member is out of the list. A new one has the same
 * volume, and the member is on it.
 */
function cameBack(f: Facts, { ordinal, memberId, claimUid }: Removal): boolean {
  if (ordinal === undefined) return false;
  const m = recordOf(f.record, ordinal);
  const pod = podAt(f.world, ordinal);
  const claim = claimAt(f.world, ordinal);
  if (m?.memberId !== memberId || !pod || pod.deleting) return false;
  if (!claim || claim.uid !== claimUid || claim.deleting) return false;
  return onVolume(f, m, pod).kind === "intact";
}
