import { expect } from "chai";
import type {
  ControllerRecord,
  MemberHash,
  MemberStatus,
  SpaceWork,
  Tries,
} from "../../../../../programs/controller/model";
import { plan } from "../../../../../programs/controller/plan";
import { age, aging } from "../../../../../programs/controller/plan/age";
import type { Change } from "../../../../support/worlds";
import {
  done,
  EMPTY,
  failed,
  gated,
  idOf,
  listed,
  NOW,
  pod,
  remembered,
  report,
  silent,
  status,
  world,
} from "../../../../support/worlds";

const MIB = 1024 * 1024;
const sized = (ordinal: number, mib: number, inUse: number): MemberStatus =>
  status(ordinal, { dbBytes: mib * MIB, dbInUseBytes: inUse * MIB });

describe("plan: a defragmentation", () => {
  const desired = { quotaBytes: 8192 * MIB };
  const all = (mib: number, inUse: number) => [0, 1, 2].map((o) => sized(o, mib, inUse));

  it("takes followers first", () => {
    expect(plan(world(3, { desired, statuses: all(200, 100) })).action).to.include({
      kind: "defragment",
      ordinal: 1,
    });
  });
  it("takes the leader last, a minute after the previous member", () => {
    const statuses = [sized(0, 200, 100), sized(1, 100, 100), sized(2, 100, 100)];
    const notes = (ms: number) => [{ ordinal: 2, defragmentedMs: NOW - ms }];
    expect(plan(world(3, { desired, statuses, record: { notes: notes(59_000) } })).action).to.equal(
      undefined,
    );
    const next = plan(world(3, { desired, statuses, record: { notes: notes(61_000) } }));
    expect(next.action).to.deep.equal({ kind: "moveLeader", from: idOf(0), to: idOf(1) });
    expect(next.record?.notes).to.deep.equal(notes(61_000));
    const follows = statuses.map((s) => ({ ...s, leaderId: idOf(1) }));
    const then = plan(world(3, { desired, statuses: follows, record: { notes: notes(61_000) } }));
    expect(then.action).to.include({ kind: "defragment", ordinal: 0 });
  });
  it("skips a leader whose leadership can't be moved", () => {
    const statuses = [sized(0, 200, 100), sized(1, 100, 100), sized(2, 100, 100)];
    const action = { kind: "moveLeader" as const, from: idOf(0), to: idOf(1) };
    const d = plan(world(3, { desired, statuses, world: { tries: failed(action, "timeout", false) } }));
    expect(d.action).to.deep.equal(action);
  });
  it("includes an only voter, and says that this interrupts the service", () => {
    const d = plan(world(1, { desired: { ...desired, members: 1 }, statuses: [sized(0, 200, 100)] }));
    expect(d.action).to.include({ kind: "defragment", ordinal: 0 });
    expect(d.reason).to.contain("the only voter serves nobody meanwhile");
  });
  for (const [name, change] of [
    ["below the free share", { statuses: all(200, 120) }],
    ["below the minimum size", { statuses: all(90, 10) }],
    ["while a voter is unhealthy", { statuses: [sized(0, 200, 100), sized(1, 200, 100), silent(2)] }],
    [
      "again within the hour",
      {
        statuses: [sized(1, 200, 100)],
        record: { notes: [{ ordinal: 1, defragmentedMs: NOW - 3_000_000 }] },
      },
    ],
  ] as const) {
    it(`doesn't happen ${name}`, () =>
      expect(plan(world(3, { desired, ...change })).action).to.equal(undefined));
  }
  it("is recorded before it is executed", () => {
    const d = plan(world(3, { desired, statuses: all(200, 100) }));
    expect(d.record?.notes).to.deep.equal([{ ordinal: 1, defragmentedMs: NOW }]);
  });
});

