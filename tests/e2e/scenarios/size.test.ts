import assert from "node:assert/strict";
import { controllerLog, leader, ordinalOf } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { bringUp, cluster as lab, nodes } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";
import { longOne } from "../support/long";
import { eventually } from "../support/poll";

describe("a change of size", () => {
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

  /** Resizes under load. Members that stay keep their identity. */
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

  it("from 3 to 5 and back keeps the volumes", async () => {
    await cluster.etcdctl(["put", "kept", "through every size"]);
    await resize(5);
    await resize(3);
  });

  longOne(
    "to 1 moves leadership away before it removes the leader, and back to 3 adds new members",
    async () => {
      const idsOfThree = await cluster.memberIds();
      const leads = await leader(cluster);
      if (leads !== "etcd-2") {
        await cluster.etcdctl(["move-leader", idsOfThree["etcd-2"] ?? ""], ordinalOf(leads));
      }
      const earlier = (await controllerLog(cluster)).length;
      await resize(1);
      const acts = (await controllerLog(cluster)).slice(earlier).flatMap(({ action }) => action ?? []);
      const moved = acts.findIndex(({ kind }) => kind === "moveLeader");
      const removed = acts.findIndex(({ kind, ordinal }) => kind === "removeMember" && ordinal === 2);
      assert.ok(moved >= 0 && moved < removed, JSON.stringify(acts));

      // The data on the old volumes is quarantined.
      await resize(3);
      assert.equal(await cluster.etcdctl(["get", "kept", "--print-value-only"], 2), "through every size\n");
      const ids = await cluster.memberIds();
      for (const ordinal of [1, 2]) {
        const old = idsOfThree[cluster.pod(ordinal)] ?? "";
        assert.notEqual(ids[cluster.pod(ordinal)], old, "another ID");
        const gate = await cluster.kubectl(["logs", cluster.pod(ordinal), "-c", "gate"]);
        assert.match(gate, new RegExp(`the disk holds member ${BigInt(`0x${old}`)} of cluster`));
        assert.match(gate, / joining the cluster /);
      }
    },
  );

  it("by kubectl scale is undone, and no write is lost", async () => {
    const ids = await cluster.memberIds();
    const load = await Load.start(cluster, { node: 1 });
    await cluster.kubectl(["scale", "statefulset/etcd", "--replicas=1"]);
    await eventually("there are 3 pods declared again", async () => {
      const json = await cluster.json<{ spec: { replicas: number } }>(["get", "statefulset", "etcd"]);
      return json.spec.replicas === 3 || undefined;
    });
    await cluster.waitForVoters(120);
    assertNothingLost(await load.stop());
    assert.deepEqual(await cluster.memberIds(), ids);
  });
});
