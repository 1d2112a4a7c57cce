import assert from "node:assert/strict";
import type { Restore } from "../../../components";
import type { Manifest } from "../../../programs/shared/backups/manifest";
import type { ControllerRecord } from "../../../programs/controller/model";
import { backUp, never } from "../support/backups";
import { brokenSetting } from "../support/broken-setting";
import { statusMessage, waitsFor } from "../support/controller";
import { Disk } from "../support/disk";
import { TestCluster } from "../support/etcd-cluster";
import { kubectl } from "../support/lab";
import { long, longOne } from "../support/long";
import { etcdctlPod } from "../support/pods";
import { eventually } from "../support/poll";
import { copySecret, fill, holdsAll, made, moveClaim, timed } from "../support/rebuild";
import { S3Server } from "../support/s3";

/** The revision offset of a restore, so that no client takes an old revision for a new one. */
const bump = 1_000_000_000;

/** Deploys a new cluster in its own namespace from data that was made elsewhere. */
async function restored(
  purpose: string,
  members: number,
  restore: Restore,
  bring: (into: TestCluster) => Promise<void>,
): Promise<TestCluster> {
  const cluster = TestCluster.declare(purpose, { members, restore });
  await timed(`a new cluster of ${members} from ${Object.keys(restore)[0]}`, async () => {
    await cluster.apply({});
    await bring(cluster);
    await cluster.waitForVoters(180);
  });
  return cluster;
}

async function assertRestored(cluster: TestCluster, backup: Manifest): Promise<void> {
  const words = await made(cluster);
  assert.ok(words.includes(backup.name), words);
  assert.ok(words.includes(`revision ${backup.revision}`), words);
  await holdsAll(cluster);
  const fields = await cluster.etcdctl(["get", "kept", "-w", "fields"]);
  const revision = Number(/"Revision" : (\d+)/.exec(fields)?.[1]);
  assert.ok(revision >= backup.revision + bump, `revision ${revision}`);
  // A client that continues its watch learns that it has missed revisions.
  const watch = await cluster.tryEtcdctl(["watch", "kept", `--rev=${backup.revision + 1}`]);
  assert.match(watch.stdout + watch.stderr, /required revision has been compacted/);
}

/** Stops all pods at once. The restored data stays, and no second restore happens. */
async function assertFullStopRestoresNothing(cluster: TestCluster): Promise<void> {
  await cluster.etcdctl(["put", "after", "the restore"]);
  const ids = await cluster.memberIds();
  const before = await cluster.pods();
  await cluster.kubectl(["delete", "pods", "-l", "app.kubernetes.io/component=member", "--wait=false"]);
  await Promise.all(before.map((pod) => cluster.replacementOf(pod)));
  await cluster.waitForVoters();
  assert.deepEqual(await cluster.memberIds(), ids);
  assert.equal(await cluster.etcdctl(["get", "after", "--print-value-only"]), "the restore\n");
}

