/**
 * Whether disks found without a record can all be from one moment. They may not be if a backup tool copied them one
 * after another, or if the storage rolled some of them back.
 *
 * Why it can't lose an acknowledged write: it checks what raft would do with these disks. On disks that were never
 * copied, nobody can win an election without every committed entry, or in a term that already has had a leader. Where
 * either could happen, votes or entries were lost, and nothing is started. Where neither can, no two members can come
 * to hold different entries under the same index and term, whatever happened to the disks.
 */
import type { WalDisk } from "../../shared/disk";
import { isLater } from "./log-end";
import { quorum } from "./view";

interface Found {
  readonly name: string;
  readonly disk: WalDisk;
}

/** Why they can't be. Gates of older releases don't report votes; then only committed entries are compared. */
export function inconsistency(found: readonly Found[]): string | undefined {
  const newest = Math.max(0, ...found.map(({ disk }) => disk.lastTerm));
  const committed = Math.max(0, ...found.map(({ disk }) => disk.commit ?? 0));
  for (const { name, disk: candidate } of found) {
    const { voters, memberId, lastTerm, lastIndex, term } = candidate;
    if (!voters.includes(memberId)) continue;
    const electors = found.filter(({ disk }) => voters.includes(disk.memberId) && !isLater(disk, candidate));
    if (electors.length < quorum(voters.length)) continue;
    const end = `${name}, whose disk ends with entry ${lastIndex} of term ${lastTerm},`;
    if (lastIndex < committed)
      return `${end} could be elected, but entry ${committed} is known as committed on another`;
    if (term === undefined || term >= newest) continue;
    const votes = electors.filter(({ disk }) => disk === candidate || canVote(disk, newest));
    if (votes.length >= quorum(voters.length))
      return `${end} could be elected in term ${newest}, of which another already has entries`;
  }
  return undefined;
}

function canVote({ term, voted }: WalDisk, inTerm: number): boolean {
  if (term === undefined) return false;
  return term < inTerm || (term === inTerm && voted === false);
}
