import { expect } from "chai";
import { plan } from "../../../../../programs/controller/plan";
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
  wal,
  world,
} from "../../../../support/worlds";

describe("plan: a change of size", () => {
  it("undoes a manual scaling at once, without a quorum", () => {
    const d = plan(world(3, { replicas: 1, list: "none", statuses: [0, 1, 2].map(silent) }));
    expect(d.action).to.deep.equal({
      kind: "setReplicas",
      replicas: 3,
      statefulSetUid: "sts",
      resourceVersion: "5",
    });
  });
  describe("after a manual scaling to 0 during a declared shrinking, with one pod back", () => {
    const back = (disk: Parameters<typeof report>[1], more: object = {}) =>
      plan(
        world(3, {
          desired: { members: 1 },
          replicas: 1,
          list: "none",
          gates: [report(0, disk)],
          statuses: [],
          world: { claims: [], pods: [gated(0, more)] },
        }),
      );

    it("creates the pods of its disk's other voters, without which it never answers", () => {
      const { action } = back(wal(0, { voters: [0, 1].map(idOf) }));
      expect(action).to.include({ kind: "setReplicas", replicas: 3 });
    });
    it("creates no pod for a member in the record only, or for an unrecorded disk", () => {
      expect(back(wal(0, { voters: [idOf(0)] })).action).to.equal(undefined);
      expect(back(wal(0, { memberId: "9", voters: ["9", idOf(1)] })).action).to.equal(undefined);
      const other = back(wal(0, { voters: [0, 1].map(idOf) }), { claimUid: "another" });
      expect(other.action).to.equal(undefined);
      expect(back(EMPTY).action).to.equal(undefined);
    });
    it("says what to declare if it can't know that those pods are needed", () => {
      const words =
        "etcd-2 is beyond the declared size and has no pod (declare at least 3 members until there is";
      expect(back(EMPTY).reason).to.contain(words);
    });
  });

  it("removes pods without a member, one at a time", () => {
    expect(plan(world(3, { replicas: 6 })).action).to.include({ kind: "setReplicas", replicas: 5 });
    expect(plan(world(3, { replicas: 6, list: "none" })).action).to.equal(undefined);
  });
  it("scales up to the declared number at once if every voter is healthy", () => {
    expect(plan(world(3, { desired: { members: 7 } })).action).to.include({
      kind: "setReplicas",
      replicas: 7,
    });
    expect(plan(world(3, { desired: { members: 7 }, statuses: [silent(2)] })).action).to.equal(undefined);
  });
  it("adds the lowest ordinal whose gate waits", () => {
    const unschedulable = gated(3, { unschedulable: "0/3 nodes are available" });
    const d = plan(
      world(3, {
        desired: { members: 5 },
        replicas: 5,
        pods: [unschedulable, gated(4)],
        gates: [report(4, EMPTY)],
      }),
    );
    expect(d.action).to.include({ kind: "addLearner", ordinal: 4 });
  });
  it("says why a new member doesn't join", () => {
    const unschedulable = gated(3, { unschedulable: "0/3 nodes are available" });
    const d = plan(world(3, { desired: { members: 5 }, replicas: 5, pods: [unschedulable] }));
    expect(d.reason).to.contain("0/3 nodes are available");
    expect(d.converged).to.equal(undefined);
  });

  it("removes the highest member and then its pod", () => {
    const d = plan(world(5, { desired: { members: 3 } }));
    expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: 4, memberId: idOf(4) });
    expect(d.record?.intent).to.include({ why: "shrink" });
    const next = plan(
      world(5, { desired: { members: 4, allowEvenSize: true }, list: [0, 1, 2, 3].map((o) => listed(o)) }),
    );
    expect(next.action).to.include({ kind: "setReplicas", replicas: 4 });
  });
  it("moves leadership to a member that stays when several are removed", () => {
    const list = [4, 3, 2, 1, 0].map((o) => listed(o));
    const statuses = [0, 1, 2, 3, 4].map((o) => status(o, { leaderId: idOf(4) }));
    const d = plan(world(5, { desired: { members: 1 }, list, statuses }));
    expect(d.action).to.deep.equal({ kind: "moveLeader", from: idOf(4), to: idOf(0) });
  });
  it("moves leadership first", () => {
    const statuses = [0, 1, 2].map((o) => status(o, { leaderId: idOf(2) }));
    const d = plan(world(3, { desired: { members: 1 }, statuses }));
    expect(d.action).to.deep.equal({ kind: "moveLeader", from: idOf(2), to: idOf(0) });
  });
  it("removes a voter that is down before a healthy one", () => {
    const d = plan(world(5, { desired: { members: 3 }, statuses: [silent(3)] }));
    expect(d.action).to.include({ kind: "removeMember", ordinal: 3 });
  });
  it("waits while a remaining voter is unhealthy", () => {
    const d = plan(world(5, { desired: { members: 3 }, statuses: [silent(1)] }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("shrinking waits: etcd-1");
  });
  it("removes a learner that isn't declared any more", () => {
    const record = { members: [...[0, 1, 2].map((o) => remembered(o)), remembered(3)] };
    const list = [...[0, 1, 2].map((o) => listed(o)), listed(3, { isLearner: true })];
    const d = plan(world(4, { desired: { members: 3 }, record, list }));
    expect(d.action).to.include({ kind: "removeMember", ordinal: 3 });
  });
  it("never removes the last voter before the declared one has joined", () => {
    const d = plan(
      world(3, {
        desired: { members: 1 },
        record: { members: [remembered(2)] },
        list: [listed(2)],
        pods: [gated(0), gated(1)],
        gates: [report(0, EMPTY), report(1, EMPTY)],
        statuses: [status(2, { leaderId: idOf(2) })],
      }),
    );
    expect(d.action).to.include({ kind: "addLearner", ordinal: 0 });
  });
  it("quarantines a kept volume's old directory when its ordinal returns", () => {
    const learner = listed(3, { isLearner: true, name: "" });
    const record = {
      members: [
        ...[0, 1, 2].map((o) => remembered(o)),
        remembered(3, { phase: "ordered", floor: 0, joinPodUid: "pod-3", joinListKey: undefined }),
      ],
    };
    const list = [...[0, 1, 2].map((o) => listed(o)), learner];
    const key = list
      .map((m) => `${m.memberId}@${m.peerUrls[0]}`)
      .sort()
      .join(",");
    record.members[3] = { ...record.members[3]!, joinListKey: key };
    const d = plan(
      world(3, {
        desired: { members: 5 },
        replicas: 5,
        record,
        list,
        pods: [gated(3)],
        gates: [report(3, wal(8))],
      }),
    );
    expect(d.orders["pod-3"]).to.include({ kind: "join", setAside: true });
  });
});

