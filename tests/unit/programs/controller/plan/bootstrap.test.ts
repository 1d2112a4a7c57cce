import { expect } from "chai";
import type { PodView } from "../../../../../programs/controller/model";
import type { Disk } from "../../../../../programs/shared/disk";
import { plan } from "../../../../../programs/controller/plan";
import { age } from "../../../../../programs/controller/plan/age";
import { emptyRecord } from "../../../../../programs/controller/plan/record";
import type { Change } from "../../../../support/worlds";
import {
  CLUSTER,
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
  running,
} from "../../../../support/worlds";

const unborn = emptyRecord(1);
const seeding = {
  ...unborn,
  birth: { state: "seeding" as const, token: "birth-pod-0", podUid: "pod-0", claimUid: "claim-0" },
};
const bornEarly = {
  birth: { state: "born" as const, clusterId: CLUSTER, sealed: false },
  members: [remembered(0)],
};
const allGated = [0, 1, 2].map((o) => gated(o));

describe("plan: bootstrap", () => {
  it("orders one bootstrap once every disk is known to be empty, and records the intent", () => {
    const d = plan(
      world(3, {
        record: unborn,
        list: "none",
        pods: allGated,
        gates: [0, 1, 2].map((o) => report(o, EMPTY)),
      }),
    );
    expect(d.record?.birth).to.deep.equal(seeding.birth);
    expect(d.orders["pod-0"]).to.deep.equal({
      kind: "birth",
      token: "birth-pod-0",
      initialCluster: "etcd-0=https://etcd-0.etcd.test.svc:2380",
    });
    expect(d.orders["pod-1"]?.kind).to.equal("wait");
  });

  it("waits until every volume was read", () => {
    const d = plan(
      world(3, { record: unborn, list: "none", pods: allGated, gates: [report(0, EMPTY), report(1, EMPTY)] }),
    );
    expect(d.record).to.equal(undefined);
    expect(d.reason).to.contain("etcd-2");
  });

  const noRoom = "0/3 nodes are available: 3 Insufficient memory.";
  const pull = { waitingReason: "ImagePullBackOff", waitingMessage: 'Back-off pulling image "no/such:v1"' };
  const first: readonly (readonly [string, Partial<PodView>, string])[] = [
    ["can't be scheduled", { unschedulable: noRoom }, `can't be scheduled: ${noRoom}`],
    [
      "whose gate has no image",
      { gate: { state: "waiting", restarts: 0, ...pull } },
      `can't start its gate: ${pull.waitingReason}, ${pull.waitingMessage}`,
    ],
    [
      "whose gate ends",
      { gate: { state: "terminated", restarts: 0, lastExit: { code: 1, oomKilled: false, atMs: NOW } } },
      "can't start its gate: exit code 1",
    ],
    [
      "whose etcd has no image",
      { etcd: { state: "waiting", restarts: 0, ...pull } },
      `doesn't start: ${pull.waitingReason}, ${pull.waitingMessage}`,
    ],
    [
      "whose etcd ends",
      { etcd: crashing(0, 1).etcd, gate: pod(0).gate },
      "doesn't start: CrashLoopBackOff, exit code 2",
    ],
    [
      "that has too little memory",
      { etcd: { state: "terminated", restarts: 1, lastExit: { code: 137, oomKilled: true, atMs: NOW } } },
      "runs out of memory (OOMKilled)",
    ],
  ];
  for (const [name, change, words] of first) {
    const asks = gated(0, change).gate.state === "running";
    for (const record of [unborn, seeding]) {
      if (asks && record === unborn) continue;
      it(`says why it waits for a first pod ${name} (${record.birth.state})`, () => {
        const d = plan(
          world(3, {
            record,
            list: "none",
            pods: [gated(0, change), gated(1), gated(2)],
            gates: [report(1, EMPTY), report(2, EMPTY)],
            statuses: [silent(0)],
          }),
        );
        expect(d.action).to.equal(undefined);
        expect(d.reason).to.contain("etcd-0").and.contain(words);
      });
    }
  }

  it("says why it waits for another pod that has a volume", () => {
    const pods = [gated(0), gated(1, { unschedulable: noRoom }), gated(2)];
    const gates = [report(0, EMPTY), report(2, EMPTY)];
    const d = plan(world(3, { record: unborn, list: "none", pods, gates, statuses: [silent(1)] }));
    expect(d.reason).to.contain(`waits for etcd-1, which can't be scheduled: ${noRoom}`);
  });

  it("says why a member can't join", () => {
    const lonely = { record: bornEarly, list: [listed(0)], statuses: [silent(1), silent(2)] };
    const pods = [gated(1, { unschedulable: noRoom }), gated(2)];
    expect(plan(world(3, { ...lonely, pods })).reason).to.contain(
      `etcd-1 can't join yet: it can't be scheduled`,
    );
  });

  it("doesn't report mounting as a failure", () => {
    for (const waitingReason of ["PodInitializing", "ContainerCreating"]) {
      const waiting = { state: "waiting" as const, waitingReason, restarts: 0 };
      const pods = [gated(0, { gate: waiting, etcd: waiting }), gated(1), gated(2)];
      const gates = [report(1, EMPTY), report(2, EMPTY)];
      const d = plan(world(3, { record: seeding, list: "none", pods, gates, statuses: [silent(0)] }));
      expect(d.reason).to.equal("etcd-0 creates the cluster: waits until it answers");
    }
  });

  it("reports a crash loop the same during back-off and retries, but not after a long run", () => {
    const lastExit = { code: 1, oomKilled: false, atMs: NOW - 31_000 };
    const say = (etcd: Partial<PodView["etcd"]>, runningMs = 0) => {
      const looping = { ...pod(0).etcd, restarts: 1, lastExit, ...etcd };
      const pods = [pod(0, { ready: false, etcd: looping })];
      const ages = running(pods, runningMs);
      return plan(world(3, { record: seeding, list: "none", pods, statuses: [silent(0)], ages })).reason;
    };
    const words = "etcd-0 creates the cluster, but doesn't start: CrashLoopBackOff, exit code 1";
    expect(say({ state: "waiting", waitingReason: "CrashLoopBackOff" })).to.equal(words);
    expect(say({ state: "terminated" })).to.equal(words);
    expect(say({ state: "running" }, 29_000)).to.equal(words);
    expect(say({ state: "running" }, 30_000)).to.not.contain("CrashLoopBackOff");
  });

  it("truncates a long message", () => {
    const etcd = {
      state: "waiting" as const,
      waitingReason: "ErrImagePull",
      waitingMessage: "x".repeat(999),
    };
    const pods = [gated(0, { etcd: { ...etcd, restarts: 0 }, gate: pod(0).gate })];
    const d = plan(world(3, { record: seeding, list: "none", pods, statuses: [silent(0)] }));
    expect(d.reason).to.contain("ErrImagePull, xxx").and.have.lengthOf.below(350);
  });

  const rebuild = { kind: "restore", url: "https://r", abandoned: [] } as const;
  for (const [name, record, desired] of [
    ["a bootstrap", unborn, {}],
    ["a repeated bootstrap", { ...seeding, birth: { ...seeding.birth, podUid: "pod-9" } }, {}],
    ["a bootstrap from restored data", unborn, { generation: 2, rebuild }],
  ] as const) {
    it(`waits before ${name} for every pod's claim, but not for a volume that was never provisioned`, () => {
      const seen = [report(0, EMPTY), report(1, EMPTY)];
      const w = world(3, { desired, record, list: "none", pods: allGated, gates: seen });
      const without = { ...w, pods: w.pods.slice(0, 2), claims: w.claims.slice(0, 2) };
      const d = plan(without);
      expect([d.action, d.record]).to.deep.equal([undefined, undefined]);
      expect(Object.values(d.orders).map((o) => o.kind)).to.not.include("birth");
      expect(d.reason).to.contain("every pod has its claim: waits for etcd-2, which has no pod");
      const claims = w.claims.map((c) => (c.ordinal === 2 ? { ...c, phase: "Pending" as const } : c));
      const then = plan({ ...w, claims });
      if (name.includes("restored")) expect(then.reason).to.contain("there is no restore pod yet");
      else expect(then.record?.birth.state).to.equal("seeding");
    });
  }

  it("offers no way back from a refused restore if there was nothing before", () => {
    const gates = [0, 1, 2].map((o) => report(o, EMPTY));
    const refused = (generation: number) =>
      plan(
        world(3, {
          desired: { generation, rebuild },
          ...{ record: unborn, list: "none", pods: allGated, gates },
          world: { restore: { refusal: "r-x: fetch failed: nobody logged in" } },
        }),
      ).refused;
    expect(refused(1)).to.match(/: nobody logged in\. Declare what is right with generation 2$/);
    expect(refused(2)).to.match(/: nobody logged in\. Declare what is right with generation 3$/);
  });

  it("creates the pods of kept volumes, which must be read first", () => {
    const kept = {
      name: "data-etcd-4",
      ordinal: 4,
      uid: "claim-4",
      resourceVersion: "1",
      phase: "Bound" as const,
      requestedBytes: 10,
      actualBytes: 10,
      deleting: false,
    };
    const w = world(3, { record: unborn, list: "none", pods: allGated });
    expect(plan({ ...w, claims: [...w.claims, kept] }).action).to.include({
      kind: "setReplicas",
      replicas: 5,
    });
  });

  it("records the bootstrap when the first member reads linearizably", () => {
    const d = plan(world(1, { record: seeding }));
    expect(d.record?.birth).to.deep.equal({ state: "born", clusterId: CLUSTER, sealed: false });
    expect(d.record?.members[0]).to.include({ memberId: idOf(0), claimUid: "claim-0", phase: "started" });
  });

  it("repeats a failed bootstrap in a new pod with a new token", () => {
    const again = gated(0, { uid: "pod-9" });
    const d = plan(
      world(1, { record: seeding, list: "none", pods: [again], gates: [report(0, EMPTY, "pod-9")] }),
    );
    expect(d.record?.birth).to.include({ state: "seeding", token: "birth-pod-9" });
  });

  it("replaces a pod in which etcd ran before it orders another bootstrap", () => {
    const etcd = {
      state: "waiting" as const,
      restarts: 1,
      lastExit: { code: 1, oomKilled: false, atMs: NOW },
    };
    const d = plan(
      world(1, { record: seeding, list: "none", pods: [gated(0, { etcd })], gates: [report(0, EMPTY)] }),
    );
    expect(d.action?.kind).to.equal("deletePod");
    expect(d.orders["pod-0"]?.kind).to.equal("wait");
  });

  for (const [name, sealed, disk, repeated, seen] of [
    ["is repeated if nobody can have used the cluster", false, EMPTY, true, {}],
    ["is never repeated once the bootstrap is final", true, EMPTY, false, {}],
    ["isn't repeated if a learner's disk has data", false, wal(1), false, {}],
    [
      "isn't repeated if it has more entries than a bootstrap makes",
      false,
      EMPTY,
      false,
      { floor: 5_000_000 },
    ],
    ["isn't repeated if it was last seen long ago", false, EMPTY, false, { floorMs: NOW - 3_600_000 }],
    [
      "isn't repeated if it was last seen by a clock that ran ahead",
      false,
      EMPTY,
      false,
      { floorMs: NOW + 1 },
    ],
  ] as const) {
    it(`a bootstrapped single voter whose disk is empty: ${name}`, () => {
      const birth = { ...bornEarly.birth, sealed };
      const d = plan(
        world(3, {
          record: { birth, members: [remembered(0, { floor: 5, ...seen })] },
          list: "none",
          pods: [gated(0, { uid: "pod-9" }), gated(1), gated(2)],
          gates: [report(0, EMPTY, "pod-9"), report(1, disk), report(2, EMPTY)],
        }),
      );
      expect(d.record?.birth.state === "seeding").to.equal(repeated);
      expect(d.orders["pod-9"]?.kind === "birth").to.equal(repeated);
      expect(Object.values(d.orders).some((o) => o.kind === "join")).to.equal(false);
      if (!repeated && disk === EMPTY)
        expect(d.reason).to.contain("a quorum of disks is lost (etcd-0: its disk is empty)");
    });
  }

  for (const [name, change, sealed] of [
    ["a client has written", { etcd: { revision: 2 } }, true],
    ["no client has written yet", { etcd: { revision: 1 } }, false],
  ] as const) {
    it(`${sealed ? "is" : "isn't"} final when ${name}, even while the others can't be placed`, () => {
      const alone = { list: [listed(0)], statuses: [status(0, { appliedIndex: 5 }), silent(1), silent(2)] };
      const pods = [gated(1, { unschedulable: noRoom }), gated(2, { unschedulable: noRoom })];
      const members = [remembered(0, { floor: 5 })];
      const d = plan(world(3, { ...alone, ...change, pods, record: { ...bornEarly, members } }));
      expect(d.record?.birth.state === "born" && d.record.birth.sealed).to.equal(sealed);
    });
  }
});

