/** What is written down, whatever is declared. */
import { expect } from "chai";
import { plan } from "../../../../../programs/controller/plan";
import type { Change } from "../../../../support/worlds";
import { gated, idOf, NOW, remembered, report, wal, world } from "../../../../support/worlds";

const grown = {
  members: [0, 1, 2].map((o) => remembered(o, { floor: 10, floorMs: NOW - 120_000 })),
};

describe("plan: books are kept while nothing may be done", () => {
  const stopped: readonly (readonly [string, Change["desired"]])[] = [
    ["paused", { paused: true }],
    ["paused, and otherwise not as declared", { paused: true, hash: "h2", members: 5 }],
    ["refused: an even size", { members: 4 }],
    ["refused: an older generation", { generation: 0 }],
  ];
  for (const [name, desired] of stopped) {
    it(`floors rise: ${name}`, () => {
      const d = plan(world(3, { desired, record: grown }));
      expect(d.record?.members.map((m) => m.floor)).to.deep.equal([1000, 1000, 1000]);
      expect(d.action).to.equal(undefined);
    });
    it(`a disk that was rolled back meanwhile is held: ${name}`, () => {
      const after = plan(world(3, { desired, record: grown })).record;
      const rolledBack = { pods: [gated(2)], gates: [report(2, wal(2, { lastIndex: 500 }))] };
      const d = plan(world(3, { desired, ...rolledBack, world: { record: after } }));
      expect(d.orders["pod-2"]?.kind).to.not.equal("start");
    });
  }
  it("a member that was seen running is known as started", () => {
    const members = [remembered(0), remembered(1), remembered(2, { phase: "ordered", floor: 0 })];
    const d = plan(world(3, { desired: { paused: true }, record: { members } }));
    expect(d.record?.members[2]).to.include({ memberId: idOf(2), phase: "started" });
  });
});
