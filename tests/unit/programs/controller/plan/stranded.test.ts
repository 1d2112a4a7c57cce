import { expect } from "chai";
import type { PodView, World } from "../../../../../programs/controller/model";
import { plan } from "../../../../../programs/controller/plan";
import { age, aging } from "../../../../../programs/controller/plan/age";
import { noNodeHasVolume } from "../../../../../programs/controller/plan/unplaceable";
import { idOf, listed, pod, remembered, silent, world } from "../../../../support/worlds";

const affinity = "node(s) didn't match PersistentVolume's node affinity";
const preemption = "preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.";
const nowhere = `0/4 nodes are available: 4 ${affinity}. ${preemption}`;

/** A pod that was made anew. */
const waiting = (more: Partial<PodView> = {}) =>
  pod(2, {
    uid: "pod-9",
    phase: "Pending",
    ready: false,
    nodeName: undefined,
    gate: { state: "waiting", restarts: 0 },
    etcd: { state: "waiting", restarts: 0 },
    unschedulable: nowhere,
    ...more,
  });
const grace = { nodeLossGraceSeconds: 90 };
const due = { ages: { [age.stranded(waiting())]: 90_000 } };

function strandedWorld(more: Parameters<typeof world>[1] = {}): World {
  return world(3, { desired: grace, pods: [waiting()], statuses: [silent(2)], ...more });
}

