/**
 * Whether disks that are found without a record can be of one moment. Copies that a backup tool made one after another,
 * or of which the storage rolled some back, need not be.
 *
 * Why it can't lose an acknowledged write: raft's own rules are asked what these disks could do. On disks that were never
 * copied nobody can be elected who lacks what was committed, and nobody in a term that has had a leader; so where that
 * could happen, votes or entries were taken back, and nothing is started. Where it can't, no two members can come to hold
 * different entries under one index and term, whatever the disks have been through.
 */
import type { WalDisk } from "../../shared/disk";
import { isLater } from "./log-end";
import { quorum } from "./view";

interface Found {
  readonly name: string;
  readonly disk: WalDisk;
}

/** Why they can't be, in words. Gates of older releases don't tell of votes; then only what was committed is looked at. */
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
      return `${end} could be elected, and entry ${committed} is known as committed on another`;
    if (term === undefined || term >= newest) continue;
    const votes = electors.filter(({ disk }) => disk === candidate || canVote(disk, newest));
    if (votes.length >= quorum(voters.length))
      return `${end} could be elected in term ${newest}, which another has entries of already`;
  }
  return undefined;
}

function canVote({ term, voted }: WalDisk, inTerm: number): boolean {
  if (term === undefined) return false;
  return term < inTerm || (term === inTerm && voted === false);
}
