import assert from "node:assert/strict";
import { killController, said } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { kubectl } from "../support/lab";
import { eventually } from "../support/poll";

describe("the controller", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("control");
  });
  after(() => cluster.destroy());

  it("can do what it needs, and nothing that would let it run or read something else", async () => {
    const account = `system:serviceaccount:${cluster.namespace}:etcd-controller`;
    const can = async (...what: string[]) =>
      (await kubectl().try(["auth", "can-i", ...what, "-n", cluster.namespace, "--as", account])).code === 0;
    assert.ok(await can("list", "pods"));
    assert.ok(await can("delete", "pods/etcd-0"));
    assert.ok(await can("patch", "statefulsets.apps/etcd", "--subresource=scale"));
    for (const what of [
      ["patch", "statefulsets.apps/etcd"],
      ["update", "statefulsets.apps/etcd"],
      ["create", "pods"],
      ["create", "pods/exec"],
      ["patch", "pods/etcd-0"],
      ["delete", "pods/another"],
      ["get", "secrets"],
      ["get", "secrets/etcd-root"],
      ["list", "secrets"],
      ["create", "configmaps"],
      ["patch", "deployments.apps/etcd-controller"],
      ["delete", "persistentvolumeclaims/another"],
      ["create", "serviceaccounts/token"],
    ]) {
      assert.ok(!(await can(...what)), `it can ${what.join(" ")}`);
    }
  });

  it("members restart without it", async () => {
    const ids = await cluster.memberIds();
    await cluster.kubectl(["scale", "deployment/etcd-controller", "--replicas=0"]);
    await eventually("the controller is gone", async () => {
      const pods = await cluster.kubectl([
        "get",
        "pods",
        "-l",
        "app.kubernetes.io/component=controller",
        "-o",
        "name",
      ]);
      return pods.trim() === "" || undefined;
    });
    const before = await cluster.pods();
    await cluster.kubectl(["delete", "pods", "-l", "app.kubernetes.io/component=member", "--wait=false"]);
    await Promise.all(before.map((pod) => cluster.replacementOf(pod)));
    assert.deepEqual(await cluster.memberIds(), ids);
    await cluster.kubectl(["scale", "deployment/etcd-controller", "--replicas=1"]);
    await cluster.waitForVoters(90);
  });

  it("adopts the members when its record is lost", async () => {
    const ids = await cluster.memberIds();
    const converged = await said(cluster);
    await cluster.kubectl(["delete", "configmap", "etcd-record"]);
    await cluster.apply({});
    await killController(cluster);
    await eventually("the record is written again", async () => {
      const { data } = await cluster.json<{ data?: object }>(["get", "configmap", "etcd-record"]);
      return (data && JSON.stringify(data).includes("born")) || undefined;
    });
    await cluster.waitForVoters(90);
    assert.equal(await said(cluster), converged);
    assert.deepEqual(await cluster.memberIds(), ids);
  });

  it("is killed again and again while it grows the cluster: no ghost, no second add", async () => {
    const small = await TestCluster.deploy("killed", { members: 1 });
    try {
      const growing = small.apply({ members: 3 });
      for (let i = 0; i < 6; i++) {
        await killController(small);
        await new Promise((resolve) => setTimeout(resolve, 2500));
      }
      await growing;
      await small.waitForVoters(120);
      assert.equal(Object.keys(await small.memberIds()).length, 3);
    } finally {
      await small.destroy();
    }
  });

  it("is quiet while nothing happens", async () => {
    const logs = async () => (await cluster.kubectl(["logs", "deployment/etcd-controller"])).length;
    const before = await logs();
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    assert.equal(await logs(), before, "it logged something while idle");
  });
});
