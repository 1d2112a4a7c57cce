import { expect } from "chai";
import type { MemberHash, MemberStatus } from "../../../controller/model";
import { plan } from "../../../controller/plan";
import { idOf, NOW, silent, status, world } from "./worlds";

const MIB = 1024 * 1024;
const sized = (ordinal: number, mib: number, inUse: number): MemberStatus =>
  status(ordinal, { dbBytes: mib * MIB, dbInUseBytes: inUse * MIB });

describe("plan: defragmentation", () => {
  const desired = { quotaBytes: 8192 * MIB };
  const all = (mib: number, inUse: number) => [0, 1, 2].map((o) => sized(o, mib, inUse));

  it("followers first", () => {
    expect(plan(world(3, { desired, statuses: all(200, 100) })).action).to.include({
      kind: "defragment",
      ordinal: 1,
    });
  });
  it("the leader last, a minute after the one before", () => {
    const statuses = [sized(0, 200, 100), sized(1, 100, 100), sized(2, 100, 100)];
    const notes = (ms: number) => [{ ordinal: 2, defragmentedMs: NOW - ms }];
    expect(plan(world(3, { desired, statuses, record: { notes: notes(59_000) } })).action).to.equal(
      undefined,
    );
    expect(plan(world(3, { desired, statuses, record: { notes: notes(61_000) } })).action).to.include({
      ordinal: 0,
    });
  });
  for (const [name, change] of [
    ["below the share", { statuses: all(200, 120) }],
    ["below the size", { statuses: all(90, 10) }],
    ["while a voter is unhealthy", { statuses: [sized(0, 200, 100), sized(1, 200, 100), silent(2)] }],
    [
      "again within the hour",
      {
        statuses: [sized(1, 200, 100)],
        record: { notes: [{ ordinal: 1, defragmentedMs: NOW - 3_000_000 }] },
      },
    ],
  ] as const) {
    it(`not ${name}`, () => expect(plan(world(3, { desired, ...change })).action).to.equal(undefined));
  }
  it("is written down before it is done", () => {
    const d = plan(world(3, { desired, statuses: all(200, 100) }));
    expect(d.record?.notes).to.deep.equal([{ ordinal: 1, defragmentedMs: NOW }]);
  });
});

describe("plan: NOSPACE", () => {
  const desired = { quotaBytes: 1000 * MIB };
  const alarms = [{ memberId: idOf(1), type: "NOSPACE" as const }];
  const full = [0, 1, 2].map((o) => sized(o, 1000, 300));
  const compacted = { compactedRevision: 500 };

  it("compacts first", () => {
    const d = plan(world(3, { desired, statuses: full, etcd: { alarms } }));
    expect(d.action).to.deep.equal({ kind: "compact", revision: 500 });
  });
  it("notes a compaction only when it succeeded", () => {
    const action = { kind: "compact" as const, revision: 500 };
    const w = world(3, { desired, statuses: full, etcd: { alarms } });
    expect(plan({ ...w, last: { action } }).record?.compactedRevision).to.equal(500);
    expect(plan({ ...w, last: { action, error: "timeout" } }).action?.kind).to.equal("compact");
  });
  it("then defragments, one member after the other", () => {
    const d = plan(world(3, { desired, statuses: full, etcd: { alarms }, record: compacted }));
    expect(d.action).to.include({ kind: "defragment", ordinal: 1 });
    const notes = [{ ordinal: 1, defragmentedMs: NOW - 1000 }];
    const next = plan(
      world(3, { desired, statuses: full, etcd: { alarms }, record: { ...compacted, notes } }),
    );
    expect(next.action).to.equal(undefined);
  });
  it("disarms when every database is well under its quota", () => {
    const statuses = [0, 1, 2].map((o) => sized(o, 300, 290));
    const d = plan(world(3, { desired, statuses, etcd: { alarms }, record: compacted }));
    expect(d.action).to.deep.equal({ kind: "disarm", memberId: idOf(1), alarm: "NOSPACE" });
  });
  it("asks for a larger quota when nothing more can be freed", () => {
    const statuses = [0, 1, 2].map((o) => sized(o, 1000, 990));
    const d = plan(world(3, { desired, statuses, etcd: { alarms }, record: compacted }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("raise the quota");
  });
  it("forgets the compaction when the alarm is gone", () => {
    expect(plan(world(3, { record: compacted })).record?.compactedRevision).to.equal(undefined);
  });
});

describe("plan: CORRUPT", () => {
  const alarms = [{ memberId: idOf(2), type: "CORRUPT" as const }];
  const hashed = (...hash: (number | undefined)[]): MemberHash[] =>
    hash.flatMap((h, o) =>
      h === undefined ? [] : [{ memberId: idOf(o), revision: 9, compactRevision: 1, hash: h }],
    );
  const decide = (hashes: MemberHash[], change = {}) =>
    plan(world(3, { etcd: { alarms, hashes }, ...change }));

  it("replaces the one that disagrees", () => {
    const d = decide(hashed(1, 1, 2));
    expect(d.action).to.include({ kind: "removeMember", memberId: idOf(2) });
    expect(d.record?.intent).to.include({ why: "corrupt" });
  });
  it("disarms when all agree", () => {
    expect(decide(hashed(1, 1, 1)).action).to.deep.equal({
      kind: "disarm",
      memberId: idOf(2),
      alarm: "CORRUPT",
    });
  });
  for (const [name, hashes, change] of [
    ["without a majority", hashed(1, 2, 3), {}],
    ["with a hash missing", hashed(1, 1), {}],
    ["without hashes", [], {}],
    [
      "at different compactions",
      [...hashed(1, 1), { memberId: idOf(2), revision: 9, compactRevision: 2, hash: 2 }],
      {},
    ],
    ["while another voter is down", hashed(1, 1, 2), { statuses: [silent(1)] }],
  ] as const) {
    it(`touches nothing ${name}`, () => {
      const d = decide([...hashes], change);
      expect(d.action).to.equal(undefined);
      expect(d.converged).to.equal(undefined);
    });
  }
});