describe("plan: adoption of a lost record", () => {
  const gates = [0, 1, 2].map((o) => report(o, wal(o)));

  it("believes a running quorum", () => {
    const d = plan(world(3, { record: unborn }));
    expect(d.record?.birth).to.deep.equal({ state: "born", clusterId: CLUSTER, sealed: true });
  });

  it("then recognizes every member by its running etcd", () => {
    const born = { state: "born" as const, clusterId: CLUSTER, sealed: true };
    const d = plan(world(3, { record: { ...unborn, birth: born, clusterVersion: "3.6.0" } }));
    expect(d.record?.members.map((m) => [m.memberId, m.claimUid])).to.deep.equal(
      [0, 1, 2].map((o) => [idOf(o), `claim-${o}`]),
    );
  });

  it("starts the voters by the disk with the newest last entry, and fences a former member's disk", () => {
    const stale = report(3, wal(3, { lastIndex: 700, voters: [0, 1, 2, 3].map(idOf) }));
    const d = plan(
      world(4, {
        desired: { members: 3 },
        record: unborn,
        list: "none",
        pods: [...allGated, gated(3)],
        gates: [...gates, stale],
      }),
    );
    expect(d.record?.birth.state).to.equal("adopting");
    expect([0, 1, 2].map((o) => d.orders[`pod-${o}`]?.kind)).to.deep.equal(["start", "start", "start"]);
    expect(d.orders["pod-3"]).to.include({ kind: "wait", hold: true });
  });

  it("compares the term before the index", () => {
    const d = plan(
      world(3, {
        record: unborn,
        list: "none",
        pods: allGated,
        gates: [
          report(0, wal(0, { lastTerm: 4, lastIndex: 10, voters: [idOf(0)] })),
          report(1, wal(1, { lastTerm: 3, lastIndex: 900 })),
          report(2, wal(2, { lastTerm: 3, lastIndex: 900 })),
        ],
      }),
    );
    expect([0, 1, 2].map((o) => d.orders[`pod-${o}`]?.kind)).to.deep.equal(["start", "wait", "wait"]);
  });

  for (const [name, found, words] of [
    [
      "a quorum of disks is missing",
      [report(0, wal(0)), report(1, EMPTY), report(2, EMPTY)],
      "quorum of disks",
    ],
    [
      "there are two clusters",
      [report(0, wal(0)), report(1, wal(1, { clusterId: "5" })), report(2, wal(2))],
      "another cluster",
    ],
    [
      "the generation is older",
      [report(0, wal(0, { generation: 0 })), report(1, EMPTY), report(2, EMPTY)],
      "generation",
    ],
    ["a disk appears twice", [report(0, wal(0)), report(1, wal(0)), report(2, EMPTY)], "quorum of disks"],
    [
      "the only disk can't be read",
      [report(0, { state: "broken", reason: "crc" }), report(1, EMPTY), report(2, EMPTY)],
      "can't be read",
    ],
  ] as const) {
    it(`refuses if ${name}`, () => {
      const d = plan(world(3, { record: unborn, list: "none", pods: allGated, gates: found }));
      expect(d.action).to.equal(undefined);
      expect(d.record).to.equal(undefined);
      expect(d.reason).to.contain(words);
      expect(Object.values(d.orders).map((o) => o.kind)).to.not.include.members(["start"]);
      expect(Object.values(d.orders).some((o) => o.kind === "birth")).to.equal(false);
    });
  }

  describe("with a volume that no gate can read", () => {
    const away = gated(2, { unschedulable: "1 node(s) had untolerated taint", nodeName: undefined });
    const asks = [gated(0), gated(1)];
    const waited = (ms: number) => Object.fromEntries(asks.map((p) => [age.running(p, "gate"), ms]));
    const LONG = 600_000;
    const seen = (disks: readonly Disk[], ms: number, change: Change = {}) =>
      world(3, {
        record: unborn,
        list: "none",
        pods: [...asks, away],
        gates: disks.map((disk, o) => report(o, disk)),
        statuses: [silent(2)],
        ages: waited(ms),
        ...change,
      });
    const kinds = (d: ReturnType<typeof plan>) => [0, 1].map((o) => d.orders[`pod-${o}`]?.kind);
    const whole = [wal(0), wal(1)];

    it("makes a quorum of intact members wait ten minutes and say so, and then start", () => {
      const early = plan(seen(whole, LONG - 1));
      expect([early.record, ...kinds(early)]).to.deep.equal([undefined, "wait", "wait"]);
      expect(early.reason).to.match(/waits for etcd-2, which can't be scheduled.*starts without it in 1 min/);
      const d = plan(seen(whole, LONG));
      expect(d.record?.birth).to.deep.equal({
        state: "adopting",
        clusterId: CLUSTER,
        voters: [0, 1, 2].map(idOf),
        start: [0, 1].map((o) => ({ ordinal: o, claimUid: `claim-${o}`, memberId: idOf(o) })),
      });
      expect(kinds(d)).to.deep.equal(["start", "start"]);
      // The members run: their list is adopted, and the third member starts when its node is back after all.
      const living = seen([], 0, { record: d.record, pods: [away], list: undefined, gates: [] });
      const adopted = plan(living);
      expect(adopted.record?.birth).to.deep.equal({ state: "born", clusterId: CLUSTER, sealed: true });
      const back = { record: adopted.record, pods: [gated(2)], gates: [report(2, wal(2))] };
      expect(plan(world(3, back)).orders["pod-2"]?.kind).to.equal("start");
    });

    it("does the same for an outdated record and while paused", () => {
      const old = { ...seeding, generation: 0, birth: { ...seeding.birth, podUid: "x", claimUid: "x" } };
      const generation = { record: old } as const;
      expect(kinds(plan(seen(whole, LONG, generation)))).to.deep.equal(["start", "start"]);
      const paused = plan(seen(whole, LONG, { desired: { paused: true } }));
      expect([paused.action, ...kinds(paused)]).to.deep.equal([undefined, "start", "start"]);
    });

    const of = (ordinals: readonly number[]) => ordinals.map(idOf);
    const table: readonly (readonly [string, readonly Disk[], Change?])[] = [
      ["every disk that was read is empty, and doesn't bootstrap", [EMPTY, EMPTY]],
      ["one disk is intact and one is empty", [wal(0), EMPTY]],
      ["only one gate asks", [wal(0)]],
      [
        "the disks are of removed members, and only one is in the newest disk's list",
        [wal(0, { voters: of([0, 2]) }), wal(1, { voters: of([0, 1, 2]), lastIndex: 700 })],
      ],
      [
        "the disks are of removed members, two of four removed from five",
        [wal(0, { voters: of([0, 1, 2, 3, 4]) }), wal(1, { voters: of([0, 1, 2, 3, 4]) })],
      ],
      ["the disks are of two clusters", [wal(0), wal(1, { clusterId: "5" })]],
      ["the disks hold the same member", [wal(0), wal(0)]],
      ["a later generation is declared that may be on that volume", whole, { desired: { generation: 2 } }],
      [
        "one disk is of an older generation",
        [wal(0, { generation: 2 }), wal(1)],
        { desired: { generation: 2 } },
      ],
      [
        "a recovery is declared, and its restore pod isn't ready",
        whole,
        { desired: { generation: 2, rebuild: { kind: "recovery", url: "https://r", abandoned: [] } } },
      ],
    ];
    for (const [name, disks, change] of table) {
      it(`never starts a member if ${name}`, () => {
        const d = plan(seen(disks, 100 * LONG, change));
        expect([d.action, d.record]).to.deep.equal([undefined, undefined]);
        expect(Object.values(d.orders).map((o) => o.kind)).to.satisfy((all: string[]) =>
          all.every((kind) => kind === "wait"),
        );
      });
    }

    it("never starts a member if the disks can't be of the same moment", () => {
      const gone = gated(2, { unschedulable: "no node" });
      const torn = world(4, {
        desired: { members: 3 },
        record: unborn,
        list: "none",
        pods: [gated(0), gated(1), gated(3), gone],
        gates: [
          report(0, wal(0, { lastIndex: 880, commit: 870, term: 3, voted: true })),
          report(1, wal(1, { lastIndex: 890, commit: 870, term: 3, voted: true })),
          report(3, wal(3, { commit: 900, term: 3, voted: true })),
        ],
        statuses: [silent(2)],
        ages: Object.fromEntries([0, 1, 3].map((o) => [age.running(gated(o), "gate"), LONG])),
      });
      expect(plan(torn).record).to.equal(undefined);
    });
  });

  describe("beside a disk of another cluster or generation", () => {
    const two = [0, 1].map(idOf);
    const pair = two.map((_, o) => wal(o, { voters: two }));
    const other = (more: Partial<Extract<Disk, { state: "wal" }>> = {}) =>
      wal(2, { clusterId: "42", memberId: "77", voters: ["77", "78", "79"], lastIndex: 90_000, ...more });
    const LONG = 600_000;
    const seen = (disks: readonly Disk[], ms: number, change: Change = {}) =>
      world(3, {
        record: unborn,
        list: "none",
        pods: allGated,
        gates: disks.map((disk, o) => report(o, disk)),
        statuses: [0, 1, 2].map(silent),
        ages: Object.fromEntries(allGated.map((p) => [age.running(p, "gate"), ms])),
        ...change,
      });
    const kinds = (d: ReturnType<typeof plan>) => [0, 1, 2].map((o) => d.orders[`pod-${o}`]?.kind);
    const whole: readonly (readonly [string, Disk, RegExp])[] = [
      [
        "a disk of another cluster that has no quorum",
        other(),
        /on etcd-0, etcd-1 is data of cluster 18\d+, on etcd-2 data of another cluster, 42: decide which to keep/,
      ],
      ["a disk without a generation", other({ generation: 0 }), /generation 0, not the declared/],
      [
        "a disk of the cluster without a generation",
        wal(2, { voters: [0, 1, 2].map(idOf), generation: 0, lastIndex: 700 }),
        /generation 0, not the declared/,
      ],
      [
        "a disk of a later generation that has no quorum",
        other({ generation: 2 }),
        /declare generation 2, or/,
      ],
    ];
    for (const [name, disk, words] of whole) {
      it(`starts a quorum of intact members after ten minutes, says so, and fences ${name}`, () => {
        const early = plan(seen([...pair, disk], LONG - 1));
        expect([early.action, early.record]).to.deep.equal([undefined, undefined]);
        expect(kinds(early)).to.deep.equal(["wait", "wait", "wait"]);
        expect(early.reason)
          .to.match(words)
          .and.match(/starts without it in 1 min/);
        const d = plan(seen([...pair, disk], LONG));
        expect(kinds(d)).to.deep.equal(["start", "start", "wait"]);
        expect(d.orders["pod-2"]).to.include({ hold: true });
        expect(d.record?.birth).to.deep.include({ state: "adopting", clusterId: CLUSTER, voters: two });
        expect(d.record?.generation).to.equal(1);
        const gates = [report(2, disk)];
        const next = seen([], LONG, { record: d.record, gates, pods: [pod(0), pod(1), gated(2)] });
        expect(plan(next).reason).to.match(/waits until the adopted members answer/);
        expect(plan(next).orders["pod-2"]).to.include({ kind: "wait", hold: true });
        const paused = plan(seen([...pair, disk], LONG, { desired: { paused: true } }));
        expect(kinds(paused)).to.deep.equal(["start", "start", "wait"]);
      });
    }

    const away = { gates: [], pods: [gated(0), gated(1), gated(2, { unschedulable: "no node" })] };
    const looks = (disks: readonly Disk[]) => disks.map((disk, o) => report(o, disk));
    const lone = wal(0, { voters: [idOf(0)] });
    const doubtful: readonly (readonly [string, readonly Disk[], Change?])[] = [
      ["the other cluster has a quorum too", [...pair, other({ voters: ["77"] })]],
      [
        "the other cluster has a quorum of a later generation",
        [...pair, other({ voters: ["77"], generation: 2 })],
      ],
      ["neither has a quorum", [wal(0), other(), { state: "empty" }]],
      ["another generation is declared", [...pair, other({ generation: 2 })], { desired: { generation: 2 } }],
      [
        "the other cluster may have a quorum with a volume that wasn't read",
        [],
        { ...away, gates: looks([lone, other({ voters: ["77", "78", "79"] })]) },
      ],
      [
        "the disks can't be of the same moment",
        [
          wal(0, { voters: [idOf(0)], lastIndex: 880, commit: 870 }),
          wal(1, { voters: two, lastIndex: 1000, commit: 1000 }),
          other(),
        ],
      ],
    ];
    for (const [name, disks, change] of doubtful) {
      it(`never starts a member if ${name}`, () => {
        const d = plan(seen(disks, 100 * LONG, change));
        expect([d.action, d.record]).to.deep.equal([undefined, undefined]);
        expect(kinds(d)).to.not.include("start");
      });
    }

    it("starts a quorum if the unread volume can't give the other cluster one", () => {
      const five = ["77", "78", "79", "80", "81"];
      const gates = looks([lone, other({ voters: five })]);
      const start = plan(seen([], LONG, { ...away, gates }));
      expect(start.orders["pod-0"]?.kind).to.equal("start");
      expect(start.orders["pod-1"]).to.include({ kind: "wait", hold: true });
    });

    it("neither makes a declared restore because of that disk nor takes the disk for its result", () => {
      const rebuild = { kind: "restore" as const, url: "https://r", abandoned: [] };
      const d = plan(seen([...pair, other()], 100 * LONG, { desired: { generation: 2, rebuild } }));
      expect([d.action, d.record]).to.deep.equal([undefined, undefined]);
    });
  });

  describe("of a leaderless member whose disk was never read", () => {
    const blind = pod(0, { ready: false });
    const leaderless = status(0, { leaderId: undefined, linearizableRead: false });
    const decided = (ages: Readonly<Record<string, number>>, answer = leaderless) =>
      plan(
        world(3, {
          record: unborn,
          desired: { quotaBytes: 2 ** 30 },
          list: "none",
          pods: [blind, gated(1), gated(2)],
          gates: [report(1, wal(1)), report(2, wal(2))],
          statuses: [answer],
          ages,
        }),
      );

    it("stops it after a minute", () => {
      expect(decided({ [age.leaderless(blind)]: 60_001 }).action).to.include({
        kind: "deletePod",
        uid: "pod-0",
      });
    });

    it("lets it run while it may be in an election, however long it has run", () => {
      expect(decided({ [age.leaderless(blind)]: 60_000 }).action).to.equal(undefined);
      expect(decided({}).action).to.equal(undefined);
    });

    it("has longer while it answers nobody: it may be at work on all of its data, and vote", () => {
      const after = (ms: number) => decided({ [age.leaderless(blind)]: ms }, silent(0)).action?.kind;
      expect(after(60_000 + 30_000 + 64_000)).to.equal(undefined);
      expect(after(60_000 + 30_000 + 64_001)).to.equal("deletePod");
    });
  });

  it("doesn't adopt a cluster while another one runs", () => {
    const d = plan(
      world(3, { record: unborn, statuses: [status(2, { clusterId: "5" })], list: [listed(0), listed(1)] }),
    );
    expect(d.record).to.equal(undefined);
    expect(d.reason).to.contain("another cluster");
  });
});
