import { expect } from "chai";
import { annotationKeys } from "../../../../../components/contract/names";
import type { Fleet } from "../../../../../programs/shared/etcd/fleet";
import type { ConfigMap, StatefulSet } from "../../../../../programs/shared/kubernetes/objects";
import type { ControllerRecord } from "../../../../../programs/controller/model";
import { backupView } from "../../../../../programs/controller/observe/backup";
import { Observer } from "../../../../../programs/controller/observe/observer";
import { wantsBackup } from "../../../../../programs/controller/plan/quarantine";
import { recordData } from "../../../../../programs/controller/model/record";
import { CLUSTER, world } from "../../../../support/worlds";

const name = "20261126T191500Z-5f3a9c";
const manifest = {
  ...{ format: 1, name, clusterId: BigInt(CLUSTER).toString(16), cluster: "n/etcd" },
  ...{ time: "2026-11-26T19:15:00.000Z", revision: 5, keys: 5, etcdVersion: "3.6.14", generation: 2 },
  member: { name: "etcd-1", id: "1f" },
  snapshot: { bytes: 20_512, sha256: "a".repeat(64) },
  object: { key: `${BigInt(CLUSTER).toString(16)}/${name}.db`, bytes: 20_512, compression: "none" },
};
const newest = (changed: object = {}) => ({ newest: JSON.stringify({ ...manifest, ...changed }) });

describe("the newest backup, as the controller sees it", () => {
  it("has its cluster's ID in the form of all others", () => {
    expect(backupView(newest())).to.deep.equal({ name, clusterId: CLUSTER });
  });

  it("is none where nothing is told, or nothing that can be read", () => {
    expect(backupView(undefined)).to.equal(undefined);
    expect(backupView({ newest: "" })).to.equal(undefined);
    expect(backupView({ newest: "{" })).to.equal(undefined);
    expect(backupView(newest({ clusterId: "0x1" }))).to.equal(undefined);
  });

  it("is looked for only while it decides about something", () => {
    const made: ControllerRecord["made"] = { generation: 2, kind: "restore", atMs: 0, words: "made" };
    const wanted = (record: Partial<ControllerRecord>, declared: object = {}) => {
      const seen = world(3, {
        desired: { generation: 2, ...declared },
        record: { generation: 2, ...record },
      });
      return wantsBackup(seen.desired, seen.record);
    };
    expect(wanted({ made })).to.equal(true);
    expect(wanted({})).to.equal(false);
    expect(wanted({ made: { ...made, backup: name } })).to.equal(false);
    expect(wanted({ made }, { keepReplacedDays: 7 })).to.equal(false);
    expect(wantsBackup({ problem: "none" }, undefined)).to.equal(false);
  });

  it("is asked for once a minute, and holds up nothing when that is refused", async () => {
    const made: ControllerRecord["made"] = { generation: 2, kind: "restore", atMs: 0, words: "made" };
    const seen = world(3, { desired: { generation: 2 }, record: { generation: 2, made } });
    const annotations = { [annotationKeys.desired]: JSON.stringify(seen.desired) };
    const statefulSet = {
      metadata: { name: "etcd", uid: "sts", resourceVersion: "1", annotations },
      spec: { replicas: 3, selector: { matchLabels: {} }, template: { metadata: {} } },
    } as unknown as StatefulSet;
    const record = { metadata: {}, data: recordData(seen.record as ControllerRecord) } as ConfigMap;
    const troubles: string[] = [];
    let steadyMs = 0;
    let asked = 0;
    let answer: () => Promise<ConfigMap | undefined> = () => Promise.reject(new Error("403"));
    const observer = new Observer(
      { statefulSet: "etcd", claimPrefix: "data-etcd-", clientUrl: "https://etcd-{ordinal}.test:2379" },
      {
        reads: {
          record: () => Promise.resolve(record),
          statefulSet: () => Promise.resolve(statefulSet),
          pods: () => Promise.resolve([]),
          claims: () => Promise.resolve([]),
          backups: () => {
            asked++;
            return answer();
          },
        },
        fleet: { keep: () => undefined, member: () => undefined } as unknown as Fleet,
        expect: () => undefined,
        gates: () => [],
        restore: () => undefined,
        wantsBackup,
        clusterVersion: () => Promise.resolve(undefined),
        logProblem: (error) => troubles.push(String(error)),
        steady: () => steadyMs,
        now: () => 0,
      },
    );
    const look = async () => (await observer.observe(0)).world.backup;
    expect(await look()).to.equal(undefined);
    expect(troubles).to.deep.equal(["Error: 403"]);
    answer = () => Promise.resolve({ metadata: {}, data: newest() } as unknown as ConfigMap);
    steadyMs = 59_000;
    expect([await look(), asked]).to.deep.equal([undefined, 1]);
    steadyMs = 60_000;
    expect([await look(), asked]).to.deep.equal([{ name, clusterId: CLUSTER }, 2]);
  });
});
