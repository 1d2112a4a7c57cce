import { expect } from "chai";
import type { ControllerRecord, Desired, Made } from "../../../../../programs/controller/model";
import { plan } from "../../../../../programs/controller/plan";
import { emptyRecord } from "../../../../../programs/controller/plan/record";
import { CLUSTER, gated, NOW, pod, report, silent, wal, world } from "../../../../support/worlds";

const DAYS = 7 * 24 * 3_600_000;
const made = (more: Partial<Made> = {}): Partial<ControllerRecord> => ({
  generation: 2,
  made: { generation: 2, kind: "recovery", atMs: 0, words: "made", wholeMs: 0, countedMs: NOW, ...more },
});
const desired = { generation: 2 };
const after = (more: Partial<Made>, change: Parameters<typeof world>[1] = {}) => {
  const { record } = plan(world(3, { desired, record: made(more), ...change }));
  return record?.made?.wholeMs;
};
/** A member with an intact disk whose pod was recreated. */
const restarted = (record: Partial<ControllerRecord>, declared: Partial<Desired> = {}) => {
  const gates = [report(2, wal(2, { generation: 2 }))];
  const change = { desired: { ...desired, ...declared }, record, pods: [gated(2)], gates };
  return plan(world(3, change)).orders["pod-2"];
};
const backup = { name: "20261126T191500Z-5f3a9c", clusterId: CLUSTER };
const noted = (change: Parameters<typeof world>[1]) =>
  plan(world(3, { desired, record: made(), world: { backup }, ...change })).record?.made?.backup;

describe("plan: data that a restore has quarantined", () => {
  it("is kept when its member is a voter again and restarts", () => {
    expect(restarted(made())).to.include({ kind: "start", dropAside: false });
    expect(restarted(made({ wholeMs: undefined, countedMs: undefined }))).to.include({ dropAside: false });
  });

  it("is deleted once the new cluster was healthy for seven days", () => {
    expect(restarted(made({ wholeMs: DAYS - 1 }))).to.include({ dropAside: false });
    expect(restarted(made({ wholeMs: DAYS }))).to.include({ kind: "start", dropAside: true });
  });

  it("is deleted after the declared number of days", () => {
    const day = 24 * 3_600_000;
    const two = { keepReplacedDays: 2 };
    expect(restarted(made({ wholeMs: 2 * day - 1 }), two)).to.include({ dropAside: false });
    expect(restarted(made({ wholeMs: 2 * day }), two)).to.include({ dropAside: true });
    expect(restarted(made({ wholeMs: DAYS }), { keepReplacedDays: 30 })).to.include({ dropAside: false });
  });

  it("is deleted after the first good backup of the new cluster, unless days are declared", () => {
    expect(noted({})).to.equal(backup.name);
    expect(restarted(made({ backup: backup.name }))).to.include({ dropAside: true });
    const kept = { keepReplacedDays: 7 };
    expect(noted({ desired: { ...desired, ...kept } })).to.equal(undefined);
    expect(restarted(made({ backup: backup.name }), kept)).to.include({ dropAside: false });
  });

  it("isn't deleted for a backup of another cluster, or while a member is unhealthy", () => {
    expect(noted({ world: { backup: { ...backup, clusterId: "17" } } })).to.equal(undefined);
    expect(noted({ statuses: [silent(2)] })).to.equal(undefined);
    expect(noted({ world: {} })).to.equal(undefined);
  });

  it("is deleted when the only member restarts and the member list is unavailable", () => {
    const alone = (record: Partial<ControllerRecord>, members = 1) => {
      const gates = [report(0, wal(0, { generation: 2 }))];
      const change = {
        desired: { ...desired, members },
        record,
        pods: [gated(0)],
        gates,
        list: "none" as const,
      };
      return plan(world(members, change)).orders["pod-0"];
    };
    expect(alone(made())).to.include({ kind: "start", dropAside: false });
    expect(alone(made({ wholeMs: DAYS }))).to.include({ kind: "start", dropAside: true });
    expect(alone(made({ wholeMs: DAYS }), 3)).to.include({ kind: "start", dropAside: false });
  });

  it("is kept and counted again after the record was lost", () => {
    const adopt = (generation: number) => {
      const record = { ...emptyRecord(1), made: undefined };
      const pods = [0, 1, 2].map((o) => pod(o, { generation }));
      return plan(world(3, { desired: { generation }, record, pods })).record ?? record;
    };
    const adopted = adopt(2);
    expect(adopted.made).to.deep.include({ generation: 2, wholeMs: 0, countedMs: NOW });
    expect(restarted({ made: adopted.made, generation: 2 })).to.include({ kind: "start", dropAside: false });
    expect(adopt(1).made).to.equal(undefined);
  });

  it("differs from what a replacement quarantines in a cluster that began with the restore", () => {
    expect(restarted({ generation: 2 })).to.include({ kind: "start", dropAside: true });
  });

  it("ages every ten minutes while all members are healthy", () => {
    expect(after({ countedMs: NOW - 599_000 }) ?? 0).to.equal(0);
    expect(after({ wholeMs: 5, countedMs: NOW - 600_000 })).to.equal(600_005);
    expect(after({ wholeMs: 5, countedMs: NOW - 600_000 }, { statuses: [silent(2)] })).to.equal(5);
  });

  it("isn't deleted earlier when a clock is set forwards or back", () => {
    expect(after({ wholeMs: 5, countedMs: NOW - DAYS })).to.equal(1_200_005);
    expect(after({ wholeMs: 5, countedMs: NOW + DAYS })).to.equal(5);
    expect(after({ wholeMs: 5, countedMs: undefined })).to.equal(5);
  });
});
