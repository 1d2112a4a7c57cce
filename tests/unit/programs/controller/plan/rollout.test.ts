import { expect } from "chai";
import type { MemberStatus, PodView } from "../../../../../programs/controller/model";
import { plan } from "../../../../../programs/controller/plan";
import { age } from "../../../../../programs/controller/plan/age";
import { stepProblem } from "../../../../../components/contract/upgrade";
import {
  crashing,
  EMPTY,
  gated,
  idOf,
  listed,
  pod,
  remembered,
  report,
  silent,
  status,
  wal,
  world,
} from "../../../../support/worlds";

const old = { revision: "old" };
const unready = (ordinal: number, more: Partial<PodView> = {}) =>
  pod(ordinal, { ready: false, ...old, ...more });
const justStarted = { etcd: { state: "running" as const, restarts: 1 } };
const ages = Object.fromEntries([0, 1, 2].map((o) => [age.running(pod(o, justStarted)), 59_999]));
const leaderless = (o: number): MemberStatus => status(o, { leaderId: undefined, linearizableRead: false });

describe("plan: a rollout", () => {
  it("restarts a follower first, through an eviction", () => {
    const d = plan(world(3, { pods: [pod(0, old), pod(1, old), pod(2, old)] }));
    expect(d.action).to.deep.equal({ kind: "evictPod", name: "etcd-1", uid: "pod-1" });
  });
  it("moves leadership before the leader's turn, and restarts that member as a follower", () => {
    const first = plan(world(3, { pods: [pod(0, old)] }));
    expect(first.action).to.deep.equal({ kind: "moveLeader", from: idOf(0), to: idOf(1) });
    const statuses = [0, 1, 2].map((o) => status(o, { leaderId: idOf(1) }));
    expect(plan(world(3, { pods: [pod(0, old)], statuses })).action).to.include({
      kind: "evictPod",
      uid: "pod-0",
    });
  });
  it("restarts the only voter, and says that this interrupts the service", () => {
    const d = plan(world(1, { pods: [pod(0, old)] }));
    expect(d.action).to.include({ kind: "evictPod" });
    expect(d.reason).to.contain("(no quorum meanwhile)");
  });

  for (const [name, statuses, pods] of [
    ["another member doesn't answer", [silent(2)], []],
    ["another member knows no leader", [status(2, { leaderId: undefined })], []],
    ["another member can't read linearizably", [status(2, { linearizableRead: false })], []],
    [
      "another member lags",
      [
        status(2, { appliedIndex: 1000, raftIndex: 1000 }),
        status(0, { raftIndex: 7000, appliedIndex: 7000 }),
        status(1, { raftIndex: 7000, appliedIndex: 7000 }),
      ],
      [],
    ],
    ["another member is being stopped", [], [pod(2, { deleting: { graceMs: 60_000 } })]],
  ] as const) {
    it(`doesn't restart a healthy pod while ${name}`, () => {
      const d = plan(world(3, { pods: [pod(1, old), ...pods], statuses }));
      expect(d.action).to.equal(undefined);
      expect(d.reason).to.contain("rollout waits: etcd-2");
      expect(d.reason).to.contain("one more loss costs the quorum");
    });
  }

  const table: readonly (readonly [string, PodView, readonly MemberStatus[], boolean])[] = [
    ["crashes", crashing(2, 5, old), [silent(2)], true],
    [
      "can't pull its image",
      unready(2, { etcd: { state: "waiting", waitingReason: "ImagePullBackOff", restarts: 0 } }),
      [silent(2)],
      true,
    ],
    ["runs, unready and silent, the others healthy", unready(2), [silent(2)], true],
    ["has just been started", unready(2, justStarted), [silent(2)], false],
    ["is ready, only unreachable for the controller", pod(2, old), [silent(2)], false],
    ["is unready, and too few others are known healthy", unready(2), [silent(1), silent(2)], false],
  ];
  for (const [name, it2, statuses, deleted] of table) {
    it(`${deleted ? "restarts" : "doesn't restart"} first an outdated pod that ${name}`, () => {
      const d = plan(world(3, { pods: [pod(0, old), pod(1, old), it2], statuses, ages }));
      if (deleted)
        expect(d.action).to.deep.equal({ kind: "deletePod", name: "etcd-2", uid: "pod-2", force: false });
      else expect(d.action).to.equal(undefined);
    });
  }

  it("stops after one member with a bad revision", () => {
    const d = plan(
      world(3, {
        pods: [
          pod(0, old),
          pod(1, old),
          crashing(2, 0, { etcd: { state: "waiting", waitingReason: "ImagePullBackOff", restarts: 0 } }),
        ],
        statuses: [silent(2)],
      }),
    );
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("etcd-2").and.contain("ImagePullBackOff");
  });

  it("restarts a quorum that a bad setting broke with the corrected one", () => {
    const pods = [0, 1, 2].map((o) => unready(o));
    const d = plan(world(3, { list: "none", pods, statuses: [0, 1, 2].map(leaderless) }));
    expect(d.action).to.include({ kind: "deletePod", uid: "pod-0" });
  });
  for (const [name, pods, statuses] of [
    ["a pod is ready", [pod(0, old), unready(1), unready(2)], [0, 1, 2].map(silent)],
    [
      "a member knows a leader",
      [0, 1, 2].map((o) => unready(o)),
      [status(0, { linearizableRead: false }), silent(1), silent(2)],
    ],
    [
      "another member has just been started",
      [unready(0), unready(1), unready(2, justStarted)],
      [0, 1, 2].map(leaderless),
    ],
    [
      "its members have just been started",
      [0, 1, 2].map((o) => unready(o, justStarted)),
      [0, 1, 2].map(leaderless),
    ],
  ] as const) {
    it(`doesn't restart that quorum while ${name}`, () => {
      expect(plan(world(3, { list: "none", pods, statuses, ages })).action).to.equal(undefined);
    });
  }

  it("waits until the StatefulSet's controller has seen the template", () => {
    const w = world(3, { pods: [pod(1, old)] });
    const d = plan({ ...w, statefulSet: { ...w.statefulSet!, observed: false } });
    expect(d.action).to.equal(undefined);
    expect(d.converged).to.equal(undefined);
  });

  it("comes before growth, and removes newcomers that use up the disruption budget first", () => {
    const three = { members: [0, 1, 2].map((o) => remembered(o)) };
    const later = plan(world(3, { desired: { members: 5 }, pods: [pod(1, old)], record: three }));
    expect(later.action).to.include({ kind: "evictPod" });
    const first = plan(
      world(3, {
        desired: { members: 5 },
        replicas: 5,
        pods: [pod(1, old), gated(3)],
        gates: [report(3, EMPTY)],
      }),
    );
    expect(first.action).to.include({ kind: "addLearner", ordinal: 3 });
  });
});

