import assert from "node:assert/strict";
import { controllerLog, waitsFor } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { eventually } from "../support/poll";
import { assertAllRun, patches } from "../support/versions";
import { PodWatch } from "../support/watch";

/**
 * The leader at that time: on a busy machine another leader may be elected meanwhile, and then no handover is
 * needed.
 */
async function assertLeaderLast(cluster: TestCluster): Promise<void> {
  const actions = (await controllerLog(cluster)).flatMap(({ action }) => action ?? []);
  const handOver = actions.findIndex(({ kind }) => kind === "moveLeader");
  const before = actions.slice(0, handOver < 0 ? undefined : handOver);
  const restarted = new Set(before.flatMap(({ kind, name }) => (kind === "evictPod" ? (name ?? []) : [])));
  assert.equal(restarted.size, handOver < 0 ? 3 : 2, JSON.stringify(actions));
}

describe("a rollout", () => {
  let cluster: TestCluster;
  let from: string;
  let to: string;
  before(async () => {
    [from = "", to = ""] = await patches("3.6", "3.7");
    cluster = await TestCluster.deploy("rollout", { version: from });
  });
  after(() => cluster.destroy());

  it("to the next minor version restarts the leader last and always keeps the quorum, under load", async () => {
    const ids = await cluster.memberIds();
    const load = await Load.start(cluster);
    const watch = await PodWatch.start(cluster);
    await cluster.apply({ version: to });
    await cluster.waitForVoters(180);
    const { order, fewestReady } = await watch.stop();
    assertNothingLost(await load.stop());
    assert.equal(order.length, 3, `restarted in the order ${order.join(", ")}`);
    await assertLeaderLast(cluster);
    assert.equal(fewestReady, 2, "ready members at the worst time");
    assert.deepEqual(await cluster.memberIds(), ids);
    await assertAllRun(cluster, to);
  });

  it("to the previous minor version is refused, by a recreated pod too", async () => {
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
    await assertAllRun(cluster, to);
  });
});
