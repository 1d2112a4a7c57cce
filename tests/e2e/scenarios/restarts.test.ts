import assert from "node:assert/strict";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";
import { PodWatch } from "../support/watch";

const rounds = 5;

long("repeated rollouts", function () {
  this.timeout(600_000);
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("rotation");
  });
  after(() => cluster.destroy());

  it(`keep the identities through ${rounds} restarts, with one start of etcd in each pod`, async () => {
    const ids = await cluster.memberIds();
    const load = await Load.start(cluster);
    for (let round = 1; round <= rounds; round++) {
      const watch = await PodWatch.start(cluster);
      await cluster.apply({ etcd: { snapshotCount: 5000 + round } });
      await cluster.waitForVoters(180);
      const { order, fewestReady } = await watch.stop();
      assert.deepEqual(
        [...order].sort(),
        [0, 1, 2].map((ordinal) => cluster.pod(ordinal)),
        `round ${round}`,
      );
      assert.equal(fewestReady, 2, `ready members at the worst time of round ${round}`);
      assert.deepEqual(await cluster.memberIds(), ids, `round ${round}`);
      for (const pod of await cluster.pods()) {
        const log = await cluster.kubectl(["logs", pod.name, "-c", "etcd"]);
        assert.equal(log.match(/"msg":"starting an etcd server"/g)?.length, 1, `${pod.name}, round ${round}`);
        assert.equal(pod.restarts, 0, `${pod.name}, round ${round}`);
      }
    }
    assertNothingLost(await load.stop(), 1000);
  });
});
