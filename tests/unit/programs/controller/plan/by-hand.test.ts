/** Members that somebody added or changed manually: the decisions about them can be recorded, and are executed. */
import { expect } from "chai";
import type { Decision, World } from "../../../../../programs/controller/model";
import type { ListedMember } from "../../../../../programs/shared/etcd/members";
import { parseRecord, recordData } from "../../../../../programs/controller/model/record";
import { plan } from "../../../../../programs/controller/plan";
import { listKey } from "../../../../../programs/shared/etcd/members";
import { UNWRITABLE } from "../../../../../programs/controller/plan/writable";
import {
  CLUSTER,
  EMPTY,
  gated,
  idOf,
  listed,
  NOW,
  pod,
  remembered,
  report,
  silent,
  status,
  url,
  world,
} from "../../../../support/worlds";

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

describe("plan: a member with a foreign URL", () => {
  const table: readonly (readonly [string, readonly ListedMember[], string])[] = [
    ["a manually added learner", [...ours, foreign()], "77"],
    ["a manually added voter", [...ours, foreign({ name: "x", isLearner: false })], "77"],
    ["a member whose URL was changed", [listed(0), listed(1, { peerUrls: [FOREIGN] }), listed(2)], idOf(1)],
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

  it("doesn't block a repair", () => {
    const seen = world(3, { list: [...ours, foreign()], pods: [gated(2)], gates: [report(2, EMPTY)] });
    const first = plan(seen);
    expect(first.action).to.deep.include({ kind: "removeMember", memberId: idOf(2) });
    written(first);
  });
});

describe("plan: a step with an unreadable record", () => {
  it("isn't taken, and other steps are", () => {
    const list = [listed(0), listed(1), listed(2), listed(3)];
    const seen = world(5, {
      list,
      pods: [gated(3), pod(4)],
      gates: [report(3, EMPTY)],
      statuses: [status(4, { memberId: "99" })],
      // No clock returns fractions of a millisecond, so this would be the controller's own bug.
      world: { nowMs: NOW + 0.5 },
    });
    const d = plan(seen);
    expect(d.warnings.join()).to.contain(
      `etcd-3: its disk is empty. It is removed, and joins again, ${UNWRITABLE}`,
    );
    expect(d.action).to.deep.include({ kind: "deletePod", name: "etcd-4" });
    written(d);
  });
});

describe("plan: a member with an additional URL", () => {
  const further = (ordinal: number) => ({ peerUrls: [FOREIGN, url(ordinal)] });
  const most = [listed(0), listed(1), ...[2, 3, 4].map((o) => listed(o, further(o)))];

  it("is the same member, wherever the URL is in its list", () => {
    const d = plan(world(5, { list: most }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.equal("as declared: 5 healthy voters");
  });

  it("appears with all its URLs in a joining member's initial cluster, which etcd compares", () => {
    const list = [listed(0, further(0)), listed(1), listed(2, { name: "", isLearner: true })];
    const key = listKey({ clusterId: CLUSTER, members: list });
    const joins = remembered(2, { phase: "ordered", joinPodUid: "pod-2", joinListKey: key, floor: 0 });
    const d = plan(
      world(3, {
        list,
        record: { members: [remembered(0), remembered(1), joins] },
        pods: [gated(2)],
        gates: [report(2, EMPTY)],
      }),
    );
    expect(d.orders["pod-2"]).to.deep.include({
      initialCluster: `etcd-0=${FOREIGN},etcd-0=${url(0)},etcd-1=${url(1)},etcd-2=${url(2)}`,
    });
  });
});

describe("plan: voters whose URLs were replaced manually", () => {
  const lone = (ordinal: number) => listed(ordinal, { peerUrls: [`https://10.0.0.${ordinal}:2380`] });
  const beyond = (ordinal: number) => listed(ordinal, { peerUrls: [url(ordinal + 8)] });
  for (const [name, other] of [
    ["foreign URLs", lone],
    ["URLs of other ordinals", beyond],
  ] as const) {
    for (const revision of ["new", "old"]) {
      it(`are never stopped one after the other: ${name}, revision ${revision}`, () => {
        const list = [listed(0), listed(1), ...[2, 3, 4].map(other)];
        const pods = [2, 3, 4].map((o) => pod(o, { revision, ready: false }));
        const { action } = plan(world(5, { list, pods, replicas: 13 }));
        expect(action?.kind).to.be.oneOf([undefined, "setReplicas"]);
      });
    }
  }

  it("are never stopped if they don't answer", () => {
    const list = [listed(0), listed(1), ...[2, 3, 4].map(lone)];
    const statuses = [2, 3, 4].map(silent);
    expect(plan(world(5, { list, statuses })).action).to.equal(undefined);
    const members = [0, 1].map((o) => remembered(o));
    expect(plan(world(5, { list, statuses, record: { members } })).action).to.equal(undefined);
  });

  it("don't protect a member that runs under an unlisted ID", () => {
    const list = [0, 1, 2, 3].map((o) => listed(o));
    const d = plan(world(5, { list, statuses: [status(4, { memberId: "99" })] }));
    expect(d.action).to.deep.include({ kind: "deletePod", name: "etcd-4" });
  });
});
