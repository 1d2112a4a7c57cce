/** Removals that were written down and not carried out: whom they may keep from starting, and for how long. */
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

describe("plan: a removal that was written down and not done", () => {
  for (const why of CAUSES) {
    it(`starts the whole disk when there is no quorum without it: ${why}`, () => {
      const d = plan(world(3, { ...asking(2), record: removing(2, why), list: "none" }));
      expect(d.orders["pod-2"]?.kind).to.equal("start");
      expect(d.action).to.equal(undefined);
    });
    it(`starts the whole disk when the others are too ill for it: ${why}`, () => {
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
    it(`starts it while all is paused: ${why}`, () => {
      const desired = { paused: true };
      const d = plan(world(3, { ...asking(2), record: removing(2, why), list: "none", desired }));
      expect(d.orders["pod-2"]?.kind).to.equal("start");
    });
    it(`never starts a disk that isn't the member any more: ${why}`, () => {
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
    it(`is carried out once it may be, and holds nothing on the disk meanwhile: ${why}`, () => {
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
    it(`is taken back when the last two need each other, with ${members} declared`, () => {
      const d = plan(world(2, shrinking(members)));
      expect(d.orders["pod-1"]?.kind).to.equal("start");
      expect(d.record?.intent).to.equal(undefined);
    });
  }
  it("is taken back when that size isn't declared any more", () => {
    const d = plan(world(3, { record: removing(2, "shrink") }));
    expect(d.action).to.equal(undefined);
    expect(d.record?.intent).to.equal(undefined);
  });
  it("of a member that isn't ours is carried out", () => {
    const other = { ...listed(9), memberId: "77", peerUrls: ["https://elsewhere:2380"] };
    const intent = { kind: "remove", memberId: "77", claimUid: "claim-9", why: "shrink", atMs: NOW } as const;
    const list = [listed(0), listed(1), listed(2), other];
    const d = plan(world(3, { record: { intent }, list }));
    expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: undefined, memberId: "77" });
  });
  it("isn't begun again each round while it can't be done", () => {
    const ill = [status(1, { linearizableRead: false })];
    const d = plan(world(2, { desired: { members: 1 }, statuses: ill }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("shrinking waits");
  });
});

describe("plan: a node that was given up and came back before its member was removed", () => {
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
  it("counts for a recovery as a disk that is whole", () => {
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

describe("plan: IDs that were removed", () => {
  it("are remembered", () => {
    const d = plan(world(3, { list: [listed(0), listed(1)], pods: [gated(2)], gates: [report(2, wal(2))] }));
    expect(d.record?.removed).to.deep.equal([idOf(2)]);
  });
  it("hold their disks without a quorum, too", () => {
    const record = { members: [remembered(0), remembered(1)], removed: [idOf(2)] };
    const d = plan(world(3, { ...asking(2), record, list: "none" }));
    expect(d.orders["pod-2"]).to.include({ kind: "wait", hold: true });
  });
});

describe("plan: a removal whose reason is gone, or that has to wait for another member", () => {
  for (const why of ["lost-disk", "broken-disk", "corrupt"] as const) {
    it(`is taken back while its healthy member is needed to replace another: ${why}`, () => {
      const d = plan(world(3, { ...asking(2, EMPTY), record: removing(1, why) }));
      expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: 2, memberId: idOf(2) });
      expect(d.record?.intent).to.include({ why: "lost-disk", memberId: idOf(2) });
    });
  }
});
