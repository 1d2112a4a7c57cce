import { expect } from "chai";
import type { Order } from "../../../../../programs/shared/protocol";
import type { Disk } from "../../../../../programs/shared/disk";
import { plan } from "../../../../../programs/controller/plan";
import { age } from "../../../../../programs/controller/plan/age";
import {
  CLUSTER,
  crashing,
  EMPTY,
  gated,
  idOf,
  keyOf,
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

const broken: Disk = { state: "broken", reason: "crc mismatch" };

describe("plan: a disk that returns", () => {
  const table: readonly (readonly [string, Disk, string, Order["kind"], boolean])[] = [
    ["its own", wal(2), "claim-2", "start", false],
    ["its own, at the recorded index", wal(2, { lastIndex: 990 }), "claim-2", "start", false],
    ["empty", EMPTY, "claim-2", "wait", true],
    ["rolled back below the recorded index", wal(2, { lastIndex: 989 }), "claim-2", "wait", true],
    ["another member's", wal(1), "claim-2", "wait", true],
    ["another cluster's", wal(2, { clusterId: "5" }), "claim-2", "wait", true],
    ["a copy on a new claim", wal(2), "claim-9", "wait", true],
    ["broken", broken, "claim-2", "wait", true],
  ];
  for (const [name, disk, claimUid, order, removed] of table) {
    it(`is ${removed ? "replaced" : "started"} if it is ${name}`, () => {
      const d = plan(world(3, { pods: [gated(2, { claimUid })], gates: [report(2, disk)] }));
      expect(d.orders["pod-2"]?.kind).to.equal(order);
      expect(d.action?.kind === "removeMember").to.equal(removed);
      if (removed) {
        expect(d.action).to.deep.include({ memberId: idOf(2) });
        expect(d.record?.intent).to.include({ kind: "remove", memberId: idOf(2) });
        expect(d.record?.notes).to.deep.include.members([
          { ordinal: 2, replacing: true, ...brokenNote(disk) },
        ]);
        expect(d.orders["pod-2"]).to.include({ hold: true });
      }
    });
  }
  const brokenNote = (disk: Disk) => (disk.state === "broken" ? { brokenMs: NOW, suspect: undefined } : {});

  it("is started without a quorum if nothing contradicts it", () => {
    const d = plan(
      world(3, {
        list: "none",
        pods: [0, 1, 2].map((o) => gated(o)),
        gates: [0, 1, 2].map((o) => report(o, wal(o))),
      }),
    );
    expect([0, 1, 2].map((o) => d.orders[`pod-${o}`]?.kind)).to.deep.equal(["start", "start", "start"]);
    expect(d.action).to.equal(undefined);
  });

  it("is fenced if its member was removed", () => {
    const gone = plan(
      world(3, { list: [listed(0), listed(1)], pods: [gated(2)], gates: [report(2, wal(2))] }),
    );
    expect(gone.orders["pod-2"]).to.include({ kind: "wait", hold: true });
  });

  it("is refused if its generation is later than the declared one", () => {
    const d = plan(world(3, { pods: [gated(2)], gates: [report(2, wal(2, { generation: 9 }))] }));
    expect(d.orders["pod-2"]?.kind).to.equal("refuse");
  });

  describe("without its generation and version file", () => {
    const unmarked = wal(0, { generation: 0, lastVersion: "0.0.0" });
    it("counts as broken, and its member is replaced", () => {
      const d = plan(world(3, { pods: [gated(0)], gates: [report(0, unmarked)] }));
      expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: 0, memberId: idOf(0) });
      expect(d.orders["pod-0"]).to.include({ kind: "wait", hold: true });
    });
    it("doesn't keep other members from starting at another patch", () => {
      const pods = [gated(0), gated(1, { etcdVersion: "3.6.16" }), gated(2)];
      const gates = [report(0, unmarked), report(1, wal(1)), report(2, wal(2))];
      const d = plan(world(3, { list: "none", pods, gates }));
      expect([d.orders["pod-1"]?.kind, d.orders["pod-2"]?.kind]).to.deep.equal(["start", "start"]);
    });
  });
});

