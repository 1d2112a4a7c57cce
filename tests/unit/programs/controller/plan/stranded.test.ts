import { expect } from "chai";
import type { PodView, World } from "../../../../../programs/controller/model";
import { plan } from "../../../../../programs/controller/plan";
import { age, aging } from "../../../../../programs/controller/plan/age";
import { noNodeHasVolume } from "../../../../../programs/controller/plan/unplaceable";
import { idOf, listed, pod, remembered, silent, world } from "../../../../support/worlds";

const affinity = "node(s) didn't match PersistentVolume's node affinity";
const preemption = "preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.";
const nowhere = `0/4 nodes are available: 4 ${affinity}. ${preemption}`;

/** A recreated pod. */
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
    ["no node has the volume", nowhere, true],
    [
      "an older scheduler says so",
      "0/3 nodes are available: 3 node(s) had volume node affinity conflict.",
      true,
    ],
    ["the only node doesn't have it", `0/1 nodes are available: 1 ${affinity}. ${preemption}`, true],
    ["there is no node", "no nodes available to schedule pods", false],
    [
      "one node is cordoned",
      `0/4 nodes are available: 1 node(s) were unschedulable, 3 ${affinity}. ${preemption}`,
      false,
    ],
    [
      "one node is tainted",
      `0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 ${affinity}.`,
      false,
    ],
    [
      "one node is full",
      `0/4 nodes are available: 1 Insufficient memory, 3 ${affinity}. ${preemption}`,
      false,
    ],
    ["the node with the volume is full", `0/4 nodes are available: 1 Insufficient cpu. ${preemption}`, false],
    [
      "the message covers fewer nodes than exist",
      `0/4 nodes are available: 3 ${affinity}. ${preemption}`,
      false,
    ],
    [
      "only the preemption message says so",
      `0/4 nodes are available: 4 Insufficient cpu. preemption: 0/4 nodes are available: 4 ${affinity}.`,
      false,
    ],
    [
      "there is another reason",
      "0/4 nodes are available: 4 node(s) didn't match Pod's node affinity/selector.",
      false,
    ],
    [
      "its claim is missing",
      '0/4 nodes are available: persistentvolumeclaim "data-etcd-2" not found.',
      false,
    ],
    ["the message is unknown", affinity, false],
  ] as const) {
    it(`is ${proves ? "" : "not "}proved if ${name}`, () => {
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
    it("is replaced after the declared grace like one whose node is gone", () => {
      const d = plan(lost());
      expect(d.action?.kind).to.equal("removeMember");
      expect(d.record?.abandoned.map((a) => a.ordinal)).to.deep.equal([2]);
      expect(plan(lost({}, grace, {})).action).to.equal(undefined);
      expect(plan(lost({}, grace, {})).reason).to.contain("Lost, its volume no longer exists");
    });
    it("leads to a reason that says what to delete if no grace is declared", () => {
      const d = plan(lost({}, { nodeLossGraceSeconds: undefined }));
      expect(d.action).to.equal(undefined);
      expect(d.reason).to.contain("kubectl delete pvc data-etcd-2 --wait=false");
    });
    it("is kept while its pod runs, because the pod has the volume", () => {
      expect(plan(lost({ nodeName: "node-2", unschedulable: undefined })).action).to.equal(undefined);
    });
  });

  it("costs its member, and the same write gives up the claim", () => {
    const d = plan(strandedWorld(due));
    expect(d.action).to.deep.equal({ kind: "removeMember", ordinal: 2, memberId: idOf(2) });
    expect(d.record?.intent).to.include({ kind: "remove", why: "lost-node", claimUid: "claim-2" });
    expect(d.record?.abandoned).to.deep.equal([{ ordinal: 2, claimUid: "claim-2" }]);
    expect(d.record?.notes).to.deep.equal([{ ordinal: 2, replacing: true }]);
  });

  it("then loses the claim and the pod", () => {
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
    // The StatefulSet's controller may create the new claim before it replaces the waiting pod.
    const renewed = w.claims.map((c) => (c.ordinal === 2 ? { ...c, uid: "claim-3" } : c));
    const pods = w.pods.map((p) => (p.ordinal === 2 ? waiting({ claimUid: "claim-3" }) : p));
    const d = plan({ ...w, claims: renewed, pods });
    expect(d.action).to.equal(undefined);
    expect(d.record?.abandoned).to.deep.equal([]);
  });

  it("costs nothing without a quorum among the others", () => {
    const d = plan(strandedWorld({ ...due, statuses: [silent(1), silent(2)] }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.match(/can't be replaced yet/);
  });

  it("gets another volume if it has no member yet", () => {
    const record = { members: [remembered(0), remembered(1)] };
    const d = plan(strandedWorld({ ...due, record, list: [listed(0), listed(1)] }));
    expect(d.action).to.equal(undefined);
    expect(d.record?.abandoned).to.deep.equal([{ ordinal: 2, claimUid: "claim-2" }]);
  });

  for (const [name, change] of [
    ["its claim has never had a volume", { phase: "Pending" as const }],
    ["its claim is being deleted", { deleting: true }],
  ] as const) {
    it(`costs nothing when ${name}`, () => {
      const w = strandedWorld(due);
      const claims = w.claims.map((c) => (c.ordinal === 2 ? { ...c, ...change } : c));
      expect(plan({ ...w, claims }).action).to.equal(undefined);
    });
  }
});

describe("plan: the time without a node that has a pod's volume", () => {
  it("delays the replacement", () => {
    const d = plan(strandedWorld({ ages: { [age.stranded(waiting())]: 30_000 } }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.match(/etcd-2's volume is on a node that no longer exists: replaced in 60 s/);
  });

  it("leads to a reason for a person if no grace is declared", () => {
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
    it(`${goesOn ? "continues" : "restarts"} if ${name}`, () => {
      const w = strandedWorld({ pods: [now] });
      const what = aging(w).map((a) => a.what);
      expect(what.includes(age.stranded(waiting()))).to.equal(goesOn);
    });
  }
});
