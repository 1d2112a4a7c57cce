import assert from "node:assert/strict";
import { killController, waitUntilReportedEverywhere } from "../support/controller";
import { Disk } from "../support/disk";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { longOne } from "../support/long";
import { eventually } from "../support/poll";
import { Processes } from "../support/process";

interface Claims {
  items: { metadata: { name: string; uid: string; deletionTimestamp?: string } }[];
}
const claims = async (cluster: TestCluster) =>
  (await cluster.json<Claims>(["get", "pvc"])).items.map(({ metadata: { name, uid } }) => ({ name, uid }));
const lastingMs = 30_000;
const hasLog = async (disk: Disk) =>
  (await disk.sh("ls data/member/wal/*.wal >/dev/null 2>&1 && echo yes || echo no")).trim() === "yes";

describe("the loss of a quorum of disks", () => {
  let cluster: TestCluster | undefined;
  afterEach(async () => {
    await cluster?.destroy();
    cluster = undefined;
  });

  /**
   * For a while, in which the controller looks again and again, no empty quorum forms, nothing is
   * acknowledged, the reason is reported, and the remaining data stays untouched.
   */
  async function staysAsItIs(
    purpose: string,
    wiped: number[],
    harm: (cluster: TestCluster) => Promise<unknown>,
  ): Promise<void> {
    const lost = (cluster = await TestCluster.deploy(purpose));
    await lost.etcdctl(["put", "kept", "on one disk"]);
    const survivor = [0, 1, 2].find((ordinal) => !wiped.includes(ordinal)) ?? 0;
    const ids = await lost.memberIds(survivor);
    const pod = (await lost.pods())[survivor];
    await harm(lost);
    await waitUntilReportedEverywhere(lost, /quorum of disks is lost.*declare a recovery/);
    const claimsThen = await claims(lost);
    assert.equal(claimsThen.length, 3);
    const end = Date.now() + lastingMs;
    while (Date.now() < end) {
      const put = await lost.tryEtcdctl(["--command-timeout=3s", "put", "new", "value"], survivor);
      assert.notEqual(put.code, 0, put.stdout);
      for (const ordinal of wiped) {
        const empty = await lost.tryEtcdctl(["--command-timeout=1s", "put", "new", "value"], ordinal);
        assert.notEqual(empty.code, 0, empty.stdout);
        assert.ok(!(await hasLog(await Disk.of(lost, ordinal))), `${lost.pod(ordinal)} was made a member`);
      }
    }
    await waitUntilReportedEverywhere(lost, /quorum of disks is lost/);
    const kept = await lost.etcdctl(["get", "kept", "--consistency=s", "--print-value-only"], survivor);
    assert.equal(kept, "on one disk\n");
    const list = await lost.etcdctl(["member", "list", "--consistency=s"], survivor);
    for (const [name, id] of Object.entries(ids)) {
      assert.match(list, new RegExp(`^${id}, started, ${name}, `, "m"), "nobody was removed");
    }
    assert.equal(list.trim().split("\n").length, 3, "nobody was added");
    assert.deepEqual(await claims(lost), claimsThen, "no claim was deleted or made");
    assert.ok(await hasLog(await Disk.of(lost, survivor)));
    // The readiness probe of the remaining member has to fail a few times first.
    await eventually("nobody is ready", async () =>
      (await lost.pods()).every((p) => !p.ready) ? true : undefined,
    );
    const now = (await lost.pods())[survivor];
    assert.deepEqual([now?.uid, now?.restarts], [pod?.uid, pod?.restarts], "the survivor was left alone");
  }

  it("changes nothing after two of three claims are lost", async () => {
    await staysAsItIs("two-claims", [0, 2], async (lost) => {
      await lost.kubectl(["delete", "pvc", "data-etcd-0", "data-etcd-2", "--wait=false"]);
      await lost.kubectl(["delete", "pod", "etcd-0", "etcd-2", "--wait=false"]);
    });
  });

  longOne("changes nothing after two of three data directories are deleted in place", async () => {
    await staysAsItIs("two-folders", [0, 1], async (lost) => {
      for (const ordinal of [0, 1]) {
        const etcd = await Processes.of(lost, lost.pod(ordinal));
        await (await Disk.of(lost, ordinal)).sh("rm -r data");
        assert.equal((await etcd.signal("etcd", "KILL")).length, 1);
      }
    });
  });

  longOne("changes nothing after the log of a single member is deleted in place", async () => {
    const single = (cluster = await TestCluster.deploy("one-log", { members: 1 }));
    const disk = await Disk.of(single, 0);
    const etcd = await Processes.of(single, single.pod(0));
    await single.etcdctl(["put", "kept", "in its database"]);
    const [claim] = await claims(single);
    await disk.sh("rm -r data/member/wal");
    assert.equal((await etcd.signal("etcd", "KILL")).length, 1);
    await waitUntilReportedEverywhere(single, /quorum of disks is lost.*a database and no write-ahead log/);
    const end = Date.now() + lastingMs;
    while (Date.now() < end) {
      const put = await single.tryEtcdctl(["--command-timeout=1s", "put", "new", "value"]);
      assert.notEqual(put.code, 0, put.stdout);
      assert.ok(!(await hasLog(disk)), "no second cluster was begun");
    }
    assert.deepEqual(await claims(single), [claim]);
    assert.match(await disk.sh("ls data/member/snap"), /^db$/m);
  });
});

describe("the loss of the record and all pods", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("record");
  });
  after(() => cluster.destroy());

  it("leads to a new record from the disks and to no second bootstrap, under load", async () => {
    const ids = await cluster.memberIds();
    const before = await cluster.pods();
    const load = await Load.start(cluster);
    await cluster.kubectl(["scale", "deployment/etcd-controller", "--replicas=0"]);
    await cluster.kubectl(["delete", "configmap", "etcd-record"]);
    await cluster.kubectl(["delete", "pods", "-l", "app.kubernetes.io/component=member", "--wait=false"]);
    await cluster.apply({});
    await killController(cluster);
    await Promise.all(before.map((pod) => cluster.replacementOf(pod)));
    await cluster.waitForVoters(150);
    assertNothingLost(await load.stop());
    assert.deepEqual(await cluster.memberIds(), ids);
    const { data } = await cluster.json<{ data?: object }>(["get", "configmap", "etcd-record"]);
    assert.match(JSON.stringify(data), /born/);
  });
});