describe("plan: replacement only with a quorum among the others", () => {
  const wiped = (...ordinals: number[]) => ({
    pods: ordinals.map((o) => gated(o)),
    gates: ordinals.map((o) => report(o, EMPTY)),
  });
  for (const [name, n, lost, alsoDown, acts] of [
    ["one of three", 3, [2], [], true],
    ["two of three", 3, [1, 2], [], false],
    ["one of three, another down", 3, [2], [1], false],
    ["two of five", 5, [3, 4], [], true],
    ["one of five, one down", 5, [3], [4], true],
    ["one of one", 1, [0], [], false],
  ] as const) {
    it(`${acts ? "removes" : "waits and says so"}: ${name}`, () => {
      const dead = lost.length + alsoDown.length > (n - 1) / 2;
      const d = plan(
        world(n, { ...wiped(...lost), statuses: alsoDown.map(silent), list: dead ? "none" : undefined }),
      );
      expect(d.action?.kind).to.equal(acts ? "removeMember" : undefined);
      if (!acts) expect(d.reason).to.match(/quorum|empty/);
      for (const o of lost) expect(d.orders[`pod-${o}`]).to.include({ kind: "wait", hold: true });
    });
  }

  it("completes a recorded removal after a restart", () => {
    const intent = {
      kind: "remove" as const,
      ordinal: 2,
      memberId: idOf(2),
      claimUid: "claim-2",
      why: "lost-disk" as const,
      atMs: NOW,
    };
    const d = plan(world(3, { ...wiped(2), record: { intent } }));
    expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: 2, memberId: idOf(2) });
  });

  it("ignores a late report on a member that answers", () => {
    const d = plan(world(3, { gates: [report(2, EMPTY)], statuses: [status(2)] }));
    expect(d.converged).to.equal("h");
  });

  it("stops an etcd that isn't in the member list", () => {
    const record = { members: [remembered(0), remembered(1)] };
    const d = plan(world(3, { record, list: [listed(0), listed(1)] }));
    expect(d.action).to.include({ kind: "deletePod", uid: "pod-2" });
  });

  it("removes a member that runs on another volume", () => {
    const d = plan(world(3, { pods: [pod(2, { claimUid: "claim-9" })] }));
    expect(d.action).to.include({ kind: "removeMember", memberId: idOf(2) });
  });
});

