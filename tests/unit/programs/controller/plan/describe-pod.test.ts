import { expect } from "chai";
import type { Pod } from "../../../../../programs/shared/kubernetes/objects";
import { podViews } from "../../../../../programs/controller/observe/kubernetes";
import { lastMessage } from "../../../../../programs/controller/observe/container-message";
import { plan } from "../../../../../programs/controller/plan";
import { pod as seenPod, silent, world } from "../../../../support/worlds";

const claims = [0, 1, 2].map((ordinal) => ({
  name: `data-etcd-${ordinal}`,
  ordinal,
  uid: `claim-${ordinal}`,
  resourceVersion: "1",
  phase: "Bound" as const,
  requestedBytes: 10,
  actualBytes: 10,
  deleting: false,
}));

/** The reason for etcd-1, whose pod has this status while the others are healthy. */
function reason(status: Pod["status"]): string {
  const object: Pod = {
    metadata: {
      name: "etcd-1",
      uid: "pod-1",
      resourceVersion: "1",
      labels: { "controller-revision-hash": "new" },
    },
    spec: { nodeName: "node-1" },
    status,
  };
  const [pod] = podViews([object], claims, "etcd", "data-etcd-");
  return plan(world(3, { pods: pod ? [pod] : [], statuses: [silent(1)] })).reason;
}

const ended = (exitCode: number, message?: string) => ({
  terminated: { exitCode, reason: "Error", message },
});
const crashing = (message: string) => ({
  restartCount: 4,
  state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 5m0s restarting failed container" } },
  lastState: ended(1, message),
});
const etcdLog = (...lines: object[]) => lines.map((line) => JSON.stringify(line)).join("\n");

describe("plan: the reason for a pod", () => {
  it("quotes the end of the gate's log, which says why the volume can't be used", () => {
    const message = "etcd may not start: EACCES: permission denied, mkdir '/var/lib/etcd/data'";
    expect(
      reason({ phase: "Pending", initContainerStatuses: [{ name: "gate", ...crashing(message) }] }),
    ).to.contain(`etcd-1 can't start its gate: CrashLoopBackOff, exit code 1: ${message}`);
  });

  it("quotes the last error in etcd's log", () => {
    const log = etcdLog(
      { level: "info", ts: "2026-11-28T03:00:00Z", msg: "Go version" },
      {
        level: "fatal",
        ts: "2026-11-28T03:00:01Z",
        caller: "etcdmain/etcd.go:204",
        msg: "discovery failed",
        error: 'unexpected TLS cipher suite "nonsense"',
        stacktrace: "go.etcd.io/etcd\n\truntime.main",
      },
    );
    const said = reason({ phase: "Running", containerStatuses: [{ name: "etcd", ...crashing(log) }] });
    expect(said).to.contain(
      'etcd-1 doesn\'t start: CrashLoopBackOff, exit code 1: discovery failed: unexpected TLS cipher suite "nonsense"',
    );
  });

  it("says why Kubernetes ended a pod", () => {
    const said = reason({
      phase: "Failed",
      reason: "NodeAffinity",
      message: "Pod was rejected: Predicate NodeAffinity failed",
    });
    expect(said).to.contain(
      "etcd-1 was terminated by Kubernetes: NodeAffinity, Pod was rejected: Predicate NodeAffinity failed",
    );
  });

  it("says why a pod isn't scheduled", () => {
    const message = "Scheduling is blocked due to non-empty scheduling gates";
    const condition = { type: "PodScheduled", status: "False", reason: "SchedulingGated", message };
    expect(reason({ phase: "Pending", conditions: [condition] })).to.contain(
      `etcd-1 can't be scheduled: SchedulingGated, ${message}`,
    );
  });

  it("says where to look when there is no pod", () => {
    const seen = world(3);
    const pods = seen.pods.filter((p) => p.ordinal !== 1);
    expect(plan({ ...seen, pods }).reason).to.contain("etcd-1 has no pod (if it stays so: kubectl describe");
  });

  it("fits on one short line", () => {
    const words = `one\ntwo\t${"x".repeat(5000)}`;
    const said = reason({ phase: "Pending", initContainerStatuses: [{ name: "gate", ...crashing(words) }] });
    expect(said).to.not.match(/[\n\t]/);
    expect(said.length).to.be.lessThan(500);
  });

  it("omits successful ends and healthy pods", () => {
    const gate = { name: "gate", restartCount: 0, state: ended(0, "etcd may start") };
    const [pod] = podViews(
      [
        {
          metadata: { name: "etcd-1", uid: "u", resourceVersion: "1" },
          spec: {},
          status: { initContainerStatuses: [gate] },
        },
      ],
      claims,
      "etcd",
      "data-etcd-",
    );
    expect(pod?.gate.lastExit?.words).to.equal(undefined);
    expect(pod?.words).to.equal(undefined);
    expect(plan(world(3, { pods: [seenPod(1)] })).reason).to.match(/^as declared/);
  });

  const logs: [string, string, string | undefined][] = [
    ["nothing", "", undefined],
    ["words", "no space left\n", "no space left"],
    [
      "a line cut off at its beginning",
      'rr","level":"fatal","msg":"failed","error":"no \\"room\\""}',
      'failed: no "room"',
    ],
    [
      "the failure, not what came after it",
      `${etcdLog({ level: "error", msg: "bad" }, { level: "info", msg: "bye" })}\n`,
      "bad",
    ],
    [
      "the last line without a failure",
      etcdLog({ level: "info", msg: "a" }, { level: "info", msg: "b" }),
      "b",
    ],
    [
      "a panic after lines of JSON",
      `${etcdLog({ level: "info", msg: "a" })}\npanic: tocommit(9) is out of range`,
      "",
    ],
    ["what looks like JSON", "{nonsense}", "{nonsense}"],
  ];
  for (const [name, log, words] of logs) {
    it(`quotes the log's end: ${name}`, () => {
      if (words === "") expect(lastMessage(log)).to.match(/panic: tocommit\(9\) is out of range$/);
      else expect(lastMessage(log)).to.equal(words);
    });
  }
});
