/** The record is updated whatever is declared. */
import { expect } from "chai";
import { plan } from "../../../../../programs/controller/plan";
import type { Change } from "../../../../support/worlds";
import { gated, idOf, NOW, remembered, report, wal, world } from "../../../../support/worlds";

const grown = {
  members: [0, 1, 2].map((o) => remembered(o, { floor: 10, floorMs: NOW - 120_000 })),
};

describe("plan: the record while no action is allowed", () => {
  const stopped: readonly (readonly [string, Change["desired"]])[] = [
    ["paused", { paused: true }],
    ["paused and not as declared", { paused: true, hash: "h2", members: 5 }],
    ["an even size is refused", { members: 4 }],
    ["an older generation is refused", { generation: 0 }],
  ];
  for (const [name, desired] of stopped) {
    it(`gets newer applied indexes: ${name}`, () => {
      const d = plan(world(3, { desired, record: grown }));
      expect(d.record?.members.map((m) => m.floor)).to.deep.equal([1000, 1000, 1000]);
      expect(d.action).to.equal(undefined);
    });
    it(`keeps a disk that was rolled back fenced: ${name}`, () => {
      const after = plan(world(3, { desired, record: grown })).record;
      const rolledBack = { pods: [gated(2)], gates: [report(2, wal(2, { lastIndex: 500 }))] };
      const d = plan(world(3, { desired, ...rolledBack, world: { record: after } }));
      expect(d.orders["pod-2"]?.kind).to.not.equal("start");
    });
  }
  it("gets the phase started for a member that runs", () => {
    const members = [remembered(0), remembered(1), remembered(2, { phase: "ordered", floor: 0 })];
    const d = plan(world(3, { desired: { paused: true }, record: { members } }));
    expect(d.record?.members[2]).to.include({ memberId: idOf(2), phase: "started" });
  });
});