describe("a restore from an S3 store", () => {
  let source: TestCluster;
  let s3: S3Server;
  let backup: Manifest;
  const others: TestCluster[] = [];
  const copied = { credentials: undefined, credentialsSecret: "s3-credentials" };
  const from = (more: Partial<Restore["backup"]> = {}): Restore => ({
    backup: { s3: s3.args({ prefix: `${source.namespace}/${source.name}`, ...copied }), ...more },
  });
  before(async () => {
    source = await TestCluster.deploy("back-s3", { members: 1 });
    s3 = await S3Server.start(source);
    await source.apply({ members: 1, backup: { schedule: never, s3: s3.args() } });
    await fill(source);
    backup = await backUp(source);
  });
  after(async () => {
    s3?.close();
    for (const cluster of [source, ...others]) await cluster.destroy();
  });

  for (const members of [1, 3]) {
    const scenario: typeof longOne = members === 1 ? longOne : it;
    scenario(`makes a cluster of ${members} with authentication in another namespace`, async () => {
      const cluster = await restored(`restored-s3-${members}`, members, from(), async (into) =>
        copySecret(source, "s3-credentials", into),
      );
      others.push(cluster);
      await assertRestored(cluster, backup);
      const denied = await etcdctlPod(
        cluster,
        [`--endpoints=${cluster.clientUrls[0]}`, "get", "kept"],
        `${cluster.name}-client-app`,
      );
      assert.notEqual(denied.code, 0, denied.output);
      assert.match(denied.output, /permission denied/);
      if (members === 3) await assertFullStopRestoresNothing(cluster);
    });
  }

  const damages: [string, (file: string) => string, RegExp][] = [
    ["cut short", (file) => `truncate -s 4096 ${file}`, /incomplete: its data has 4096 bytes of/],
    [
      "changed",
      (file) => `printf X | dd of=${file} bs=1 seek=9000 conv=notrunc 2>/dev/null`,
      /damaged|doesn't end with the hash/,
    ],
    ["gone", (file) => `rm ${file}`, /incomplete: its data is missing/],
  ];
  it("refuses a truncated, altered or missing backup with the reason and changes nothing", async () => {
    const args = { members: 1, backup: { schedule: never, s3: s3.args() } };
    const { uid } = (await source.pods())[0]!;
    const file = `/data/${S3Server.bucket}/${source.namespace}/${source.name}/${backup.object.key}`;
    await s3.shell(`cp ${file} /data/kept`);
    let generation = 1;
    try {
      for (const [what, damage, words] of damages) {
        await s3.shell(damage(file));
        await source.apply({
          ...args,
          generation: ++generation,
          restore: { backup: { name: backup.name } },
        });
        const reason = await waitsFor(source, words, 120);
        console.log(`      ${what}: ${reason}`);
        assert.match(reason, /hasn't touched anything/);
        await source.etcdctl(["put", "still", what]);
        assert.equal((await source.pods())[0]?.uid, uid, "the member was left alone");
        await s3.shell(`cp /data/kept ${file}`);
      }
      // The backup is intact again, and the Job's next attempt accepts it. Many writes may have followed
      // since the refusal.
      const job = `${source.name}-restore-${generation}`;
      await eventually(
        "a later try has the data",
        async () => {
          const pods = ["-l", `batch.kubernetes.io/job-name=${job}`, "-c", "hand-over"];
          const { stdout } = await kubectl().try(["-n", source.namespace, "logs", ...pods]);
          return stdout.includes("restored from") || undefined;
        },
        120,
      );
      await source.etcdctl(["put", "still", "a minute later"]);
      assert.match(await statusMessage(source), /^refused: .*hasn't touched anything/);
    } finally {
      await source.apply(args);
      await source.waitForVoters();
    }
    assert.equal((await source.pods())[0]?.uid, uid, "as declared without a restart");
  });

  it("returns a running cluster to the backup's state by a new generation", async () => {
    await source.etcdctl(["put", "kept", "changed since"]);
    const id = (await source.memberIds())[source.pod(0)];
    await timed("a living cluster of 1 from a backup", async () => {
      await source.apply({
        members: 1,
        backup: { schedule: never, s3: s3.args() },
        generation: 9,
        restore: { backup: { name: backup.name } },
      });
      await source.waitForVoters(180);
    });
    await assertRestored(source, backup);
    assert.notEqual((await source.memberIds())[source.pod(0)], id);
  });

  it("keeps the quarantined data until the first good backup of the new data, and then deletes it", async () => {
    const disk = await Disk.of(source, 0);
    const asides = async () => (await disk.sh("ls")).split(/\s+/).filter((name) => name.startsWith("aside-"));
    const restarts = async () => {
      const [pod] = await source.pods();
      await source.kubectl(["delete", "pod", source.pod(0), "--wait=false"]);
      await source.replacementOf(pod!);
    };
    const there = await asides();
    assert.notDeepEqual(there, []);
    await restarts();
    assert.deepEqual(await asides(), there);
    const { name } = await backUp(source);
    await eventually(
      "the controller has seen the backup",
      async () => {
        const { data } = await source.json<{ data: { record: string } }>(["get", "configmap", "etcd-record"]);
        return (JSON.parse(data.record) as ControllerRecord).made?.backup === name || undefined;
      },
      120,
    );
    await restarts();
    assert.deepEqual(await asides(), []);
    await assertRestored(source, backup);
  });

  longOne(
    "completes under the same generation after an invalid etcd setting, declared with it, is corrected",
    async () => {
      const again = {
        ...{ members: 1, backup: { schedule: never, s3: s3.args() }, generation: 10 },
        restore: { backup: { name: backup.name } },
      };
      await source.apply({ ...again, etcd: { extra: brokenSetting } });
      const words = /etcd-0 has taken the restored data, and doesn't start: .*exit code \d/;
      console.log(`      ${await waitsFor(source, words, 180)}`);
      await source.apply({ ...again, etcd: {} });
      await source.waitForVoters(180);
      await assertRestored(source, backup);
    },
  );
});

describe("a restore from a claim", () => {
  let source: TestCluster;
  let backup: Manifest;
  const others: TestCluster[] = [];
  before(async () => {
    source = await TestCluster.deploy("back-claim", {
      backup: { schedule: never, claim: { size: "1Gi" } },
    });
    await fill(source);
    backup = await backUp(source);
  });
  after(async () => {
    for (const cluster of [source, ...others]) await cluster.destroy();
  });

  it("remakes a cluster that has lost all three disks", async () => {
    for (const ordinal of [0, 1, 2]) {
      await source.kubectl(["delete", "pvc", `data-${source.pod(ordinal)}`, "--wait=false"]);
    }
    await source.kubectl([
      "delete",
      "pods",
      "-l",
      "app.kubernetes.io/component=member",
      "--wait=false",
      "--force",
    ]);
    await waitsFor(source, /quorum of disks is lost/, 120);
    await timed("recovery from a backup, all three disks lost", async () => {
      await source.apply({
        backup: { schedule: never, claim: { size: "1Gi" } },
        generation: 2,
        restore: { backup: {} },
      });
      await source.waitForVoters(180);
    });
    await assertRestored(source, backup);
  });

  longOne(
    "makes clusters of 1 and 3 members in other namespaces, and one from the snapshot file alone",
    async () => {
      let from = source;
      let name = `${source.name}-backups`;
      const restore: Restore = {
        backup: {
          claim: { existing: "moved", prefix: `${source.namespace}/${source.name}` },
          name: backup.name,
        },
      };
      const path = `${source.namespace}/${source.name}/${backup.object.key}`;
      const file: Restore = { file: { claim: "moved", path } };
      for (const [members, declared] of [
        [1, restore],
        [3, restore],
        [1, file],
      ] as const) {
        const cluster = await restored(`restored-claim-${members}`, members, declared, (into) =>
          moveClaim(from, name, into, "moved"),
        );
        others.push(cluster);
        await assertRestored(cluster, backup);
        [from, name] = [cluster, "moved"];
        await eventually("the restore pod has ended", async () => {
          const left = await cluster.kubectl([
            ...["get", "pods", "-l", "app.kubernetes.io/component=restore", "-o", "name"],
            "--field-selector=status.phase!=Succeeded",
          ]);
          return left.trim() === "" || undefined;
        });
        await cluster.kubectl(["delete", "pods", "-l", "app.kubernetes.io/component=restore"]);
      }
    },
  );
});

long("a migration", () => {
  let old: TestCluster;
  let cluster: TestCluster | undefined;
  before(async () => {
    old = await TestCluster.deploy("moving-old", { members: 1 });
    await fill(old);
  });
  after(async () => {
    await old.destroy();
    await cluster?.destroy();
  });

  it("copies a running etcd over its endpoints with a separate client certificate", async () => {
    const restore: Restore = { endpoints: { urls: old.clientUrls, tlsSecret: "etcd-root-old" } };
    cluster = await restored("moving-in", 3, restore, async (into) =>
      copySecret(old, "etcd-root", into, "etcd-root-old"),
    );
    assert.match(await made(cluster), /from the etcd at https:.*revision \d+, \d+ entries/);
    await holdsAll(cluster);
  });
});