describe("plan: volumes", () => {
  const sized = (bytes: readonly number[], want: number, actual = bytes) => {
    const w = world(3, { desired: { volumeBytes: want } });
    const claims = w.claims.map((c, i) => ({ ...c, requestedBytes: bytes[i]!, actualBytes: actual[i]! }));
    return plan({ ...w, claims });
  };
  it("grow one at a time", () => {
    expect(sized([10, 10, 10], 20).action).to.include({ kind: "growClaim", name: "data-etcd-0", bytes: 20 });
    expect(sized([20, 10, 10], 20).action).to.include({ kind: "growClaim", name: "data-etcd-1" });
  });
  it("wait until the one before has grown", () => {
    const d = sized([20, 10, 10], 20, [10, 10, 10]);
    expect(d.action).to.equal(undefined);
    expect(d.converged).to.equal(undefined);
  });
  it("never shrink", () => {
    const d = sized([20, 10, 10], 10);
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("can't shrink");
    expect(d.refused).to.equal(d.reason);
  });
  it("that can't shrink cause a refusal that blocks nothing else", () => {
    const w = world(3, { desired: { volumeBytes: 10, members: 5 } });
    const d = plan({ ...w, claims: w.claims.map((c) => ({ ...c, requestedBytes: 20, actualBytes: 20 })) });
    expect(d.action?.kind).to.equal("setReplicas");
    expect(d.refused).to.contain("can't shrink");
  });
});