describe("plan: versions", () => {
  const steps: readonly (readonly [string, string, string | undefined, RegExp | undefined])[] = [
    ["3.6.14", "3.6.15", "3.6.0", undefined],
    ["3.6.15", "3.6.14", "3.6.0", undefined],
    ["3.5.26", "3.6.0", "3.5.0", undefined],
    ["3.5.25", "3.6.0", "3.5.0", /needs 3\.5\.26/],
    ["3.6.11", "3.7.0", "3.6.0", undefined],
    ["3.6.10", "3.7.0", "3.6.0", /needs 3\.6\.11/],
    ["3.5.33", "3.7.1", "3.5.0", /skips a minor/],
    ["3.7.1", "3.6.14", "3.6.0", undefined],
    ["3.7.1", "3.6.14", "3.7.0", /is a downgrade/],
    ["3.7.1", "3.6.14", undefined, /is a downgrade/],
    ["3.7.1", "3.5.33", "3.5.0", /is a downgrade/],
    ["3.7.1", "4.0.0", "3.7.0", /changes the major/],
    ["3.7.1", "latest", "3.7.0", /can't be compared/],
  ];
  for (const [from, to, cluster, problem] of steps) {
    it(`${problem ? "refuse" : "accept"} ${from} to ${to} in a cluster of ${cluster ?? "unknown version"}`, () => {
      if (problem) expect(stepProblem(from, to, cluster)).to.match(problem);
      else expect(stepProblem(from, to, cluster)).to.equal(undefined);
    });
  }

  const at = (version: string) => [0, 1, 2].map((o) => status(o, { version }));
  const outdated = [0, 1, 2].map((o) => pod(o, old));

  it("refuse a skipped minor before the first restart, for a recreated pod too", () => {
    const change = { desired: { etcdVersion: "3.8.0" }, statuses: at("3.6.14") };
    const d = plan(world(3, { ...change, pods: outdated }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.match(/refused: .*skips a minor/);
    expect(d.refused).to.equal(d.reason);
    const gate = [report(2, wal(2))];
    const again = plan(
      world(3, {
        ...change,
        statuses: at("3.6.14").slice(0, 2),
        pods: [pod(0, old), pod(1, old), gated(2, { etcdVersion: "3.8.0" })],
        gates: gate,
      }),
    );
    expect(again.orders["pod-2"]?.kind).to.equal("refuse");
  });
  it("refuse the next minor while one member is below the required patch", () => {
    const statuses = [status(0), status(1), status(2, { version: "3.6.10" })];
    const d = plan(world(3, { desired: { etcdVersion: "3.7.1" }, pods: outdated, statuses }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("3.6.11");
  });
  it("let a member start at its own version, whatever is declared", () => {
    const d = plan(
      world(3, { desired: { etcdVersion: "3.8.0" }, pods: [gated(2)], gates: [report(2, wal(2))] }),
    );
    expect(d.orders["pod-2"]).to.include({ kind: "start", acceptVersion: true });
  });
  it("ignore the disk of a former member", () => {
    const record = { members: [remembered(0), remembered(1)] };
    const stale = report(2, wal(9, { lastVersion: "3.4.1" }));
    const d = plan(world(3, { record, list: [listed(0), listed(1)], pods: [gated(2)], gates: [stale] }));
    expect(d.action).to.include({ kind: "addLearner" });
  });
  it("allow a return to the older binary while the cluster version is unchanged", () => {
    const statuses = [status(0), status(1), status(2, { version: "3.7.1" })];
    const d = plan(world(3, { pods: [pod(2, old)], statuses }));
    expect(d.action).to.include({ kind: "evictPod", uid: "pod-2" });
  });

  const seven = { statuses: at("3.7.1"), pods: outdated, record: { clusterVersion: "3.7.0" } };
  const view = { clusterVersion: "3.7.0" };
  it("refuse an undeclared downgrade", () => {
    const d = plan(world(3, { ...seven, etcd: view }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.equal(
      "refused: version is 3.6.14: etcd 3.7.1 to 3.6.14 is a downgrade. Declare the version that ran, or set " +
        "controller.allowDowngrade as well",
    );
  });
  for (const allowDowngrade of [false, true])
    it(`refuse a downgrade by two minor versions, ${allowDowngrade ? "also if one is allowed" : "and say so"}`, () => {
      const desired = { etcdVersion: "3.5.33", allowDowngrade };
      const d = plan(world(3, { ...seven, desired, etcd: view }));
      expect(d.refused).to.contain("downgrade of more than one minor version. Declare the version that ran");
    });
  it("let etcd announce a declared downgrade, and roll when the cluster version is lower", () => {
    const desired = { allowDowngrade: true };
    const announced = plan(world(3, { ...seven, desired, etcd: view }));
    expect(announced.action).to.deep.equal({ kind: "enableDowngrade", targetVersion: "3.6.0" });
    const downgrade = { enabled: true, targetVersion: "3.6.0" };
    expect(plan(world(3, { ...seven, desired, etcd: { ...view, downgrade } })).action).to.equal(undefined);
    const fallen = plan(world(3, { ...seven, desired, etcd: { clusterVersion: "3.6.0", downgrade } }));
    expect(fallen.action).to.include({ kind: "evictPod" });
  });
  it("allow no return to the older binary once all members run the newer version, which etcd then adopts", () => {
    const early = { ...seven, record: { clusterVersion: "3.6.0" }, etcd: { clusterVersion: "3.6.0" } };
    const refused = plan(world(3, early));
    expect([refused.action, refused.refused]).to.satisfy(
      ([action, why]: [unknown, string]) => !action && /controller.allowDowngrade/.test(why),
    );
    const waits = plan(world(3, { ...early, desired: { allowDowngrade: true } }));
    expect([waits.action, waits.refused]).to.deep.equal([undefined, undefined]);
    expect(waits.reason).to.contain("finished the step up");
  });
  it("restart no member at a lower version before its data is ready", () => {
    const downgrade = { enabled: true, targetVersion: "3.6.0" };
    const data = (...minors: string[]) =>
      minors.map((v, o) => status(o, { version: "3.7.1", storageVersion: `${v}.0` }));
    const fallen = { ...seven, etcd: { clusterVersion: "3.6.0", downgrade } };
    const early = plan(world(3, { ...fallen, statuses: data("3.6", "3.6", "3.7") }));
    expect(early.action).to.equal(undefined);
    expect(early.reason).to.match(/etcd-2's data, of 3\.7, is ready/);
    expect(plan(world(3, { ...fallen, statuses: data("3.6", "3.6", "3.6") })).action).to.include({
      kind: "evictPod",
    });
  });
  it("allow the next upgrade when etcd has finished the one before", () => {
    const change = { desired: { etcdVersion: "3.7.1" }, statuses: at("3.6.14"), pods: outdated };
    const early = plan(world(3, { ...change, etcd: { clusterVersion: "3.5.0" } }));
    expect([early.action, early.refused]).to.deep.equal([undefined, undefined]);
    expect(early.reason).to.contain("until the cluster's version is 3.6");
    const then = plan(world(3, { ...change, etcd: { clusterVersion: "3.6.0" } }));
    expect(then.action).to.include({ kind: "evictPod" });
  });
  it("cancel a downgrade when the higher version is declared again", () => {
    const downgrade = { enabled: true, targetVersion: "3.6.0" };
    const d = plan(
      world(3, { statuses: at("3.7.1"), desired: { etcdVersion: "3.7.1" }, etcd: { ...view, downgrade } }),
    );
    expect(d.action).to.deep.equal({ kind: "cancelDowngrade" });
  });
  it("warn of a version with security advisories", () => {
    const statuses = at("3.6.12");
    const d = plan(world(3, { desired: { etcdVersion: "3.6.12" }, statuses }));
    expect(d.converged).to.equal("h");
    expect(d.warnings.join()).to.contain("3.6.14");
  });
});
