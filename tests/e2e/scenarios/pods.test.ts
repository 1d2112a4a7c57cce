import assert from "node:assert/strict";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { eventually } from "../support/poll";

describe("lost pods", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("pods");
  });
  after(() => cluster.destroy());

  it("the load's checker reports a deleted write as lost", async () => {
    const load = await Load.start(cluster);
    const deleted = await eventually("the write is there, and deleted", async () => {
      const ran = await cluster.etcdctl(["del", load.firstKey]);
      return ran === "1\n" || undefined;
    });
    assert.ok(deleted);
    assert.equal((await load.stop()).lost, 1);
  });

  it("a deleted pod returns with another address and the same identity, and no write is lost", async () => {
    const ids = await cluster.memberIds();
    const [before] = (await cluster.pods()).filter((pod) => pod.name === "etcd-1");
    assert.ok(before);
    const load = await Load.start(cluster);
    await cluster.kubectl(["delete", "pod", before.name, "--wait=false"]);
    const now = await cluster.replacementOf(before);
    await cluster.waitForVoters();
    assertNothingLost(await load.stop());
    assert.notEqual(now.ip, before.ip);
    assert.equal(now.node, before.node, "it follows its volume");
    assert.deepEqual(await cluster.memberIds(), ids);
    const status = await cluster.etcdctl(["endpoint", "status", "-w", "fields"], 1);
    assert.match(status, new RegExp(`"MemberID" : ${BigInt(`0x${ids["etcd-1"]}`)}\\b`));
  });

  it("all pods deleted at once return with their identities, and no write is lost", async () => {
    await cluster.etcdctl(["put", "before", "all were deleted"]);
    const ids = await cluster.memberIds();
    const before = await cluster.pods();
    const load = await Load.start(cluster);
    await cluster.kubectl(["delete", "pods", "-l", "app.kubernetes.io/component=member", "--wait=false"]);
    await Promise.all(before.map((pod) => cluster.replacementOf(pod)));
    await cluster.waitForVoters();
    assertNothingLost(await load.stop());
    assert.equal(await cluster.etcdctl(["get", "before", "--print-value-only"]), "all were deleted\n");
    assert.deepEqual(await cluster.memberIds(), ids);
  });
});
