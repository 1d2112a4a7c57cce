import { expect } from "chai";
import { Ages } from "../../../../../programs/controller/loop/ages";
import type { CarriedAge, World } from "../../../../../programs/controller/model";
import { parseRecord, recordData } from "../../../../../programs/controller/model/record";
import { plan } from "../../../../../programs/controller/plan";
import { age, aging } from "../../../../../programs/controller/plan/age";
import type { Change } from "../../../../support/worlds";
import {
  crashing,
  gated,
  idOf,
  keyOf,
  listed,
  NOW,
  pod,
  remembered,
  report,
  silent,
} from "../../../../support/worlds";
import { EMPTY, status, wal, world } from "../../../../support/worlds";

const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;

/** A controller process whose wall clock is wrong by that much. */
class Process {
  private ownMs = 0;
  readonly ages = new Ages(() => this.ownMs);

  constructor(private readonly wrongByMs = 0) {}

  lives(ms: number): this {
    this.ownMs += ms;
    return this;
  }

  sees(w: World): World {
    const nowMs = w.nowMs + this.wrongByMs;
    return { ...w, nowMs, ages: this.ages.look({ ...w, nowMs }) };
  }

  /** Runs a round every five seconds for that long and applies each record. */
  watches(w: World, forMs: number): World {
    let seen = this.sees(w);
    for (let ms = 0; ms < forMs; ms += 5000) {
      const { record } = plan(seen);
      seen = this.lives(5000).sees({ ...w, record: record ?? seen.record, nowMs: w.nowMs + ms + 5000 });
    }
    return seen;
  }
}

const leaving = { ready: false, deleting: { graceMs: 60_000 } };
const lost = (change: Change = {}) =>
  world(3, {
    desired: { nodeLossGraceSeconds: 90 },
    pods: [pod(2, leaving)],
    statuses: [silent(2)],
    ...change,
  });

describe("plan: ages", () => {
  it("grow while a fact holds, and restart when it doesn't", () => {
    const process = new Process();
    const what = age.deleting("pod-2");
    expect(process.sees(lost()).ages[what]).to.equal(0);
    expect(process.lives(7000).sees(lost()).ages[what]).to.equal(7000);
    expect(process.lives(7000).sees(world(3)).ages[what]).to.equal(undefined);
    expect(process.lives(7000).sees(lost()).ages[what]).to.equal(0);
  });

  it("don't grow while nobody observes: the API server is down or the process is paused", () => {
    const process = new Process();
    process.sees(lost());
    expect(process.lives(DAY_MS).sees(lost()).ages[age.deleting("pod-2")]).to.equal(15_000);
  });

  it("restart from the record after another controller had the lease", () => {
    const process = new Process();
    process.watches(lost(), 60_000);
    process.ages.forget();
    expect(process.sees(lost()).ages[age.deleting("pod-2")]).to.equal(0);
    process.ages.forget();
    const ages = [{ what: age.deleting("pod-2"), ms: 50_000, atMs: NOW }];
    expect(process.sees(lost({ record: { ages } })).ages[age.deleting("pod-2")]).to.equal(50_000);
  });

  it("count from a container's last start", () => {
    const once = aging(world(1)).map((a) => a.what);
    const again = aging(world(1, { pods: [crashing(0, 1)] })).map((a) => a.what);
    const third = pod(0, { etcd: { state: "running", restarts: 2 } });
    expect(again).to.not.include.members(once);
    expect(aging(world(1, { pods: [third] })).map((a) => a.what)).to.not.include.members(once);
  });
});

