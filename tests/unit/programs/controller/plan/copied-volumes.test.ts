import { expect } from "chai";
import fc from "fast-check";
import type { Disk } from "../../../../../programs/shared/disk";
import { inconsistency } from "../../../../../programs/controller/plan/copied-volumes";
import { idOf, wal } from "../../../../support/worlds";

type Wal = Extract<Disk, { state: "wal" }>;
const disk = (ordinal: number, more: Partial<Wal>) => ({
  name: `etcd-${ordinal}`,
  disk: wal(ordinal, { commit: 900, term: 3, voted: true, ...more }) as Wal,
});

describe("plan: disks without a record", () => {
  describe("can be of the same moment", () => {
    const five = [0, 1, 2, 3, 4].map(idOf);
    for (const [name, disks] of [
      ["when they are equal", [disk(0, {}), disk(1, { voted: false }), disk(2, { voted: false })]],
      [
        "when one member was away for a long time",
        [
          disk(0, { lastTerm: 9, term: 9 }),
          disk(1, { lastTerm: 9, term: 9 }),
          disk(2, { lastIndex: 20, term: 3 }),
        ],
      ],
      [
        "when one has entries of its own term that the others never got",
        [
          disk(0, { lastTerm: 4, lastIndex: 1100, term: 4 }),
          disk(1, { term: 4 }),
          disk(2, { term: 3, voted: false }),
        ],
      ],
      [
        "when the cluster grew since the last election and one member was away",
        [
          disk(0, { lastTerm: 5, term: 5, voters: five }),
          disk(1, { lastTerm: 5, term: 5, voters: five }),
          disk(2, { lastTerm: 4, term: 4, voters: five, voted: false }),
          disk(3, { lastTerm: 5, term: 5, voters: five, voted: false }),
          disk(4, { lastTerm: 5, term: 5, voters: five, voted: false }),
        ],
      ],
      ["when only one disk is left", [disk(2, { lastTerm: 7, term: 7 })]],
      ["as far as older gates report", [disk(0, { lastTerm: 5 }), disk(1, {}), disk(2, {})].map(old)],
    ] as const) {
      it(name, () => expect(inconsistency(disks)).to.equal(undefined));
    }
  });

  it("are never taken for copies whatever raft does", () => {
    const deed = fc.record({
      what: fc.constantFrom("campaign" as const, "write" as const),
      who: fc.nat(4),
      reaches: fc.array(fc.nat(4), { maxLength: 5 }),
    });
    let elections = 0;
    fc.assert(
      fc.property(fc.constantFrom(3, 5), fc.array(deed, { maxLength: 60 }), (size, deeds) => {
        const raft = new Raft(size);
        for (const { what, who, reaches } of deeds)
          raft[what](
            who % size,
            reaches.map((r) => r % size),
          );
        elections += raft.leaders.size;
        expect(inconsistency(raft.disks())).to.equal(undefined);
      }),
      { numRuns: 3000 },
    );
    expect(elections).to.be.greaterThan(3000);
  });

  it("are taken for copies when a quorum of them is from before an election and a write", () => {
    const raft = new Raft(3);
    raft.campaign(0, [1, 2]);
    raft.write(0, [1, 2]);
    const before = raft.disks();
    raft.campaign(1, [0]);
    raft.write(1, []);
    const after = raft.disks();
    expect(inconsistency(after)).to.equal(undefined);
    expect(inconsistency([before[0]!, after[1]!, after[2]!])).to.match(/elected in term 2/);
    expect(inconsistency([after[0]!, after[1]!, before[2]!])).to.equal(undefined);
  });

  describe("can't be of the same moment", () => {
    for (const [name, disks, words] of [
      [
        "when two disks could elect a leader in a term that has entries",
        [
          disk(0, { lastTerm: 4, term: 4 }),
          disk(1, { lastTerm: 4, term: 4 }),
          disk(2, { lastTerm: 5, term: 5 }),
        ],
        /etcd-0.* elected in term 5/,
      ],
      [
        "when one disk that has not voted is enough for that",
        [
          disk(0, { term: 4, lastTerm: 4 }),
          disk(1, { term: 5, lastTerm: 4, voted: false }),
          disk(2, { lastTerm: 5, term: 5 }),
        ],
        /etcd-0.* elected in term 5/,
      ],
      [
        "when two disks lack what the third knows as committed",
        [
          disk(0, { lastIndex: 880, commit: 870 }),
          disk(1, { lastIndex: 890, commit: 870 }),
          disk(2, { term: 3 }),
        ],
        /etcd-1.* entry 900 is known as committed on another/,
      ],
    ] as const) {
      it(name, () => expect(inconsistency(disks)).to.match(words));
    }

    it("by what was committed, even if the gates don't report votes", () => {
      const disks = [
        disk(0, { lastIndex: 880, commit: 870 }),
        disk(1, { lastIndex: 890, commit: 870 }),
        disk(2, {}),
      ];
      expect(inconsistency(disks.map(old))).to.match(/known as committed/);
    });
  });
});

function old({ name, disk }: { name: string; disk: Wal }) {
  return { name, disk: { ...disk, term: undefined, voted: undefined } };
}

/** Elections and writes by raft's rules, each of which reaches some disks. */
class Raft {
  readonly leaders = new Map<number, number>();
  private readonly nodes: { term: number; vote?: number; log: number[]; commit: number }[];

  constructor(private readonly size: number) {
    this.nodes = Array.from({ length: size }, () => ({ term: 0, log: [], commit: 0 }));
  }

  campaign(who: number, reaches: readonly number[]): void {
    const candidate = this.at(who);
    candidate.term++;
    candidate.vote = who;
    const votes = new Set([who]);
    for (const other of reaches) {
      const voter = this.at(other);
      if (voter.term > candidate.term) continue;
      if (voter.term < candidate.term) Object.assign(voter, { term: candidate.term, vote: undefined });
      const [last, own] = [candidate.log.at(-1) ?? 0, voter.log.at(-1) ?? 0];
      const upToDate = last > own || (last === own && candidate.log.length >= voter.log.length);
      if (!upToDate || (voter.vote ?? who) !== who) continue;
      voter.vote = who;
      votes.add(other);
    }
    if (votes.size * 2 <= this.size) return;
    expect(this.leaders.get(candidate.term) ?? who, "one leader a term").to.equal(who);
    this.leaders.set(candidate.term, who);
    candidate.log.push(candidate.term);
  }

  write(who: number, reaches: readonly number[]): void {
    const leader = this.at(who);
    if (this.leaders.get(leader.term) !== who) return;
    leader.log.push(leader.term);
    const have = new Set([who]);
    for (const other of reaches) {
      const follower = this.at(other);
      if (follower.term > leader.term) continue;
      if (follower.term < leader.term) Object.assign(follower, { term: leader.term, vote: undefined });
      follower.log = [...leader.log];
      follower.commit = Math.max(follower.commit, Math.min(leader.commit, leader.log.length));
      have.add(other);
    }
    if (have.size * 2 > this.size) leader.commit = leader.log.length;
  }

  disks() {
    const voters = this.nodes.map((_, i) => idOf(i));
    return this.nodes.map(({ term, vote, log, commit }, i) =>
      disk(i, {
        ...{ term, voted: vote !== undefined, commit, voters },
        ...{ lastIndex: log.length, lastTerm: log.at(-1) ?? 0 },
      }),
    );
  }

  private at(i: number) {
    return this.nodes[i]!;
  }
}
