/**
 * Whether a member may be removed.
 *
 * Why it can't lose an acknowledged write: it may only while a quorum of the voters is healthy without it, so every
 * acknowledged entry is on a disk that stays; or while all members that stay are healthy.
 */
import type { Facts, Member } from "./facts";
import { healthyWithout, quorum } from "./view";

export function removalProblem(f: Facts, member: Member): string | undefined {
  if (member.isLearner) return undefined;
  const left = healthyWithout(f, member.memberId);
  const need = quorum(f.voters.length);
  if (left >= need) return undefined;
  const rest = f.voters.length - 1;
  if (rest > 0 && !member.unhealthyReason && left === rest && left >= quorum(rest)) return undefined;
  return `${left} other voters are healthy, ${need} are needed`;
}
