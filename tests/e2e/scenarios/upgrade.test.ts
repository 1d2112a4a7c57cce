import assert from "node:assert/strict";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { assertKept, keep } from "../support/rebuild";
import { BEFORE_PROGRAMS, hasCommit } from "../support/release";
import { PodWatch } from "../support/watch";

describe("a cluster that the release before has made", () => {
  let cluster: TestCluster;
  before(async function () {
    if (!(await hasCommit(BEFORE_PROGRAMS))) {
      console.log(`skipped: this clone's history doesn't have ${BEFORE_PROGRAMS}; git fetch --unshallow`);
      return this.skip();
    }
    cluster = TestCluster.declare("upgrade");
    await cluster.deployRelease(BEFORE_PROGRAMS);
  });
  after(() => cluster?.destroy());

  const secrets = async (): Promise<string[]> => {
    const { items } = await cluster.json<{ items: { metadata: { name: string } }[] }>(["get", "secrets"]);
    return items.map(({ metadata }) => metadata.name);
  };

  it("is upgraded under load: each member restarts once, and nothing is lost", async () => {
    assert.ok((await secrets()).includes("etcd-controller-door"));
    await keep(cluster);
    const ids = await cluster.memberIds();
    const load = await Load.start(cluster);
    const watch = await PodWatch.start(cluster);
    await cluster.apply({});
    await cluster.waitForVoters(240);
    const { order, fewestReady } = await watch.stop();
    assertNothingLost(await load.stop());
    assert.deepEqual(
      [...order].sort(),
      [0, 1, 2].map((ordinal) => cluster.pod(ordinal)),
      order.join(", "),
    );
    assert.equal(fewestReady, 2, "ready members at the worst time");
    assert.deepEqual(await cluster.memberIds(), ids);
    await assertKept(cluster);
    const now = await secrets();
    assert.ok(
      now.includes("etcd-controller-server") && !now.includes("etcd-controller-door"),
      now.join(", "),
    );
  });
});
