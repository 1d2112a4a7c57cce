import assert from "node:assert/strict";
import { TestCluster } from "../support/etcd-cluster";
import { bringUp, cluster as lab, nodes } from "../support/lab";
import { long, longOne } from "../support/long";
import { etcdctlPod } from "../support/pods";

/** A client with the declared certificate writes through the Service and reads from each member. */
async function writesAndReads(cluster: TestCluster): Promise<void> {
  const secret = "etcd-client-app";
  const service = ["--endpoints", `https://${cluster.serviceHost}:2379`];
  const put = await etcdctlPod(cluster, [...service, "put", "greeting", "hello"], secret);
  assert.deepEqual(put, { code: 0, output: "OK\n" });
  const members = ["--endpoints", cluster.clientUrls.join(",")];
  const get = await etcdctlPod(cluster, [...members, "get", "greeting", "--print-value-only"], secret);
  assert.deepEqual(get, { code: 0, output: "hello\n" });
  const health = await etcdctlPod(cluster, [...members, "endpoint", "health"], secret);
  assert.equal(health.output.match(/is healthy/g)?.length, cluster.members, health.output);
}

/** Each pod started etcd once, in one container. */
async function startedOnce(cluster: TestCluster): Promise<void> {
  for (const { name, ready, restarts } of await cluster.pods()) {
    assert.deepEqual({ name, ready, restarts }, { name, ready: true, restarts: 0 });
    const log = await cluster.kubectl(["logs", name, "-c", "etcd"]);
    assert.equal(log.match(/"msg":"starting an etcd server"/g)?.length, 1, `${name}:\n${log}`);
  }
}

async function membersAreVoters(cluster: TestCluster): Promise<void> {
  const lines = (await cluster.etcdctl(["member", "list"])).trim().split("\n");
  const expected = Array.from({ length: cluster.members }, (_, ordinal) => {
    const host = cluster.host(ordinal);
    return `started, ${cluster.pod(ordinal)}, https://${host}:2380, https://${host}:2379, false`;
  });
  // Without the IDs, which depend on the CA's certificate.
  assert.deepEqual(lines.map((line) => line.replace(/^[0-9a-f]+, /, "")).sort(), expected);
}

describe("a first start", () => {
  for (const members of [1, 3]) {
    const scenario: typeof longOne = members === 1 ? longOne : it;
    scenario(`makes a cluster of ${members} for a client with mutual TLS`, async () => {
      const cluster = await TestCluster.deploy(`boot-${members}`, { members });
      await membersAreVoters(cluster);
      await writesAndReads(cluster);
      await startedOnce(cluster);
      const pods = await cluster.pods();
      assert.equal(new Set(pods.map((pod) => pod.node)).size, members, "each member on a node of its own");
      await cluster.destroy();
    });
  }

  long("on five nodes", () => {
    let earlier: number[];
    let cluster: TestCluster | undefined;

    before("adds nodes", async () => {
      earlier = [...(await nodes()).keys()];
      await bringUp(5);
    });

    after("removes the added nodes", async () => {
      // Only a running node can release the volumes that it holds.
      await cluster?.destroy({ wait: true });
      for (const node of (await nodes()).keys()) {
        if (!earlier.includes(node)) {
          await lab(["node-remove", String(node)]);
        }
      }
    });

    it("makes a cluster of 5 for a client with mutual TLS", async () => {
      cluster = await TestCluster.deploy("boot-5", { members: 5 });
      await membersAreVoters(cluster);
      await writesAndReads(cluster);
      await startedOnce(cluster);
      assert.equal(new Set((await cluster.pods()).map((pod) => pod.node)).size, 5);
    });
  });
});
