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

/** A controller process, with a wall clock that is wrong by so much. */
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

  /** Looks every five seconds for so long, and writes down what it decides to. */
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

describe("ages", () => {
  it("grow while a fact holds, and begin anew when it doesn't", () => {
    const process = new Process();
    const what = age.deleting("pod-2");
    expect(process.sees(lost()).ages[what]).to.equal(0);
    expect(process.lives(7000).sees(lost()).ages[what]).to.equal(7000);
    expect(process.lives(7000).sees(world(3)).ages[what]).to.equal(undefined);
    expect(process.lives(7000).sees(lost()).ages[what]).to.equal(0);
  });

  it("don't grow by what nobody saw: the API server was down, or the process stood still", () => {
    const process = new Process();
    process.sees(lost());
    expect(process.lives(DAY_MS).sees(lost()).ages[age.deleting("pod-2")]).to.equal(15_000);
  });

  it("begin anew after another controller had the lease, from what that one wrote", () => {
    const process = new Process();
    process.watches(lost(), 60_000);
    process.ages.forget();
    expect(process.sees(lost()).ages[age.deleting("pod-2")]).to.equal(0);
    process.ages.forget();
    const ages = [{ what: age.deleting("pod-2"), ms: 50_000, atMs: NOW }];
    expect(process.sees(lost({ record: { ages } })).ages[age.deleting("pod-2")]).to.equal(50_000);
  });

  it("are counted for a container from its last start", () => {
    const once = aging(world(1)).map((a) => a.what);
    const again = aging(world(1, { pods: [crashing(0, 1)] })).map((a) => a.what);
    const third = pod(0, { etcd: { state: "running", restarts: 2 } });
    expect(again).to.not.include.members(once);
    expect(aging(world(1, { pods: [third] })).map((a) => a.what)).to.not.include.members(once);
  });
});

describe("ages in the record", () => {
  it("are whole milliseconds, whatever parts of one the process's clock tells", () => {
    const process = new Process();
    process.lives(0.65).sees(lost());
    const seen = process.lives(7000.4).watches(lost(), 60_000);
    const { record } = seen;
    if (!record || "problem" in record) throw new Error("there is a record");
    expect(record.ages).to.have.lengthOf(1);
    expect(parseRecord(recordData(record))).not.to.have.property("problem");
  });

  it("a record that no controller could read isn't written in the place of one that they can", () => {
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
    ["a pod that takes its time isn't worth a write", at(19_999), undefined],
    ["after twenty seconds it is", at(20_000), [entry(20_000)]],
    ["not again at once", at(39_999, [entry(20_000)]), undefined],
    ["but every twenty seconds", at(40_000, [entry(20_000)]), [entry(40_000)]],
    ["not when it is old enough", at(500_000, [entry(150_000)]), [entry(150_000)]],
    ["then only so that it stays believed", at(500_000, [entry(150_000, NOW - 300_000)]), [entry(500_000)]],
    ["a stamp of the future is written anew", at(500_000, [entry(150_000, NOW + DAY_MS)]), [entry(500_000)]],
    ["what wasn't believed begins anew", at(0, [entry(60_000, NOW - 700_000)]), [entry(0)]],
  ] as const) {
    it(name, () => expect(agesOf(seen)).to.deep.equal(expected));
  }

  it("go with what they were of", () => {
    expect(agesOf(world(3, { record: { ages: [entry(60_000)] } }))).to.deep.equal([]);
  });

  it("without a declared grace nobody needs them", () => {
    const w = lost({ desired: {}, ages: { [age.deleting("pod-2")]: DAY_MS } });
    expect(agesOf(w)).to.equal(undefined);
  });

  for (const [name, atMs, carriedOver] of [
    ["a moment ago", NOW - 1000, true],
    ["by a controller that waits five minutes between two tries", NOW - 5 * MINUTE_MS, true],
    ["long ago", NOW - 11 * MINUTE_MS, false],
    ["by a clock that was a little ahead", NOW + MINUTE_MS, true],
    ["by a clock that was a day ahead", NOW + DAY_MS, false],
  ] as const) {
    it(`written ${name}: ${carriedOver ? "carried over" : "begins anew"}`, () => {
      const w = lost({ record: { ages: [entry(60_000, atMs)] } });
      expect(new Process().sees(w).ages[age.deleting("pod-2")]).to.equal(carriedOver ? 60_000 : 0);
    });
  }

  it("bring a replacement to its end, however often the controller is restarted", () => {
    let w = lost();
    for (let restarts = 0; restarts < 8; restarts++) w = new Process().watches(w, 25_000);
    expect(plan(w).action).to.include({ kind: "removeMember", memberId: idOf(2) });
  });
});

describe("a wrong clock", () => {
  for (const wrongByMs of [-DAY_MS, -3 * MINUTE_MS, 3 * MINUTE_MS, DAY_MS]) {
    const words = `${wrongByMs / MINUTE_MS} minutes off`;

    it(`${words}: a pod that is being stopped is waited for, for as long as with a right one`, () => {
      const process = new Process(wrongByMs);
      for (let s = 0; s < 150; s += 5) {
        expect(plan(process.sees(lost())).action, `after ${s} s`).to.equal(undefined);
        process.lives(5000);
      }
      expect(plan(process.sees(lost())).action?.kind).to.equal("removeMember");
    });

    it(`${words}: a volume whose node is gone, too`, () => {
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

    it(`${words}: a learner has its ten minutes, and no more`, () => {
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
      // A moment longer, by the size of the data.
      expect(plan(process.lives(1000).sees(w)).action?.kind).to.equal("removeMember");
    });

    it(`${words}: a broken disk is replaced once an hour`, () => {
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

    it(`${words}: an outdated pod that has just started is left alone`, () => {
      const old = pod(2, { ready: false, revision: "old" });
      const w = lost({ desired: {}, pods: [old] });
      const process = new Process(wrongByMs);
      expect(plan(process.sees(w)).action).to.equal(undefined);
      for (let s = 0; s < 60; s += 10) process.lives(10_000).sees(w);
      expect(plan(process.sees(w)).action?.kind).to.equal("deletePod");
    });

    it(`${words}: members without a record and a leader have a minute to find one`, () => {
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

  it("that was ahead doesn't stop the floors, so that a disk rolled back is still known", () => {
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

  it("that was ahead doesn't keep a replacement from being tried again", () => {
    const record = {
      members: [remembered(0), remembered(1)],
      notes: [{ ordinal: 2, failedJoinMs: NOW + DAY_MS }],
    };
    const w = world(3, { record, list: [listed(0), listed(1)], pods: [gated(2)], gates: [report(2, EMPTY)] });
    expect(plan(w).action?.kind).to.equal("addLearner");
  });

  it("that was ahead doesn't put off a defragmentation", () => {
    const notes = [0, 1, 2].map((ordinal) => ({ ordinal, defragmentedMs: NOW + DAY_MS }));
    const fragmented = [0, 1, 2].map((o) => status(o, { dbBytes: 2 ** 31, dbInUseBytes: 2 ** 20 }));
    const d = plan(world(3, { record: { notes }, statuses: fragmented }));
    expect(d.action?.kind).to.equal("defragment");
  });
});
