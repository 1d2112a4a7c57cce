/** Members that somebody added or changed by hand: what is decided about them can be written down, and is carried out. */
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
      `etcd-3: its disk is empty. It is removed, and joins again, ${UNWRITABLE}`,
    );
    expect(d.action).to.deep.include({ kind: "deletePod", name: "etcd-4" });
    written(d);
  });
});

describe("plan: a member that was given a further URL", () => {
  const further = (ordinal: number) => ({ peerUrls: [FOREIGN, url(ordinal)] });
  const most = [listed(0), listed(1), ...[2, 3, 4].map((o) => listed(o, further(o)))];

  it("is the same member, wherever in its list that is", () => {
    const d = plan(world(5, { list: most }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.equal("as declared: 5 healthy voters");
  });

  it("is told to who joins, with all of them: etcd compares", () => {
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

describe("plan: voters whose URLs were exchanged by hand for others", () => {
  const lone = (ordinal: number) => listed(ordinal, { peerUrls: [`https://10.0.0.${ordinal}:2380`] });
  const beyond = (ordinal: number) => listed(ordinal, { peerUrls: [url(ordinal + 8)] });
  for (const [name, other] of [
    ["none of ours", lone],
    ["other ordinals'", beyond],
  ] as const) {
    for (const revision of ["new", "old"]) {
      it(`are never stopped one after the other: ${name}, revision: ${revision}`, () => {
        const list = [listed(0), listed(1), ...[2, 3, 4].map(other)];
        const pods = [2, 3, 4].map((o) => pod(o, { revision, ready: false }));
        const { action } = plan(world(5, { list, pods, replicas: 13 }));
        expect(action?.kind).to.be.oneOf([undefined, "setReplicas"]);
      });
    }
  }

  it("nor are those that don't answer", () => {
    const list = [listed(0), listed(1), ...[2, 3, 4].map(lone)];
    const statuses = [2, 3, 4].map(silent);
    expect(plan(world(5, { list, statuses })).action).to.equal(undefined);
    const members = [0, 1].map((o) => remembered(o));
    expect(plan(world(5, { list, statuses, record: { members } })).action).to.equal(undefined);
  });

  it("who runs under an ID that isn't listed is stopped all the same", () => {
    const list = [0, 1, 2, 3].map((o) => listed(o));
    const d = plan(world(5, { list, statuses: [status(4, { memberId: "99" })] }));
    expect(d.action).to.deep.include({ kind: "deletePod", name: "etcd-4" });
  });
});
