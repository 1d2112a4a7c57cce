/** Steps that take long because the data is large, and a member that only half works. */
import { expect } from "chai";
import type { Hashing } from "../../../../../programs/controller/observe/hashes";
import { Hashes } from "../../../../../programs/controller/observe/hashes";
import { plan } from "../../../../../programs/controller/plan";
import { age } from "../../../../../programs/controller/plan/age";
import type { Change } from "../../../../support/worlds";
import {
  gated,
  idOf,
  keyOf,
  listed,
  NOW,
  pod,
  remembered,
  report,
  silent,
  status,
  world,
} from "../../../../support/worlds";
import { EMPTY } from "../../../../support/worlds";

const GIB = 2 ** 30;
const MINUTE_MS = 60_000;

describe("plan: a learner that receives its snapshot", () => {
  const learner = remembered(2, {
    phase: "ordered",
    floor: 0,
    joinPodUid: "pod-2",
    joinListKey: keyOf(0, 1, 2),
    progress: { index: 0, atMs: NOW },
  });
  const after = (minutes: number, dbBytes: number | undefined, quotaBytes = 8 * GIB) =>
    plan(
      world(3, {
        desired: { quotaBytes },
        record: { members: [remembered(0), remembered(1), learner] },
        list: [listed(0), listed(1), listed(2, { isLearner: true, name: "" })],
        pods: [gated(2)],
        gates: [report(2, EMPTY)],
        statuses: [0, 1].map((o) => status(o, { dbBytes })),
        ages: { [age.progress(learner)]: minutes * MINUTE_MS },
      }),
    ).action?.kind;

  for (const [dbBytes, minutes] of [
    [0, 10],
    [GIB, 15],
    [8 * GIB, 45],
    [undefined, 45],
  ] as const) {
    it(`of ${dbBytes === undefined ? "an unknown size" : `${dbBytes / GIB} GiB`} has ${minutes} minutes`, () => {
      expect(after(minutes - 1, dbBytes)).to.equal(undefined);
      expect(after(minutes, dbBytes)).to.equal("removeMember");
    });
  }
});

describe("plan: an outdated pod that may be defragmenting", () => {
  const decide = (defragmentedMs: number, change: Change = {}) =>
    plan(
      world(3, {
        desired: { quotaBytes: 8 * GIB },
        pods: [0, 1, 2].map((o) => pod(o, { revision: "old", ready: o !== 2 })),
        statuses: [0, 1].map((o) => status(o, { dbBytes: 4 * GIB })).concat(silent(2)),
        record: { notes: [{ ordinal: 2, defragmentedMs }] },
        ...change,
      }),
    ).action;

  it("isn't killed for as long as its data may take", () => {
    expect(decide(NOW - 4 * MINUTE_MS)).to.equal(undefined);
    expect(decide(NOW - 5 * MINUTE_MS)).to.include({ kind: "deletePod", uid: "pod-2" });
  });
  it("isn't spared longer because of a clock that was ahead", () => {
    expect(decide(NOW + 60 * MINUTE_MS)).to.include({ kind: "deletePod", uid: "pod-2" });
  });
});

describe("plan: a voter that answers but can't read linearizably", () => {
  const ill = status(2, { linearizableRead: false });
  const unread = (minutes: number) => ({ [age.unread(pod(2))]: minutes * MINUTE_MS });
  const decide = (minutes: number, change: Change = {}) =>
    plan(world(3, { statuses: [ill], ages: unread(minutes), ...change }));

  it("is restarted after a while", () => {
    expect(decide(9).action).to.equal(undefined);
    const d = decide(10);
    expect(d.action).to.deep.equal({ kind: "deletePod", name: "etcd-2", uid: "pod-2", force: false });
    expect(d.record?.notes).to.deep.equal([{ ordinal: 2, unreadPodUid: "pod-2" }]);
    expect(d.reason).to.contain("etcd-2 has had no linearizable read for 10 minutes");
  });
  it("is restarted only once, and then the reason asks for help", () => {
    const d = decide(10, { record: { notes: [{ ordinal: 2, unreadPodUid: "pod-1" }] } });
    expect(d.action).to.equal(undefined);
    expect(d.warnings.join()).to.contain("a restart didn't help");
  });
  it("is restarted again if it was healthy in between", () => {
    const well = plan(world(3, { record: { notes: [{ ordinal: 2, unreadPodUid: "pod-1" }] } }));
    expect(well.record?.notes[0]?.unreadPodUid).to.equal(undefined);
  });
  for (const [name, change] of [
    ["another voter is unhealthy too", { statuses: [ill, silent(1)] }],
    [
      "its database is being defragmented",
      { record: { notes: [{ ordinal: 2, defragmentedMs: NOW - 1000 }] } },
    ],
    ["the controller is paused", { desired: { paused: true } }],
    ["there is no quorum", { list: "none" as const }],
  ] as const) {
    it(`is left alone while ${name}`, () => expect(decide(60, change).action).to.equal(undefined));
  }
});

describe("plan: hashes of the members' data", () => {
  function asked() {
    const at = { ms: 0 };
    const waiting: { revision: number; timeoutMs: number; end: (hash?: number) => void }[] = [];
    const member = (ordinal: number): Hashing => ({
      memberId: idOf(ordinal),
      dbBytes: 4 * GIB,
      ask: (revision, timeoutMs) =>
        new Promise((resolve, reject) => {
          const end = (hash?: number) =>
            hash === undefined ? reject(new Error("late")) : resolve({ compactRevision: 1, hash });
          waiting.push({ revision, timeoutMs, end });
        }),
    });
    const hashes = new Hashes(() => at.ms);
    const of = (revision: number) => hashes.of([member(0), member(1)], revision);
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    return { at, waiting, hashes, of, settle };
  }

  it("have a timeout that grows with the data, and are requested once until all have answered", async () => {
    const { at, waiting, of, settle } = asked();
    expect(of(7)).to.equal(undefined);
    at.ms += 400_000;
    expect(of(8)).to.equal(undefined);
    expect(waiting.map((w) => [w.revision, w.timeoutMs])).to.deep.equal([7, 7].map((r) => [r, 510_000]));
    waiting.forEach((w) => w.end(5));
    await settle();
    const hash = { revision: 7, compactRevision: 1, hash: 5 };
    expect(of(9)).to.deep.equal([0, 1].map((o) => ({ memberId: idOf(o), ...hash })));
    expect(waiting).to.have.length(2);
    at.ms += 60_000;
    of(9);
    expect(waiting).to.have.length(4);
  });

  it("aren't requested again while etcd may still compute one after a timeout", async () => {
    const { at, waiting, of, settle } = asked();
    of(7);
    waiting[0]?.end(5);
    waiting[1]?.end();
    await settle();
    at.ms += 509_000;
    expect(of(8)).to.have.length(1);
    expect(waiting).to.have.length(2);
    at.ms += 1000;
    of(8);
    expect(waiting).to.have.length(4);
  });

  it("of a cleared alarm aren't used for the next one", async () => {
    const { waiting, hashes, of, settle } = asked();
    of(7);
    hashes.forget();
    waiting.forEach((w) => w.end(5));
    await settle();
    expect(of(8)).to.equal(undefined);
  });
});
