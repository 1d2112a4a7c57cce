import assert from "node:assert/strict";
import { TestCluster } from "../support/etcd-cluster";
import { bringUp, cluster as lab, kubectl, nodes } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";
import { eventually } from "../support/poll";

describe("nodes", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("nodes");
  });
  after(() => cluster.destroy());

  /** Evicts only this cluster's members, because other pods there have their own budgets. */
  const drain = (node: string, seconds: number) =>
    kubectl().try([
      "drain",
      node,
      `--pod-selector=${Object.entries(cluster.label)
        .map((label) => label.join("="))
        .join()}`,
      `--timeout=${seconds}s`,
    ]);
  const memberOn = async (node: string) => (await cluster.pods()).find((pod) => pod.node === node);

  it("drains of two nodes: the second waits for the disruption budget, and no write is lost", async () => {
    const [first, second] = [(await nodes()).get(1), (await nodes()).get(2)];
    assert.ok(first && second);
    const [onFirst, onSecond] = [await memberOn(first), await memberOn(second)];
    assert.ok(onFirst && onSecond);
    const load = await Load.start(cluster, { node: 3 });
    try {
      const drained = await drain(first, 90);
      assert.equal(drained.code, 0, drained.stderr);
      const waiting = await drain(second, 15);
      assert.notEqual(waiting.code, 0, waiting.stdout);
      assert.match(waiting.stderr, new RegExp(`${onSecond.name}.*would violate the pod's disruption budget`));
      assert.deepEqual(await memberOn(second), onSecond, "the second member was left alone");

      await kubectl().run(["uncordon", first]);
      await cluster.replacementOf(onFirst);
      await cluster.waitForVoters();
      const then = await drain(second, 90);
      assert.equal(then.code, 0, then.stderr);
    } finally {
      await kubectl().run(["uncordon", first, second]);
    }
    await cluster.replacementOf(onSecond);
    await cluster.waitForVoters();
    assertNothingLost(await load.stop());
  });

  it("a power failure of all nodes: data and identities are kept", async () => {
    await cluster.etcdctl(["put", "before", "the power was cut"]);
    const ids = await cluster.memberIds();
    const before = await cluster.pods();
    const numbers = [...(await nodes()).keys()];
    try {
      for (const node of numbers) {
        await lab(["node-stop", String(node)]);
      }
      const ran = await cluster.tryEtcdctl(["get", "before"]);
      assert.notEqual(ran.code, 0, "nothing answers without power");
    } finally {
      await bringUp(numbers.length);
    }
    await eventually(
      "each member was started again",
      async () => {
        const pods = await cluster.pods();
        const again = before.map((old) => pods.find((pod) => pod.name === old.name && pod.ready));
        return (
          again.every(
            (pod, i) => pod && (pod.uid !== before[i]!.uid || pod.restarts > before[i]!.restarts),
          ) || undefined
        );
      },
      150,
    );
    await cluster.waitForVoters(150);
    assert.equal(await cluster.etcdctl(["get", "before", "--print-value-only"]), "the power was cut\n");
    assert.deepEqual(await cluster.memberIds(), ids);
  });
});
