import { expect } from "chai";
import { RestoreReports } from "../../../../../programs/controller/server/restore-reports";
import type { RestoreMessage } from "../../../../../programs/shared/protocol";
import { parseRestoreAnswer, parseRestoreMessage } from "../../../../../programs/shared/protocol";
import type { Pod } from "../../../../../programs/shared/kubernetes/objects";
import type { ControllerRecord, Desired } from "../../../../../programs/controller/model";
import { restorePodLabels, restoreView } from "../../../../../programs/controller/observe/restore";
import { plan } from "../../../../../programs/controller/plan";
import { emptyRecord } from "../../../../../programs/controller/plan/record";
import { declared } from "../../../../simulation/run";
import { gated, report, silent, wal, world } from "../../../../support/worlds";

const meta = (name: string, created: string, more = {}) => ({
  name,
  uid: `uid of ${name}`,
  resourceVersion: "1",
  creationTimestamp: created,
  ...more,
});
const pod = (name: string, created: string, status: Pod["status"] = {}, more = {}): Pod => ({
  metadata: meta(name, created, more),
  spec: {},
  status,
});
const ended = (name: string, exitCode: number, message?: string) => ({
  name,
  restartCount: 0,
  state: { terminated: { exitCode, message } },
});

describe("the restore pod, as it is seen", () => {
  const problem = (...pods: Pod[]) => restoreView(pods, undefined)?.pod;

  it("is the newest one that isn't being deleted", () => {
    const seen = problem(
      pod("a", "2026-01-01T00:00:00Z"),
      pod("b", "2026-01-01T00:00:02Z"),
      pod("c", "2026-01-01T00:00:03Z", {}, { deletionTimestamp: "2026-01-01T00:00:04Z" }),
    );
    expect(seen).to.include({ name: "b", uid: "uid of b", problem: undefined });
    expect(restoreView([], undefined)).to.equal(undefined);
  });

  it("what is said for one that isn't seen is no evidence, except while none is looked for", () => {
    const said = { podUid: "uid of a", generation: 2, step: "receive" as const, atMs: 0 };
    const a = pod("a", "2026-01-01T00:00:00Z");
    expect(restoreView([a], said)?.report).to.equal(said);
    expect(restoreView([a], { ...said, podUid: "another" })?.report).to.equal(undefined);
    expect(restoreView([], said)).to.equal(undefined);
    expect(restoreView(undefined, said)?.report).to.equal(said);
  });

  const cases: [string, Pod["status"], string | undefined, boolean][] = [
    [
      "works",
      { initContainerStatuses: [ended("fetch", 0), { name: "status", restartCount: 0, state: {} }] },
      undefined,
      false,
    ],
    [
      "fails with words",
      { initContainerStatuses: [ended("restore", 1, "no room\n")] },
      "restore failed: no room",
      false,
    ],
    [
      "fails with a log of JSON",
      {
        initContainerStatuses: [
          ended("fetch", 3, '{"level":"info","msg":"a"}\n{"level":"error","msg":"wrong hash"}\n'),
        ],
      },
      "fetch failed: wrong hash",
      true,
    ],
    [
      "has no image",
      {
        initContainerStatuses: [
          {
            name: "fetch",
            restartCount: 0,
            state: { waiting: { reason: "ImagePullBackOff", message: "gone" } },
          },
        ],
      },
      "fetch doesn't start: ImagePullBackOff: gone",
      false,
    ],
    [
      "only begins",
      {
        initContainerStatuses: [
          { name: "fetch", restartCount: 0, state: { waiting: { reason: "PodInitializing" } } },
        ],
      },
      undefined,
      false,
    ],
    [
      "has no place",
      { conditions: [{ type: "PodScheduled", status: "False", message: "no node fits" }] },
      "it can't be scheduled: no node fits",
      false,
    ],
  ];
  for (const [name, status, words, refused] of cases) {
    it(name, () => {
      const seen = restoreView([pod("a", "", status)], undefined);
      expect(seen?.pod).to.include({ problem: words });
      expect(seen?.refusal).to.equal(refused ? `a: ${words}` : undefined);
    });
  }

  describe("that isn't prepared", () => {
    const volumes = [
      { name: "scratch" },
      { name: "tls", secret: { secretName: "etcd-restore" } },
      { name: "source", persistentVolumeClaim: { claimName: "snapshots" } },
    ];
    const conditions = [{ type: "PodReadyToStartContainers", status: "False" }];
    const waiting = { name: "fetch", restartCount: 0, state: { waiting: { reason: "PodInitializing" } } };
    const placed = (status: Pod["status"], spec: Partial<Pod["spec"]> = { nodeName: "node" }): Pod => ({
      ...pod("b", "2026-01-01T00:00:09Z", status),
      spec: { volumes, ...spec },
    });
    const words =
      "its volumes are being mounted. If it stays so, one of them is missing: Secret etcd-restore, claim snapshots";

    it("names what it mounts, since one of these may not exist", () => {
      expect(problem(placed({ conditions, initContainerStatuses: [waiting] }))?.problem).to.equal(words);
    });

    it("has no such problem before it has a node, once a container has started, or when it is prepared", () => {
      const initContainerStatuses = [waiting];
      expect(problem(placed({ conditions, initContainerStatuses }, {}))?.problem).to.equal(undefined);
      const ready = [{ type: "PodReadyToStartContainers", status: "True" }];
      expect(problem(placed({ conditions: ready, initContainerStatuses }))?.problem).to.equal(undefined);
      // After its end, a pod's network is gone again.
      const done = placed({ conditions, initContainerStatuses: [ended("fetch", 0)] });
      expect(problem(done)?.problem).to.equal(undefined);
      expect(problem(placed({ initContainerStatuses }))?.problem).to.equal(undefined);
    });

    it("still tells what the pod before it failed of", () => {
      const before = pod("a", "2026-01-01T00:00:00Z", {
        initContainerStatuses: [ended("fetch", 1, "no answer")],
      });
      expect(problem(before, placed({ conditions }))?.problem).to.contain(
        "previous pod: fetch failed: no answer",
      );
    });
  });

  it("tries again, and what it failed of before is told", () => {
    const seen = restoreView(
      [
        pod("a", "2026-01-01T00:00:00Z", { initContainerStatuses: [ended("fetch", 1, "store is down")] }),
        pod("b", "2026-01-01T00:00:09Z"),
      ],
      undefined,
    );
    expect(seen?.pod).to.include({
      problem: "it tries again; the previous pod: fetch failed: store is down",
    });
    expect(seen?.refusal).to.equal(undefined);
  });

  it("was refused, whatever its Job tries afterwards", () => {
    const refused = pod("a", "2026-01-01T00:00:00Z", {
      initContainerStatuses: [ended("fetch", 3, "no such")],
    });
    const report = { podUid: "uid of b", generation: 2, atMs: 1, step: "receive" as const };
    const later = restoreView([refused, pod("b", "2026-01-01T00:00:09Z")], report);
    expect(later).to.deep.include({ refusal: "a: fetch failed: no such", report });
    expect(later?.pod?.name).to.equal("b");
    const leaving = pod("a", "", refused.status, { deletionTimestamp: "2026-01-01T00:00:04Z" });
    expect(restoreView([leaving], undefined)).to.deep.equal({
      refusal: "a: fetch failed: no such",
      report: undefined,
    });
  });

  describe("is of an older Kubernetes", () => {
    const made = (...initContainers: { name: string; restartPolicy?: string }[]): Pod => ({
      ...pod("a", "2026-01-01T00:00:00Z"),
      spec: { initContainers },
    });
    const receives = { podUid: "uid of a", generation: 2, atMs: 1, step: "receive" as const };
    const refusal = (of: Pod) => restoreView([of], receives)?.refusal;
    const dropped = made({ name: "receive" }, { name: "survivor" });

    it("when what a recovery runs beside its steps was dropped, which is told before anything stops", () => {
      expect(refusal(dropped)).to.match(/^a: a recovery needs Kubernetes 1\.29 or later.*declare a restore/);
      const recovery = { kind: "recovery" as const, url: "https://restore", abandoned: ["etcd-1", "etcd-2"] };
      const restore = restoreView([dropped], receives);
      const seen = (view: typeof restore) =>
        plan(
          world(3, {
            desired: { generation: 2, rebuild: recovery },
            list: "none",
            pods: [gated(0)],
            gates: [report(0, wal(0))],
            statuses: [silent(1), silent(2)],
            world: { restore: view },
          }),
        );
      expect(
        seen(restoreView([made({ name: "survivor", restartPolicy: "Always" })], receives)).record?.rebuild,
      ).to.deep.include({ phase: "stopping" });
      const { action, record, refused, orders } = seen(restore);
      expect([action, record?.rebuild]).to.deep.equal([undefined, undefined]);
      expect(refused).to.match(/the recovery hasn't touched anything: a: a recovery needs Kubernetes 1\.29/);
      expect(orders["pod-0"]?.kind).to.equal("start");
    });

    it("and not a restore's pod, which has no such container", () => {
      expect(refusal(made({ name: "fetch" }, { name: "restore" }))).to.equal(undefined);
      expect(refusal(made({ name: "survivor", restartPolicy: "Always" }))).to.equal(undefined);
    });
  });

  it("is looked for while a generation is declared and not made", () => {
    const labels = { "app.kubernetes.io/instance": "etcd" };
    const rebuild = { kind: "restore" as const, url: "https://a", abandoned: [] };
    const desired: Desired = declared(3, { generation: 2, rebuild });
    const born = (generation: number, more: Partial<ControllerRecord> = {}): ControllerRecord => ({
      ...emptyRecord(generation),
      birth: { state: "born", clusterId: "1", sealed: true },
      ...more,
    });
    const wanted = { "app.kubernetes.io/component": "restore", "etcd-cluster/generation": "2" };
    expect(restorePodLabels(desired, born(1), labels)).to.include(wanted);
    expect(restorePodLabels(desired, emptyRecord(2), labels), "unborn").to.include(wanted);
    expect(restorePodLabels(desired, undefined, labels)).to.include(wanted);
    expect(restorePodLabels(desired, born(2), labels)).to.equal(undefined);
    expect(restorePodLabels({ ...desired, rebuild: undefined }, born(1), labels)).to.equal(undefined);
    expect(restorePodLabels(desired, { problem: "not JSON" }, labels)).to.equal(undefined);
  });
});

describe("what the door hears of a restore pod", () => {
  const receive: RestoreMessage = { podUid: "a", generation: 2, step: "receive" };
  const ready: RestoreMessage = {
    ...receive,
    step: "ready",
    sha256: "s",
    memberId: "1",
    clusterId: "2",
    source: "a backup",
  };

  it("is answered by a decision that has seen it, and by no other", () => {
    let woken = 0;
    const desk = new RestoreReports(1000, () => woken++);
    desk.answer({ kind: "done" });
    expect(desk.receive(receive, 0)).to.include({ kind: "wait" });
    desk.answer({ kind: "done" });
    expect(desk.receive(receive, 1), "not seen yet").to.include({ kind: "wait" });
    expect(desk.report(2)).to.include({ step: "receive", atMs: 1 });
    desk.answer({ kind: "done" });
    expect(desk.receive(receive, 3)).to.deep.equal({ kind: "done" });
    expect(woken).to.equal(1);
    expect(desk.receive(ready, 4), "news").to.include({ kind: "wait" });
    expect(woken).to.equal(2);
  });

  it("is forgotten when it isn't repeated, and with the lease", () => {
    const desk = new RestoreReports(1000, () => undefined);
    desk.receive(receive, 0);
    expect(desk.report(999)).to.not.equal(undefined);
    expect(desk.report(1000)).to.equal(undefined);
    desk.receive(receive, 2000);
    desk.clear();
    expect(desk.report(2001)).to.equal(undefined);
  });

  it("is read whole or not at all", () => {
    for (const message of [receive, ready])
      expect(parseRestoreMessage(JSON.stringify(message))).to.deep.equal(message);
    for (const wrong of [
      "{",
      "{}",
      JSON.stringify({ ...receive, step: "other" }),
      JSON.stringify({ ...ready, sha256: undefined }),
      JSON.stringify({ ...ready, memberId: 5 }),
      JSON.stringify({ ...receive, generation: -1 }),
    ])
      expect(parseRestoreMessage(wrong), wrong).to.equal(undefined);
    expect(parseRestoreAnswer('{"kind":"done"}')).to.deep.equal({ kind: "done" });
    expect(parseRestoreAnswer('{"kind":"wait","reason":"r","commit":4}')).to.include({ commit: 4 });
    for (const wrong of ["{", '{"kind":"go"}', '{"kind":"wait","reason":"r"}'])
      expect(parseRestoreAnswer(wrong)).to.equal(undefined);
  });
});
