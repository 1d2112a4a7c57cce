import { expect } from "chai";
import { faults } from "../../soak/faults";
import { Deck } from "../../soak/faults/deck";
import { Random } from "../../soak/random";
import type { Summary } from "../../soak/summary";
import { byKind, inWords, wholeAgain } from "../../soak/summary";

const kinds = (seed: number, count: number) => {
  const deck = new Deck(new Random(seed), faults);
  return Array.from({ length: count }, () => deck.draw().kind);
};
const all = faults.reduce((sum, { weight }) => sum + weight, 0);

describe("a soak", () => {
  it("repeats the order of its faults with the same seed and changes it with another", () => {
    expect(kinds(7, 100)).to.deep.equal(kinds(7, 100));
    expect(kinds(7, 100)).not.to.deep.equal(kinds(8, 100));
  });

  it("draws each kind as often as its weight before it starts over", () => {
    const counts = byKind(kinds(3, all).map((kind) => ({ kind, how: "" })));
    expect(counts).to.deep.equal(Object.fromEntries(faults.map(({ kind, weight }) => [kind, weight])));
  });

  it("changes disks, sizes and generations only while everything else is as declared", () => {
    const alone = faults.filter((fault) => fault.alone).map(({ kind }) => kind);
    expect(alone).to.have.members([
      ...["claim and pod lost", "data directory lost", "write-ahead log lost"],
      ...["grown or shrunk", "restored from a backup"],
    ]);
  });

  it("reports the median and longest recovery time, and the fault before the longest", () => {
    const whole = [
      { seconds: 3, after: "a" },
      { seconds: 40.04, after: "b" },
      { seconds: 5, after: "c" },
    ];
    expect(wholeAgain(whole)).to.deep.equal({ median: 5, longest: 40, after: "b" });
  });

  it("prints NO and FAILED when the judge found something", () => {
    const verdict = {
      ...{ operations: 10, reads: 5, writes: 3, compareAndSets: 2, unknownOutcomes: 0, tookEffect: 0 },
      ...{ unansweredReads: 0, longestGapMs: 1200, epochs: 1, unfinished: 0, keys: 2, linearizable: false },
      ...{ violations: ["soak/1/0/0"], undecided: [], backwards: [], restored: [], sound: false },
      watch: { watchers: 5, events: 9, compacted: 0, lost: ["x"], twice: [], disorder: [], wrong: [] },
    };
    const summary: Summary = {
      ...{ seed: 1, minutes: 5, versions: { etcd: "3.6.16" }, faults: { "etcd killed": 2 }, passed: false },
      ...{ wholeAgain: { median: 1, longest: 2, after: "etcd killed" }, verdict },
      failure: "after 600 s: etcd-1 doesn't answer\nmore",
    };
    const words = inWords(summary);
    for (const part of [/linearizable +NO: soak\/1\/0\/0/, /1 lost/, /ended early +after 600 s/, /FAILED/])
      expect(words).to.match(part);
  });
});
