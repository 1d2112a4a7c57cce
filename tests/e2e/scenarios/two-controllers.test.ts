import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { decisions, membersAdded, secondController } from "../support/controller";
import type { ControllerRecord } from "../../../programs/controller/model";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";
import { eventually } from "../support/poll";
import { leaseHolder, Processes } from "../support/process";

long("two controllers", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("two", { members: 1 });
    await secondController(cluster);
  });
  after(() => cluster.destroy());

  const other = async (pod: string) => {
    const found = (await Processes.ofController(cluster)).find((p) => p.pod !== pod);
    assert.ok(found, "there are two");
    return found.pod;
  };

  /** Each version of the record was written once by one controller, and nothing was done without a record. */
  async function assertOneActed(pods: readonly string[]): Promise<void> {
    const all = await Promise.all(pods.map((pod) => decisions(cluster, pod)));
    const acts = all.flat().filter((d) => d.action !== undefined);
    const written = all.flat().flatMap((d) => (d.record === undefined ? [] : [d.record]));
    assert.equal(new Set(written).size, written.length, `twice: ${written.sort((a, b) => a - b).join()}`);
    for (const act of acts) {
      assert.ok(act.record !== undefined, `an act without a record: ${JSON.stringify(act)}`);
    }
    // In the order of the record the controllers don't alternate: one ends before the other begins.
    const turns = all
      .flatMap((own, who) => own.flatMap((d) => (d.record === undefined ? [] : [{ who, record: d.record }])))
      .sort((a, b) => a.record - b.record)
      .filter(({ who }, i, list) => who !== list[i - 1]?.who);
    console.log(`      ${acts.length} acts, ${written.length} records, in ${turns.length} turn(s)`);
    assert.ok(turns.length <= 2, `they took turns: ${JSON.stringify(turns)}`);
  }

  it("only the controller with the lease acts when the cluster grows", async () => {
    const holder = (await leaseHolder(cluster)) ?? "";
    const idle = await other(holder);
    const load = await Load.start(cluster);
    await cluster.apply({ members: 3 });
    await cluster.waitForVoters(120);
    assertNothingLost(await load.stop());
    assert.equal(await leaseHolder(cluster), holder);
    assert.deepEqual(await decisions(cluster, idle), [], "the other one has decided nothing");
    await assertOneActed([holder, idle]);
    assert.equal(await membersAdded(cluster), 3, "no second add");
  });

  it("a controller that was paused in the middle of a replacement does nothing when it wakes up late", async () => {
    const holder = (await leaseHolder(cluster)) ?? "";
    const idle = await other(holder);
    const before = await cluster.memberIds();
    const load = await Load.start(cluster);
    const process = await Processes.of(cluster, holder);
    await cluster.kubectl(["delete", "pvc", "data-etcd-2", "--wait=false"]);
    await cluster.kubectl(["delete", "pod", "etcd-2", "--wait=false"]);
    await eventually("the member that lost its volume is being replaced", async () => {
      const { data } = await cluster.json<{ data: { record: string } }>(["get", "configmap", "etcd-record"]);
      const { intent, members } = JSON.parse(data.record) as ControllerRecord;
      const whole = members.some(({ ordinal, phase }) => ordinal === 2 && phase === "started");
      return intent !== undefined || !whole || undefined;
    });
    const stopped = await process.signal("node", "STOP");
    assert.equal(stopped.length, 1, "its process is stopped");
    const from = Date.now();
    try {
      await eventually(
        "the other one has the lease",
        async () => (await leaseHolder(cluster)) === idle || undefined,
      );
      console.log(`      the other one has the lease after ${((Date.now() - from) / 1000).toFixed(1)} s`);
      await eventually(
        "etcd-2 is a voter under another ID",
        async () => {
          const ids = await cluster.memberIds();
          return (ids["etcd-2"] && ids["etcd-2"] !== before["etcd-2"]) || undefined;
        },
        90,
      );
      // The liveness probe would restart it after a minute.
      const left = 35_000 - (Date.now() - from);
      if (left > 0) await sleep(left);
    } finally {
      await process.signal("node", "CONT");
    }
    await eventually("it says that it stood still", async () => {
      const log = await cluster.kubectl(["logs", holder]);
      return /was paused for \d+ s and lost its lease/.test(log) || undefined;
    });
    await sleep(15_000);
    await cluster.waitForVoters(60);
    assertNothingLost(await load.stop());
    assert.equal(await leaseHolder(cluster), idle, "the lease stays where it is");
    await assertOneActed([holder, idle]);
    assert.equal(await membersAdded(cluster), 4, "no second add");
    const pods = await cluster.pods();
    assert.deepEqual(
      pods.map((pod) => pod.restarts),
      [0, 0, 0],
      "one start of etcd per container",
    );
  });
});