describe("plan: a disk that seems broken", () => {
  const suspect = (revision: string) => ({
    notes: [{ ordinal: 2, suspect: { podUid: "pod-8", revision, atMs: NOW - 60_000 } }],
  });

  it("is read again by the gate of a new pod first", () => {
    const d = plan(world(3, { pods: [crashing(2, 2)], statuses: [silent(2)] }));
    expect(d.action).to.include({ kind: "deletePod", uid: "pod-2", force: false });
    expect(d.record?.notes[0]?.suspect).to.include({ podUid: "pod-2", revision: "new" });
  });
  for (const waitingReason of ["PodInitializing", "ContainerCreating", undefined]) {
    it(`doesn't count while its pod's containers restart after its node's restart (${waitingReason})`, () => {
      const { etcd, ...rest } = crashing(2, 9);
      const preparing = { ...rest, etcd: { ...etcd, waitingReason } };
      for (const notes of [[], suspect("new").notes]) {
        const d = plan(world(3, { pods: [preparing], statuses: [silent(2)], record: { notes } }));
        expect(d.action).to.equal(undefined);
        expect(d.reason).to.contain("etcd-2 hasn't started yet");
      }
    });
  }
  it("is read again if the controller died before it deleted the pod", () => {
    const notes = [{ ordinal: 2, suspect: { podUid: "pod-2", revision: "new", atMs: NOW } }];
    const d = plan(world(3, { pods: [crashing(2, 4)], statuses: [silent(2)], record: { notes } }));
    expect(d.action).to.include({ kind: "deletePod", uid: "pod-2" });
  });
  it("is read once more after an hour if there is no other member to compare with", () => {
    const after = (ms: number) => {
      const notes = [{ ordinal: 2, suspect: { podUid: "pod-8", revision: "new", atMs: NOW - ms } }];
      const statuses = [silent(0), silent(1), silent(2)];
      return plan(world(3, { pods: [crashing(2, 9)], list: "none", statuses, record: { notes } })).action;
    };
    expect(after(3_599_999)).to.equal(undefined);
    expect(after(3_600_000)).to.include({ kind: "deletePod", uid: "pod-2" });
  });
  it("is read again after an hour in the middle of a rollout, which waits for it", () => {
    const after = (ms: number) => {
      const notes = [{ ordinal: 2, suspect: { podUid: "pod-8", revision: "new", atMs: NOW - ms } }];
      const pods = [pod(0, { revision: "old" }), crashing(2, 9)];
      return plan(world(3, { pods, statuses: [silent(2)], record: { notes } })).action;
    };
    expect(after(3_599_999)).to.equal(undefined);
    expect(after(3_600_000)).to.include({ kind: "deletePod", uid: "pod-2" });
  });
  it("is replaced instead of read again if possible", () => {
    const notes = [{ ordinal: 2, suspect: { podUid: "pod-8", revision: "new", atMs: NOW - 4_000_000 } }];
    const d = plan(world(3, { pods: [crashing(2, 9)], statuses: [silent(2)], record: { notes } }));
    expect(d.action).to.include({ kind: "removeMember", memberId: idOf(2) });
  });
  it("is replaced when etcd fails in the second pod too", () => {
    const d = plan(world(3, { pods: [crashing(2, 3)], statuses: [silent(2)], record: suspect("new") }));
    expect(d.action).to.include({ kind: "removeMember", memberId: idOf(2) });
    expect(d.record?.intent).to.include({ why: "broken-disk" });
  });
  for (const [name, change] of [
    [
      "out of memory",
      {
        pods: [
          crashing(2, 9, {
            etcd: {
              state: "waiting",
              waitingReason: "CrashLoopBackOff",
              restarts: 9,
              lastExit: { code: 137, oomKilled: true, atMs: NOW },
            },
          }),
        ],
        record: suspect("new"),
      },
    ],
    [
      "settings that no healthy member has",
      {
        pods: [crashing(2, 9), pod(0, { revision: "old" }), pod(1, { revision: "old" })],
        record: suspect("new"),
      },
    ],
    [
      "a replacement within the hour",
      {
        pods: [crashing(2, 9)],
        record: { notes: [{ ...suspect("new").notes[0]!, brokenMs: NOW - 3_000_000 }] },
      },
    ],
    [
      "no quorum among the others",
      { pods: [crashing(2, 9)], record: suspect("new"), statuses: [silent(1), silent(2)] },
    ],
  ] as const) {
    it(`isn't replaced: ${name}`, () => {
      const d = plan(world(3, { statuses: [silent(2)], ...change }));
      expect(d.action?.kind).to.not.equal("removeMember");
      expect(d.converged).to.equal(undefined);
    });
  }
});

describe("plan: a node that never returns", () => {
  const late = pod(2, { ready: false, deleting: { graceMs: 100_000 } });
  const ages = { [age.deleting("pod-2")]: 200_000 };
  const grace = { nodeLossGraceSeconds: 90 };

  for (const [name, desired, overdue, acts] of [
    ["no grace declared", {}, late, false],
    ["within the grace", { nodeLossGraceSeconds: 101 }, late, false],
    ["after it", grace, late, true],
  ] as const) {
    it(`${acts ? "costs its member and claim" : "is waited for"}: ${name}`, () => {
      const d = plan(world(3, { desired, pods: [overdue], statuses: [silent(2)], ages }));
      expect(d.action?.kind).to.equal(acts ? "removeMember" : undefined);
      if (acts) expect(d.record?.abandoned).to.deep.equal([{ ordinal: 2, claimUid: "claim-2" }]);
      else expect(d.reason).to.contain("etcd-2");
    });
  }
  it("costs nothing without a quorum among the others", () => {
    const d = plan(world(3, { desired: grace, pods: [late], statuses: [silent(1), silent(2)], ages }));
    expect(d.action).to.equal(undefined);
  });
  it("loses the claim, then the pod by force, once the member is removed", () => {
    const abandoned = {
      members: [remembered(0), remembered(1)],
      abandoned: [{ ordinal: 2, claimUid: "claim-2" }],
    };
    const change = {
      desired: grace,
      pods: [late],
      list: [listed(0), listed(1)],
      record: abandoned,
      statuses: [silent(2)],
      ages,
    };
    const first = plan(world(3, change));
    expect(first.action).to.deep.equal({ kind: "deleteClaim", name: "data-etcd-2", uid: "claim-2" });
    const w = world(3, change);
    const claims = w.claims.map((c) => (c.ordinal === 2 ? { ...c, deleting: true } : c));
    expect(plan({ ...w, claims }).action).to.include({ kind: "deletePod", uid: "pod-2", force: true });
  });
  it("leaves a claim that is neither started nor given to a new pod", () => {
    const record = {
      members: [remembered(0), remembered(1)],
      abandoned: [{ ordinal: 2, claimUid: "claim-2" }],
    };
    const d = plan(
      world(3, {
        record,
        list: [listed(0), listed(1)],
        pods: [gated(2, { uid: "pod-9" })],
        gates: [report(2, wal(2), "pod-9")],
      }),
    );
    expect(d.orders["pod-9"]?.kind).to.equal("refuse");
    expect(d.action).to.include({ kind: "deleteClaim" });
  });
  it("costs nothing while the record is lost", () => {
    const record = { birth: { state: "unborn" as const }, members: [] };
    const d = plan(
      world(3, { desired: grace, record, list: "none", pods: [late], statuses: [0, 1, 2].map(silent), ages }),
    );
    expect(d.record?.abandoned ?? []).to.deep.equal([]);
  });
});

