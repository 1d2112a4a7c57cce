import assert from "node:assert/strict";
import { leader, waitsFor } from "../support/controller";
import type { MemberPod } from "../support/etcd-cluster";
import { TestCluster } from "../support/etcd-cluster";
import { etcdVersions } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";
import { eventually } from "../support/poll";

describe("rollout", () => {
  let cluster: TestCluster;
  let from: string;
  let to: string;
  before(async () => {
    const versions = await etcdVersions();
    from = versions.find((v) => v.startsWith("3.6")) ?? "";
    to = versions.find((v) => v.startsWith("3.7")) ?? "";
    cluster = await TestCluster.deploy("rollout", { version: from });
  });
  after(() => cluster.destroy());

  it("an image that does not exist takes one member down and no more; the right one heals it", async () => {
    const ids = await cluster.memberIds();
    const before = await cluster.pods();
    const load = await Load.start(cluster);
    await cluster.apply({ image: { repository: "gcr.io/etcd-development/no-such-image" } });
    await waitsFor(cluster, /ImagePullBackOff|ErrImagePull/);
    const during = await cluster.pods();
    assert.equal(during.filter((pod) => pod.ready).length, 2);
    assert.equal(
      before.filter((pod) => during.some((now) => now.uid === pod.uid)).length,
      2,
      "two pods are the ones they were",
    );
    await cluster.apply({});
    await cluster.waitForVoters(120);
    assertNothingLost(await load.stop());
    assert.deepEqual(await cluster.memberIds(), ids);
  });

  it("the next minor version, under load: the leader last, quorum all the time", async () => {
    const ids = await cluster.memberIds();
    const led = await leader(cluster);
    const before = await cluster.pods();
    const load = await Load.start(cluster);
    await cluster.apply({ version: to });
    const order = await orderOfRestarts(cluster, before);
    await cluster.waitForVoters(180);
    assertNothingLost(await load.stop());
    assert.equal(order.at(-1), led, `restarted in the order ${order.join(", ")}`);
    assert.deepEqual(await cluster.memberIds(), ids);
    const status = await cluster.etcdctl(["endpoint", "status", "--cluster", "-w", "fields"]);
    assert.deepEqual(
      [...status.matchAll(/"Version" : "(.*)"/g)].map((m) => m[1]),
      [to, to, to],
    );
  });

  it("a step back is refused, also by a pod that is made anew meanwhile", async () => {
    const before = await cluster.pods();
    await cluster.apply({ version: from });
    await waitsFor(cluster, /downgrade/);
    await cluster.kubectl(["delete", "pod", cluster.pod(2), "--wait=false"]);
    const refused = await eventually(
      "the new pod's gate says that it may not start etcd",
      async () => {
        const log = await cluster.kubectl(["logs", cluster.pod(2), "-c", "gate"]);
        return /downgrade/.test(log) ? log : undefined;
      },
      60,
    );
    assert.match(refused, /downgrade/);
    const now = await cluster.pods();
    assert.deepEqual(
      now.slice(0, 2).map((pod) => pod.uid),
      before.slice(0, 2).map((pod) => pod.uid),
      "nobody else was restarted",
    );
    await cluster.apply({ version: to });
    await cluster.waitForVoters(120);
    const status = await cluster.etcdctl(["endpoint", "status", "--cluster", "-w", "fields"]);
    assert.deepEqual(
      [...status.matchAll(/"Version" : "(.*)"/g)].map((m) => m[1]),
      [to, to, to],
    );
  });
});

/** The members' names in the order in which their pods were exchanged; never may more than one be missing. */
async function orderOfRestarts(cluster: TestCluster, before: MemberPod[]): Promise<string[]> {
  const order: string[] = [];
  let fewest = before.length;
  await eventually(
    "every pod is another one",
    async () => {
      const pods = await cluster.pods();
      fewest = Math.min(fewest, pods.filter((pod) => pod.ready).length);
      for (const old of before) {
        const anew = !pods.some((pod) => pod.uid === old.uid);
        if (anew && !order.includes(old.name)) {
          order.push(old.name);
        }
      }
      return order.length === before.length || undefined;
    },
    180,
  );
  assert.ok(fewest >= before.length - 1, `${fewest} of ${before.length} were ready at the worst time`);
  return order;
}
