import assert from "node:assert/strict";
import type { EtcdClusterArgs } from "../../../components";
import { brokenSetting } from "../support/broken-setting";
import { waitUntilReportedEverywhere } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { Filler } from "../support/fill";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";
import { eventually } from "../support/poll";

interface Waiting {
  status: { containerStatuses?: { name: string; ready: boolean; state: { running?: object } }[] };
}

long("members that are all broken by a setting", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("all-broken");
    await cluster.etcdctl(["put", "kept", "through all of it"]);
  });
  after(() => cluster.destroy());

  /** The rollout stops by itself at the first member, so the test deletes the other two pods. */
  async function breaksAndHeals(bad: EtcdClusterArgs, one: RegExp, all: RegExp): Promise<void> {
    const ids = await cluster.memberIds();
    const load = await Load.start(cluster);
    await cluster.apply(bad);
    await waitUntilReportedEverywhere(cluster, one);
    assert.equal(
      (await cluster.pods()).filter((pod) => pod.ready).length,
      2,
      "the rollout stops at the first",
    );
    const before = await cluster.pods();
    await cluster.kubectl(["delete", "pods", "-l", "app.kubernetes.io/component=member", "--timeout=120s"]);
    await waitUntilReportedEverywhere(cluster, all);
    await eventually("no member is left", async () => {
      const { items } = await cluster.json<{ items: Waiting[] }>([
        ...["get", "pods", "-l", "app.kubernetes.io/component=member"],
      ]);
      const etcds = items
        .flatMap((pod) => pod.status.containerStatuses ?? [])
        .filter((c) => c.name === "etcd");
      return (etcds.length === 3 && etcds.every((c) => !c.ready && !c.state.running)) || undefined;
    });
    const broken = await cluster.pods();
    assert.ok(broken.every((pod) => !before.some((old) => old.uid === pod.uid)));

    await cluster.apply({});
    await cluster.waitForVoters(180);
    assertNothingLost(await load.stop());
    assert.deepEqual(await cluster.memberIds(), ids, "they are who they were");
    for (const ordinal of [0, 1, 2]) {
      const kept = await cluster.etcdctl(["get", "kept", "--print-value-only", "--consistency=s"], ordinal);
      assert.equal(kept, "through all of it\n");
    }
  }

  it("recover without help when a bad value is corrected", async () => {
    await breaksAndHeals(
      { etcd: { extra: brokenSetting } },
      /etcd-\d doesn't start: .*exit code \d/,
      /^no quorum: etcd-0 doesn't start: .*; etcd-1 doesn't start: .*; etcd-2 doesn't start: /,
    );
  });

  it("recover without help when a memory limit that is too low is raised", async () => {
    // A member that starts reads the log since the last snapshot into memory.
    const filler = await Filler.start(cluster);
    const { done } = await filler.fill("large", 170);
    assert.equal(done, 170);
    await breaksAndHeals(
      { resources: { cpuRequest: "50m", memoryLimit: "128Mi" } },
      /etcd-\d runs out of memory/,
      /^no quorum: etcd-0 runs out of memory.*; etcd-1 runs out of memory.*; etcd-2 runs out of memory/,
    );
  });
});
