/** Disks and members that aren't the cluster's or can't be told apart from it. They must not count for anything. */
import { expect } from "chai";
import type { ControllerRecord } from "../../../../../programs/controller/model";
import { claimViews } from "../../../../../programs/controller/observe/kubernetes";
import { plan } from "../../../../../programs/controller/plan";
import { age } from "../../../../../programs/controller/plan/age";
import { emptyRecord } from "../../../../../programs/controller/plan/record";
import {
  crashing,
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

describe("plan: a disk of another cluster that its gate started without an order", () => {
  for (const raftIndex of [1000, 5_000_000]) {
    it(`is replaced, however far its log is: ${raftIndex}`, () => {
      const foreign = { memberId: "77", clusterId: "88", leaderId: "77", raftIndex, appliedIndex: raftIndex };
      const d = plan(world(3, { statuses: [status(1, foreign)] }));
      expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: 1, memberId: idOf(1) });
    });
  }
  it("doesn't keep outdated pods without a quorum from a restart, although it leads", () => {
    const foreign = status(2, { memberId: "77", clusterId: "88", leaderId: "77" });
    const ill = (o: number) => pod(o, { ready: false, revision: "old" });
    const d = plan(
      world(3, { list: "none", pods: [0, 1, 2].map(ill), statuses: [silent(0), silent(1), foreign] }),
    );
    expect(d.action?.kind).to.equal("deletePod");
  });
});

describe("plan: another cluster's volume that appears after the bootstrap", () => {
  const replaced = { replaced: ["5"] };
  const made = { made: { generation: 2, kind: "restore", atMs: 0, words: "" } };
  type Row = readonly [string, Parameters<typeof wal>[1], boolean, Partial<ControllerRecord>?];
  const table: readonly Row[] = [
    ["of another cluster", { clusterId: "5" }, false, made],
    ["of another cluster, without a generation", { clusterId: "5", generation: 0 }, false, made],
    ["of another cluster of a later generation", { clusterId: "5", generation: 9 }, false, made],
    [
      "of a cluster that a restore has replaced",
      { clusterId: "5", generation: 1 },
      true,
      { ...made, ...replaced },
    ],
    [
      "of a cluster that a restore of an earlier release has replaced",
      { clusterId: "5", generation: 1 },
      true,
      made,
    ],
    [
      "of another cluster than the replaced one",
      { clusterId: "6", generation: 1 },
      false,
      { ...made, ...replaced },
    ],
    ["of a lower generation if nothing was replaced", { clusterId: "5", generation: 1 }, false],
    ["of a member of this cluster that was removed", {}, true, made],
  ];
  for (const [name, data, joins, record] of table) {
    it(`${joins ? "is quarantined by a joining member" : "is left unchanged with a reason"}: ${name}`, () => {
      const disk = wal(2, { generation: 2, ...data });
      const d = plan(
        world(3, {
          desired: { generation: 2 },
          record: { generation: 2, members: [remembered(0), remembered(1)], ...record },
          list: [listed(0), listed(1)],
          pods: [gated(2, { generation: 2 })],
          gates: [report(2, disk)],
        }),
      );
      expect(d.action?.kind).to.equal(joins ? "addLearner" : undefined);
      expect(d.orders["pod-2"]).to.include({ kind: "wait", hold: true });
      if (!joins) {
        expect(d.reason)
          .to.contain("etcd-2 can't join yet: its volume holds data of another cluster")
          .and.contain("delete claim data-etcd-2");
      }
    });
  }

  it("never starts by itself, even while the members are unknown", () => {
    const order = (generation: number) => {
      const gates = [report(2, wal(2, { clusterId: "5", generation }))];
      const record = { members: [remembered(0), remembered(1)] };
      return plan(world(3, { record, list: "none", pods: [gated(2)], gates })).orders["pod-2"];
    };
    expect(order(1)).to.include({ kind: "wait", hold: true });
    expect(order(2)).to.include({ hold: false });
  });

  const base = {
    desired: { nodeLossGraceSeconds: 60 },
    list: [listed(0), listed(1)],
    statuses: [silent(2)],
  };
  const members = [remembered(0), remembered(1)];
  const seen = plan(
    world(3, {
      ...base,
      record: { members },
      pods: [gated(2)],
      gates: [report(2, wal(2, { clusterId: "5" }))],
    }),
  ).record;
  const dying = pod(2, { deleting: { graceMs: 30_000 }, ready: false });
  const words = "0/3 nodes are available: 3 node(s) didn't match PersistentVolume's node affinity.";
  const stranded = gated(2, { nodeName: undefined, unschedulable: words });
  for (const [name, lost, what] of [
    ["doesn't answer", dying, age.deleting(dying.uid)],
    ["is deleted", stranded, age.stranded(stranded)],
  ] as const) {
    it(`isn't given up when its node ${name}, but an empty volume is`, () => {
      const then = { ...base, pods: [lost], ages: { [what]: 3_600_000 } };
      const kept = plan(world(3, { ...then, record: seen }));
      expect([kept.action, kept.record?.abandoned ?? []]).to.deep.equal([undefined, []]);
      expect(kept.warnings.join()).to.contain("kept until claim data-etcd-2 is deleted");
      const empty = plan(world(3, { ...then, record: { members } }));
      expect(empty.record?.abandoned).to.deep.equal([{ ordinal: 2, claimUid: "claim-2" }]);
    });
  }
});

