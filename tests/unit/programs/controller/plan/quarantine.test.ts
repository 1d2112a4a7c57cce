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
/** A member whose pod was made anew, with a whole disk. */
const restarted = (record: Partial<ControllerRecord>, declared: Partial<Desired> = {}) => {
  const gates = [report(2, wal(2, { generation: 2 }))];
  const change = { desired: { ...desired, ...declared }, record, pods: [gated(2)], gates };
  return plan(world(3, change)).orders["pod-2"];
};
const backup = { name: "20261126T191500Z-5f3a9c", clusterId: CLUSTER };
const noted = (change: Parameters<typeof world>[1]) =>
  plan(world(3, { desired, record: made(), world: { backup }, ...change })).record?.made?.backup;

describe("what a restore has set aside", () => {
  it("stays when its member is a voter again and restarts", () => {
    expect(restarted(made())).to.include({ kind: "start", dropAside: false });
    expect(restarted(made({ wholeMs: undefined, countedMs: undefined }))).to.include({ dropAside: false });
  });

  it("goes once the new cluster was whole for seven days", () => {
    expect(restarted(made({ wholeMs: DAYS - 1 }))).to.include({ dropAside: false });
    expect(restarted(made({ wholeMs: DAYS }))).to.include({ kind: "start", dropAside: true });
  });

  it("goes after another number of days, where it is declared", () => {
    const day = 24 * 3_600_000;
    const two = { keepReplacedDays: 2 };
    expect(restarted(made({ wholeMs: 2 * day - 1 }), two)).to.include({ dropAside: false });
    expect(restarted(made({ wholeMs: 2 * day }), two)).to.include({ dropAside: true });
    expect(restarted(made({ wholeMs: DAYS }), { keepReplacedDays: 30 })).to.include({ dropAside: false });
  });

  it("goes once a backup of the new cluster is good, unless days are declared", () => {
    expect(noted({})).to.equal(backup.name);
    expect(restarted(made({ backup: backup.name }))).to.include({ dropAside: true });
    const kept = { keepReplacedDays: 7 };
    expect(noted({ desired: { ...desired, ...kept } })).to.equal(undefined);
    expect(restarted(made({ backup: backup.name }), kept)).to.include({ dropAside: false });
  });

  it("outlasts a backup of another cluster, and one that is seen while not all are healthy", () => {
    expect(noted({ world: { backup: { ...backup, clusterId: "17" } } })).to.equal(undefined);
    expect(noted({ statuses: [silent(2)] })).to.equal(undefined);
    expect(noted({ world: {} })).to.equal(undefined);
  });

  it("goes where the only member restarts, and nobody can list it", () => {
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

  it("stays, and is counted anew, where the record was lost since", () => {
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

  it("is another matter than what a replacement sets aside in a cluster that was born so", () => {
    expect(restarted({ generation: 2 })).to.include({ kind: "start", dropAside: true });
  });

  it("is counted every ten minutes, while all are healthy", () => {
    expect(after({ countedMs: NOW - 599_000 }) ?? 0).to.equal(0);
    expect(after({ wholeMs: 5, countedMs: NOW - 600_000 })).to.equal(600_005);
    expect(after({ wholeMs: 5, countedMs: NOW - 600_000 }, { statuses: [silent(2)] })).to.equal(5);
  });

  it("isn't brought nearer by a clock that is set, forwards or back", () => {
    expect(after({ wholeMs: 5, countedMs: NOW - DAYS })).to.equal(1_200_005);
    expect(after({ wholeMs: 5, countedMs: NOW + DAYS })).to.equal(5);
    expect(after({ wholeMs: 5, countedMs: undefined })).to.equal(5);
  });
});
