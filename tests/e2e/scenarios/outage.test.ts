import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { leader, ordinalOf } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { bringUp, cluster as lab, nodes } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";
import { eventually } from "../support/poll";
import { Processes } from "../support/process";

long("an outage", () => {
  let cluster: TestCluster;
  let ids: Record<string, string>;
  before(async () => {
    cluster = await TestCluster.deploy("outage");
    ids = await cluster.memberIds();
  });
  after(async () => {
    await bringUp(3);
    await cluster.destroy();
  });

  async function withoutController(): Promise<void> {
    await cluster.kubectl(["scale", "deployment/etcd-controller", "--replicas=0"]);
    await eventually("the controller is gone", async () => {
      const label = "app.kubernetes.io/component=controller";
      return (await cluster.kubectl(["get", "pods", "-l", label, "-o", "name"])).trim() === "" || undefined;
    });
  }
  const withController = async () => {
    await cluster.kubectl(["scale", "deployment/etcd-controller", "--replicas=1"]);
    await cluster.waitForVoters(120);
    assert.deepEqual(await cluster.memberIds(), ids);
  };

  it("of the controller doesn't keep members in new pods from starting with their data", async () => {
    await withoutController();
    const before = await cluster.pods();
    await cluster.kubectl(["delete", "pods", "-l", "app.kubernetes.io/component=member", "--wait=false"]);
    await Promise.all(before.map((pod) => cluster.replacementOf(pod)));
    assert.deepEqual(await cluster.memberIds(), ids);
    await withController();
  });

  it("of the controller and the API server doesn't keep members from restarting in place with their data", async () => {
    await withoutController();
    await cluster.etcdctl(["put", "before", "the outage"]);
    const load = await Load.start(cluster);
    const members = await Promise.all([0, 1, 2].map((o) => Processes.of(cluster, cluster.pod(o))));
    const restarted = (what: string, seconds: number) => async (before: string[], i: number) => {
      const member = members[i]!;
      await eventually(
        `${member.pod} runs again after ${what}`,
        async () => {
          const now = await member.running("etcd");
          return (now.length === 1 && !before.includes(now[0]!)) || undefined;
        },
        seconds,
      );
    };
    await lab(["api-server", "stop"]);
    try {
      const killed = await Promise.all(members.map((member) => member.signal("etcd", "KILL")));
      assert.deepEqual(
        killed.map((pids) => pids.length),
        [1, 1, 1],
      );
      await Promise.all(killed.map(restarted("its process was killed", 60)));
      await eventually("they have a quorum, and take a write", () =>
        members[0]!.etcdctl(["put", "during", "the outage"]),
      );

      // A new sandbox runs the gate again, and the gate gets no answer.
      const running = await Promise.all(members.map((member) => member.running("etcd")));
      for (const member of members) assert.equal((await member.signal("pause", "KILL")).length, 1);
      await Promise.all(running.map(restarted("its sandbox was killed", 120)));
    } finally {
      await lab(["api-server", "start"]);
    }
    await eventually("a quorum answers", () => cluster.etcdctl(["endpoint", "health"]), 90);
    assert.equal(await cluster.etcdctl(["get", "before", "--print-value-only"]), "the outage\n");
    assert.equal(await cluster.etcdctl(["get", "during", "--print-value-only"]), "the outage\n");
    for (const { pod } of members) {
      const gate = await cluster.kubectl(["logs", pod, "-c", "gate"]);
      assert.match(gate, /the controller doesn't answer, and the data is intact/);
    }
    await withController();
    assertNothingLost(await load.stop());
  });

  for (const [words, seconds] of [
    ["for half a minute", 30],
    ["for longer than Kubernetes waits for its pods", 75],
  ] as const) {
    it(`of a node's network ${words} leaves its member's identity unchanged`, async () => {
      await cluster.waitForVoters(120);
      const ordinal = ordinalOf(await leader(cluster));
      const numbers = new Map([...(await nodes())].map(([number, name]) => [name, number] as const));
      const pods = await cluster.pods();
      const nodeOf = (o: number) => numbers.get(pods[o]?.node ?? "")!;
      const load = await Load.start(cluster, { node: nodeOf((ordinal + 1) % 3) });
      await lab(["link", String(nodeOf(ordinal)), "down"]);
      try {
        await sleep(seconds * 1000);
      } finally {
        await lab(["link", String(nodeOf(ordinal)), "up"]);
      }
      await eventually(
        "Kubernetes sees the node",
        async () => {
          const ready = await cluster.pods();
          return ready.length === 3 && ready.every((pod) => pod.ready) ? true : undefined;
        },
        150,
      );
      await cluster.waitForVoters(120);
      assertNothingLost(await load.stop());
      assert.deepEqual(await cluster.memberIds(), ids);
    });
  }
});
