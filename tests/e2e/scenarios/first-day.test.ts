import assert from "node:assert/strict";
import { brokenSetting } from "../support/broken-setting";
import { statusMessage, waitUntilReportedEverywhere } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { kubectl } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";
import { longOne } from "../support/long";
import { eventually } from "../support/poll";

describe("a first deployment", () => {
  let cluster: TestCluster;
  afterEach(() => cluster.destroy());

  /** The cluster has formed without a second bootstrap, and takes a load. */
  async function isWell(): Promise<void> {
    await cluster.waitForVoters(120);
    const load = await Load.start(cluster);
    await eventually("a few seconds of load", async () => {
      const status = await cluster.etcdctl(["endpoint", "status", "-w", "fields"]);
      return Number(/"Revision" : (\d+)/.exec(status)?.[1]) > 150 || undefined;
    });
    assertNothingLost(await load.stop());
    assert.equal(Object.keys(await cluster.memberIds()).length, 3);
  }

  longOne("recovers when an image that does not exist is corrected", async () => {
    const repository = "gcr.io/etcd-development/no-such-image";
    cluster = TestCluster.declare("first-image", { image: { repository } });
    await cluster.apply({});
    const reason = await waitUntilReportedEverywhere(
      cluster,
      /etcd-0.*doesn't start: (ErrImagePull|ImagePullBackOff), /,
    );
    assert.ok(reason.includes(repository), `it names the image: ${reason}`);
    await cluster.apply({ image: undefined });
    await isWell();
  });

  longOne("recovers when a setting that etcd rejects is corrected", async () => {
    cluster = TestCluster.declare("first-flag", { etcd: { extra: brokenSetting } });
    await cluster.apply({});
    await waitUntilReportedEverywhere(cluster, /etcd-0.*doesn't start: .*exit code \d/);
    await cluster.apply({ etcd: {} });
    await isWell();
  });

  describe("with a node too few", () => {
    let node: string;
    before(async () => {
      node = await kubectl().run([
        ...["get", "nodes", "-l", "etcd-lab/node=3", "-o", "go-template={{(index .items 0).metadata.name}}"],
      ]);
      await kubectl().run(["cordon", node]);
    });
    after(() => kubectl().run(["uncordon", node]));

    it("forms once the pod that can't be scheduled gets its node", async () => {
      cluster = TestCluster.declare("first-node");
      await cluster.apply({});
      const reason = await waitUntilReportedEverywhere(
        cluster,
        /etcd-\d.* can't be scheduled: \d+\/\d+ nodes are available/,
      );
      const waiting = await cluster.kubectl([
        ...["get", "pods", "--field-selector=status.phase=Pending,spec.nodeName="],
        ...["-o", "go-template={{range .items}}{{.metadata.name}}{{end}}"],
      ]);
      assert.ok(reason.includes(waiting), `${waiting} is the one that can't: ${reason}`);
      assert.equal(await statusMessage(cluster), reason, "that is what it waits for");
      await kubectl().run(["uncordon", node]);
      await isWell();
    });
  });
});
