import { expect } from "chai";
import { plan } from "../../../../../programs/controller/plan";
import { gated, pod, report, silent, status, wal, world } from "../../../../support/worlds";

const at = (version: string, more: object = {}) => [0, 1, 2].map((o) => status(o, { version, ...more }));
const outdated = [0, 1, 2].map((o) => pod(o, { revision: "old" }));
const next = { desired: { etcdVersion: "3.7.1" }, pods: outdated };

describe("plan: an entry of 3.5 in the log", () => {
  it("is recorded while a member runs 3.5, with an end once all run 3.6", () => {
    const mixed = [...at("3.6.14").slice(0, 2), status(2, { version: "3.5.30" })];
    expect(plan(world(3, { statuses: mixed })).record?.oldLog).to.deep.equal({});
    const still = { record: { oldLog: {} } };
    expect(plan(world(3, { ...still, statuses: [silent(2)] })).record?.oldLog ?? {}).to.deep.equal({});
    const all = [...at("3.6.14").slice(0, 2), status(2, { raftIndex: 1234 })];
    expect(plan(world(3, { ...still, statuses: all })).record?.oldLog).to.deep.equal({ until: 1234 });
  });

  it("is forgotten when every member has made a snapshot after it", () => {
    const forgotten = (...applied: number[]) => {
      const statuses = applied.map((appliedIndex, o) => status(o, { appliedIndex, raftIndex: 20_000 }));
      const { record } = plan(world(3, { record: { oldLog: { until: 5000 } }, statuses }));
      return record !== undefined && record.oldLog === undefined;
    };
    expect(forgotten(15_100, 15_100, 15_100)).to.equal(true);
    expect(forgotten(15_100, 15_099, 15_100)).to.equal(false);
  });

  it("follows the declared snapshot count if it is higher", () => {
    const statuses = at("3.6.14", { appliedIndex: 50_000, raftIndex: 50_000 });
    const record = { oldLog: { until: 5000 } };
    const d = plan(
      world(3, { ...next, desired: { ...next.desired, snapshotCount: 100_000 }, record, statuses }),
    );
    expect(d.action).to.deep.equal({ kind: "fillLog", entries: 55_100 });
  });

  it("is passed by a snapshot only before the first restart at 3.7", () => {
    const record = { oldLog: { until: 900 } };
    expect(plan(world(3, { ...next, record })).action).to.deep.equal({ kind: "fillLog", entries: 10_000 });
    const statuses = at("3.6.14", { appliedIndex: 11_000, raftIndex: 11_000 });
    expect(plan(world(3, { ...next, record, statuses })).action).to.include({ kind: "evictPod" });
    expect(plan(world(3, { pods: outdated, record })).action).to.include({ kind: "evictPod" });
  });

  it("isn't passed while a voter is unhealthy", () => {
    const record = { oldLog: { until: 900 } };
    const d = plan(world(3, { ...next, record, statuses: [silent(2)] }));
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("until every voter is healthy");
  });

  it("keeps a member whose log has it from starting at 3.7, and is recorded from then on", () => {
    const early = {
      ...next,
      pods: [...outdated.slice(0, 2), gated(2, { etcdVersion: "3.7.1" })],
      gates: [report(2, wal(2, { oldEntry: 17 }))],
    };
    const d = plan(world(3, early));
    expect(d.orders["pod-2"]).to.include({ kind: "refuse" });
    expect(d.reason).to.contain("declare 3.6 again");
    expect(d.record?.oldLog).to.deep.equal({ until: 17 });
    // A step that is invalid anyway has its own reason.
    const skipped = { lastVersion: "3.5.30", oldEntry: 17 };
    const tooFar = plan(world(3, { ...early, gates: [report(2, wal(2, skipped))] }));
    expect(tooFar.orders["pod-2"])
      .to.have.property("reason")
      .match(/skips a minor/);
    // That version starts the member with its log unchanged.
    const back = { ...early, desired: {}, pods: [gated(2)], record: { oldLog: { until: 17 } } };
    expect(plan(world(3, back)).orders["pod-2"]).to.include({ kind: "start" });
  });
});
