/** All members are restarted while the controller answers and can't decide: they come back. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { mock } from "node:test";
import { annotationKeys } from "../../../../../components/contract/names";
import { ExpectedPods } from "../../../../../programs/controller/server/expected-pods";
import { GateRequests } from "../../../../../programs/controller/server/gate-requests";
import type { Fleet } from "../../../../../programs/shared/etcd/fleet";
import { decide } from "../../../../../programs/gate/decide";
import { gateTimes } from "../../../../../programs/gate/run";
import type { Api } from "../../../../../programs/shared/kubernetes/api";
import { Cluster } from "../../../../../programs/shared/kubernetes/cluster";
import type { Meta, Pod } from "../../../../../programs/shared/kubernetes/objects";
import { Lease } from "../../../../../programs/controller/loop/lease";
import { Loop } from "../../../../../programs/controller/loop/loop";
import { Watches } from "../../../../../programs/controller/loop/watches";
import type { Decision, World } from "../../../../../programs/controller/model";
import type { Order } from "../../../../../programs/shared/protocol";
import type { Disk } from "../../../../../programs/shared/disk";
import { Observer } from "../../../../../programs/controller/observe/observer";
import { recordData } from "../../../../../programs/controller/model/record";
import { plan } from "../../../../../programs/controller/plan";
import { declared } from "../../../../simulation/run";
import { wal, world } from "../../../../support/worlds";
import type { Answer, RequestKind } from "../../../../support/kubernetes";
import { Kubernetes, labels } from "../../../../support/kubernetes";

/** No member answers here, so that nothing is to be noted but this: in each round, a record is due. */
const due = { ...world(3).record, abandoned: [{ ordinal: 5, claimUid: "gone" }] };

/** One controller, as `controller.ts` puts it together, with a door of one process. */
class Process {
  readonly guests = new ExpectedPods();
  readonly said: string[] = [];
  holds = () => false;
  readonly room = new GateRequests(
    { keepMs: 10_000, forgetMs: 15_000 },
    () => this.loop.wake(),
    () => this.holds(),
  );
  readonly lease: Lease;
  readonly loop: Loop;
  private readonly watches: Watches;
  private readonly invalidate: () => void;

  constructor(kubernetes: Kubernetes) {
    const names = {
      ...{ namespace: "n", statefulSet: "etcd", record: "etcd-record", status: "etcd-status" },
      ...{ trust: "etcd-trust", verdict: "etcd-verdict", lease: "etcd-controller" },
    };
    const cluster = new Cluster(kubernetes as unknown as Api, names);
    const steady = () => Date.now();
    const fleet = { keep: () => undefined, member: () => undefined } as unknown as Fleet;
    const observer = new Observer(
      {
        statefulSet: "etcd",
        claimPrefix: "data-etcd-",
        clientUrl: "https://etcd-{ordinal}.etcd.test.svc:2379",
      },
      {
        ...{ reads: cluster, fleet, steady, now: Date.now },
        expect: (guests) => this.guests.expect(guests),
        gates: () => this.room.reports(Date.now()),
        restore: () => undefined,
        wantsBackup: () => false,
        clusterVersion: () => Promise.resolve(undefined),
        logProblem: () => undefined,
      },
    );
    const invalidate = (this.invalidate = () => {
      observer.stale();
      this.loop.wake();
    });
    this.watches = new Watches(cluster, invalidate, () => undefined);
    const leaseChanged = () => {
      const vacancy = this.lease.vacancy();
      if (vacancy !== undefined) this.said.push(vacancy);
      this.loop.wake();
    };
    this.lease = new Lease(cluster, "me", steady, steady, leaseChanged, invalidate);
    const lease = this.lease;
    this.loop = new Loop({
      ...{ observer, plan, lease, steady, own: steady },
      execute: () => Promise.resolve(undefined),
      writeRecord: (record, version, timeoutMs) =>
        cluster.writeRecord(recordData(record), version, timeoutMs),
      server: {
        answer: (orders) => this.room.answer(orders),
        answerOnly: (orders) => this.room.answer(orders, true),
        setHolder: (mayAnswer) => {
          this.holds = mayAnswer || (() => false);
          if (!mayAnswer) this.room.clear();
        },
      },
      report: (_world: World, decision: Decision) => {
        this.watches.follow(observer.podLabels);
        this.said.push(decision.reason);
      },
      logProblem: () => undefined,
      reportUndecided: (why) => this.said.push(why),
    });
    setInterval(() => this.room.tick(Date.now()), 1000);
    this.lease.start();
    void this.loop.run();
  }

