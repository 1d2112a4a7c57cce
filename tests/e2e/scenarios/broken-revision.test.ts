import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import { defaultVersion } from "../../../components/contract/versions";
import type { EtcdClusterArgs } from "../../../components";
import { brokenSetting } from "../support/broken-setting";
import { waitsFor } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { longOne } from "../support/long";
import { eventually } from "../support/poll";

const revisions: [typeof longOne, string, EtcdClusterArgs, RegExp][] = [
  [
    it,
    "an image tag that does not exist",
    { version: defaultVersion, image: { tag: `v${defaultVersion}-nowhere` } },
    /ImagePullBackOff|ErrImagePull/,
  ],
  [longOne, "a setting that etcd rejects", { etcd: { extra: brokenSetting } }, /exit code/],
  [longOne, "a request that no node can meet", { resources: { cpuRequest: "999" } }, /can't be scheduled/],
];

describe("a revision that can't run", function () {
  this.timeout(300_000);
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("broken");
  });
  after(() => cluster.destroy());

  for (const [runs, what, args, reason] of revisions) {
    runs(`${what}: stops after one member, and the old revision brings it back`, async () => {
      const ids = await cluster.memberIds();
      const before = await cluster.pods();
      const load = await Load.start(cluster);
      await cluster.apply(args);
      await waitsFor(cluster, reason, 120);
      // Long enough for the rollout to restart a second member.
      await sleep(10_000);
      const during = await cluster.pods();
      const same = during.filter((pod) => before.some((old) => old.uid === pod.uid));
      assert.deepEqual([same.length, same.every((pod) => pod.ready)], [2, true], JSON.stringify(during));
      assert.equal(during.length, 3);

      await cluster.apply({});
      await cluster.waitForVoters(150);
      assertNothingLost(await load.stop());
      assert.deepEqual(await cluster.memberIds(), ids);
      const healed = await cluster.pods();
      for (const old of same) {
        assert.equal(healed.find((pod) => pod.name === old.name)?.uid, old.uid, `${old.name} was left alone`);
      }
      await eventually("every pod has its first revision again", async () => {
        const pods = await cluster.pods();
        return pods.every((pod) => pod.revision === before[0]?.revision) || undefined;
      });
    });
  }
});
