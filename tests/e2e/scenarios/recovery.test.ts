import assert from "node:assert/strict";
import { said, waitsFor } from "../support/controller";
import { Disk } from "../support/disk";
import { TestCluster } from "../support/etcd-cluster";
import { eventually } from "../support/poll";
import { made, timed } from "../support/rebuild";

describe("a lost quorum", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("recovery");
  });
  after(() => cluster.destroy());

  it("two of three claims are lost: a recovery is declared, and there are three voters with the data", async () => {
    for (let i = 0; i < 20; i++) await cluster.etcdctl(["put", `kept/${i}`, `value ${i}`]);
    const before = await cluster.etcdctl(["member", "list", "-w", "fields"]);
    const clusterId = /"ClusterID" : (\d+)/.exec(before)?.[1];
    for (const ordinal of [0, 1]) {
      await cluster.kubectl(["delete", "pvc", `data-${cluster.pod(ordinal)}`, "--wait=false"]);
      await cluster.kubectl(["delete", "pod", cluster.pod(ordinal), "--wait=false"]);
    }
    await waitsFor(cluster, /quorum of disks is lost/);

    await timed("recovery with one of three disks", async () => {
      await cluster.apply({ generation: 2, recovery: { confirmed: true } });
      await cluster.waitForVoters(180);
    });
    const words = await made(cluster);
    assert.match(words, /generation 2.*etcd-2's disk, up to its last entry \d+ of term \d+; of \d+ entries/);
    for (let i = 0; i < 20; i++) {
      assert.equal(await cluster.etcdctl(["get", `kept/${i}`, "--print-value-only"]), `value ${i}\n`);
    }
    const after = await cluster.etcdctl(["member", "list", "-w", "fields"]);
    assert.notEqual(/"ClusterID" : (\d+)/.exec(after)?.[1], clusterId, "it is another cluster");
    await eventually(
      "it is as declared",
      async () => /^[0-9a-f]{16}$/.test(await said(cluster)) || undefined,
    );
  });

  it("the same argument does nothing a second time, and neither does its absence", async () => {
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