describe("plan: ages in the record", () => {
  it("are whole milliseconds, however precise the process's clock is", () => {
    const process = new Process();
    process.lives(0.65).sees(lost());
    const seen = process.lives(7000.4).watches(lost(), 60_000);
    const { record } = seen;
    if (!record || "problem" in record) throw new Error("there is a record");
    expect(record.ages).to.have.lengthOf(1);
    expect(parseRecord(recordData(record))).not.to.have.property("problem");
  });

  it("are never written as a record that no controller can read", () => {
    const { record } = world(3);
    if (!record || "problem" in record) throw new Error("there is a record");
    const unreadable = { ...record, ages: [{ what: "x", ms: 0.5, atMs: NOW }] };
    expect(() => recordData(unreadable)).to.throw(/can't be read: ages\[0\]\.ms/);
  });

  const agesOf = (w: World) => plan(w).record?.ages;
  const at = (ms: number, ages?: readonly CarriedAge[], nowMs = NOW) =>
    lost({ ages: { [age.deleting("pod-2")]: ms }, record: { ages }, world: { nowMs } });
  const entry = (ms: number, atMs = NOW) => ({ what: age.deleting("pod-2"), ms, atMs });

  for (const [name, seen, expected] of [
    ["aren't written for a short delay", at(19_999), undefined],
    ["are written after twenty seconds", at(20_000), [entry(20_000)]],
    ["aren't written again at once", at(39_999, [entry(20_000)]), undefined],
    ["are written every twenty seconds", at(40_000, [entry(20_000)]), [entry(40_000)]],
    ["aren't written once they are old enough", at(500_000, [entry(150_000)]), [entry(150_000)]],
    ["are then rewritten only to stay valid", at(500_000, [entry(150_000, NOW - 300_000)]), [entry(500_000)]],
    [
      "are rewritten if their timestamp is in the future",
      at(500_000, [entry(150_000, NOW + DAY_MS)]),
      [entry(500_000)],
    ],
    ["restart if they were no longer valid", at(0, [entry(60_000, NOW - 700_000)]), [entry(0)]],
  ] as const) {
    it(name, () => expect(agesOf(seen)).to.deep.equal(expected));
  }

  it("disappear with their object", () => {
    expect(agesOf(world(3, { record: { ages: [entry(60_000)] } }))).to.deep.equal([]);
  });

  it("aren't written without a declared grace", () => {
    const w = lost({ desired: {}, ages: { [age.deleting("pod-2")]: DAY_MS } });
    expect(agesOf(w)).to.equal(undefined);
  });

  for (const [name, atMs, carriedOver] of [
    ["a moment ago", NOW - 1000, true],
    ["by a controller that waits five minutes between two attempts", NOW - 5 * MINUTE_MS, true],
    ["long ago", NOW - 11 * MINUTE_MS, false],
    ["by a clock that was a little ahead", NOW + MINUTE_MS, true],
    ["by a clock that was a day ahead", NOW + DAY_MS, false],
  ] as const) {
    it(`${carriedOver ? "continue" : "restart"} when written ${name}`, () => {
      const w = lost({ record: { ages: [entry(60_000, atMs)] } });
      expect(new Process().sees(w).ages[age.deleting("pod-2")]).to.equal(carriedOver ? 60_000 : 0);
    });
  }

  it("let a replacement complete, however often the controller restarts", () => {
    let w = lost();
    for (let restarts = 0; restarts < 8; restarts++) w = new Process().watches(w, 25_000);
    expect(plan(w).action).to.include({ kind: "removeMember", memberId: idOf(2) });
  });
});

describe("plan: a wrong clock", () => {
  for (const wrongByMs of [-DAY_MS, -3 * MINUTE_MS, 3 * MINUTE_MS, DAY_MS]) {
    const words = `${wrongByMs / MINUTE_MS} minutes off`;

    it(`${words} doesn't change the wait for a pod that is being stopped`, () => {
      const process = new Process(wrongByMs);
      for (let s = 0; s < 150; s += 5) {
        expect(plan(process.sees(lost())).action, `after ${s} s`).to.equal(undefined);
        process.lives(5000);
      }
      expect(plan(process.sees(lost())).action?.kind).to.equal("removeMember");
    });

    it(`${words} doesn't change the wait for a volume whose node is gone`, () => {
      const stranded = pod(2, {
        nodeName: undefined,
        etcd: { state: "waiting", restarts: 0 },
        unschedulable: "0/1 nodes are available: 1 node(s) had volume node affinity conflict.",
      });
      const process = new Process(wrongByMs);
      for (let s = 0; s < 90; s += 5) {
        expect(plan(process.sees(lost({ pods: [stranded] }))).action, `after ${s} s`).to.equal(undefined);
        process.lives(5000);
      }
      expect(plan(process.sees(lost({ pods: [stranded] }))).action?.kind).to.equal("removeMember");
    });

    it(`${words} leaves a learner exactly its ten minutes`, () => {
      const record = {
        members: [
          remembered(0),
          remembered(1),
          remembered(2, {
            phase: "ordered",
            floor: 0,
            joinPodUid: "pod-2",
            joinListKey: keyOf(0, 1, 2),
            progress: { index: 0, atMs: NOW },
          }),
        ],
      };
      const list = [listed(0), listed(1), listed(2, { isLearner: true, name: "" })];
      const w = world(3, { record, list, pods: [gated(2)], gates: [report(2, EMPTY)] });
      const process = new Process(wrongByMs);
      for (let s = 0; s < 600; s += 10) {
        expect(plan(process.sees(w)).action, `after ${s} s`).to.equal(undefined);
        process.lives(10_000);
      }
      // A little more, by the size of the data.
      expect(plan(process.lives(1000).sees(w)).action?.kind).to.equal("removeMember");
    });

    it(`${words} still allows one replacement of a broken disk an hour`, () => {
      const notes = [{ ordinal: 2, brokenMs: NOW }];
      const broken = { state: "broken" as const, reason: "torn" };
      const w = world(3, { record: { notes }, pods: [gated(2)], gates: [report(2, broken)] });
      const process = new Process(wrongByMs);
      for (let s = 0; s < 3600; s += 10) {
        expect(plan(process.sees(w)).action, `after ${s} s`).to.equal(undefined);
        process.lives(10_000);
      }
      expect(plan(process.sees(w)).action?.kind).to.equal("removeMember");
    });

    it(`${words} doesn't restart an outdated pod that has just started`, () => {
      const old = pod(2, { ready: false, revision: "old" });
      const w = lost({ desired: {}, pods: [old] });
      const process = new Process(wrongByMs);
      expect(plan(process.sees(w)).action).to.equal(undefined);
      for (let s = 0; s < 60; s += 10) process.lives(10_000).sees(w);
      expect(plan(process.sees(w)).action?.kind).to.equal("deletePod");
    });

    it(`${words} leaves members without a record and a leader a minute to elect one`, () => {
      const record = { birth: { state: "unborn" as const }, members: [] };
      const pods = [0, 1, 2].map((o) => pod(o, { ready: false }));
      const statuses = [0, 1, 2].map((o) => status(o, { leaderId: undefined, linearizableRead: false }));
      const w = world(3, { record, list: "none", pods, statuses });
      const process = new Process(wrongByMs);
      for (let s = 0; s <= 60; s += 10) {
        expect(plan(process.sees(w)).action, `after ${s} s`).to.equal(undefined);
        process.lives(10_000);
      }
      expect(plan(process.sees(w)).action?.kind).to.equal("deletePod");
    });
  }

  it("that was ahead doesn't stop the recorded indexes, so that a rolled-back disk is still recognized", () => {
    const ahead = [0, 1, 2].map((o) => remembered(o, { floor: 1000, floorMs: NOW + DAY_MS }));
    const statuses = [0, 1, 2].map((o) => status(o, { raftIndex: 500_000, appliedIndex: 500_000 }));
    const { record } = plan(world(3, { record: { members: ahead }, statuses }));
    expect(record?.members.map((m) => [m.floor, m.floorMs])).to.deep.equal(
      [0, 1, 2].map(() => [500_000, NOW]),
    );
    const rolledBack = world(3, {
      record,
      pods: [gated(1)],
      gates: [report(1, wal(1, { lastIndex: 1000 }))],
      statuses: [statuses[0]!, statuses[2]!],
    });
    expect(plan(rolledBack).orders["pod-1"]?.kind).to.not.equal("start");
  });

  it("that was ahead doesn't prevent another attempt at a replacement", () => {
    const record = {
      members: [remembered(0), remembered(1)],
      notes: [{ ordinal: 2, failedJoinMs: NOW + DAY_MS }],
    };
    const w = world(3, { record, list: [listed(0), listed(1)], pods: [gated(2)], gates: [report(2, EMPTY)] });
    expect(plan(w).action?.kind).to.equal("addLearner");
  });

  it("that was ahead doesn't delay a defragmentation", () => {
    const notes = [0, 1, 2].map((ordinal) => ({ ordinal, defragmentedMs: NOW + DAY_MS }));
    const fragmented = [0, 1, 2].map((o) => status(o, { dbBytes: 2 ** 31, dbInUseBytes: 2 ** 20 }));
    const d = plan(world(3, { record: { notes }, statuses: fragmented }));
    expect(d.action?.kind).to.equal("defragment");
  });
});
