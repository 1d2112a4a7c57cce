import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import { readCatalog } from "../../../programs/backup/catalog";
import type { Manifest } from "../../../programs/shared/backups/manifest";
import { keys, newName } from "../../../programs/shared/backups/manifest";
import type { S3Store } from "../../../programs/backup/store/s3";
import {
  backUp,
  startJob,
  jobResult,
  events,
  failBackup,
  never,
  jobLogs,
  backupStatus,
} from "../support/backups";
import { leader } from "../support/controller";
import { Disk } from "../support/disk";
import { TestCluster } from "../support/etcd-cluster";
import { Filler } from "../support/fill";
import { kubectl } from "../support/lab";
import { long, longOne } from "../support/long";
import { etcdImage } from "../support/pods";
import { eventually } from "../support/poll";
import { S3Server } from "../support/s3";

/** Runs etcdutl on a backup in the claim. */
async function statusOf(
  cluster: TestCluster,
  { object }: Manifest,
): Promise<{ revision: number; totalKey: number }> {
  const file = `/backups/${cluster.namespace}/${cluster.name}/${object.key}`;
  const overrides = {
    spec: {
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        fsGroup: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "status",
          image: etcdImage,
          command: ["etcdutl", "snapshot", "status", file, "-w", "json"],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          volumeMounts: [{ name: "backups", mountPath: "/backups" }],
        },
      ],
      volumes: [{ name: "backups", persistentVolumeClaim: { claimName: `${cluster.name}-backups` } }],
    },
  };
  await cluster.kubectl([
    ...["run", "status", "--restart=Never", `--image=${etcdImage}`, "--overrides", JSON.stringify(overrides)],
  ]);
  await cluster.kubectl(["wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/status", "--timeout=60s"]);
  const json = await cluster.kubectl(["logs", "status"]);
  await cluster.kubectl(["delete", "pod", "status"]);
  return JSON.parse(json) as { revision: number; totalKey: number };
}

describe("backups to a claim", () => {
  let cluster: TestCluster;
  before(async () => {
    const drill = { schedule: never, scratchOnClaim: true };
    const backup = { schedule: never, claim: { size: "1Gi" }, drill };
    cluster = await TestCluster.deploy("claim", { members: 1, backup });
  });
  after(() => cluster.destroy());

  it("a manual job makes a backup, and its manifest agrees with etcdutl", async () => {
    for (let i = 0; i < 5; i++) await cluster.etcdctl(["put", `key-${i}`, "value"]);
    await cluster.etcdctl(["del", "key-0"]);
    const made = await backUp(cluster);
    const revision = /"Revision" : (\d+)/.exec(
      await cluster.etcdctl(["endpoint", "status", "-w", "fields"]),
    )?.[1];
    assert.equal(made.revision, Number(revision));
    assert.equal(made.liveKeys, 4);
    assert.equal(made.keys, 6);
    assert.equal((await statusOf(cluster, made)).revision, made.revision);
    assert.ok((await events(cluster)).some((e) => e.startsWith("BackedUp: ") && e.includes(made.name)));
  });

  it("a drill restores the backup, and etcd starts with the recorded number of keys", async () => {
    const job = await startJob(cluster, "drill");
    assert.equal(await jobResult(cluster, job), "Complete", await jobLogs(cluster, job));
    const { drill, newest } = await backupStatus(cluster);
    assert.equal(drill?.result, "passed");
    assert.equal(drill?.backup, newest?.name);
    assert.equal(drill?.liveKeys, 4);
    assert.ok((drill?.ageSeconds ?? -1) >= 0);
  });

  it("a full claim fails the backup with a reason, leaves no partial backup, and keeps the earlier ones", async () => {
    const before = await backupStatus(cluster);
    await (await Filler.start(cluster)).fill("more-#", 12);
    const disk = await Disk.ofClaim(cluster, `${cluster.name}-backups`);
    // Smaller than the database, and mounted over the folder behind the claim.
    await disk.sh(
      "cp -a . /tmp/kept && mount -t tmpfs -o size=8m,mode=0777 full . && cp -a /tmp/kept/. $PWD/",
    );
    try {
      assert.match(await failBackup(cluster), /is full: enlarge it, or keep fewer backups/);
      assert.deepEqual((await backupStatus(cluster)).newest, before.newest);
      const names = (await disk.sh("find $PWD -name '*.json'")).trim().split("\n");
      assert.equal(names.length, 1, "no manifest but the first's");
      const drill = await startJob(cluster, "drill");
      assert.equal(await jobResult(cluster, drill), "Complete", await jobLogs(cluster, drill));
    } finally {
      await disk.sh("cd / && umount $OLDPWD && rm -rf /tmp/kept");
    }
    const made = await backUp(cluster);
    assert.ok(made.snapshot.bytes > 12 * 2 ** 20);
  });

  it("the jobs have the permissions that they need and no others", async () => {
    const account = `system:serviceaccount:${cluster.namespace}:etcd-backup`;
    const can = async (...what: string[]) =>
      (await kubectl().try(["auth", "can-i", ...what, "-n", cluster.namespace, "--as", account])).code === 0;
    assert.ok(await can("patch", "configmaps/etcd-backups"));
    for (const what of [
      ["get", "secrets"],
      ["get", "secrets/etcd-root"],
      ["patch", "configmaps/etcd-record"],
      ["create", "pods"],
      ["create", "pods/exec"],
      ["delete", "pods"],
      ["patch", "statefulsets.apps/etcd"],
    ]) {
      assert.ok(!(await can(...what)), `they can ${what.join(" ")}`);
    }
  });
});

