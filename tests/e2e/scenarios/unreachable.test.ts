import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import { waitsFor } from "../support/controller";
import { Disk } from "../support/disk";
import { TestCluster } from "../support/etcd-cluster";
import { bringUp, cluster as lab } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";
import { eventually } from "../support/poll";
import { Processes } from "../support/process";

const minutes = 3;

long("ordinal 0 loses its disk while its peers can't be reached", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("unreachable");
  });
  after(async () => {
    await bringUp(3);
    await cluster.destroy();
  });

  it(`waits for ${minutes} minutes, never bootstraps a new cluster, and is replaced afterwards`, async function () {
    this.timeout(600_000);
    const ids = await cluster.memberIds();
    await cluster.etcdctl(["put", "kept", "by the others"]);
    const [own, ...peers] = await Promise.all(
      [0, 1, 2].map(async (ordinal) => (await Processes.of(cluster, cluster.pod(ordinal))).node),
    );
    assert.equal(new Set([own, ...peers]).size, 3, "each on a node of its own");
    const disk = await Disk.of(cluster, 0);
    const load = await Load.start(cluster, { node: own });
    const [before] = await cluster.pods();
    try {
      for (const node of peers) {
        await lab(["link", String(node), "down"]);
      }
      await disk.sh("rm -r data");
      await cluster.kubectl(["delete", "pod", cluster.pod(0), "--wait=false", "--grace-period=0", "--force"]);
      const end = Date.now() + minutes * 60_000;
      // The controller may have been on one of the other nodes, and then has to move to this one first.
      await waitsFor(cluster, /no quorum|etcd-0/, 150);
      let gates = 0;
      while (Date.now() < end) {
        assert.equal((await disk.sh("ls data/member/wal/*.wal 2>/dev/null | wc -l")).trim(), "0");
        const pod = (await cluster.pods()).find(({ name }) => name === "etcd-0");
        if (pod && pod.uid !== before?.uid) {
          const processes = await Processes.of(cluster, pod.name).catch(() => undefined);
          assert.deepEqual((await processes?.running("etcd")) ?? [], [], "etcd was started");
          gates += (await processes?.running("node"))?.length ?? 0;
        }
        await sleep(3000);
      }
      assert.ok(gates > 0, "its gate was never seen waiting");
    } finally {
      await bringUp(3);
    }
    await eventually(
      "etcd-0 is a voter under another ID",
      async () => {
        const now = await cluster.memberIds(1);
        return (now["etcd-0"] && now["etcd-0"] !== ids["etcd-0"]) || undefined;
      },
      150,
    );
    await cluster.waitForVoters(150);
    assertNothingLost(await load.stop());
    const after = await cluster.memberIds();
    assert.deepEqual([after["etcd-1"], after["etcd-2"]], [ids["etcd-1"], ids["etcd-2"]]);
    assert.equal(await cluster.etcdctl(["get", "kept", "--print-value-only"]), "by the others\n");
  });
});
