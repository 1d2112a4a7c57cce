/**
 * Takes back a recorded removal that isn't carried out yet, when its reason is gone.
 *
 * Why it can't lose an acknowledged write: it keeps a member and orders no start. The record doesn't say whether etcd
 * has already removed the member. If it has, the peers tell the member, it exits, and the next linearizable list takes
 * it out of the record.
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

/** It is healthy, and the others need it: until it were removed, none of them would be replaced. */
function isNeeded(f: Facts, { memberId }: Removal): boolean {
  const member = f.members.find((m) => m.memberId === memberId);
  return member !== undefined && !member.unhealthyReason && removalProblem(f, member) !== undefined;
}

/** Its disk is intact, and the others need it or it is declared again. */
function needsStay(f: Facts, { memberId, ordinal }: Removal): boolean {
  if (!f.list) return true;
  const member = f.members.find((m) => m.memberId === memberId);
  if (!member) return false;
  const declared = ordinal !== undefined && ordinal < f.desired.members;
  return declared || removalProblem(f, member) !== undefined;
}

/**
 * Its pod was confirmed gone after all: no pod is forced before its member is off the list. The new pod has the same
 * volume, with the member on it.
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