describe("plan: nothing is done", () => {
  const wiped = { pods: [gated(2)], gates: [report(2, EMPTY)] };
  const other = { state: "born" as const, clusterId: "5", sealed: true };
  for (const [name, change, words] of [
    ["while paused", { desired: { paused: true } }, "paused"],
    ["while another cluster answers", { record: { birth: other } }, "nothing is touched"],
    ["for an older declared generation", { record: { generation: 2 } }, "Declare 2 again"],
    ["for an even size without the option", { desired: { members: 2 } }, "1, 3, 5 or 7"],
    ["for an impossible size", { desired: { members: 9, allowEvenSize: true } }, "1, 3, 5 or 7"],
    ["without the lease", { world: { holdsLease: false } }, "lease"],
    ["with an unreadable declaration", { world: { desired: { problem: "format 2" } } }, "format 2"],
    ["with an unreadable record", { world: { record: { problem: "not JSON" } } }, "not JSON"],
    ["without a StatefulSet", { world: { statefulSet: undefined } }, "StatefulSet"],
  ] as const) {
    it(name, () => {
      const d = plan(world(3, { ...wiped, ...change }));
      expect(d.action).to.equal(undefined);
      expect(d.record).to.equal(undefined);
      expect(d.converged).to.equal(undefined);
      expect(d.reason).to.contain(words);
    });
  }
  it("while the StatefulSet is being deleted", () => {
    const w = world(3, wiped);
    expect(plan({ ...w, statefulSet: { ...w.statefulSet!, deleting: true } }).action).to.equal(undefined);
  });
  it("by a second controller, not even an order", () => {
    expect(plan(world(3, { ...wiped, world: { holdsLease: false } })).orders).to.deep.equal({});
  });
  it("while paused, but intact members start", () => {
    const d = plan(world(3, { desired: { paused: true }, pods: [gated(2)], gates: [report(2, wal(2))] }));
    expect(d.orders["pod-2"]?.kind).to.equal("start");
  });
  it("while paused, and the cluster counts as converged only if nothing is left to do", () => {
    expect(plan(world(3, { desired: { paused: true } })).converged).to.equal("h");
    const rest = plan(world(3, { desired: { paused: true, members: 5 } }));
    expect([rest.converged, rest.action, rest.reason]).to.deep.equal([
      undefined,
      undefined,
      "paused by declaration",
    ]);
    expect(rest.refused).to.equal(undefined);
  });
  it("for another domain than the members'", () => {
    const d = plan(
      world(3, { desired: { peerUrl: "https://etcd-{ordinal}.etcd.ns.svc.another.domain:2380" } }),
    );
    expect(d.action).to.equal(undefined);
    expect(d.refused).to.match(/no member has a declared URL/);
  });
});

describe("plan: convergence", () => {
  it("reports the declared hash, and writes nothing if nothing is new", () => {
    const d = plan(world(3));
    expect([d.converged, d.record, d.action]).to.deep.equal(["h", undefined, undefined]);
  });
  it("makes the bootstrap final before it is first reported", () => {
    const birth = { state: "born" as const, clusterId: CLUSTER, sealed: false };
    const members = [remembered(0, { floor: 5 })];
    const d = plan(world(1, { record: { birth, members }, etcd: { revision: 1 } }));
    expect(d.converged).to.equal(undefined);
    expect(d.record?.birth).to.include({ sealed: true });
  });
  it("updates the recorded applied index once a minute", () => {
    const members = [remembered(0, { floorMs: NOW - 61_000 }), remembered(1), remembered(2)];
    const d = plan(world(3, { record: { members } }));
    expect(d.record?.members.map((m) => m.floor)).to.deep.equal([1000, 990, 990]);
    expect(d.converged).to.equal("h");
  });
  for (const [name, change] of [
    ["a member doesn't answer", { statuses: [silent(1)] }],
    ["a pod is being stopped", { pods: [pod(1, { deleting: { graceMs: 0 } })] }],
    ["a pod has an old revision", { pods: [pod(1, { revision: "old" })] }],
    ["a pod isn't ready, so that no client reaches it", { pods: [pod(1, { ready: false })] }],
    ["a member runs another version", { statuses: [status(1, { version: "3.6.13" })] }],
    [
      "an alarm is raised",
      { etcd: { alarms: [{ memberId: idOf(1), type: "NOSPACE" as const }], revision: undefined } },
    ],
    ["there is no quorum", { list: "none" as const }],
  ] as const) {
    it(`isn't reported while ${name}`, () => expect(plan(world(3, change)).converged).to.equal(undefined));
  }
});
