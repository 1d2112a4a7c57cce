import assert from "node:assert/strict";
import { waitsFor } from "../support/controller";
import { cordon, drain, memberOn, uncordon } from "../support/drain";
import { TestCluster } from "../support/etcd-cluster";
import { bringUp, cluster as lab, nodes } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";
import { longOne } from "../support/long";
import { eventually } from "../support/poll";
import { PodWatch } from "../support/watch";

const setting = (snapshotCount: number) => ({ etcd: { snapshotCount } });

describe("several operations at the same time", function () {
  this.timeout(400_000);
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("together");
  });
  after(() => cluster.destroy());

  longOne("a rollout updates a member that is down first, and waits for it before the next", async () => {
    const ids = await cluster.memberIds();
    const [down, ...others] = [...(await cluster.pods())].reverse();
    assert.ok(down?.node);
    const load = await Load.start(cluster);
    try {
      await cordon(down.node);
      await cluster.kubectl(["delete", "pod", down.name, "--wait=false"]);
      await waitsFor(cluster, new RegExp(`${down.name} can't be scheduled`));
      const pending = (await cluster.pods()).find((pod) => pod.name === down.name);

      await cluster.apply(setting(5001));
      // The member is down already, so its update costs nothing. The rollout then waits until it is back.
      await eventually("the member that is down is at the new revision", async () => {
        const pod = (await cluster.pods()).find(({ name }) => name === down.name);
        return (pod && pod.uid !== pending?.uid && pod.revision !== down.revision) || undefined;
      });
      await waitsFor(cluster, new RegExp(`rollout waits: ${down.name}.*one more loss costs the quorum`));
      const untouched = (await cluster.pods()).filter((pod) => pod.name !== down.name);
      assert.deepEqual(
        untouched.map((pod) => [pod.uid, pod.ready]),
        others.reverse().map((pod) => [pod.uid, true]),
      );
    } finally {
      await uncordon(down.node);
    }
    const watch = await PodWatch.start(cluster);
    await cluster.waitForVoters(180);
    const { order, fewestReady } = await watch.stop();
    assertNothingLost(await load.stop());
    assert.deepEqual([...order].sort(), others.map((pod) => pod.name).sort(), "then the others, once each");
    assert.equal(fewestReady, 2, "ready members at the worst time");
    assert.deepEqual(await cluster.memberIds(), ids);
  });

  longOne("a rollout completes while every node is drained in turn", async () => {
    const ids = await cluster.memberIds();
    const before = await cluster.pods();
    const load = await Load.start(cluster);
    const watch = await PodWatch.start(cluster);
    await cluster.apply(setting(5002));
    for (const pod of before) {
      assert.ok(pod.node);
      try {
        const drained = await drain(cluster, pod.node, 150);
        assert.equal(drained.code, 0, drained.stderr);
      } finally {
        await uncordon(pod.node);
      }
    }
    await cluster.waitForVoters(180);
    const { order, fewestReady } = await watch.stop();
    assertNothingLost(await load.stop());
    console.log(`      restarted: ${order.join(", ")}`);
    assert.ok(fewestReady >= 2, `${fewestReady} were ready at the worst time`);
    assert.deepEqual(await cluster.memberIds(), ids);
  });

  describe("on five nodes", () => {
    let earlier: number;
    before(async () => {
      earlier = (await nodes()).size;
      await bringUp(5);
    });
    after(async () => {
      await cluster.destroy({ wait: true });
      for (let node = (await nodes()).size; node > earlier; node--) {
        await lab(["node-remove", String(node)]);
      }
    });

    it("a rollout, a drain and a growth complete together", async () => {
      const ids = await cluster.memberIds();
      const first = (await nodes()).get(1);
      const drained = first && (await memberOn(cluster, first));
      assert.ok(first && drained);
      const load = await Load.start(cluster, { node: 2 });
      const watch = await PodWatch.start(cluster);
      try {
        const [ran] = await Promise.all([
          drain(cluster, first, 150),
          cluster.apply({ ...setting(5003), members: 5 }),
        ]);
        assert.equal(ran.code, 0, ran.stderr);
      } finally {
        await uncordon(first);
      }
      await cluster.waitForVoters(240);
      const { order, fewestReady } = await watch.stop();
      assertNothingLost(await load.stop());
      console.log(`      restarted: ${order.join(", ")}`);
      assert.ok(fewestReady >= 2, `${fewestReady} were ready at the worst time`);
      const after = await cluster.memberIds();
      assert.equal(Object.keys(after).length, 5);
      for (const [name, id] of Object.entries(ids)) {
        assert.equal(after[name], id, `${name} kept its ID`);
      }
    });
  });
});
