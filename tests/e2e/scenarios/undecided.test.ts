import assert from "node:assert/strict";
import { waitUntilReported, waitsFor } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { longOne } from "../support/long";
import { eventually } from "../support/poll";

interface Role {
  rules: { resources: string[]; resourceNames?: string[]; verbs: string[] }[];
}

describe("a controller that answers but can't decide", () => {
  let cluster: TestCluster;
  let ids: Record<string, string>;
  before(async () => {
    cluster = await TestCluster.deploy("undecided");
    ids = await cluster.memberIds();
  });
  after(() => cluster.destroy());

  /** Replaces all members' pods at once. */
  async function restartAll(): Promise<void> {
    const before = await cluster.pods();
    await cluster.kubectl(["delete", "pods", "-l", "app.kubernetes.io/component=member", "--wait=false"]);
    await Promise.all(before.map((pod) => cluster.replacementOf(pod)));
    assert.deepEqual(await cluster.memberIds(), ids);
  }

  /** Removes a permission of the controller and waits until Kubernetes applies that. */
  async function without(verb: string, resource: string, name?: string): Promise<void> {
    const role = await cluster.json<Role>(["get", "role", "etcd-controller"]);
    for (const rule of role.rules) {
      if (rule.resources.includes(resource) && (!name || rule.resourceNames?.includes(name)))
        rule.verbs = rule.verbs.filter((v) => v !== verb);
    }
    await cluster.kubectl(["replace", "-f", "-"], { input: JSON.stringify(role) });
    const account = `--as=system:serviceaccount:${cluster.namespace}:etcd-controller`;
    await eventually("the right is gone", async () => {
      const what = name ? `${resource}/${name}` : resource;
      const answer = await cluster
        .kubectl(["auth", "can-i", verb, what, account])
        .catch((e: Error) => e.message);
      return /\bno\b/.test(answer) || undefined;
    });
  }

  const healed = async () => {
    await cluster.apply({});
    await cluster.waitForVoters(120);
    assert.deepEqual(await cluster.memberIds(), ids);
  };

  it("without permission to write its record lets all members return in new pods", async () => {
    await without("patch", "configmaps", "etcd-record");
    await restartAll();
    await waitsFor(cluster, /^the record can't be written, so nothing is done: .*forbidden/);
    await healed();
  });

  it("without a record lets all members return in new pods and adopts them once there is one", async () => {
    await cluster.kubectl(["delete", "configmap", "etcd-record"]);
    await restartAll();
    await waitsFor(cluster, /^the record's ConfigMap is gone.*pulumi up --refresh/);
    await healed();
    await waitUntilReported(cluster, /the running cluster \d+ is adopted/);
  });

  longOne("without permission to list pods and volumes lets all members return in new pods", async () => {
    const { items } = await cluster.json<{ items: { metadata: { labels: Record<string, string> } }[] }>([
      "get",
      "persistentvolumeclaims",
    ]);
    for (const { metadata } of items)
      assert.equal(metadata.labels["app.kubernetes.io/component"], "member", "the StatefulSet's own label");
    // One rule of the Role covers both.
    await without("list", "persistentvolumeclaims");
    await restartAll();
    await waitsFor(cluster, /^nothing can be decided: (pods|persistentvolumeclaims) is forbidden/);
    await healed();
  });
});