describe("plan: a pod whose volume's node was deleted", () => {
  for (const [name, message, proves] of [
    ["every node is without the volume", nowhere, true],
    [
      "and in the words of older versions",
      "0/3 nodes are available: 3 node(s) had volume node affinity conflict.",
      true,
    ],
    ["one node alone", `0/1 nodes are available: 1 ${affinity}. ${preemption}`, true],
    ["no node at all", "no nodes available to schedule pods", false],
    [
      "one is cordoned",
      `0/4 nodes are available: 1 node(s) were unschedulable, 3 ${affinity}. ${preemption}`,
      false,
    ],
    ["one is tainted", `0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 ${affinity}.`, false],
    ["one is full", `0/4 nodes are available: 1 Insufficient memory, 3 ${affinity}. ${preemption}`, false],
    ["one has it and is full", `0/4 nodes are available: 1 Insufficient cpu. ${preemption}`, false],
    ["fewer than there are", `0/4 nodes are available: 3 ${affinity}. ${preemption}`, false],
    [
      "only preemption says so",
      `0/4 nodes are available: 4 Insufficient cpu. preemption: 0/4 nodes are available: 4 ${affinity}.`,
      false,
    ],
    [
      "another reason",
      "0/4 nodes are available: 4 node(s) didn't match Pod's node affinity/selector.",
      false,
    ],
    [
      "its claim is missing",
      '0/4 nodes are available: persistentvolumeclaim "data-etcd-2" not found.',
      false,
    ],
    ["unknown words", affinity, false],
  ] as const) {
    it(`${name}: it is ${proves ? "" : "not "}proved`, () => {
      expect(noNodeHasVolume(message)).to.equal(proves);
      const d = plan(strandedWorld({ pods: [waiting({ unschedulable: message })], ...due }));
      expect(d.action?.kind).to.equal(proves ? "removeMember" : undefined);
    });
  }

  describe("whose claim is Lost", () => {
    const bound =
      'pod has unbound or lost persistentvolumeclaims: "data-etcd-2" bound to non-existent volume';
    const lost = (more: Partial<PodView> = {}, desired: object = grace, ages = due.ages): World => {
      const w = strandedWorld({ pods: [waiting({ unschedulable: bound, ...more })], desired, ages });
      return { ...w, claims: w.claims.map((c) => (c.ordinal === 2 ? { ...c, phase: "Lost" as const } : c)) };
    };
    it("is replaced after the declared grace, as one whose node is gone", () => {
      const d = plan(lost());
      expect(d.action?.kind).to.equal("removeMember");
      expect(d.record?.abandoned.map((a) => a.ordinal)).to.deep.equal([2]);
      expect(plan(lost({}, grace, {})).action).to.equal(undefined);
      expect(plan(lost({}, grace, {})).reason).to.contain("Lost, its volume no longer exists");
    });
    it("without a grace the reason says what to delete", () => {
      const d = plan(lost({}, { nodeLossGraceSeconds: undefined }));
      expect(d.action).to.equal(undefined);
      expect(d.reason).to.contain("kubectl delete pvc data-etcd-2 --wait=false");
    });
    it("and which still runs is left alone: its pod has the volume", () => {
      expect(plan(lost({ nodeName: "node-2", unschedulable: undefined })).action).to.equal(undefined);
    });
  });

  it("the member is removed, and its claim given up in the same write", () => {
    const d = plan(strandedWorld(due));
    expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: 2, memberId: idOf(2) });
    expect(d.record?.intent).to.include({ kind: "remove", why: "lost-node", claimUid: "claim-2" });
    expect(d.record?.abandoned).to.deep.equal([{ ordinal: 2, claimUid: "claim-2" }]);
    expect(d.record?.notes).to.deep.equal([{ ordinal: 2, replacing: true }]);
  });

  it("then the claim goes, then the pod that was made for it", () => {
    const record = {
      members: [remembered(0), remembered(1)],
      abandoned: [{ ordinal: 2, claimUid: "claim-2" }],
      notes: [{ ordinal: 2, replacing: true }],
    };
    const w = strandedWorld({ ...due, record, list: [listed(0), listed(1)] });
    expect(plan(w).action).to.deep.equal({ kind: "deleteClaim", name: "data-etcd-2", uid: "claim-2" });
    const going = w.claims.map((c) => (c.ordinal === 2 ? { ...c, deleting: true } : c));
    expect(plan({ ...w, claims: going }).action).to.include({
      kind: "deletePod",
      uid: "pod-9",
      force: false,
    });
    // The StatefulSet's controller may make the new claim below the pod that waits.
    const renewed = w.claims.map((c) => (c.ordinal === 2 ? { ...c, uid: "claim-3" } : c));
    const pods = w.pods.map((p) => (p.ordinal === 2 ? waiting({ claimUid: "claim-3" }) : p));
    const d = plan({ ...w, claims: renewed, pods });
    expect(d.action).to.equal(undefined);
    expect(d.record?.abandoned).to.deep.equal([]);
  });

  it("not without a quorum among the others", () => {
    const d = plan(strandedWorld({ ...due, statuses: [silent(1), silent(2)] }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.match(/can't be replaced yet/);
  });

  it("a pod that holds no member yet gets another volume, too", () => {
    const record = { members: [remembered(0), remembered(1)] };
    const d = plan(strandedWorld({ ...due, record, list: [listed(0), listed(1)] }));
    expect(d.action).to.equal(undefined);
    expect(d.record?.abandoned).to.deep.equal([{ ordinal: 2, claimUid: "claim-2" }]);
  });

  for (const [name, change] of [
    ["its claim has never had a volume", { phase: "Pending" as const }],
    ["its claim is being deleted", { deleting: true }],
  ] as const) {
    it(`nothing is given up when ${name}`, () => {
      const w = strandedWorld(due);
      const claims = w.claims.map((c) => (c.ordinal === 2 ? { ...c, ...change } : c));
      expect(plan({ ...w, claims }).action).to.equal(undefined);
    });
  }
});

describe("plan: for how long no node has had a pod's volume", () => {
  it("is waited for", () => {
    const d = plan(strandedWorld({ ages: { [age.stranded(waiting())]: 30_000 } }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.match(/etcd-2's volume is on a node that no longer exists: replaced in 60 s/);
  });

  it("without a declared grace a person is told", () => {
    const d = plan(strandedWorld({ desired: {}, ...due }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.match(/etcd-2 can't be placed: its volume is on a node that no longer exists/);
  });

  for (const [name, now, goesOn] of [
    ["nothing has changed", waiting(), true],
    [
      "the scheduler says the same of more nodes",
      waiting({ unschedulable: nowhere.replace(/4/g, "5") }),
      true,
    ],
    ["the pod was placed", waiting({ unschedulable: undefined, nodeName: "node-2" }), false],
    [
      "a node is excluded for another reason",
      waiting({ unschedulable: `0/4 nodes are available: 1 Insufficient cpu, 3 ${affinity}.` }),
      false,
    ],
    ["the pod has another claim", waiting({ claimUid: "claim-3" }), false],
    ["it is another pod", waiting({ uid: "pod-10" }), false],
  ] as const) {
    it(`${name}: it ${goesOn ? "goes on" : "begins anew"}`, () => {
      const w = strandedWorld({ pods: [now] });
      const what = aging(w).map((a) => a.what);
      expect(what.includes(age.stranded(waiting()))).to.equal(goesOn);
    });
  }
});
