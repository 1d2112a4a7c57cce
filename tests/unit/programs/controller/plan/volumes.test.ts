import { expect } from "chai";
import type { Claim } from "../../../../../programs/shared/kubernetes/objects";
import type { ClaimView, Desired } from "../../../../../programs/controller/model";
import { claimViews } from "../../../../../programs/controller/observe/kubernetes";
import { plan } from "../../../../../programs/controller/plan";
import { age } from "../../../../../programs/controller/plan/age";
import { failed, pod, status, world } from "../../../../support/worlds";

const GI = 2 ** 30;
type Of = Partial<ClaimView>;

function volumes(
  of: readonly Of[],
  desired: Partial<Desired> = {},
  change: Parameters<typeof world>[1] = {},
) {
  const w = world(3, { ...change, desired: { volumeBytes: 20 * GI, ...desired } });
  const claims = w.claims.map((c, i): ClaimView => {
    return { ...c, requestedBytes: 10 * GI, actualBytes: 10 * GI, ...of[i] };
  });
  return { ...w, claims };
}
const grown: Of = { requestedBytes: 20 * GI, actualBytes: 20 * GI };
const growing: Of = { requestedBytes: 20 * GI };

describe("plan: volumes that Kubernetes grows", () => {
  it("have a reason if they don't grow", () => {
    const d = plan(volumes([{ ...growing, growthProblem: "ControllerResizeError: no room" }]));
    expect(d.reason).to.equal("data-etcd-0 is growing to 20Gi, which fails: ControllerResizeError: no room");
  });

  it("have requests that never took effect reverted one at a time, in usual units", () => {
    const d = plan(volumes([{ requestedBytes: 1000 * GI }, { requestedBytes: 1000 * GI }]));
    expect(d.action).to.include({ kind: "growClaim", name: "data-etcd-0", bytes: 20 * GI });
    expect(d.reason).to.equal("data-etcd-0 asked for 1000Gi, has 10Gi, and asks for 20Gi instead");
  });

  it("need another declaration if Kubernetes can't revert a request, and block nothing else", () => {
    const w = volumes([{ requestedBytes: 1000 * GI }], { volumeBytes: 10 * GI, members: 5 });
    const d = plan(w);
    expect(d.action?.kind).to.equal("setReplicas");
    expect(d.refused).to.contain("Declare a slightly larger storage.size");
  });

  it("never shrink, and the reason names the argument", () => {
    const d = plan(volumes([], { volumeBytes: 5 * GI }));
    expect(d.action).to.equal(undefined);
    expect(d.refused).to.equal(
      "refused: storage.size is 5Gi, and data-etcd-0 has 10Gi: a volume can't shrink. Declare 10Gi or more",
    );
  });

  describe("which grow at the next mount", () => {
    const waits: readonly Of[] = [{ ...growing, awaitsMount: true }, grown, grown];
    const claim = volumes(waits).claims[0]!;
    const after = (ms: number) => ({ ages: { [age.awaitsMount(claim)]: ms } });
    const leader = { statuses: [0, 1, 2].map((o) => status(o, { leaderId: status(1).memberId })) };

    it("are left to the kubelet at first", () => {
      const d = plan({ ...volumes(waits, {}, leader), ...after(179_000) });
      expect(d.action).to.equal(undefined);
      expect(d.reason).to.contain("grows when it is mounted");
    });

    it("then have that pod restarted as in a rollout, once for each size", () => {
      const d = plan({ ...volumes(waits, {}, leader), ...after(180_000) });
      expect(d.action).to.include({ kind: "evictPod", name: "etcd-0" });
      expect(d.reason).to.equal("etcd-0 is restarted so that its volume takes its new size");
      const record = d.record;
      if (!record) throw new Error("nothing is remembered");
      // The same pod after a refused eviction. A different pod means that it was restarted for the growth.
      const again = { ...volumes(waits, {}, leader), ...after(180_000), record };
      expect(plan(again).action?.kind).to.equal("evictPod");
      const pods = again.pods.map((p) => (p.ordinal === 0 ? { ...p, uid: "its next pod" } : p));
      const statuses = again.etcd.statuses.map((s) =>
        s.ordinal === 0 ? { ...s, podUid: "its next pod" } : s,
      );
      expect(plan({ ...again, pods, etcd: { ...again.etcd, statuses } }).action).to.equal(undefined);
    });

    it("have no pod restarted while another voter is unhealthy, and a leader moves leadership first", () => {
      const ill = leader.statuses.map((s) => (s.ordinal === 2 ? { ...s, linearizableRead: false } : s));
      expect(plan({ ...volumes(waits, {}, { statuses: ill }), ...after(180_000) }).action).to.equal(
        undefined,
      );
      expect(plan({ ...volumes(waits), ...after(180_000) }).action?.kind).to.equal("moveLeader");
    });
  });

  describe("which grow before a larger quota", () => {
    const quota = { quotaBytes: 6 * GI };
    const pods = { pods: [0, 1, 2].map((o) => pod(o, { revision: "old" })) };
    const run = (of: readonly Of[], more = {}) => plan({ ...volumes(of, quota, pods), ...more });

    it("delay the restart", () => {
      const d = run([growing]);
      expect(d.action).to.equal(undefined);
      expect(d.warnings.join()).to.contain("before etcd-0 restarts with a quota of 6Gi");
      expect(run([grown, grown, growing]).action).to.include({ kind: "evictPod", name: "etcd-1" });
    });

    it("don't delay the restart if growth fails, is refused or needs it", () => {
      const problem = { ...growing, growthProblem: "ControllerResizeInfeasible" };
      expect(run([problem]).action).to.include({ kind: "evictPod", name: "etcd-1" });
      const act = plan(volumes([], quota)).action;
      if (!act) throw new Error("it should grow");
      expect(run([], { tries: failed(act) }).action).to.include({ kind: "evictPod", name: "etcd-1" });
      // The others come after this one, whose turn comes after its mount: it leads, and moves leadership.
      expect(run([{ ...growing, awaitsMount: true }]).action?.kind).to.equal("moveLeader");
    });

    it("don't delay the restart if the quota fits the present volume", () => {
      const w = volumes([growing], { quotaBytes: 3 * GI }, pods);
      expect(plan(w).action).to.include({ kind: "evictPod", name: "etcd-1" });
    });
  });

  it("are judged by Kubernetes' conditions of the claim", () => {
    const claimOf = (growth: object): Claim => ({
      metadata: { name: "data-etcd-0", uid: "u", resourceVersion: "1" },
      spec: {},
      status: { phase: "Bound", ...growth },
    });
    const condition = (type: string, state = "True") => ({
      conditions: [{ type, status: state, message: "words\n of the driver" }],
    });
    const table: [object, Of][] = [
      [{}, {}],
      [condition("Resizing"), {}],
      [condition("FileSystemResizePending"), { awaitsMount: true }],
      [condition("FileSystemResizePending", "False"), {}],
      [condition("ControllerResizeError"), { growthProblem: "ControllerResizeError: words of the driver" }],
      [condition("NodeResizeError"), { growthProblem: "NodeResizeError: words of the driver" }],
      [
        { allocatedResourceStatuses: { storage: "NodeResizeInfeasible" } },
        { growthProblem: "NodeResizeInfeasible" },
      ],
      [{ allocatedResourceStatuses: { storage: "ControllerResizeInProgress" } }, {}],
    ];
    for (const [growth, read] of table) {
      const [view] = claimViews([claimOf(growth)], "data-etcd-");
      expect({ growthProblem: view?.growthProblem, awaitsMount: view?.awaitsMount }).to.deep.equal({
        growthProblem: undefined,
        awaitsMount: undefined,
        ...read,
      });
    }
  });
});

describe("plan: paused", () => {
  it("is reported even if everything is as declared", () => {
    expect(plan(world(3, { desired: { paused: true } })).reason).to.equal(
      "as declared: 3 healthy voters, paused",
    );
    expect(plan(world(1)).reason).to.equal("as declared: 1 healthy voter");
  });
});