  /** What a gate hears of a question, and when it last heard that somebody is there. */
  ask(podUid: string, disk: Disk, held: boolean, tag: string | undefined): Promise<Heard> {
    let sinceMs = Date.now();
    return new Promise((resolve) => {
      const silence = () => resolve({ sinceMs });
      if (!this.holds()) return silence();
      if (this.guests.refusal("members", podUid, "10.0.0.1") !== undefined) {
        this.invalidate();
        return silence();
      }
      const asker = {
        ...{ knownTag: tag, sinceMs },
        send: (order: Order, newTag: string) => resolve({ order, tag: newTag }),
        keepAlive: () => (sinceMs = Date.now()),
        drop: silence,
      };
      this.room.ask({ podUid, podName: podUid, disk, aside: [], held }, asker, Date.now());
    });
  }
}

interface Heard {
  readonly order?: Order;
  readonly tag?: string;
  readonly sinceMs?: number;
}

/** What `runGate` does, by the same rules, without files and network. */
class Gate {
  started: string | undefined;

  constructor(
    private readonly process: Process,
    readonly ordinal: number,
    readonly disk: Disk,
    readonly held = false,
  ) {
    void this.run();
  }

  private async run(): Promise<void> {
    let tag: string | undefined;
    let silentSince: number | undefined;
    while (this.started === undefined) {
      const heard = await this.process.ask(`etcd-${this.ordinal}-new`, this.disk, this.held, tag);
      tag = heard.tag;
      silentSince = heard.order ? undefined : (silentSince ?? heard.sinceMs ?? Date.now());
      const step = decide({
        ...{ disk: this.disk, held: this.held, generation: 1, version: "3.6.14" },
        answer: heard.order ?? { kind: "silence", forMs: Date.now() - (silentSince ?? Date.now()) },
        silenceMs: gateTimes.silenceMs,
      });
      if (step.kind === "start") this.started = step.why;
      await sleep(gateTimes.pauseMs);
    }
  }
}

