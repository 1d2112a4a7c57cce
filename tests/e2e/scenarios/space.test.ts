import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import { leader, ordinalOf, waitsFor } from "../support/controller";
import { assertFollowed, assertInTurn, assertTold, defragmentations } from "../support/defragmentations";
import { TestCluster } from "../support/etcd-cluster";
import { Filler } from "../support/fill";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";
import { eventually } from "../support/poll";

const quotaMebibytes = 32;
const names = ["etcd-0", "etcd-1", "etcd-2"];

const alarms = (cluster: TestCluster) => cluster.etcdctl(["alarm", "list"]);

/** Waits until writes succeed and no alarm is left. */
const takesWrites = (cluster: TestCluster, seconds = 90) =>
  eventually(
    "it takes writes again",
    async () => {
      const put = await cluster.tryEtcdctl(["--command-timeout=3s", "put", "after", "the alarm"]);
      return (put.code === 0 && (await alarms(cluster)) === "") || undefined;
    },
    seconds,
  );

/** The hashes of all keys at one revision, which must agree. */
async function hashes(cluster: TestCluster): Promise<string[]> {
  const text = await cluster.etcdctl(["endpoint", "hashkv", "--cluster", "-w", "fields"]);
  return [...text.matchAll(/"Hash" : (\d+)/g)].map((match) => match[1] ?? "");
}

describe("a full database", () => {
  let cluster: TestCluster;
  let filler: Filler;
  before(async () => {
    cluster = await TestCluster.deploy("space", { etcd: { quota: `${quotaMebibytes}Mi` } });
    filler = await Filler.start(cluster);
  });
  after(() => cluster.destroy());

  it("is freed of its history without help, one member at a time and the leader last", async () => {
    const leads = await leader(cluster);
    const load = await Load.start(cluster);
    await filler.fillUp("history", quotaMebibytes);
    await takesWrites(cluster);
    assertNothingLost(await load.stop());
    await cluster.waitForVoters(60);
    const done = await defragmentations(cluster);
    assertInTurn(done, names, leads);
    await assertFollowed(cluster, done, leads);
    await assertTold(cluster, done);
  });

  describe("with nothing to free", () => {
    let load: Load;
    before(async () => {
      load = await Load.start(cluster);
      await filler.fillUp("kept/#", quotaMebibytes);
    });

    it("leads to a status that asks for a larger quota", async () => {
      const reason = await waitsFor(cluster, /raise the quota/);
      assert.match(reason, /^NOSPACE: etcd-\d holds too much for its quota, \d+ MiB: raise the quota/);
      assert.match(await alarms(cluster), /NOSPACE/);
      const done = await defragmentations(cluster);
      await sleep(15_000);
      assert.deepEqual(
        await defragmentations(cluster),
        done,
        "what frees nothing isn't done again and again",
      );
    });

    it("doesn't prevent the replacement of a lost disk", async () => {
      const target = ordinalOf(await leader(cluster)) === 2 ? 1 : 2;
      const before = await cluster.memberIds();
      await cluster.kubectl(["delete", "pvc", `data-${cluster.pod(target)}`, "--wait=false"]);
      await cluster.kubectl(["delete", "pod", cluster.pod(target), "--wait=false"]);
      await eventually(
        `${cluster.pod(target)} is a voter under another ID`,
        async () => {
          const list = (await cluster.etcdctl(["member", "list"])).trim().split("\n");
          const id = (await cluster.memberIds())[cluster.pod(target)];
          const voters = list.filter((line) => line.includes(", started,") && line.endsWith(", false"));
          return (voters.length === 3 && id !== undefined && id !== before[cluster.pod(target)]) || undefined;
        },
        90,
      );
      assert.match(await alarms(cluster), /NOSPACE/, "the alarm was on all the time");
      await waitsFor(cluster, /raise the quota/);
    });

    it("recovers with a larger quota, which is rolled out during the alarm", async () => {
      await cluster.apply({ etcd: { quota: `${4 * quotaMebibytes}Mi` } });
      await takesWrites(cluster, 150);
      await cluster.waitForVoters(120);
      assertNothingLost(await load.stop());
      assert.equal(new Set(await hashes(cluster)).size, 1, "all members hold the same");
      const kept = await cluster.etcdctl(["get", "kept/", "--prefix", "--count-only", "-w", "fields"]);
      assert.ok(Number(/"Count" : (\d+)/.exec(kept)?.[1]) > quotaMebibytes / 2, kept);
    });

    it("refuses a quota that the databases exceed before the first restart", async () => {
      const uids = async () => (await cluster.pods()).map((pod) => pod.uid);
      const before = await uids();
      await cluster.apply({ etcd: { quota: `${quotaMebibytes / 2}Mi` } });
      const reason = await waitsFor(cluster, /etcd\.quota/);
      assert.match(
        reason,
        /^refused: etcd\.quota is 16Mi.* etcd-\d's database has \d+Mi, .*Raise etcd\.quota/,
      );
      await takesWrites(cluster);
      assert.deepEqual(await uids(), before, "no pod was exchanged");
      await cluster.apply({ etcd: { quota: `${4 * quotaMebibytes}Mi` } });
      await cluster.waitForVoters(60);
      assert.deepEqual(await uids(), before, "nor by taking it back");
    });
  });
});

long("a fragmented database", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("fragments", { controller: { defragmentMinSize: "16Mi" } });
  });
  after(() => cluster.destroy());

  it("is defragmented without help, one member a minute and the leader last", async () => {
    const filler = await Filler.start(cluster);
    const load = await Load.start(cluster);
    const { done: written } = await filler.fill("junk/#", 40);
    assert.equal(written, 40);
    const leads = await leader(cluster);
    await cluster.etcdctl(["del", "junk/", "--prefix"]);
    const status = await cluster.etcdctl(["endpoint", "status", "-w", "fields"]);
    await cluster.etcdctl(["compact", "--physical", /"Revision" : (\d+)/.exec(status)?.[1] ?? ""]);
    const done = await eventually(
      "every member was defragmented",
      async () => {
        const seen = await defragmentations(cluster);
        return new Set(seen.map((one) => one.member)).size === 3 ? seen : undefined;
      },
      200,
    );
    assertNothingLost(await load.stop());
    assertInTurn(done, names, leads);
    await assertFollowed(cluster, done, leads);
    assert.equal(done.length, 3, "once each");
    done.slice(1).forEach((one, i) => {
      const pauseMs = one.fromMs - (done[i]?.toMs ?? 0);
      assert.ok(pauseMs >= 55_000, `a pause of ${pauseMs} ms between two`);
    });
    await assertTold(cluster, done);
    await cluster.waitForVoters(30);
  });
});