describe("plan: the alarm NOSPACE", () => {
  const desired = { quotaBytes: 1000 * MIB };
  const alarms = [{ memberId: idOf(1), type: "NOSPACE" as const }];
  const all = (mib: number, inUse: number) => [0, 1, 2].map((o) => sized(o, mib, inUse));
  const full = all(1000, 300);
  const times = (...counts: number[]) =>
    counts.flatMap((n, o) => (n > 0 ? [{ memberId: idOf(o), times: n }] : []));
  const space = (...counts: number[]) => ({
    revision: 500,
    atMs: NOW - 1000,
    compacted: true,
    defragmented: times(...counts),
  });
  const underAlarm = (statuses: readonly MemberStatus[], work?: SpaceWork, change: Change = {}) =>
    world(3, { desired, statuses, record: { space: work }, ...change, etcd: { alarms, ...change.etcd } });
  const decide = (...given: Parameters<typeof underAlarm>) => plan(underAlarm(...given));

  it("leads to a compaction first, whose revision is recorded", () => {
    const d = decide(full);
    expect(d.action).to.deep.equal({ kind: "compact", revision: 500 });
    expect(d.record?.space).to.deep.equal({ ...space(), atMs: NOW, compacted: false });
  });
  it("waits for a linearizable read before the compaction", () => {
    const d = decide(full, undefined, { etcd: { revision: undefined } });
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("linearizable read");
  });
  it("repeats the same compaction until etcd confirms it", () => {
    const asked = { ...space(), compacted: false };
    const action = { kind: "compact" as const, revision: 500 };
    const next = (tries?: Tries) => plan({ ...underAlarm(full, asked), tries });
    expect(next(done(action)).record?.space).to.deep.equal(space());
    // After an error, in another controller, and after the compaction of an earlier alarm.
    for (const tries of [failed(action, "timeout", false), undefined, done({ ...action, revision: 400 })]) {
      expect(next(tries).action).to.deep.equal(action);
      expect(next(tries).record?.space).to.deep.equal(asked);
    }
  });
  it("gives a compaction that outlives its request the time that its data may take", () => {
    const asked = { ...space(), compacted: false };
    const action = { kind: "compact" as const, revision: 500 };
    const error = "OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted";
    const after = (ms: number) =>
      plan({
        ...underAlarm(full, asked, { ages: { [age.compacting(500)]: ms } }),
        tries: failed(action, error),
      });
    expect(after(68_000).action).to.equal(undefined);
    expect(after(68_000).reason).to.contain("etcd is deleting the history up to revision 500");
    expect(after(69_000).record?.space).to.deep.equal(space());
    expect(aging(underAlarm(full, asked)).map((a) => a.what)).to.include(age.compacting(500));
    expect(aging(underAlarm(full, space())).map((a) => a.what)).to.not.include(age.compacting(500));
  });

  it("then leads to defragmentations without a pause, followers first, each counted before it begins", () => {
    const order: (number | undefined)[] = [];
    let statuses = full;
    let record: Partial<ControllerRecord> = { space: space() };
    let d = decide(statuses, undefined, { record });
    for (let i = 0; i < 3; i++, d = decide(statuses, undefined, { record })) {
      if (d.action?.kind === "moveLeader") {
        expect(order).to.deep.equal([1, 2]);
        const { to } = d.action;
        statuses = statuses.map((s) => ({ ...s, leaderId: to }));
        d = decide(statuses, undefined, { record });
      }
      if (d.action?.kind !== "defragment") throw new Error(d.reason);
      const { ordinal } = d.action;
      order.push(ordinal);
      expect(d.record?.space?.defragmented).to.deep.include({ memberId: idOf(ordinal), times: 1 });
      expect(d.record?.notes).to.deep.include({ ordinal, defragmentedMs: NOW });
      record = { space: d.record?.space, notes: d.record?.notes };
      statuses = statuses.map((s) =>
        s.ordinal === ordinal ? { ...sized(ordinal, 300, 290), leaderId: s.leaderId } : s,
      );
    }
    expect(order).to.deep.equal([1, 2, 0]);
    expect(decide(statuses, undefined, { record }).action?.kind).to.equal("disarm");
  });
  it("defragments no member while a voter is unhealthy or being defragmented", () => {
    const busy = [
      sized(0, 1000, 300),
      { ...sized(1, 1000, 300), linearizableRead: false },
      sized(2, 1000, 300),
    ];
    const d = decide(busy, space(0, 1));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("every voter is healthy");
  });
  it("defragments each full member once, though etcd hasn't counted the free pages yet", () => {
    expect(decide(all(1000, 1000), space()).action).to.include({ kind: "defragment", ordinal: 1 });
    expect(decide(all(1000, 1000), space(0, 1)).action).to.include({ kind: "defragment", ordinal: 2 });
    expect(decide(all(1000, 1000), space(0, 1, 1)).action).to.include({ kind: "moveLeader", from: idOf(0) });
    expect(decide(all(1000, 1000), space(1, 1, 1)).reason).to.contain("raise the quota");
  });
  it("skips members well below their quota", () => {
    const statuses = [sized(0, 300, 100), sized(1, 300, 100), sized(2, 900, 300)];
    expect(decide(statuses, space()).action).to.include({ kind: "defragment", ordinal: 2 });
    expect(decide([...statuses.slice(0, 2), sized(2, 300, 290)], space(0, 0, 1)).action?.kind).to.equal(
      "disarm",
    );
  });
  it("defragments again if more was counted since or if it failed, three times at most", () => {
    const counted = [sized(0, 300, 290), sized(1, 1000, 300), sized(2, 300, 290)];
    for (const n of [1, 2]) expect(decide(counted, space(0, n)).action).to.include({ ordinal: 1 });
    const now = [{ ordinal: 1, defragmentedMs: NOW - 1000 }];
    expect(decide(counted, undefined, { record: { space: space(0, 3), notes: now } }).action).to.equal(
      undefined,
    );
    const uncounted = [sized(0, 300, 290), sized(1, 1000, 1000), sized(2, 300, 290)];
    const after = (n: number, memberId = idOf(1)) =>
      plan({
        ...underAlarm(uncounted, space(0, n)),
        tries: failed({ kind: "defragment", ordinal: 1, memberId }, "UNAVAILABLE", false),
      });
    expect(after(1, idOf(2)).action).to.equal(undefined);
    // It is first recorded, with etcd's error.
    expect(after(3).record?.space?.defragmented).to.deep.equal([
      { memberId: idOf(1), times: 3, failed: "UNAVAILABLE" },
    ]);
  });
  for (const [name, inUse, why] of [
    ["failed", undefined, "fails: UNKNOWN: open db.tmp.1: no space left on device"],
    ["gave nothing back", undefined, "hasn't given them back"],
  ] as const) {
    it(`retries every ten minutes a member whose defragmentation ${name}, and doesn't ask for a larger quota`, () => {
      const failed = name === "failed" ? why.slice("fails: ".length) : undefined;
      const work = { ...space(0, 3), defragmented: [{ memberId: idOf(1), times: 3, failed }] };
      const statuses = [sized(0, 300, 290), sized(1, 1000, inUse ?? 100), sized(2, 300, 290)];
      const after = (ms: number) =>
        decide(statuses, work, {
          record: { space: work, notes: [{ ordinal: 1, defragmentedMs: NOW - ms }] },
        });
      const waits = after(599_000);
      expect(waits.action).to.equal(undefined);
      expect(waits.reason).to.contain(
        `etcd-1 has 1000 MiB, 900 of them free, and its defragmentation ${why}`,
      );
      expect(waits.reason).to.contain("again every ten minutes").and.not.contain("raise the quota");
      expect(after(600_000).action).to.include({ kind: "defragment", ordinal: 1 });
      // A clock that was ahead doesn't prevent it.
      expect(after(-600_000).action).to.include({ kind: "defragment", ordinal: 1 });
    });
  }
  it("defragments a leader whose leadership can't be moved all the same", () => {
    const statuses = [sized(0, 1000, 300), sized(1, 300, 290), sized(2, 300, 290)];
    const action = { kind: "moveLeader" as const, from: idOf(0), to: idOf(1) };
    const w = underAlarm(statuses, space(0, 1, 1));
    expect(plan(w).action).to.deep.equal(action);
    expect(plan({ ...w, tries: failed(action, "timeout") }).action).to.include({
      kind: "defragment",
      ordinal: 0,
    });
  });
  it("counts a replaced member as a new one", () => {
    const anew = { ...sized(1, 1000, 1000), memberId: "77" };
    const list = [listed(0), listed(1, { memberId: "77" }), listed(2)];
    const d = decide([sized(0, 300, 290), anew, sized(2, 300, 290)], space(1, 1, 1), {
      list,
      record: { space: space(1, 1, 1), members: [0, 2].map((o) => remembered(o)) },
    });
    expect(d.action).to.deep.equal({ kind: "defragment", ordinal: 1, memberId: "77" });
  });
  it("doesn't prevent the replacement of a lost member", () => {
    const gone = decide(all(1000, 1000), space(1, 1, 1), {
      pods: [pod(2, { claimUid: "another", uid: "new-2" })],
    });
    expect(gone.action).to.include({ kind: "removeMember", memberId: idOf(2) });
    const back = decide(all(1000, 1000), space(1, 1, 1), {
      pods: [gated(2, { claimUid: "another", uid: "new-2" })],
      gates: [report(2, EMPTY, "new-2")],
      list: [listed(0), listed(1)],
      record: {
        space: space(1, 1, 1),
        members: [0, 1].map((o) => remembered(o)),
        notes: [{ ordinal: 2, replacing: true }],
      },
    });
    expect(back.action).to.include({ kind: "addLearner", ordinal: 2 });
  });

  it("is disarmed when every database is well below its quota", () => {
    expect(decide(all(300, 290), space()).action).to.deep.equal({
      kind: "disarm",
      memberId: idOf(1),
      alarm: "NOSPACE",
    });
  });
  it("is disarmed while a learner joins, unless the learner is full", () => {
    const joining = (mib: number) =>
      decide(
        [sized(0, 300, 290), sized(1, 300, 290), { ...sized(2, mib, mib), isLearner: true }],
        space(1, 1),
        { list: [listed(0), listed(1), listed(2, { isLearner: true, name: "" })] },
      );
    expect(joining(300).action?.kind).to.not.equal("defragment");
    expect(joining(1000).action?.kind).to.not.equal("disarm");
  });
  it("asks for a larger quota when nothing more can be freed, and blocks no rollout", () => {
    const d = decide(all(1000, 990), space(1, 1, 1));
    expect(d.action).to.equal(undefined);
    expect(d.converged).to.equal(undefined);
    expect(d.reason).to.match(/NOSPACE: etcd-0 holds too much for its quota, 1000 MiB: raise the quota/);
    const rolls = decide(all(1000, 990), space(1, 1, 1), { pods: [pod(1, { revision: "old" })] });
    expect(rolls.action).to.include({ kind: "evictPod", name: "etcd-1" });
  });
  it("stays until every process has the larger quota", () => {
    const larger = { desired: { quotaBytes: 4000 * MIB } };
    const obeys = (...quotas: number[]) =>
      quotas.map((mib, o) => ({ ...sized(o, 1000, 990), quotaBytes: mib * MIB }));
    const d = decide(obeys(1000, 4000, 4000), space(1, 1, 1), larger);
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("etcd-0 has to be restarted with the declared quota");
    expect(decide(obeys(4000, 4000, 4000), space(1, 1, 1), larger).action?.kind).to.equal("disarm");
    // 3.5 doesn't report its quota, so the revision decides.
    const old = { ...larger, pods: [pod(1, { revision: "old" })] };
    expect(decide(all(1000, 990), space(1, 1, 1), old).action).to.include({ kind: "evictPod" });
    expect(decide(all(1000, 990), space(1, 1, 1), larger).action?.kind).to.equal("disarm");
  });
  it("leads to another compaction after deletions, every ten minutes at most", () => {
    const after = (ms: number, revision: number) =>
      decide(all(1000, 990), { ...space(1, 1, 1), atMs: NOW - ms }, { etcd: { revision } });
    expect(after(599_000, 501).action).to.equal(undefined);
    expect(after(600_000, 500).action).to.equal(undefined);
    const d = after(600_000, 501);
    expect(d.action).to.deep.equal({ kind: "compact", revision: 501 });
    expect(d.record?.space?.defragmented).to.deep.equal([]);
  });
  it("leaves nothing in the record once it is cleared", () => {
    const d = plan(world(3, { record: { space: space(1, 1, 1) } }));
    expect(d.record).to.include({ space: undefined });
  });
});

