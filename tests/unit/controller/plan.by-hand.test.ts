/** Members that somebody added or changed by hand: what is decided about them can be written down, and is carried out. */
import { expect } from "chai";
import type { Decision, ListedMember, World } from "../../../controller/model";
import { parseRecord, recordData } from "../../../controller/observe/record";
import { plan } from "../../../controller/plan";
import { UNWRITABLE } from "../../../controller/plan/writable";
import { EMPTY, gated, idOf, listed, NOW, pod, report, status, world } from "./worlds";

const FOREIGN = "https://10.0.0.9:2380";
const foreign = (more: Partial<ListedMember> = {}): ListedMember => ({
  memberId: "77",
  name: "",
  peerUrls: [FOREIGN],
  isLearner: true,
  ...more,
});
const ours = [listed(0), listed(1), listed(2)];

/** The record as the next round reads it. */
function written({ record }: Decision): World["record"] {
  if (!record) throw new Error("nothing is written");
  const again = parseRecord(recordData(record));
  expect(again).to.not.have.property("problem");
  return again;
}

describe("plan: a member whose URL is none of ours", () => {
  const table: readonly (readonly [string, readonly ListedMember[], string])[] = [
    ["a learner that was added by hand", [...ours, foreign()], "77"],
    ["a voter that was added by hand", [...ours, foreign({ name: "x", isLearner: false })], "77"],
    [
      "a member that was given another URL",
      [listed(0), listed(1, { peerUrls: [FOREIGN] }), listed(2)],
      idOf(1),
    ],
  ];
  for (const [name, list, memberId] of table) {
    it(`is removed: ${name}`, () => {
      const seen = world(3, { list });
      const first = plan(seen);
      expect(first.action).to.deep.include({ kind: "removeMember", memberId });
      const record = written(first);
      expect(record).to.have.nested.property("intent.memberId", memberId);
      const second = plan({ ...seen, record });
      expect(second.action, "the act's answer was lost").to.deep.include({ kind: "removeMember", memberId });
      const left = list.filter((m) => m.memberId !== memberId);
      const then = plan({ ...world(3, { list: left }), record: written(second) });
      expect(written(then)).to.not.have.property("intent");
    });
  }

  it("stands in no repair's way", () => {
    const seen = world(3, { list: [...ours, foreign()], pods: [gated(2)], gates: [report(2, EMPTY)] });
    const first = plan(seen);
    expect(first.action).to.deep.include({ kind: "removeMember", memberId: idOf(2) });
    written(first);
  });
});

describe("plan: a step whose record nobody could read", () => {
  it("isn't taken, and the others have their turn", () => {
    const list = [listed(0), listed(1), listed(2), listed(3)];
    const seen = world(5, {
      list,
      pods: [gated(3), pod(4)],
      gates: [report(3, EMPTY)],
      statuses: [status(4, { memberId: "99" })],
      // No clock tells parts of a millisecond: a mistake of this controller's own.
      world: { nowMs: NOW + 0.5 },
    });
    const d = plan(seen);
    expect(d.warnings.join()).to.contain(
      `etcd-3: its disk is empty. It is removed, to join anew, ${UNWRITABLE}`,
    );
    expect(d.action).to.deep.include({ kind: "deletePod", name: "etcd-4" });
    written(d);
  });
});