describe("plan: a join", () => {
  const two = { members: [remembered(0), remembered(1)] };
  const learner = (more = {}) => listed(2, { isLearner: true, name: "", ...more });
  const ordered = remembered(2, {
    phase: "ordered",
    floor: 0,
    joinPodUid: "pod-2",
    joinListKey: keyOf(0, 1, 2),
    progress: { index: 0, atMs: NOW },
  });
  const joining = { members: [remembered(0), remembered(1), ordered] };

  it("records the learner before it is added", () => {
    const d = plan(
      world(3, { record: two, list: [listed(0), listed(1)], pods: [gated(2)], gates: [report(2, EMPTY)] }),
    );
    expect(d.action).to.deep.equal({
      kind: "addLearner",
      ordinal: 2,
      peerUrl: "https://etcd-2.etcd.test.svc:2380",
      listKey: keyOf(0, 1),
    });
    expect(d.record?.intent).to.include({ kind: "add", podUid: "pod-2", claimUid: "claim-2" });
    expect(d.orders["pod-2"]).to.include({ kind: "wait", hold: true });
  });

  it("recognizes the learner after a lost answer, and orders the join with the present list", () => {
    const intent = {
      kind: "add" as const,
      ordinal: 2,
      claimUid: "claim-2",
      podUid: "pod-2",
      peerUrl: "",
      atMs: NOW,
    };
    const d = plan(
      world(3, {
        record: { ...two, intent },
        list: [listed(0), listed(1), learner()],
        pods: [gated(2)],
        gates: [report(2, wal(7))],
      }),
    );
    expect(d.record?.members[2]).to.include({ memberId: idOf(2), phase: "ordered", joinPodUid: "pod-2" });
    expect(d.record?.intent).to.equal(undefined);
    expect(d.orders["pod-2"]).to.deep.equal({
      kind: "join",
      memberId: idOf(2),
      setAside: true,
      initialCluster: [0, 1, 2].map((o) => `etcd-${o}=https://etcd-${o}.etcd.test.svc:2380`).join(","),
    });
  });

  for (const [name, change] of [
    [
      "another pod took its place",
      { pods: [gated(2, { uid: "pod-9" })], gates: [report(2, EMPTY, "pod-9")] },
    ],
    [
      "the list has changed",
      {
        list: [listed(0), listed(1), listed(3), learner()],
        replicas: 5,
        pods: [gated(2)],
        gates: [report(2, EMPTY)],
        desired: { members: 5 },
      },
    ],
    ["its join failed", { pods: [crashing(2, 1)], statuses: [silent(2)] }],
    [
      "it has no progress",
      {
        pods: [gated(2)],
        gates: [report(2, EMPTY)],
        ages: { [age.progress(ordered)]: 601_000 },
      },
    ],
    [
      "etcd ran in its pod",
      { pods: [gated(2, { etcd: { state: "waiting", restarts: 1 } })], gates: [report(2, EMPTY)] },
    ],
    ["nobody recorded it", { pods: [gated(2)], gates: [report(2, EMPTY)], record: two }],
  ] as const) {
    it(`removes a learner that hasn't started: ${name}`, () => {
      const d = plan(world(3, { record: joining, list: [listed(0), listed(1), learner()], ...change }));
      expect(d.action).to.include({ kind: "removeMember", memberId: idOf(2) });
      expect(Object.values(d.orders).some((o) => o.kind === "join")).to.equal(false);
    });
  }

  const started = { members: [remembered(0), remembered(1), { ...ordered, phase: "started" as const }] };
  const running = (more = {}) => [status(2, { isLearner: true, linearizableRead: false, ...more })];
  it("makes the bootstrap final, then promotes a learner that is in sync", () => {
    const birth = { state: "born" as const, clusterId: CLUSTER, sealed: false };
    const d = plan(
      world(3, {
        record: { ...started, birth },
        list: [listed(0), listed(1), learner({ name: "etcd-2" })],
        statuses: running(),
      }),
    );
    expect(d.action).to.deep.equal({ kind: "promote", ordinal: 2, memberId: idOf(2) });
    expect(d.record?.birth).to.include({ sealed: true });
  });
  for (const [name, more] of [
    ["behind", { appliedIndex: 800 }],
    ["without a leader", { leaderId: undefined }],
  ] as const) {
    it(`waits for a learner that is ${name}`, () => {
      const d = plan(
        world(3, {
          record: started,
          list: [listed(0), listed(1), learner({ name: "etcd-2" })],
          statuses: running(more),
        }),
      );
      expect(d.action).to.equal(undefined);
    });
  }
  it("records the start, so that an empty disk counts as lost", () => {
    const d = plan(
      world(3, {
        record: joining,
        list: [listed(0), listed(1), learner({ name: "etcd-2" })],
        statuses: running({ appliedIndex: 5 }),
      }),
    );
    expect(d.record?.members[2]).to.include({ phase: "started", floor: 5 });
    const emptied = plan(
      world(3, {
        record: started,
        list: [listed(0), listed(1), learner({ name: "etcd-2" })],
        pods: [gated(2)],
        gates: [report(2, EMPTY)],
      }),
    );
    expect(emptied.action).to.include({ kind: "removeMember", memberId: idOf(2) });
  });
  it("adds no learner beside another one or an unhealthy voter", () => {
    const change = { desired: { members: 5 }, pods: [gated(3)], gates: [report(3, EMPTY)], replicas: 5 };
    const second = plan(
      world(3, {
        ...change,
        record: started,
        list: [listed(0), listed(1), learner({ name: "etcd-2" })],
        statuses: running({ appliedIndex: 1 }),
      }),
    );
    expect(second.action).to.equal(undefined);
    const unwell = plan(world(3, { ...change, statuses: [silent(1)] }));
    expect(unwell.action).to.equal(undefined);
  });
  it("adds no second learner, not even as a replacement", () => {
    const record = { ...started, notes: [{ ordinal: 3, replacing: true }] };
    const d = plan(
      world(3, {
        desired: { members: 5 },
        replicas: 5,
        record,
        list: [listed(0), listed(1), learner({ name: "etcd-2" })],
        statuses: running({ appliedIndex: 1 }),
        pods: [gated(3)],
        gates: [report(3, EMPTY)],
      }),
    );
    expect(d.action).to.equal(undefined);
  });
  it("isn't ordered with an outdated member list, whatever else happens in the round", () => {
    const list = [listed(0), listed(1), listed(3), learner()];
    const change = {
      desired: { members: 5 },
      record: joining,
      list,
      pods: [gated(2)],
      gates: [report(2, EMPTY)],
    };
    const d = plan(world(3, change));
    expect(d.action).to.include({ kind: "setReplicas" });
    expect(d.orders["pod-2"]).to.include({ kind: "wait", hold: true });
  });
  it("fences a removed member's disk while paused too", () => {
    const change = { list: [listed(0), listed(1)], pods: [gated(2)], gates: [report(2, wal(2))] };
    const d = plan(world(3, { ...change, desired: { paused: true } }));
    expect(d.orders["pod-2"]).to.include({ kind: "wait", hold: true });
  });
  it("removes a member that returns after its volume was given up", () => {
    const record = { abandoned: [{ ordinal: 2, claimUid: "claim-2" }] };
    const d = plan(world(3, { record }));
    expect(d.action).to.include({ kind: "removeMember", memberId: idOf(2) });
  });
});