describe("a controller that answers and can't decide", () => {
  let kubernetes: Kubernetes;
  let process: Process;
  const passes = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      mock.timers.tick(50);
      for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const claim = (ordinal: number) => ({
    metadata: kubernetes.meta(`data-etcd-${ordinal}`, { uid: `claim-${ordinal}`, labels }),
    spec: { resources: { requests: { storage: "10" } } },
    status: { phase: "Bound", capacity: { storage: "10" } },
  });
  const podOf = (ordinal: number): Pod => ({
    metadata: kubernetes.meta(`etcd-${ordinal}`, {
      uid: `etcd-${ordinal}-new`,
      labels: { ...labels, "controller-revision-hash": "new" },
      annotations: { "etcd-cluster/version": "3.6.14" },
    }),
    spec: { nodeName: "node" },
    status: {
      phase: "Pending",
      initContainerStatuses: [{ name: "gate", restartCount: 0, state: { running: {} } }],
    },
  });
  /** It has held the lease for a while, and then every member's pod is made anew. */
  const restartAll = async (prepare: () => void, held = false): Promise<readonly Gate[]> => {
    kubernetes.claims = [0, 1, 2].map(claim);
    process = new Process(kubernetes);
    await passes(3000);
    prepare();
    await passes(15_000);
    kubernetes.pods = [0, 1, 2].map(podOf);
    return [0, 1, 2].map((ordinal) => new Gate(process, ordinal, wal(ordinal), held));
  };
  /** The next record can't be written. */
  const unwritable = (answer: Answer) => () => {
    kubernetes.record = { metadata: kubernetes.meta("etcd-record"), data: { record: JSON.stringify(due) } };
    kubernetes.wrong.set("PATCH configmaps", answer);
  };
  const started = (gates: readonly Gate[]) => gates.map((gate) => gate.started);
  const alone = Array.from({ length: 3 }, () => "the controller doesn't answer, and the data is intact");
  const byOrder = Array.from({ length: 3 }, () => "the controller ordered it");

  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_800_000_000_000 });
    kubernetes = new Kubernetes(declared(3), world(3).record ?? {});
  });
  afterEach(() => {
    // Whatever still waits, waits for ever.
    mock.timers.reset();
  });

  it("(a controller that can: they start by its word, within seconds)", async () => {
    const gates = await restartAll(() => undefined);
    await passes(3000);
    expect(started(gates)).to.deep.equal(byOrder);
  });

  const requests: readonly RequestKind[] = [
    "GET configmaps",
    "GET statefulsets",
    "GET pods",
    "GET persistentvolumeclaims",
    "PATCH leases",
  ];
  const answers: readonly Answer[] = [403, 409, 422, 500, "hangs"];
  for (const request of requests) {
    for (const answer of answers) {
      it(`${request}: ${answer}. They start by themselves, what is held doesn't, and it says so`, async () => {
        const gates = await restartAll(() => kubernetes.wrong.set(request, answer));
        const held = new Gate(process, 0, wal(0), true);
        await passes(30_000);
        expect(started(gates)).to.deep.equal(alone);
        expect(held.started).to.equal(undefined);
        const words = request.endsWith("leases") ? "no controller has the Lease" : "nothing can be decided";
        expect(process.said.at(-1)).to.include(words).and.include(request);
      });
    }
  }

  for (const answer of [403, 422]) {
    it(`PATCH configmaps: ${answer}. They start by the record that was read`, async () => {
      const gates = await restartAll(unwritable(answer));
      await passes(5000);
      expect(started(gates)).to.deep.equal(byOrder);
      expect(process.said.at(-1)).to.match(/^the record can't be written, so nothing is done: /);
    });

    it(`PATCH configmaps: ${answer}. A disk that was rolled back isn't told to start`, async () => {
      await restartAll(unwritable(answer));
      const back = new Gate(process, 0, wal(0, { lastIndex: 10 }));
      await passes(4000);
      expect(back.started).to.equal(undefined);
    });
  }

  for (const answer of [409, 500, "hangs"] as const) {
    it(`PATCH configmaps: ${answer}. It may have been written by somebody: they start by themselves`, async () => {
      const gates = await restartAll(unwritable(answer));
      await passes(30_000);
      expect(started(gates)).to.deep.equal(alone);
    });
  }

  for (const answer of answers) {
    it(`watch: ${answer}. It looks by itself, and they start by its word`, async () => {
      kubernetes.wrong.set("watch", answer);
      const gates = await restartAll(() => undefined);
      await passes(30_000);
      expect(started(gates)).to.deep.equal(byOrder);
    });
  }

  const changed = (more: Partial<Meta>) => {
    const { statefulSet } = kubernetes;
    kubernetes.statefulSet = { ...statefulSet, metadata: { ...statefulSet.metadata, ...more } };
  };
  const broken: readonly [string, RegExp, () => void][] = [
    [
      "the record was deleted",
      /ConfigMap is gone.*pulumi up --refresh/,
      () => (kubernetes.record = undefined),
    ],
    [
      "the record is of another format",
      /record can't be read: format 2/,
      () => (kubernetes.record = { ...kubernetes.record!, data: { record: '{"format":2}' } }),
    ],
    [
      "the declaration is of another format",
      /declaration can't be obeyed: format 2/,
      () => changed({ annotations: { [annotationKeys.desired]: '{"format":2}' } }),
    ],
    [
      "the StatefulSet is being deleted",
      /is being deleted/,
      () => changed({ deletionTimestamp: "2026-01-01T00:00:00Z" }),
    ],
  ];
  for (const [name, words, prepare] of broken) {
    it(`${name}: they start by themselves, and it says so`, async () => {
      const gates = await restartAll(prepare);
      await passes(30_000);
      expect(started(gates)).to.deep.equal(alone);
      expect(process.said.at(-1)).to.match(words);
    });
  }

  it("heals: what is asked after that is answered", async () => {
    await restartAll(() => kubernetes.wrong.set("GET pods", 500));
    await passes(30_000);
    kubernetes.wrong.clear();
    await passes(3000);
    const gate = new Gate(process, 0, wal(0));
    await passes(3000);
    expect(gate.started).to.equal("the controller ordered it");
  });
});
