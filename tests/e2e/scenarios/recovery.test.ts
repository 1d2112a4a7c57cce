import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import { statusMessage, waitsFor } from "../support/controller";
import { Disk } from "../support/disk";
import { TestCluster } from "../support/etcd-cluster";
import { Killer } from "../support/killer";
import { bringUp, cluster as lab, numberOf } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";
import { eventually } from "../support/poll";
import { assertKept, forgetVolumes, keep, made, timed } from "../support/rebuild";

/** Members may run on any remaining node. */
const anywhere = { scheduling: { hostSpread: "Preferred" as const, zoneSpread: "None" as const } };

async function loseDisks(cluster: TestCluster, ...ordinals: number[]): Promise<void> {
  for (const ordinal of ordinals) {
    await cluster.kubectl(["delete", "pvc", `data-${cluster.pod(ordinal)}`, "--wait=false"]);
    await cluster.kubectl(["delete", "pod", cluster.pod(ordinal), "--wait=false"]);
  }
  await waitsFor(cluster, /quorum of disks is lost/);
}

describe("the loss of two of three disks", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("recovery");
  });
  after(() => cluster.destroy());

  it("a declared recovery makes three voters with the data", async () => {
    await keep(cluster, 2);
    const before = await cluster.etcdctl(["member", "list", "-w", "fields"]);
    const clusterId = /"ClusterID" : (\d+)/.exec(before)?.[1];
    await loseDisks(cluster, 0, 1);

    await timed("recovery with one of three disks", async () => {
      await cluster.apply({ generation: 2, recovery: { confirmed: true } });
      await cluster.waitForVoters(180);
    });
    const words = await made(cluster);
    assert.match(words, /generation 2.*etcd-2's disk, up to its last entry \d+ of term \d+; of \d+ entries/);
    await assertKept(cluster, 0);
    const after = await cluster.etcdctl(["member", "list", "-w", "fields"]);
    assert.notEqual(/"ClusterID" : (\d+)/.exec(after)?.[1], clusterId, "it is another cluster");
    await eventually(
      "it is as declared",
      async () => /^[0-9a-f]{16}$/.test(await statusMessage(cluster)) || undefined,
    );
  });

  it("the recovery isn't repeated, whether the argument stays or is removed", async () => {
    const ids = await cluster.memberIds();
    await cluster.apply({ generation: 2 });
    await cluster.waitForVoters();
    await cluster.apply({ generation: 2, recovery: { confirmed: true } });
    await cluster.waitForVoters();
    assert.deepEqual(await cluster.memberIds(), ids);
    const disk = await Disk.of(cluster, 0);
    assert.match(await disk.sh("cat data/member/gate.json"), /"generation":2/);
  });
});

long("a recovery whose controller is killed after each record", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("recovery-killed");
  });
  after(() => cluster.destroy());

  it("is completed by the next controller, once and from the same disk", async () => {
    await keep(cluster, 2);
    await loseDisks(cluster, 0, 2);
    const killer = new Killer(cluster);
    try {
      await cluster.apply({ generation: 2, recovery: { confirmed: true } });
      await cluster.waitForVoters(280);
    } finally {
      await killer.stop();
    }
    console.log(`      killed ${killer.kills} times, after the records ${killer.after.join(" ")}`);
    assert.ok(killer.kills >= 5, `killed only ${killer.kills} times`);
    await cluster.waitForVoters(60);
    await assertKept(cluster, 0);
    assert.match(await made(cluster), /generation 2.*etcd-1's disk/);
    const names = Object.keys(await cluster.memberIds()).sort();
    assert.deepEqual(
      names,
      [0, 1, 2].map((o) => cluster.pod(o)),
      "no ghost",
    );
  });
});

