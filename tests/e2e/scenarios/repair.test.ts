import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import { leader, ordinalOf } from "../support/controller";
import { Disk } from "../support/disk";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { longOne } from "../support/long";
import { copyAsVolume } from "../support/old-copy";
import { eventually } from "../support/poll";
import { Processes } from "../support/process";

/** Another member, to which the cluster's requests go. */
const other = (ordinal: number) => (ordinal === 0 ? 1 : 0);

describe("a lost disk is replaced after", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("repair");
    await cluster.etcdctl(["put", "kept", "through all of it"]);
  });
  after(() => cluster.destroy());

  /**
   * Harms a member's disk under load. The member must become a voter again without help, with another ID and
   * nothing lost.
   */
  async function isReplaced(ordinal: number, harm: () => Promise<unknown>): Promise<void> {
    const name = cluster.pod(ordinal);
    const before = await cluster.memberIds(other(ordinal));
    const load = await Load.start(cluster);
    await harm();
    await eventually(
      `${name} is a voter under another ID`,
      async () => {
        const ids = await cluster.memberIds(other(ordinal));
        return (ids[name] && ids[name] !== before[name]) || undefined;
      },
      90,
    );
    await cluster.waitForVoters(90);
    assertNothingLost(await load.stop());
    const after = await cluster.memberIds();
    assert.ok(!Object.values(after).includes(before[name] ?? ""), "the old ID is gone");
    assert.deepEqual(
      Object.entries(after).filter(([member]) => member !== name),
      Object.entries(before).filter(([member]) => member !== name),
      "the others are who they were",
    );
    assert.equal(
      await cluster.etcdctl(["get", "kept", "--print-value-only"], ordinal),
      "through all of it\n",
    );
  }

  const podAndClaim = (ordinal: number) => async () => {
    await cluster.kubectl(["delete", "pvc", `data-${cluster.pod(ordinal)}`, "--wait=false"]);
    await cluster.kubectl(["delete", "pod", cluster.pod(ordinal), "--wait=false"]);
  };

  /** Deletes the log, and the container restarts in the same pod. */
  const logInPlace = (ordinal: number) => async () => {
    const [disk, processes] = [
      await Disk.of(cluster, ordinal),
      await Processes.of(cluster, cluster.pod(ordinal)),
    ];
    await disk.sh("rm -r data/member/wal");
    assert.equal((await processes.signal("etcd", "KILL")).length, 1);
  };

  it("the log is deleted in place in the first pod of the bootstrap member", async () => {
    const disk = await Disk.of(cluster, 0);
    assert.match(await disk.sh("cat data/member/order/etcd.yaml"), /initial-cluster-state: "new"/);
    assert.equal((await cluster.pods())[0]?.restarts, 0);
    await isReplaced(0, logInPlace(0));
  });

  longOne("the log is deleted in place in the pod of a member that joined", async () => {
    await isReplaced(2, logInPlace(2));
  });

  longOne("pod and claim of a follower are deleted", async () => {
    const leads = ordinalOf(await leader(cluster));
    const follower = leads === 2 ? 1 : 2;
    await isReplaced(follower, podAndClaim(follower));
  });

  it("pod and claim of the leader are deleted", async () => {
    const leads = ordinalOf(await leader(cluster));
    await isReplaced(leads, podAndClaim(leads));
  });

  longOne("pod and claim of ordinal 0 are deleted", async () => {
    await isReplaced(0, podAndClaim(0));
  });

  it("the data directory is deleted in place", async () => {
    const disk = await Disk.of(cluster, 1);
    await isReplaced(1, () => disk.sh("rm -rf data"));
  });

  // Another member than above, because a broken disk is replaced at most once an hour.
  longOne("the write-ahead log is truncated", async () => {
    const disk = await Disk.of(cluster, 1);
    await isReplaced(1, async () => {
      // The head of the first segment holds the member's ID. Without it the log has no owner.
      await disk.sh("for f in data/member/wal/*.wal; do truncate -s 40 $f; done");
      await cluster.kubectl(["delete", "pod", cluster.pod(1), "--wait=false", "--grace-period=0", "--force"]);
    });
  });

  it("the disk is rolled back to an older copy", async () => {
    const disk = await Disk.of(cluster, 1);
    await disk.sh("rm -rf ../older-copy && cp -a . ../older-copy");
    // The controller records the members' applied indexes once a minute, and a younger rollback stays unseen.
    const load = await Load.start(cluster);
    await sleep(75_000);
    assertNothingLost(await load.stop());
    await isReplaced(1, async () => {
      await disk.sh("rm -rf data && cp -a ../older-copy/data data && rm -rf ../older-copy");
      await cluster.kubectl(["delete", "pod", cluster.pod(1), "--wait=false", "--grace-period=0", "--force"]);
    });
  });

  longOne("the claim is created again from an older copy of the disk", async () => {
    const disk = await Disk.of(cluster, 2);
    await disk.sh("rm -rf ../copied-claim && cp -a . ../copied-claim");
    await isReplaced(2, () => copyAsVolume(cluster, 2, "../copied-claim"));
  });
});
