import assert from "node:assert/strict";
import { leader } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { bringUp, cluster as lab, nodes } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";
import { eventually } from "../support/poll";

describe("size", () => {
  let cluster: TestCluster;
  let nodesBefore: number;
  before(async () => {
    nodesBefore = (await nodes()).size;
    await bringUp(Math.max(5, nodesBefore));
    cluster = await TestCluster.deploy("size");
  });
  after(async () => {
    await cluster.destroy({ wait: true });
    for (let node = (await nodes()).size; node > nodesBefore; node--) {
      await lab(["node-remove", String(node)]);
    }
  });

  /** Under load. Members that stay keep their identity. */
  async function resize(members: number): Promise<void> {
    const before = await cluster.memberIds();
    const load = await Load.start(cluster, { node: 1 });
    await cluster.apply({ members });
    await cluster.waitForVoters(150);
    assertNothingLost(await load.stop(), 50);
    const after = await cluster.memberIds();
    assert.equal(Object.keys(after).length, members);
    for (const [name, id] of Object.entries(after)) {
      assert.ok(before[name] === undefined || before[name] === id, `${name} kept its ID`);
    }
    await eventually(
      `there are ${members} pods`,
      async () => (await cluster.pods()).length === members || undefined,
    );
  }

  it("from 3 to 5 and back, with the volumes kept", async () => {
    await cluster.etcdctl(["put", "kept", "through every size"]);
    await resize(5);
    await resize(3);
  });

  it("to 1, after the leader was made one of those that go", async () => {
    const ids = await cluster.memberIds();
    if ((await leader(cluster)) === "etcd-0") {
      const heir = BigInt(`0x${ids["etcd-2"]}`).toString(16);
      await cluster.etcdctl(["move-leader", heir]);
    }
    await resize(1);
  });

  it("to 3 again: what the old volumes hold is set aside, and the members are new ones", async () => {
    await resize(3);
    assert.equal(await cluster.etcdctl(["get", "kept", "--print-value-only"], 2), "through every size\n");
  });

  it("kubectl scale by hand is undone", async () => {
    const ids = await cluster.memberIds();
    await cluster.kubectl(["scale", "statefulset/etcd", "--replicas=1"]);
    await eventually("there are 3 pods declared again", async () => {
      const json = await cluster.json<{ spec: { replicas: number } }>(["get", "statefulset", "etcd"]);
      return json.spec.replicas === 3 || undefined;
    });
    await cluster.waitForVoters(120);
    assert.deepEqual(await cluster.memberIds(), ids);
  });
});
