/** What a later release has written, read by this one, which was declared again. */
import { expect } from "chai";
import type { ControllerRecord } from "../../../../../programs/controller/model";
import type { Order } from "../../../../../programs/shared/protocol";
import { parseOrder, REPORT_PATH } from "../../../../../programs/shared/protocol";
import { parseRecord, recordData } from "../../../../../programs/controller/model/record";
import { plan } from "../../../../../programs/controller/plan";
import {
  EMPTY,
  gated,
  idOf,
  listed,
  NOW,
  remembered,
  report,
  silent,
  wal,
  world,
} from "../../../../support/worlds";

const later = { unheard: { of: ["x"] } };
const record = world(3).record as ControllerRecord;

/** With something unknown at every level. */
const full = {
  ...record,
  minReader: 1,
  ...later,
  birth: { ...record.birth, ...later },
  members: record.members.map((m) => ({
    ...m,
    floorMs: NOW - 120_000,
    progress: { index: 1, atMs: NOW, ...later },
    ...later,
  })),
  notes: [{ ordinal: 1, suspect: { podUid: "x", revision: "r", atMs: NOW, ...later }, ...later }],
  abandoned: [{ ordinal: 5, claimUid: "claim-9", ...later }],
  ages: [{ what: "x", ms: 1, atMs: NOW, ...later }],
  space: {
    revision: 5,
    atMs: NOW,
    compacted: true,
    defragmented: [{ memberId: idOf(0), times: 1, ...later }],
    ...later,
  },
  oldLog: { until: 5, ...later },
  made: { generation: 1, kind: "cloned", atMs: NOW, words: "made", ...later },
};
const survivor = { ordinal: 0, claimUid: "c", memberId: "1", lastTerm: 1, lastIndex: 1, commit: 1 };
const rebuild = {
  generation: 2,
  kind: "recovery",
  phase: "building",
  survivor: { ...survivor, ...later },
  seed: { jobPodUid: "job", sha256: "s", ...later },
  ...later,
};
const remove = {
  kind: "remove",
  ordinal: 2,
  memberId: idOf(2),
  claimUid: "claim-2",
  why: "shrink",
  atMs: NOW,
};

const parse = (value: object) => parseRecord({ record: JSON.stringify(value) }) as ControllerRecord;
const written = (value: ControllerRecord) => JSON.parse(recordData(value).record ?? "") as typeof full;
const replacedBy = (intent: object) => ({ ...full, intent: { ...intent, ...later } });

describe("a record of a later release", () => {
  for (const [name, value] of [
    ["whole", full],
    ["while a generation is made", { ...full, rebuild }],
    ["with an intent that is known", replacedBy(remove)],
    ["with a cause that isn't known", replacedBy({ ...remove, why: "moved" })],
    ["with an intent that isn't known", replacedBy({ kind: "swap", ordinal: 2, with: 1 })],
  ] as const) {
    it(`is written as it was read: ${name}`, () => {
      expect(written(parse(value))).to.deep.equal(value);
    });
  }

  it("keeps what isn't known through a decision that changes what is", () => {
    const after = plan(world(3, { world: { record: parse(full) } })).record;
    expect(after?.sequence).to.equal(8);
    const data = written(after!);
    expect(data).to.deep.include(later);
    expect(data.birth).to.deep.include(later);
    for (const m of data.members) {
      expect(m.floor).to.equal(1000);
      expect(m).to.deep.include(later);
    }
    expect(data.notes[0]).to.deep.include(later);
    expect(data.oldLog).to.deep.include(later);
    expect(data.made).to.deep.include(later);
  });

  it("that asks for a later reader is acted on by nobody", () => {
    const problem = parse({ ...full, minReader: 2 });
    expect(problem).to.have.property("problem").that.contains("reader 2");
    const d = plan(world(3, { pods: [gated(2)], gates: [report(2, EMPTY)], world: { record: problem } }));
    expect(d.record).to.equal(undefined);
    expect(d.action).to.equal(undefined);
    expect(d.orders).to.deep.equal({});
    expect(d.reason).to.contain("later release");
  });
});

describe("plan: an intent of a later release", () => {
  const intent = { kind: "unread" as const, written: { kind: "swap" } };
  const whole = { pods: [gated(2)], gates: [report(2, wal(2))] };
  it("keeps no whole member from starting", () => {
    for (const list of [undefined, "none"] as const) {
      const d = plan(world(3, { ...whole, record: { intent }, list }));
      expect(d.orders["pod-2"]?.kind).to.equal("start");
    }
  });
  const late = { nodeLossGraceSeconds: 60 };
  for (const [name, change] of [
    ["a lost disk", { pods: [gated(2)], gates: [report(2, EMPTY)] }],
    ["a smaller size", { desired: { members: 1 } }],
    ["pods beyond the size", { replicas: 5 }],
    [
      "a learner that has no record",
      { replicas: 4, list: [listed(0), listed(1), listed(2), listed(3, { isLearner: true, name: "" })] },
    ],
    [
      "a volume that was given up",
      {
        desired: late,
        list: [listed(0), listed(1)],
        statuses: [silent(2)],
        record: {
          intent,
          members: [remembered(0), remembered(1)],
          abandoned: [{ ordinal: 2, claimUid: "claim-2" }],
        },
      },
    ],
    [
      "a member that is to come",
      {
        list: [listed(0), listed(1)],
        pods: [gated(2)],
        gates: [report(2, EMPTY)],
        record: { intent, members: [remembered(0), remembered(1)] },
      },
    ],
  ] as const) {
    it(`no member and no volume comes or goes: ${name}`, () => {
      const d = plan(world(3, { record: { intent }, ...change }));
      expect(d.action).to.equal(undefined);
      expect(d.reason).to.contain("a later release");
      expect(d.converged).to.equal(undefined);
    });
  }
  it("holds up no rollout: going back a release is one", () => {
    const pods = [0, 1, 2].map((o) => ({ ...world(3).pods[o]!, revision: "old" }));
    const d = plan(world(3, { record: { intent }, pods }));
    expect(d.action?.kind).to.equal("evictPod");
  });
});

describe("orders to the gates", () => {
  /**
   * A gate of an older release takes an order that it doesn't know for silence, and starts what is whole: so
   * this set is closed for good. A new kind of order is given at a new path only, to gates that ask there.
   */
  const v1: Readonly<Record<Order["kind"], Order>> = {
    start: { kind: "start", acceptVersion: true, dropAside: false },
    birth: { kind: "birth", token: "t", initialCluster: "c" },
    join: { kind: "join", memberId: "1", initialCluster: "c", setAside: false },
    seed: { kind: "seed", url: "u", sha256: "s" },
    lend: { kind: "lend", url: "u" },
    wait: { kind: "wait", reason: "r", hold: true },
    refuse: { kind: "refuse", reason: "r" },
  };
  it("are of these kinds under /v1, and no other is understood there", () => {
    expect(REPORT_PATH).to.equal("/v1/report");
    expect(Object.keys(v1).sort()).to.deep.equal([
      ...["birth", "join", "lend", "refuse", "seed", "start", "wait"],
    ]);
    for (const order of Object.values(v1))
      expect(parseOrder(JSON.stringify(order))?.kind).to.equal(order.kind);
    expect(parseOrder(JSON.stringify({ kind: "swap", with: 1 }))).to.equal(undefined);
  });
});