describe("backups to an S3 store", () => {
  let cluster: TestCluster;
  let s3: S3Server;
  let store: S3Store;
  const declared = (more = {}) => ({
    backup: {
      schedule: never,
      s3: s3.args(),
      retention: { keepLast: 30 },
      drill: { schedule: never },
      ...more,
    },
  });
  before(async () => {
    cluster = await TestCluster.deploy("s3");
    s3 = await S3Server.start(cluster);
    store = await s3.store();
    await cluster.apply(declared());
  });
  after(async () => {
    s3?.close();
    await cluster.destroy();
  });

  it("a backup comes from a follower and is complete", async () => {
    await cluster.etcdctl(["put", "greeting", "hello"]);
    const made = await backUp(cluster);
    assert.notEqual(made.member.name, await leader(cluster));
    const { good, orphans } = await readCatalog(store);
    assert.deepEqual(good, [made]);
    assert.deepEqual(orphans, []);
  });

  longOne(
    "a compressed backup of an etcd with authentication passes a drill, below unusual prefixes too",
    async () => {
      await cluster.apply(declared({ compression: "gzip" }));
      await cluster.etcdctl(["user", "add", "root", "--no-password"]);
      await cluster.etcdctl(["user", "grant-role", "root", "root"]);
      await cluster.etcdctl(["auth", "enable"]);
      try {
        const made = await backUp(cluster);
        assert.equal(made.object.compression, "gzip");
        assert.ok(made.object.bytes < made.snapshot.bytes);
        const job = await startJob(cluster, "drill");
        assert.equal(await jobResult(cluster, job), "Complete", await jobLogs(cluster, job));
        assert.equal((await backupStatus(cluster)).drill?.backup, made.name);
        const prefix = "env=e2e/team:a,b@c+d";
        await cluster.apply(declared({ s3: s3.args({ prefix }) }));
        const elsewhere = await backUp(cluster);
        const files = await s3.shell(`ls '/data/${S3Server.bucket}/${prefix}/${elsewhere.clusterId}'`);
        assert.ok(files.includes(`${elsewhere.name}.json`), files);
      } finally {
        await cluster.etcdctl(["auth", "disable"]);
        await cluster.apply(declared());
      }
    },
  );

  it("a drill fails on a damaged backup and reports it, and retention stops until a drill passes", async () => {
    const made = await backUp(cluster);
    const file = `/data/${S3Server.bucket}/${cluster.namespace}/${cluster.name}/${made.object.key}`;
    await s3.shell(`printf x | dd of='${file}' bs=1 seek=5000 conv=notrunc`);
    const job = await startJob(cluster, "drill");
    assert.equal(await jobResult(cluster, job), "Failed");
    const { drill } = await backupStatus(cluster);
    assert.equal(drill?.result, "failed");
    assert.match(drill?.reason ?? "", new RegExp(`the backup ${made.name} is damaged`));
    assert.ok((await events(cluster)).some((e) => e.startsWith("DrillFailed: ")));
    await backUp(cluster);
    assert.match((await backupStatus(cluster)).alert, /no backup is deleted: the last drill/);
    const again = await startJob(cluster, "drill");
    assert.equal(await jobResult(cluster, again), "Complete", await jobLogs(cluster, again));
    await backUp(cluster);
    assert.equal((await backupStatus(cluster)).alert, "");
  });

  for (const [runs, what, args, words] of [
    [
      it,
      "a bucket that is missing",
      { bucket: "missing" },
      /the bucket missing does not exist at .*: create it/,
    ],
    [
      longOne,
      "a wrong secret key",
      { credentials: { accessKeyId: "backups", secretAccessKey: "another" } },
      /does not accept the secret access key: correct s3.credentials/,
    ],
    [longOne, "an unknown CA", { caCertificate: undefined }, /isn't trusted .*s3.caCertificate/],
    [longOne, "a port where nothing listens", { endpoint: "https://localhost:1" }, /nothing listens at/],
  ] as const)
    runs(`fail with a reason: ${what}`, async () => {
      const before = await readCatalog(store);
      await cluster.apply(declared({ s3: s3.args(args) }));
      try {
        assert.match(await failBackup(cluster), words);
        const now = await backupStatus(cluster);
        assert.match(now.reason, /The newest good backup is /);
        assert.ok((await events(cluster)).some((e) => e.startsWith("BackupFailed: ") && words.test(e)));
        assert.deepEqual(await readCatalog(store), before);
      } finally {
        await cluster.apply(declared());
      }
    });

  longOne("retention over 40 backups deletes only old backups of this cluster", async () => {
    const first = await backUp(cluster);
    const { clusterId } = first;
    const hour = 3600_000;
    const put = async (manifest: Manifest, bytes: number) => {
      await store.writeSmall(manifest.object.key, Buffer.alloc(bytes, 1));
      await store.writeSmall(
        keys.manifest(manifest.clusterId, manifest.name),
        Buffer.from(JSON.stringify(manifest)),
      );
    };
    const older = (i: number, id: string, revision: number): Manifest => {
      const time = new Date(Date.now() - i * hour);
      const name = newName(time);
      const object = { ...first.object, key: keys.data(id, name, first.object.compression), bytes: 100 };
      return { ...first, name, clusterId: id, time: time.toISOString(), revision, object };
    };
    const own = Array.from({ length: 40 }, (_, i) => older(i + 1, clusterId, 1));
    // A younger and emptier cluster of the same name, and somebody else's files.
    const other = Array.from({ length: 3 }, (_, i) => older(i, "abc123", 900 + i));
    for (const m of [...own, ...other]) await put(m, 100);
    await store.writeSmall(`${clusterId}/notes.txt`, Buffer.from("somebody's"));
    await store.writeSmall("README", Buffer.from("somebody's"));

    const names = async (id: string) => new Set((await readCatalog(store, id)).good.map((m) => m.name));
    await cluster.apply(declared({ retention: { keepLast: 20 } }));
    const made = await backUp(cluster);
    const kept = await names(clusterId);
    assert.equal(kept.size, 20);
    assert.ok(kept.has(made.name) && kept.has(first.name));
    const stay = own.filter((m) => kept.has(m.name));
    assert.ok(stay.length > 0 && stay.length < 20);
    assert.deepEqual(stay, own.slice(0, stay.length), "the younger ones stay");
    assert.equal((await names("abc123")).size, 3);
    const rest = (await store.list("")).map((s) => s.key);
    assert.ok(rest.includes(`${clusterId}/notes.txt`) && rest.includes("README"));

    // A backup of a later release, as after a downgrade: it stays with its data, and the status reports it.
    const later = older(60, clusterId, 1);
    await put({ ...later, format: 2 } as unknown as Manifest, 100);
    await backUp(cluster);
    assert.match((await backupStatus(cluster)).alert, new RegExp(`${later.name}: its manifest has format 2`));
    assert.equal((await names(clusterId)).size, 20);
    const now = (await store.list(`${clusterId}/`)).map((s) => s.key);
    assert.ok(now.includes(later.object.key) && now.includes(keys.manifest(clusterId, later.name)));
    await store.remove(keys.manifest(clusterId, later.name));
    await store.remove(later.object.key);

    // A revision that went down, as if an older disk had replaced the cluster.
    const higher = older(1, clusterId, made.revision + 1000);
    await put(higher, 100);
    await cluster.apply(declared({ retention: { keepLast: 1 } }));
    await backUp(cluster);
    assert.match((await backupStatus(cluster)).alert, /the revision went down/);
    assert.equal((await names(clusterId)).size, 22);
    await store.remove(keys.manifest(clusterId, higher.name));
    await store.remove(higher.object.key);

    // A clock that is or was ahead.
    const future = older(-48, clusterId, 1);
    await put(future, 100);
    await backUp(cluster);
    assert.match((await backupStatus(cluster)).alert, /is from the future/);
    assert.equal((await names(clusterId)).size, 23);
    await store.remove(keys.manifest(clusterId, future.name));
    await store.remove(future.object.key);

    const last = await backUp(cluster);
    assert.equal((await backupStatus(cluster)).alert, "");
    assert.deepEqual(await names(clusterId), new Set([last.name]));
    assert.equal((await names("abc123")).size, 3);
    await cluster.apply(declared());
  });

  longOne("two backups at once are both complete", async () => {
    const before = (await readCatalog(store)).good.length;
    const jobs = await Promise.all([startJob(cluster), startJob(cluster)]);
    for (const job of jobs)
      assert.equal(await jobResult(cluster, job), "Complete", await jobLogs(cluster, job));
    const { good, orphans } = await readCatalog(store);
    assert.equal(good.length, before + 2);
    assert.deepEqual(
      orphans.filter((l) => !l.key.endsWith("notes.txt")),
      [],
    );
  });
});

describe("backups of a larger database", () => {
  const mebibytes = 96;
  let cluster: TestCluster;
  let s3: S3Server;
  let store: S3Store;
  before(async () => {
    cluster = await TestCluster.deploy("cut");
    s3 = await S3Server.start(cluster);
    store = await s3.store();
    await cluster.apply({ backup: { schedule: never, s3: s3.args() } });
    const { done } = await (await Filler.start(cluster)).fill("large-#", mebibytes);
    assert.equal(done, mebibytes);
  });
  after(async () => {
    s3?.close();
    await cluster.destroy();
  });

  /** The unfinished uploads on the server's disk. */
  const uploading = (parts: number) =>
    eventually("parts have arrived", async () => {
      const out = await s3.shell(`find /data/${S3Server.bucket}/.sgwtmp/multipart -type f | wc -l`);
      return Number(out.trim()) >= parts || undefined;
    });

  it("the job retries when the store hangs or cuts its connections", async () => {
    const job = await startJob(cluster);
    await uploading(1);
    await s3.signal("STOP");
    await sleep(5000);
    await s3.signal("CONT");
    await s3.signal("KILL");
    assert.equal(await jobResult(cluster, job, 240), "Complete", await jobLogs(cluster, job));
    const { newest } = await backupStatus(cluster);
    assert.deepEqual((await readCatalog(store)).good, [newest]);
    assert.ok((newest?.snapshot.bytes ?? 0) > mebibytes * 2 ** 20);
  });

  longOne("the job continues with another member when its member dies", async () => {
    const job = await startJob(cluster);
    await uploading(1);
    await s3.signal("STOP");
    const from = /takes a snapshot from (\S+)/.exec(await jobLogs(cluster, job))?.[1] ?? "";
    assert.match(from, /^etcd-\d$/);
    await cluster.kubectl(["delete", "pod", from, "--grace-period=0", "--force", "--wait=false"]);
    await s3.signal("CONT");
    assert.equal(await jobResult(cluster, job, 240), "Complete", await jobLogs(cluster, job));
    await cluster.waitForVoters();
    assert.equal((await readCatalog(store)).good.length, 2);
  });

  it("an interrupted job leaves no valid backup, and the next job succeeds", async () => {
    const before = await readCatalog(store);
    // Runs beside the store, so that no upload completes before it is held up.
    const held = s3.shell(
      `until find /data/${S3Server.bucket}/.sgwtmp/multipart -type f | grep -q .; do sleep 0.02; done; ` +
        `kill -STOP $(pidof versitygw)`,
    );
    const job = await startJob(cluster);
    await held;
    await cluster.kubectl(["delete", "job", job, "--cascade=foreground", "--grace-period=0", "--wait=true"]);
    await s3.signal("CONT");
    assert.deepEqual(await readCatalog(store), before);
    await backUp(cluster);
    assert.equal((await readCatalog(store)).good.length, before.good.length + 1);
  });
});

long("backups of a database of a gibibyte", () => {
  let cluster: TestCluster;
  let s3: S3Server;
  before(async function () {
    this.timeout(600_000);
    const resources = { cpuRequest: "50m", memoryLimit: "2Gi" };
    cluster = await TestCluster.deploy("gibibyte", { members: 1, storage: { size: "5Gi" }, resources });
    s3 = await S3Server.start(cluster);
    const { done } = await (await Filler.start(cluster)).fill("large-#", 1024);
    assert.equal(done, 1024);
  });
  after(async () => {
    s3?.close();
    await cluster.destroy();
  });

  for (const [where, target] of [
    ["a claim", () => ({ claim: { size: "4Gi" } })],
    ["an S3 store", () => ({ s3: s3.args() })],
  ] as const)
    it(`run within 128 MiB, the smallest limit that is allowed, with ${where} as the store`, async () => {
      await cluster.apply({ backup: { schedule: never, memoryLimit: "128Mi", ...target() } });
      const made = await backUp(cluster, 280);
      const { lastRun } = await backupStatus(cluster);
      console.log(`      ${lastRun?.peakMebibytes} MiB, ${lastRun?.seconds} s`);
      assert.ok(made.snapshot.bytes > 2 ** 30);
    });
});