long("the loss of two of three nodes", () => {
  let cluster: TestCluster;
  before(async () => {
    await bringUp(3);
    cluster = await TestCluster.deploy("lost-nodes", anywhere);
  });
  after(async () => {
    await bringUp(3);
    await cluster.destroy();
    await forgetVolumes(cluster);
  });

  it("members that are given up by name do no harm when they return with their old disks", async () => {
    const pods = await cluster.pods();
    const survivor = pods[2]!;
    await keep(cluster, 2);
    const home = await numberOf(survivor.node);
    const lost = await Promise.all(pods.slice(0, 2).map((pod) => numberOf(pod.node)));
    assert.equal(new Set([home, ...lost]).size, 3, "each member has a node of its own");
    try {
      for (const node of lost) await lab(["node-stop", String(node)]);
      await waitsFor(cluster, /no quorum/, 120);

      // The controller waits for members that may come back.
      await cluster.apply({ ...anywhere, generation: 2, recovery: { confirmed: true } });
      await waitsFor(cluster, /3 of 3 members may still be intact.*recovery\.abandonedMembers/, 120);
      const put = await cluster.tryEtcdctl(["--command-timeout=5s", "put", "new", "value"], 2);
      assert.notEqual(put.code, 0, put.stdout);

      const abandonedMembers = pods.slice(0, 2).map((pod) => pod.name);
      await timed("recovery with two of three nodes lost", async () => {
        await cluster.apply({ ...anywhere, generation: 2, recovery: { confirmed: true, abandonedMembers } });
        await cluster.waitForVoters(180);
      });
      assert.match(await made(cluster), /generation 2.*etcd-2's disk/);
      await assertKept(cluster, 2);
      const ids = await cluster.memberIds(2);
      const after = await cluster.pods();
      assert.ok(after.every((pod) => pod.node === survivor.node));

      const load = await Load.start(cluster, { node: home });
      await bringUp(3);
      // The kubelets return with containers and disks of the old generation.
      await sleep(45_000);
      assertNothingLost(await load.stop());
      assert.deepEqual(await cluster.memberIds(2), ids);
      assert.deepEqual(
        (await cluster.pods()).map((pod) => pod.uid),
        after.map((pod) => pod.uid),
      );
      await cluster.waitForVoters();
      await assertKept(cluster, 0);
    } finally {
      await bringUp(3);
    }
  });
});

long("a running member that is cut off during a recovery", () => {
  let cluster: TestCluster;
  before(async () => {
    await bringUp(3);
    cluster = await TestCluster.deploy("cut-off", anywhere);
  });
  after(async () => {
    await bringUp(3);
    await cluster.destroy();
    await forgetVolumes(cluster);
  });

  it("delays the recovery until it returns or is given up by name, and does no harm afterwards", async () => {
    const pods = await cluster.pods();
    await keep(cluster, 2);
    const home = await numberOf(pods[2]!.node);
    const away = await numberOf(pods[1]!.node);
    try {
      await lab(["link", String(away), "down"]);
      await eventually(
        "the others know that it is gone",
        async () => (await cluster.tryEtcdctl(["put", "kept/0", "value 0"], 2)).code === 0 || undefined,
      );
      const claim = `data-${cluster.pod(0)}`;
      await cluster.kubectl(["delete", "pvc", claim, "--wait=false"]);
      await cluster.kubectl(["delete", "pod", cluster.pod(0), "--wait=false"]);
      await cluster.apply({ ...anywhere, generation: 2, recovery: { confirmed: true } });
      await waitsFor(cluster, /2 of 3 members may still be intact \(etcd-1 .*etcd-2 /, 120);
      const list = await cluster.etcdctl(["member", "list", "--consistency=s"], 2);
      assert.equal(list.trim().split("\n").length, 3, "nothing was done to the old cluster");

      await timed("recovery with one disk lost and one member cut off", async () => {
        const recovery = { confirmed: true, abandonedMembers: [cluster.pod(1)] };
        await cluster.apply({ ...anywhere, generation: 2, recovery });
        await cluster.waitForVoters(180);
      });
      await assertKept(cluster, 2);
      const ids = await cluster.memberIds(2);
      const load = await Load.start(cluster, { node: home });
      await lab(["link", String(away), "up"]);
      await sleep(45_000);
      assertNothingLost(await load.stop());
      assert.deepEqual(await cluster.memberIds(2), ids);
      await cluster.waitForVoters();
    } finally {
      await lab(["link", String(away), "up"]);
    }
  });
});
