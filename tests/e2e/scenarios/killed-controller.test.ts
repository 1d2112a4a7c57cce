import assert from "node:assert/strict";
import { membersAdded } from "../support/controller";
import type { EtcdClusterArgs } from "../../../components";
import { TestCluster } from "../support/etcd-cluster";
import { bringUp, cluster as lab, numberOf } from "../support/lab";
import { Killer } from "../support/killer";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";
import { eventually } from "../support/poll";
import { leaseHolder } from "../support/process";

long("a controller that is killed after each record", () => {
  const cluster = TestCluster.declare("killed");
  let born = false;
  after(() => cluster.destroy());

  const sequence = async () => {
    const text = await cluster.kubectl(["get", "configmap", "etcd-record", "-o", "jsonpath={.data.record}"]);
    return Number(/"sequence":(\d+)/.exec(text)?.[1] ?? "0");
  };

  /** `newMembers` is the number of member IDs that etcd must have created meanwhile. */
  async function isFinished(
    change: () => Promise<unknown>,
    newMembers: number,
    atLeast: number,
  ): Promise<void> {
    const added = born ? await membersAdded(cluster) : 0;
    born = true;
    const killer = new Killer(cluster);
    try {
      await change();
      await cluster.waitForVoters(280);
    } finally {
      await killer.stop();
    }
    const records = `${killer.after.join(" ")} of ${await sequence()}`;
    console.log(`      killed ${killer.kills} times, after the records ${records}`);
    assert.ok(killer.kills >= atLeast, `killed only ${killer.kills} times`);
    await cluster.waitForVoters(60);
    const names = Object.keys(await cluster.memberIds()).sort();
    assert.deepEqual(
      names,
      Array.from({ length: cluster.members }, (_, i) => cluster.pod(i)),
      "no ghost",
    );
    const now = await membersAdded(cluster);
    assert.equal(now - added, newMembers, `no second add: there were ${added}, then ${now}`);
    for (const pod of await cluster.pods()) assert.equal(pod.restarts, 0, `${pod.name}: one start of etcd`);
  }

  async function underLoad(args: EtcdClusterArgs, newMembers: number, atLeast: number): Promise<void> {
    const load = await Load.start(cluster);
    await isFinished(() => cluster.apply(args), newMembers, atLeast);
    assertNothingLost(await load.stop());
  }

  it("completes a bootstrap and the growth to three", async () => {
    await isFinished(() => cluster.apply({ members: 3 }), 3, 5);
  });

  it("completes the shrinking to one", () => underLoad({ members: 1 }, 0, 3));

  it("completes the growth to three on the kept volumes", () => underLoad({ members: 3 }, 2, 4));

  it("completes a replacement", async () => {
    const before = await cluster.memberIds();
    const load = await Load.start(cluster);
    await isFinished(
      async () => {
        await cluster.kubectl(["delete", "pvc", "data-etcd-1", "--wait=false"]);
        await cluster.kubectl(["delete", "pod", "etcd-1", "--wait=false"]);
        await eventually(
          "etcd-1 has another ID",
          async () => {
            const ids = await cluster.memberIds();
            return (ids["etcd-1"] && ids["etcd-1"] !== before["etcd-1"]) || undefined;
          },
          150,
        );
      },
      1,
      3,
    );
    assertNothingLost(await load.stop());
  });

  it("completes a rollout", async function () {
    this.timeout(700_000);
    const before = await cluster.pods();
    const ids = await cluster.memberIds();
    const load = await Load.start(cluster);
    const killer = new Killer(cluster);
    try {
      await cluster.apply({ members: 3, resources: { cpuRequest: "60m", memoryLimit: "512Mi" } });
      // Kubernetes counts an eviction that was in flight against the budget for two minutes, for each pod.
      await cluster.waitForVoters(600);
    } finally {
      await killer.stop();
    }
    console.log(`      killed ${killer.kills} times, after the records ${killer.after.join(" ")}`);
    assert.ok(killer.kills >= 3, `killed only ${killer.kills} times`);
    await cluster.waitForVoters(60);
    assertNothingLost(await load.stop());
    assert.deepEqual(await cluster.memberIds(), ids);
    const after = await cluster.pods();
    for (const old of before) {
      const now = after.find((pod) => pod.name === old.name);
      assert.ok(now && now.uid !== old.uid && now.restarts === 0, `${old.name} was restarted once`);
      assert.notEqual(now.revision, old.revision);
    }
  });
});

long("the controller's node", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("control-node");
  });
  after(async () => {
    await bringUp(3);
    await cluster.destroy();
  });

  it("loses power: another controller holds the lease within 30 s after Kubernetes has given up the pod", async () => {
    interface Pods {
      items: { metadata: { name: string; deletionTimestamp?: string }; spec: { nodeName?: string } }[];
    }
    const holder = await leaseHolder(cluster);
    const pods = () => cluster.json<Pods>(["get", "pods", "-l", "app.kubernetes.io/component=controller"]);
    const first = (await pods()).items.find((pod) => pod.metadata.name === holder);
    assert.ok(first?.spec.nodeName, `${holder} is on a node`);
    const node = await numberOf(first.spec.nodeName);
    await lab(["node-stop", String(node)]);
    const cut = Date.now();
    const seconds = (from: number) => ((Date.now() - from) / 1000).toFixed(1);
    try {
      await eventually(
        "Kubernetes has given up its pod",
        async () => {
          const old = (await pods()).items.find((pod) => pod.metadata.name === holder);
          return !old || old.metadata.deletionTimestamp !== undefined || undefined;
        },
        90,
      );
      const givenUp = Date.now();
      console.log(`      given up ${seconds(cut)} s after the cut`);
      const next = await eventually(
        "another controller has the lease",
        async () => {
          const now = await leaseHolder(cluster);
          return now !== undefined && now !== holder ? now : undefined;
        },
        30,
      );
      console.log(
        `      ${seconds(givenUp)} s later another one has the lease, ${seconds(cut)} s after the cut`,
      );
      await eventually(
        "it says what is missing",
        async () =>
          /etcd-\d .*one more loss costs the quorum/.test(await cluster.kubectl(["logs", next])) || undefined,
        10,
      );
    } finally {
      await lab(["node-start", String(node)]);
    }
    await cluster.waitForVoters(150);
  });
});