describe("plan: an address of two pods", () => {
  const answers = [status(1, { memberId: idOf(2) })];
  it("says nothing of the pod that doesn't own it", () => {
    const pods = [pod(1, { address: "10.0.0.7" }), pod(2, { address: "10.0.0.7" })];
    const d = plan(world(3, { pods, statuses: answers }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("etcd-1 doesn't answer");
  });
  it("doesn't protect a copy with another address, which is removed", () => {
    const pods = [pod(1, { address: "10.0.0.6" }), pod(2, { address: "10.0.0.7" })];
    const d = plan(world(3, { pods, statuses: answers }));
    expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: 1, memberId: idOf(1) });
  });
});

describe("plan: a claim without a volume", () => {
  const claim = (spec: object) => ({
    metadata: { name: "data-etcd-1", uid: "claim-1", resourceVersion: "1" },
    spec: { resources: { requests: { storage: "10" } }, ...spec },
    status: { phase: "Pending" },
  });
  const table: readonly (readonly [string, object, boolean])[] = [
    ["to be provisioned", {}, true],
    ["meant for an existing volume", { volumeName: "pv-old" }, false],
    ["by labels", { selector: { matchLabels: { "velero.io/dynamic-pv-restore": "x" } } }, false],
    ["a copy of a snapshot", { dataSource: { kind: "VolumeSnapshot", name: "s" } }, false],
    ["filled by another controller", { dataSourceRef: { apiGroup: "x", kind: "Filler", name: "s" } }, false],
  ];
  for (const [name, spec, born] of table) {
    it(`${born ? "doesn't delay a bootstrap" : "delays a bootstrap"}: ${name}`, () => {
      const w = world(3, {
        record: { ...emptyRecord(1) },
        list: "none",
        pods: [gated(0), gated(1), gated(2)],
        gates: [report(0, EMPTY), report(2, EMPTY)],
        statuses: [0, 1, 2].map(silent),
      });
      const claims = [...w.claims.filter((c) => c.ordinal !== 1), ...claimViews([claim(spec)], "data-etcd-")];
      const d = plan({ ...w, claims });
      expect(d.record?.birth.state).to.equal(born ? "seeding" : undefined);
      if (!born) expect(d.reason).to.contain("every volume is looked at: waits for etcd-1");
    });
  }
});

describe("plan: a bootstrap that fails repeatedly", () => {
  const birth = { state: "seeding" as const, token: "birth-pod-0", podUid: "pod-0", claimUid: "claim-0" };
  const seeding = { ...emptyRecord(1), birth };
  const looked = { notes: [{ ordinal: 0, suspect: { podUid: "pod-8", revision: "new", atMs: NOW } }] };

  it("drops the pods of the previous attempt, so that its own pod is checked", () => {
    const again = plan(
      world(1, {
        record: { ...seeding, ...looked },
        list: "none",
        pods: [gated(0, { uid: "pod-9" })],
        gates: [report(0, EMPTY, "pod-9")],
      }),
    );
    expect(again.record?.birth).to.include({ podUid: "pod-9" });
    const crashes = world(1, {
      world: { record: again.record },
      list: "none",
      pods: [crashing(0, 2, { uid: "pod-9" })],
      statuses: [silent(0)],
    });
    expect(plan(crashes).action).to.include({ kind: "deletePod", uid: "pod-9" });
  });
});
