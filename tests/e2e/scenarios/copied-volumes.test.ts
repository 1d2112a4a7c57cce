import assert from "node:assert/strict";
import { waitsFor } from "../support/controller";
import { Disk } from "../support/disk";
import { TestCluster } from "../support/etcd-cluster";
import { long } from "../support/long";
import { assertKept, forgetVolumes, keep, made, moveClaim } from "../support/rebuild";

long("volumes that are bound to new claims", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("copied-volumes");
  });
  after(async () => {
    await cluster.destroy();
    await forgetVolumes(cluster);
  });

  it("aren't started unchanged, and a declared recovery brings back all data", async () => {
    await keep(cluster);
    const pods = [0, 1, 2].map((ordinal) => cluster.pod(ordinal));
    // Like a tool that restores a namespace: no controller runs while the claims are created again.
    await cluster.kubectl(["scale", `deployment/${cluster.name}-controller`, "--replicas=0"]);
    await cluster.kubectl(["scale", `statefulset/${cluster.name}`, "--replicas=0"]);
    await cluster.kubectl(["wait", "--for=delete", ...pods.map((pod) => `pod/${pod}`), "--timeout=120s"]);
    for (const pod of pods) await moveClaim(cluster, `data-${pod}`, cluster, `data-${pod}`);
    await cluster.kubectl(["scale", `statefulset/${cluster.name}`, "--replicas=3"]);
    await cluster.kubectl(["scale", `deployment/${cluster.name}-controller`, "--replicas=1"]);
    await waitsFor(cluster, /quorum of disks is lost.*its volume was replaced by another/, 180);

    await cluster.apply({ generation: 2, recovery: { confirmed: true } });
    await cluster.waitForVoters(240);
    assert.match(await made(cluster), /generation 2.*made from etcd-\d's disk.*not taken: etcd-\d ends with/);
    await assertKept(cluster);

    await cluster.kubectl(["delete", "pod", cluster.pod(2)]);
    await cluster.waitForVoters(120);
    const disk = await Disk.of(cluster, 2);
    assert.match(await disk.sh("ls -d aside-*/wal"), /aside-1\/wal/, "the old directory stays");
  });
});