describe("plan: the alarm CORRUPT", () => {
  const alarms = [{ memberId: idOf(2), type: "CORRUPT" as const }];
  const hashed = (...hash: (number | undefined)[]): MemberHash[] =>
    hash.flatMap((h, o) =>
      h === undefined ? [] : [{ memberId: idOf(o), revision: 9, compactRevision: 1, hash: h }],
    );
  const decide = (hashes: MemberHash[], change = {}) =>
    plan(world(3, { etcd: { alarms, hashes }, ...change }));

  it("replaces the member that disagrees", () => {
    const d = decide(hashed(1, 1, 2));
    expect(d.action).to.include({ kind: "removeMember", memberId: idOf(2) });
    expect(d.record?.intent).to.include({ why: "corrupt" });
  });
  it("is disarmed when all members agree", () => {
    expect(decide(hashed(1, 1, 1)).action).to.deep.equal({
      kind: "disarm",
      memberId: idOf(2),
      alarm: "CORRUPT",
    });
  });
  for (const [name, hashes, change] of [
    ["without a majority", hashed(1, 2, 3), {}],
    ["with a hash missing", hashed(1, 1), {}],
    ["with a majority of hashes missing", hashed(1), {}],
    ["without hashes", [], {}],
    [
      "at different compactions",
      [...hashed(1, 1), { memberId: idOf(2), revision: 9, compactRevision: 2, hash: 2 }],
      {},
    ],
    ["while another voter is down", hashed(1, 1, 2), { statuses: [silent(1)] }],
  ] as const) {
    it(`changes nothing ${name}`, () => {
      const d = decide([...hashes], change);
      expect(d.action).to.equal(undefined);
      expect(d.converged).to.equal(undefined);
    });
  }

  it("waits for all hashes before it asks for a restore", () => {
    const reason = (hashes?: MemberHash[]) => plan(world(3, { etcd: { alarms, hashes } })).reason;
    expect(reason()).to.contain("CORRUPT: waits for the hashes");
    expect(reason(hashed(1, 2))).to.contain("etcd-2 gave no hash of its data in time");
    expect(reason(hashed(1, 2, 3))).to.contain("restore");
  });
});
