import assert from "node:assert/strict";
import { bytesOf } from "../../../components/contract/units";
import { TestCluster } from "../support/etcd-cluster";
import { kubectl } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";

interface Claim {
  metadata: { name: string; uid: string };
  spec: { resources: { requests: { storage: string } } };
  status: { capacity?: { storage: string } };
}
const claims = async (cluster: TestCluster) =>
  (await cluster.json<{ items: Claim[] }>(["get", "pvc"])).items.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    uid: metadata.uid,
    asked: bytesOf(spec.resources.requests.storage),
    has: bytesOf(status.capacity?.storage ?? ""),
  }));

describe("volumes", () => {
  // The default follows from the volume's size, and a changed quota restarts the members.
  const etcd = { quota: "256Mi" };
  const sized = (size: string) => ({ etcd, storage: { size } });
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("volumes", sized("1Gi"));
  });
  after(() => cluster.destroy());

  /** What an update of the StatefulSet or a restart would change. */
  const workload = async () => {
    const { metadata } = await cluster.json<{ metadata: { uid: string; generation: number } }>([
      ...["get", "statefulset", "etcd"],
    ]);
    const pods = (await cluster.pods()).map(({ name, uid, restarts }) => ({ name, uid, restarts }));
    return { statefulSet: metadata.uid, generation: metadata.generation, pods };
  };

  it("grow one after the other without a restart", async () => {
    const before = await workload();
    const claimsBefore = await claims(cluster);
    const load = await Load.start(cluster);
    await cluster.apply(sized("2Gi"));
    const seenGrowing = new Set<string>();
    const end = Date.now() + 120_000;
    for (;;) {
      const now = await claims(cluster);
      const growing = now.filter((claim) => claim.asked !== claim.has);
      assert.ok(growing.length <= 1, `two at once: ${JSON.stringify(growing)}`);
      for (const { name } of growing) seenGrowing.add(name);
      if (now.every((claim) => claim.has === 2 * 2 ** 30)) break;
      assert.ok(Date.now() < end, `not grown: ${JSON.stringify(now)}`);
    }
    await cluster.waitForVoters();
    assertNothingLost(await load.stop());
    assert.ok(seenGrowing.size > 0, "none was seen while it grew");
    assert.deepEqual(
      (await claims(cluster)).map(({ name, uid }) => ({ name, uid })),
      claimsBefore.map(({ name, uid }) => ({ name, uid })),
    );
    assert.deepEqual(await workload(), before);
  });

  it("don't shrink: the change is refused with the reason, and nothing changes", async () => {
    const before = [await workload(), await claims(cluster)];
    await cluster.apply(sized("1Gi"));
    await assert.rejects(
      cluster.waitForVoters(60),
      /storage.size is 1Gi, and data-etcd-0 has 2Gi: a volume can.t shrink/,
    );
    assert.deepEqual([await workload(), await claims(cluster)], before);
    await cluster.apply(sized("2Gi"));
    await cluster.waitForVoters();
    assert.deepEqual([await workload(), await claims(cluster)], before);
  });
});

describe("a destroyed cluster whose claims are kept", () => {
  let cluster: TestCluster;
  before(async () => {
    // A namespace that the component makes is deleted with everything in it.
    cluster = TestCluster.declare("kept", { createNamespace: false });
    await kubectl().run(["create", "namespace", cluster.namespace]);
    await cluster.apply({});
    await cluster.waitForVoters(150);
  });
  after(() => cluster.destroy());

  it("returns with the next up, with its data and identities", async () => {
    const load = await Load.start(cluster);
    const [ids, kept] = [await cluster.memberIds(), await claims(cluster)];
    const report = await load.stop();
    assertNothingLost(report, 10);
    const written = async () => {
      const count = ["get", "load/", "--prefix", "--count-only", "-w", "fields"];
      return Number(/"Count" : (\d+)/.exec(await cluster.etcdctl(count))?.[1]);
    };
    const before = await written();
    assert.ok(before >= report.acknowledged);

    await cluster.takeDown();
    assert.deepEqual(await claims(cluster), kept);
    const left = await kubectl().run([
      ...["-n", cluster.namespace, "get", "statefulsets,deployments,secrets,leases", "-o", "name"],
    ]);
    assert.equal(left, "");

    await cluster.apply({});
    await cluster.waitForVoters(150);
    assert.equal(await written(), before);
    assert.deepEqual(await cluster.memberIds(), ids);
    assert.deepEqual(await claims(cluster), kept);
    assertNothingLost(await (await Load.start(cluster)).stop(), 1);
  });
});
