/** Removals that were recorded and not executed: which disks they may keep from starting, and for how long. */
import { expect } from "chai";
import type { ControllerRecord, RemovalCause } from "../../../../../programs/controller/model";
import { plan } from "../../../../../programs/controller/plan";
import { age } from "../../../../../programs/controller/plan/age";
import type { Change } from "../../../../support/worlds";
import {
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
  wal,
  world,
} from "../../../../support/worlds";

const CAUSES: readonly RemovalCause[] = [
  "lost-disk",
  "broken-disk",
  "lost-node",
  "corrupt",
  "shrink",
  "failed-join",
  "foreign-learner",
];

const removing = (ordinal: number, why: RemovalCause): Partial<ControllerRecord> => ({
  intent: { kind: "remove", ordinal, memberId: idOf(ordinal), claimUid: `claim-${ordinal}`, why, atMs: NOW },
  abandoned: why === "lost-node" ? [{ ordinal, claimUid: `claim-${ordinal}` }] : [],
});

const asking = (ordinal: number, disk = wal(ordinal)) => ({
  pods: [gated(ordinal)],
  gates: [report(ordinal, disk)],
});

describe("plan: a recorded removal that wasn't executed", () => {
  for (const why of CAUSES) {
    it(`lets the intact disk start if there is no quorum without it: ${why}`, () => {
      const d = plan(world(3, { ...asking(2), record: removing(2, why), list: "none" }));
      expect(d.orders["pod-2"]?.kind).to.equal("start");
      expect(d.action).to.equal(undefined);
    });
    it(`lets the intact disk start if the others are too unhealthy: ${why}`, () => {
      const d = plan(
        world(3, {
          ...asking(2),
          record: removing(2, why),
          statuses: [status(1, { linearizableRead: false })],
        }),
      );
      expect(d.orders["pod-2"]?.kind).to.equal("start");
      expect(d.action).to.equal(undefined);
    });
    it(`lets the intact disk start while paused: ${why}`, () => {
      const desired = { paused: true };
      const d = plan(world(3, { ...asking(2), record: removing(2, why), list: "none", desired }));
      expect(d.orders["pod-2"]?.kind).to.equal("start");
    });
    it(`never lets a disk start that isn't the member's any more: ${why}`, () => {
      for (const disk of [EMPTY, wal(2, { lastIndex: 10 }), wal(2, { clusterId: "5" })]) {
        for (const list of ["none", undefined] as const) {
          const d = plan(world(3, { ...asking(2, disk), record: removing(2, why), list }));
          expect(d.orders["pod-2"]?.kind).to.be.oneOf(["wait", "refuse"]);
          expect(d.orders["pod-2"]).to.not.include({ hold: false });
        }
      }
    });
  }

  const goingOn = CAUSES.filter((why) => why !== "shrink" && why !== "lost-node");
  for (const why of goingOn) {
    it(`is executed when it may be, and doesn't fence the disk meanwhile: ${why}`, () => {
      const d = plan(world(3, { ...asking(2), record: removing(2, why) }));
      expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: 2, memberId: idOf(2) });
      expect(d.orders["pod-2"]).to.include({ kind: "wait", hold: false });
    });
  }
});

describe("plan: a removal for a smaller size", () => {
  const two = { members: [remembered(0), remembered(1)], ...removing(1, "shrink") };
  const shrinking = (members: number): Change => ({
    desired: { members },
    record: two,
    list: "none",
    pods: [gated(1), pod(0, { ready: false })],
    gates: [report(1, wal(1, { voters: [idOf(0), idOf(1)] }))],
    statuses: [status(0, { leaderId: undefined, linearizableRead: false })],
  });
  for (const members of [1, 3]) {
    it(`is withdrawn if the last two members need each other, with ${members} declared`, () => {
      const d = plan(world(2, shrinking(members)));
      expect(d.orders["pod-1"]?.kind).to.equal("start");
      expect(d.record?.intent).to.equal(undefined);
    });
  }
  it("is withdrawn if that size isn't declared any more", () => {
    const d = plan(world(3, { record: removing(2, "shrink") }));
    expect(d.action).to.equal(undefined);
    expect(d.record?.intent).to.equal(undefined);
  });
  it("of a foreign member is executed", () => {
    const other = { ...listed(9), memberId: "77", peerUrls: ["https://elsewhere:2380"] };
    const intent = { kind: "remove", memberId: "77", claimUid: "claim-9", why: "shrink", atMs: NOW } as const;
    const list = [listed(0), listed(1), listed(2), other];
    const d = plan(world(3, { record: { intent }, list }));
    expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: undefined, memberId: "77" });
  });
  it("isn't recorded again each round while it can't be executed", () => {
    const ill = [status(1, { linearizableRead: false })];
    const d = plan(world(2, { desired: { members: 1 }, statuses: ill }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("shrinking waits");
  });
});

describe("plan: a given-up node that returns before its member is removed", () => {
  const grace = { nodeLossGraceSeconds: 60 };
  it("keeps its member and its volume", () => {
    for (const list of ["none", undefined] as const) {
      const d = plan(world(3, { ...asking(2), desired: grace, record: removing(2, "lost-node"), list }));
      expect(d.record?.intent).to.equal(undefined);
      expect(d.record?.abandoned).to.deep.equal([]);
      expect(d.action).to.equal(undefined);
      expect(d.orders["pod-2"]?.kind).to.equal("start");
    }
  });
  it("counts as an intact disk for a recovery", () => {
    const record = { ...removing(2, "lost-node"), members: [0, 1, 2].map((o) => remembered(o)) };
    const gates = [report(0, EMPTY), report(1, wal(1)), report(2, wal(2))];
    const d = plan(
      world(3, {
        desired: { generation: 2, rebuild: { kind: "recovery", url: "https://r", abandoned: [] } },
        record,
        list: "none",
        pods: [0, 1, 2].map((o) => gated(o)),
        gates,
      }),
    );
    expect(d.record?.rebuild).to.equal(undefined);
    expect(d.reason).to.contain("the recovery does nothing");
  });
  it("loses neither volume nor pod while there is no quorum", () => {
    const late = pod(2, { ready: false, deleting: { graceMs: 60_000 } });
    const d = plan(
      world(3, {
        desired: grace,
        pods: [late],
        ages: { [age.deleting("pod-2")]: 200_000 },
        record: removing(2, "lost-node"),
        list: "none",
        statuses: [silent(1), silent(2)],
      }),
    );
    expect(d.action).to.equal(undefined);
  });
});

describe("plan: removed IDs", () => {
  it("are recorded", () => {
    const d = plan(world(3, { list: [listed(0), listed(1)], pods: [gated(2)], gates: [report(2, wal(2))] }));
    expect(d.record?.removed).to.deep.equal([idOf(2)]);
  });
  it("fence their disks without a quorum too", () => {
    const record = { members: [remembered(0), remembered(1)], removed: [idOf(2)] };
    const d = plan(world(3, { ...asking(2), record, list: "none" }));
    expect(d.orders["pod-2"]).to.include({ kind: "wait", hold: true });
  });
});

describe("plan: a removal without its reason, or one that another member delays", () => {
  for (const why of ["lost-disk", "broken-disk", "corrupt"] as const) {
    it(`is withdrawn while its healthy member is needed to replace another: ${why}`, () => {
      const d = plan(world(3, { ...asking(2, EMPTY), record: removing(1, why) }));
      expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: 2, memberId: idOf(2) });
      expect(d.record?.intent).to.include({ why: "lost-disk", memberId: idOf(2) });
    });
  }
});
