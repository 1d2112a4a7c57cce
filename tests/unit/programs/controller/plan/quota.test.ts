import { expect } from "chai";
import type { MemberStatus } from "../../../../../programs/controller/model";
import { plan } from "../../../../../programs/controller/plan";
import type { Change } from "../../../../support/worlds";
import { failed, idOf, NOW, pod, silent, status, world } from "../../../../support/worlds";

const MIB = 2 ** 20;
const sized = (ordinal: number, mib: number, inUse: number, quota?: number): MemberStatus =>
  status(ordinal, {
    dbBytes: mib * MIB,
    dbInUseBytes: inUse * MIB,
    ...(quota === undefined ? {} : { quotaBytes: quota * MIB }),
  });
const all = (mib: number, inUse: number, quota?: number) => [0, 1, 2].map((o) => sized(o, mib, inUse, quota));
const old = [0, 1, 2].map((o) => pod(o, { revision: "old" }));
const declared = (change: Change, quota = 100) =>
  plan(world(3, { desired: { quotaBytes: quota * MIB }, pods: old, ...change }));

describe("plan: a rollout with a quota that the databases exceed", () => {
  it("is refused before the first restart, with field, value and solution", () => {
    for (const quota of [undefined, 400]) {
      const d = declared({ statuses: all(210, 200, quota) });
      expect(d.action).to.equal(undefined);
      expect(d.refused).to.contain("etcd.quota is 100Mi, set or derived from the volume's size");
      expect(d.refused).to.contain("'s database has 210Mi, 200Mi of them in use");
      expect(d.refused).to.contain("Raise etcd.quota, or delete keys");
    }
  });

  it("is refused if one database exceeds the quota", () => {
    const d = declared({ statuses: [sized(0, 50, 40), sized(1, 50, 40), sized(2, 101, 100)] });
    expect(d.action).to.equal(undefined);
    expect(d.refused).to.contain("etcd-2's database");
  });

  it("doesn't restart a broken member, which would raise the alarm for all", () => {
    const pods = [old[0]!, old[1]!, pod(2, { revision: "old", ready: false })];
    const d = declared({ statuses: [sized(0, 210, 200), sized(1, 210, 200), silent(2)], pods });
    expect(d.action).to.equal(undefined);
    expect(d.refused).to.contain("etcd.quota is 100Mi");
  });

  it("defragments first if that suffices, followers before the leader", () => {
    const d = declared({ statuses: all(210, 50) });
    expect(d.action).to.include({ kind: "defragment", ordinal: 1 });
    const done = [1, 2].map((ordinal) => ({ ordinal, defragmentedMs: NOW - 1000 }));
    const then = declared({
      statuses: [sized(0, 210, 50), sized(1, 50, 50), sized(2, 50, 50)],
      record: { notes: done },
    });
    expect(then.action).to.deep.equal({ kind: "moveLeader", from: idOf(0), to: idOf(1) });
  });

  it("is refused if a recent defragmentation didn't suffice", () => {
    const notes = [{ ordinal: 1, defragmentedMs: NOW - 1000 }];
    const d = declared({ statuses: all(210, 50), record: { notes } });
    expect(d.action).to.equal(undefined);
    expect(d.refused).to.contain("etcd-1's database");
  });

  it("waits with a defragmentation until all members are healthy", () => {
    const d = declared({ statuses: [sized(0, 210, 50), sized(1, 210, 50), silent(2)] });
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("the rollout waits until");
  });

  it("says why a defragmentation fails", () => {
    const action = { kind: "defragment" as const, ordinal: 1, memberId: idOf(1) };
    const d = declared({ statuses: all(210, 50), world: { tries: failed(action, "no space left", true) } });
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("no space left");
  });

  it("keeps waiting when leadership can't be moved for it", () => {
    const statuses = [sized(0, 210, 50), sized(1, 50, 50), sized(2, 50, 50)];
    const action = { kind: "moveLeader" as const, from: idOf(0), to: idOf(1) };
    const d = declared({ statuses, world: { tries: failed(action, "timeout", true) } });
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("timeout");
  });

  it("continues if the quota isn't lowered, however full the databases are", () => {
    expect(declared({ statuses: all(99, 99) }).action?.kind).to.equal("evictPod");
    expect(declared({ statuses: all(101, 101, 100) }).action?.kind).to.equal("evictPod");
    const alarms = [{ memberId: idOf(0), type: "NOSPACE" as const }];
    const raised = { record: { space: undefined }, etcd: { alarms } };
    expect(declared({ statuses: all(101, 101), ...raised }).refused).to.equal(undefined);
  });

  it("ignores members that run with the quota already", () => {
    const d = declared({ statuses: all(210, 200), pods: [0, 1, 2].map((o) => pod(o)) });
    expect(d.refused).to.equal(undefined);
  });
});
