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

describe("plan: volumes as Kubernetes really grows them", () => {
  it("says why one doesn't grow", () => {
    const d = plan(volumes([{ ...growing, growthProblem: "ControllerResizeError: no room" }]));
    expect(d.reason).to.equal("data-etcd-0 is growing to 20Gi, which fails: ControllerResizeError: no room");
  });

  it("takes back what was asked for and never came about, one at a time, in sizes that people write", () => {
    const d = plan(volumes([{ requestedBytes: 1000 * GI }, { requestedBytes: 1000 * GI }]));
    expect(d.action).to.include({ kind: "growClaim", name: "data-etcd-0", bytes: 20 * GI });
    expect(d.reason).to.equal("data-etcd-0 asked for 1000Gi, has 10Gi, and asks for 20Gi instead");
  });

  it("says what to declare where Kubernetes can't take it back, and lets the rest go on", () => {
    const w = volumes([{ requestedBytes: 1000 * GI }], { volumeBytes: 10 * GI, members: 5 });
    const d = plan(w);
    expect(d.action?.kind).to.equal("setReplicas");
    expect(d.refused).to.contain("Declare a slightly larger storage.size");
  });

  it("never shrinks what is there, and names the argument", () => {
    const d = plan(volumes([], { volumeBytes: 5 * GI }));
    expect(d.action).to.equal(undefined);
    expect(d.refused).to.equal(
      "refused: storage.size is 5Gi, and data-etcd-0 has 10Gi: a volume can't shrink",
    );
  });

  describe("at the next mount", () => {
    const waits: readonly Of[] = [{ ...growing, awaitsMount: true }, grown, grown];
    const claim = volumes(waits).claims[0]!;
    const after = (ms: number) => ({ ages: { [age.awaitsMount(claim)]: ms } });
    const leader = { statuses: [0, 1, 2].map((o) => status(o, { leaderId: status(1).memberId })) };

    it("leaves it to the kubelet at first", () => {
      const d = plan({ ...volumes(waits, {}, leader), ...after(179_000) });
      expect(d.action).to.equal(undefined);
      expect(d.reason).to.contain("grows when it is mounted");
    });

    it("then restarts that pod as in a rollout, once for a size", () => {
      const d = plan({ ...volumes(waits, {}, leader), ...after(180_000) });
      expect(d.action).to.include({ kind: "evictPod", name: "etcd-0" });
      expect(d.reason).to.equal("etcd-0 is restarted so that its volume takes its new size");
      const record = d.record;
      if (!record) throw new Error("nothing is remembered");
      // The eviction was refused: the same pod again. Another pod: it has been restarted for it.
      const again = { ...volumes(waits, {}, leader), ...after(180_000), record };
      expect(plan(again).action?.kind).to.equal("evictPod");
      const pods = again.pods.map((p) => (p.ordinal === 0 ? { ...p, uid: "its next pod" } : p));
      const statuses = again.etcd.statuses.map((s) =>
        s.ordinal === 0 ? { ...s, podUid: "its next pod" } : s,
      );
      expect(plan({ ...again, pods, etcd: { ...again.etcd, statuses } }).action).to.equal(undefined);
    });

    it("not while another voter is unhealthy, and the leader hands over first", () => {
      const ill = leader.statuses.map((s) => (s.ordinal === 2 ? { ...s, linearizableRead: false } : s));
      expect(plan({ ...volumes(waits, {}, { statuses: ill }), ...after(180_000) }).action).to.equal(
        undefined,
      );
      expect(plan({ ...volumes(waits), ...after(180_000) }).action?.kind).to.equal("moveLeader");
    });
  });

  describe("before a larger quota", () => {
    const quota = { quotaBytes: 6 * GI };
    const pods = { pods: [0, 1, 2].map((o) => pod(o, { revision: "old" })) };
    const run = (of: readonly Of[], more = {}) => plan({ ...volumes(of, quota, pods), ...more });

    it("the restart waits for the volume", () => {
      const d = run([growing]);
      expect(d.action).to.equal(undefined);
      expect(d.warnings.join()).to.contain("before etcd-0 restarts with a quota of 6Gi");
      expect(run([grown, grown, growing]).action).to.include({ kind: "evictPod", name: "etcd-1" });
    });

    it("not where growth fails, is refused, or wants the restart", () => {
      const problem = { ...growing, growthProblem: "ControllerResizeInfeasible" };
      expect(run([problem]).action).to.include({ kind: "evictPod", name: "etcd-1" });
      const act = plan(volumes([], quota)).action;
      if (!act) throw new Error("it should grow");
      expect(run([], { tries: failed(act) }).action).to.include({ kind: "evictPod", name: "etcd-1" });
      // The others' turn comes after this one, and this one's after its mount: it leads, and hands over.
      expect(run([{ ...growing, awaitsMount: true }]).action?.kind).to.equal("moveLeader");
    });

    it("nor for a quota that the volume carries as it is", () => {
      const w = volumes([growing], { quotaBytes: 3 * GI }, pods);
      expect(plan(w).action).to.include({ kind: "evictPod", name: "etcd-1" });
    });
  });

  it("reads what Kubernetes says of a growth", () => {
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
  it("is said where all is as declared, too", () => {
    expect(plan(world(3, { desired: { paused: true } })).reason).to.equal(
      "as declared: 3 healthy voters, paused",
    );
    expect(plan(world(1)).reason).to.equal("as declared: 1 healthy voter");
  });
});
