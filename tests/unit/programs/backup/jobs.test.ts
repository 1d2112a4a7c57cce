import { setTimeout as sleep } from "node:timers/promises";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect } from "chai";
import { readCatalog } from "../../../../programs/backup/catalog";
import type { DrillResult } from "../../../../programs/backup/drill";
import { drillProblem, verify, prepare } from "../../../../programs/backup/drill";
import { fetchBackup, findBackup } from "../../../../programs/backup/fetch";
import { runBackup } from "../../../../programs/backup/job";
import type { Manifest } from "../../../../programs/shared/backups/manifest";
import { keys } from "../../../../programs/shared/backups/manifest";
import { Refusal } from "../../../../programs/shared/refusal";
import type { Report } from "../../../../programs/backup/report";
import type { BackupSettings } from "../../../../components/contract/jobs";
import type { Store } from "../../../../programs/backup/store";
import { FolderStore } from "../../../../programs/backup/store/folder";
import type { Told } from "../../../../programs/shared/backups/status";
import { FakeEtcd } from "./fake-etcd";
import type { Behaviour } from "./fake-etcd";
import { FakeS3 } from "./fake-s3";
import { failure, manifest, nowMs, removeFolders, snapshot, temporaryFolder, volumes } from "./fixtures";

const large = snapshot("3.6", "large");

/** What the ConfigMap and the Events would say. */
class Memory {
  told: Record<string, string> = {};
  readonly events: string[] = [];
  readonly report = {
    read: () => Promise.resolve(this.told),
    write: (change: (told: Told) => Told) => {
      this.told = { ...this.told, ...change(this.told) };
      return Promise.resolve();
    },
    event: (type: string, reason: string, note: string) => {
      this.events.push(`${type} ${reason}: ${note}`);
      return Promise.resolve();
    },
  } as unknown as Report;
  json = <T>(key: string): T => JSON.parse(this.told[key] ?? "null") as T;
}

describe("a backup", () => {
  let folder: string;
  let store: Store;
  let memory: Memory;
  let members: FakeEtcd[];
  beforeEach(() => {
    folder = temporaryFolder();
    store = new FolderStore({ kind: "folder", folder, prefix: "" });
    memory = new Memory();
    members = [];
  });
  afterEach(async () => {
    for (const etcd of members) await etcd.stop();
    removeFolders();
  });

  const cluster = async (...behaviours: Partial<Behaviour>[]) => {
    for (const behaviour of behaviours) members.push(await new FakeEtcd(large, behaviour).start());
  };
  const run = (
    more: Partial<BackupSettings> = {},
    to: Store = store,
    signal = new AbortController().signal,
    claims = () => Promise.resolve<readonly string[]>(volumes),
  ) =>
    runBackup({
      settings: {
        namespace: "ns",
        cluster: "etcd",
        statusName: "etcd-backups",
        clientUrls: members.map((e) => e.url),
        claims: [],
        generation: 2,
        compression: "none",
        retention: { keepLast: 2 },
        timeoutSeconds: 60,
        ...more,
      },
      store: to,
      report: memory.report,
      open: (url) => members[0]!.open(url),
      volumes: claims,
      signal,
      log: () => undefined,
    });
  const all = () => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());

  it("is the snapshot itself, with a manifest of all that is known", async () => {
    await cluster({ memberId: "255", leaderId: "255", clusterId: "10", liveKeys: 6003 });
    const made = await run();
    expect(made).to.include({
      clusterId: "a",
      cluster: "ns/etcd",
      revision: 84,
      keys: 8003,
      liveKeys: 6003,
      etcdVersion: "3.6.16",
      generation: 2,
    });
    expect(made.volumes).to.deep.equal(volumes);
    expect(made.member).to.deep.equal({ name: "etcd-255", id: "ff" });
    expect(readFileSync(join(folder, made.object.key)).equals(large)).to.equal(true);
    expect(made.object).to.deep.equal({ key: `a/${made.name}.db`, bytes: large.length, compression: "none" });
    expect(made.snapshot).to.deep.equal({ bytes: large.length, sha256: large.subarray(-32).toString("hex") });
    expect((await readCatalog(store)).good).to.deep.equal([made]);
    expect(memory.json("newest")).to.deep.equal(made);
    expect(memory.json("lastRun")).to.include({
      result: "succeeded",
      backup: made.name,
      kept: 1,
      removed: 0,
    });
    expect(memory.told.alert).to.equal("");
    expect(memory.events).to.have.length(1);
    expect(memory.events[0]).to.match(/^Normal BackedUp: the backup \S+ is in .*: revision 84, /);
  });

  it("is smaller when it is compressed, and the same when it is unpacked", async () => {
    await cluster({});
    const made = await run({ compression: "gzip" });
    const stored = readFileSync(join(folder, made.object.key));
    expect(made.object.bytes).to.equal(stored.length);
    expect(gunzipSync(stored).equals(large)).to.equal(true);
    const fetched = temporaryFolder();
    await fetchBackup(store, {}, fetched);
    expect(readFileSync(join(fetched, "snapshot.db")).equals(large)).to.equal(true);
  });

  it("comes from the next member when one fails in the middle, and from the leader last", async () => {
    await cluster(
      { memberId: "1", leaderId: "1" },
      { memberId: "2", leaderId: "1", after: { bytes: 500_000, then: "cut" } },
      { memberId: "3", leaderId: "1", after: { bytes: 200_000, then: "reset" } },
    );
    const made = await run();
    expect(members.map((e) => e.asked)).to.deep.equal([1, 1, 1]);
    expect(made.member.name).to.equal("etcd-1");
    expect(all()).to.have.length(2);
  });

  const wrong = Buffer.from(large);
  wrong[wrong.length - 1]! ^= 1;
  for (const [what, behaviour, words] of [
    ["whose end is the hash of something else", { snapshot: wrong }, /doesn't end with the hash/],
    ["that is cut short", { after: { bytes: 400_000, then: "end" } }, /cut short/],
    ["that breaks off", { after: { bytes: 400_000, then: "cut" } }, /no member gave a complete snapshot/],
    ["that is of nothing", { snapshot: Buffer.alloc(0) }, /cut short/],
    ["of a cluster without a quorum", { quorum: false }, /no member can give a snapshot: .*it has no quorum/],
  ] as const)
    it(`leaves nothing and tells why: of a snapshot ${what}`, async () => {
      await cluster(behaviour);
      memory.told.newest = JSON.stringify(manifest(3));
      const error = await failure(run());
      expect(error.message).to.match(words);
      expect(all()).to.deep.equal([]);
      expect(memory.json("lastRun")).to.include({ result: "failed" });
      expect(memory.told.reason)
        .to.match(words)
        .and.contain(`The newest good backup is ${manifest(3).name}`);
      expect(memory.json("newest")).to.deep.equal(manifest(3));
      expect(memory.events[0]).to.match(/^Warning BackupFailed: /);
    });

  for (const compression of ["none", "gzip"] as const)
    it(`leaves nothing when the store fails, and asks no other member: ${compression}`, async () => {
      const s3 = await new FakeS3().start();
      try {
        s3.fault = ({ method }) => (method === "PUT" ? { status: 403, code: "AccessDenied" } : undefined);
        await cluster({ memberId: "1" }, { memberId: "2", leaderId: "1" });
        const error = await failure(run({ compression }, s3.store()));
        expect(error).to.be.instanceOf(Refusal);
        expect(members.map((e) => e.asked)).to.deep.equal([0, 1]);
        expect([s3.objects.size, s3.uploads.size]).to.deep.equal([0, 0]);
      } finally {
        await s3.stop();
      }
    });

  it("doesn't count when only its manifest can't be written", async () => {
    const s3 = await new FakeS3().start();
    try {
      s3.fault = ({ method, key }) =>
        method === "PUT" && key.endsWith(".json") ? { status: 507, code: "QuotaExceeded" } : undefined;
      await cluster({});
      expect((await failure(run({}, s3.store()))).message).to.contain("is full");
      expect(s3.objects.size).to.equal(0);
    } finally {
      await s3.stop();
    }
  });

  it("leaves nothing when it is told to stop in the middle", async () => {
    await cluster({ after: { bytes: 500_000, then: "silence" } });
    const stop = new AbortController();
    const work = failure(run({}, store, stop.signal));
    while (members[0]!.sent < 450_000) await sleep(10);
    stop.abort(new Error("it was told to stop"));
    expect((await work).message).to.equal("it was told to stop");
    expect(members[0]!.asked).to.equal(1);
    expect(all()).to.deep.equal([]);
    expect(memory.told.reason).to.contain("it was told to stop");
  });

  it("ends soon when it is told to stop while the store is silent, and leaves nothing", async () => {
    const s3 = await new FakeS3().start();
    try {
      await cluster({});
      let hanging = 0;
      s3.fault = ({ method, key }) =>
        method === "PUT" && key.includes(".db") && ++hanging ? "silence" : undefined;
      const stop = new AbortController();
      // By itself it would wait for ten minutes.
      const work = failure(run({}, s3.store({}, 600_000), stop.signal));
      while (hanging === 0) await sleep(10);
      stop.abort(new Error("it was told to stop"));
      expect((await work).message).to.equal("it was told to stop");
      expect([s3.objects.size, s3.uploads.size]).to.deep.equal([0, 0]);
      expect(memory.told.reason).to.contain("it was told to stop");
    } finally {
      await s3.stop();
    }
  });

  it("is followed by retention, which leaves what it doesn't know", async () => {
    await cluster({ clusterId: "193" });
    const old = [1, 2, 3].map((h) => ({ ...manifest(h + 24 * 365 * 50), revision: 1 }));
    for (const m of old) {
      await store.writeSmall(m.object.key, Buffer.alloc(10));
      await store.writeSmall(keys.manifest(m.clusterId, m.name), Buffer.from(JSON.stringify(m)));
    }
    writeFileSync(join(folder, "c1", "notes.txt"), "somebody's");
    await run({ retention: { keepLast: 2 } });
    const { good, orphans } = await readCatalog(store);
    expect(good.map((m) => m.name)).to.deep.equal([old[0]!.name, memory.json<Manifest>("newest").name]);
    expect(orphans).to.deep.equal([]);
    expect(all().some((e) => e.name === "notes.txt")).to.equal(true);
    expect(memory.json("lastRun")).to.include({ kept: 2, removed: 2 });
  });

  it("raises no alarm when one that was begun later has ended before it, and one when it was there before", async () => {
    await cluster({ clusterId: "193" });
    const put = async (m: Manifest) => {
      await store.writeSmall(m.object.key, Buffer.alloc(10));
      await store.writeSmall(keys.manifest(m.clusterId, m.name), Buffer.from(JSON.stringify(m)));
    };
    const begin = store.writer.bind(store);
    store.writer = async (key) => {
      store.writer = begin;
      await put(manifest(0, { revision: 100, time: new Date().toISOString() }));
      return begin(key);
    };
    await run();
    expect(memory.told.alert).to.equal("");
    await run();
    expect(memory.told.alert).to.match(/the revision went down, from 100 in \S+ to 84/);
    expect(memory.events.at(-1)).to.match(/^Warning RetentionStopped: /);
  });

  it("tells of those that this release can't use, and goes on", async () => {
    await cluster({ clusterId: "193" });
    const later = manifest(24 * 365, { revision: 1 });
    await store.writeSmall(later.object.key, Buffer.alloc(10));
    await store.writeSmall(
      keys.manifest(later.clusterId, later.name),
      Buffer.from(JSON.stringify({ ...later, format: 2 })),
    );
    memory.told.newest = JSON.stringify({ ...later, format: 2 });
    const made = await run({ retention: { keepLast: 1 } });
    expect(memory.json("newest")).to.deep.equal(made);
    expect(memory.json("lastRun")).to.include({ kept: 1, removed: 0, doubtful: 1, foreign: 0 });
    expect(memory.told.reason).to.contain("backups kept: 1, deleted: 0, not usable here: 1");
    expect(memory.told.alert).to.contain(`${later.name}: its manifest has format 2`);
    expect(memory.events.at(-1)).to.match(/^Warning BackupsInDoubt: 1 backup can't be used here/);
    expect(all()).to.have.length(4);
  });

  it("is good though retention fails, and that is told", async () => {
    const s3 = await new FakeS3().start();
    try {
      s3.fault = ({ query }) => (query.has("list-type") ? { status: 403, code: "AccessDenied" } : undefined);
      await cluster({});
      const made = await run({}, s3.store());
      expect(memory.json("newest")).to.deep.equal(made);
      expect(memory.told.alert).to.contain("retention failed");
      expect(memory.events.some((e) => e.startsWith("Warning RetentionStopped"))).to.equal(true);
    } finally {
      await s3.stop();
    }
  });

  it("is made though the members' claims can't be read, and retention waits for one that tells them", async () => {
    await cluster({ clusterId: "193" });
    const made = await run({}, store, undefined, () => Promise.reject(new Error("may not")));
    expect(made).not.to.have.property("volumes");
    expect((await readCatalog(store)).good).to.deep.equal([made]);
    expect(memory.told.alert).to.contain("the members' PVCs couldn't be read");
    expect(memory.events.at(-1)).to.match(/^Warning RetentionStopped: /);
  });

  it("that ends after a newer one doesn't take its place", async () => {
    await cluster({ clusterId: "193" });
    const newer = manifest(0, { revision: 10_000 });
    memory.told.newest = JSON.stringify(newer);
    await run();
    expect(memory.json("newest")).to.deep.equal(newer);
  });
});

describe("fetching a backup", () => {
  let store: Store;
  let folder: string;
  let etcd: FakeEtcd;
  let made: Manifest;
  const target = () => temporaryFolder();
  beforeEach(async () => {
    folder = temporaryFolder();
    store = new FolderStore({ kind: "folder", folder, prefix: "" });
    etcd = await new FakeEtcd(large, { clusterId: "193" }).start();
    made = await runBackup({
      settings: {
        namespace: "ns",
        cluster: "etcd",
        statusName: "s",
        clientUrls: [etcd.url],
        claims: [],
        generation: 1,
        compression: "none",
        retention: { keepLast: 9 },
        timeoutSeconds: 60,
      },
      store,
      report: new Memory().report,
      open: etcd.open,
      volumes: () => Promise.resolve(volumes),
      signal: new AbortController().signal,
      log: () => undefined,
    });
  });
  afterEach(async () => {
    await etcd.stop();
    removeFolders();
  });
  const file = () => join(folder, made.object.key);
  const put = async (m: Manifest, bytes = m.object.bytes) => {
    await store.writeSmall(m.object.key, Buffer.alloc(bytes, 1));
    await store.writeSmall(keys.manifest(m.clusterId, m.name), Buffer.from(JSON.stringify(m)));
  };
  const refused = async (which = {}) => {
    const to = target();
    const error = await failure(fetchBackup(store, which, to));
    expect(error).to.be.instanceOf(Refusal);
    expect(readdirSync(to)).to.deep.equal([]);
    return error.message;
  };

  it("brings it as it was, with its manifest", async () => {
    const to = target();
    writeFileSync(join(to, "snapshot.db"), "of an earlier attempt");
    expect(await fetchBackup(store, { name: made.name }, to)).to.deep.equal(made);
    expect(readFileSync(join(to, "snapshot.db")).equals(large)).to.equal(true);
    expect(JSON.parse(readFileSync(join(to, "manifest.json"), "utf8"))).to.deep.equal(made);
    expect(readdirSync(to).sort()).to.deep.equal(["manifest.json", "snapshot.db"]);
  });

  for (const [what, damage, words] of [
    ["with a bit that is wrong", (b: Buffer) => ((b[5000]! ^= 1), b), /is damaged|doesn't end with the hash/],
    ["cut short", (b: Buffer) => b.subarray(0, -100), /is incomplete/],
    ["that is another one of the same length", () => Buffer.alloc(large.length, 1), /damaged/],
  ] as const)
    it(`refuses one ${what}`, async () => {
      writeFileSync(file(), damage(Buffer.from(large)));
      expect(await refused({ name: made.name })).to.match(words);
    });

  it("refuses a whole snapshot that isn't the one that was recorded", async () => {
    const path = join(folder, keys.manifest(made.clusterId, made.name));
    for (const [field, other] of [
      ["revision", { revision: 85 }],
      ["entries", { keys: 1 }],
      ["hash", { snapshot: { ...made.snapshot, sha256: "a".repeat(64) } }],
    ] as const) {
      writeFileSync(path, JSON.stringify({ ...made, ...other }));
      expect(await refused()).to.contain(`is damaged: ${field} recorded`);
    }
  });

  it("refuses one that isn't there or isn't whole, and tells which there are", async () => {
    expect(await refused({ name: "20200101T000000Z-000000" })).to.contain(`the last ones are: ${made.name}`);
    const torn = manifest(1);
    await store.writeSmall(torn.object.key, Buffer.alloc(10));
    expect(await refused({ name: torn.name })).to.contain("is incomplete");
    expect((await findBackup(store, {})).name).to.equal(made.name);
  });

  it("takes the newest by revision, and doesn't choose between clusters", async () => {
    await put(manifest(-100, { revision: 3 }));
    expect((await findBackup(store, {})).name).to.equal(made.name);
    await put(manifest(0, { clusterId: "abc" }));
    expect(await refused()).to.match(
      /backups of 2 clusters in .* \((abc, c1|c1, abc)\): set the cluster's ID or a backup's name/,
    );
    expect((await findBackup(store, { clusterId: "c1" })).name).to.equal(made.name);
    expect((await failure(findBackup(store, { clusterId: "def" }))).message).to.contain("no complete backup");
  });

  describe("for a drill", () => {
    let memory: Memory;
    beforeEach(() => {
      memory = new Memory();
      memory.told.newest = JSON.stringify(made);
    });
    const drill = () => memory.json<DrillResult>("drill");

    it("passes: what etcd says that was started from it is what was recorded", async () => {
      const to = target();
      await prepare(store, memory.report, to, 3600);
      expect(drill()).to.include({ result: "running", backup: made.name });
      etcd.behaviour = { ...etcd.behaviour, liveKeys: made.liveKeys ?? 0 };
      // The fake's revision is 7.
      const small = { ...made, revision: 7 };
      await verify(small, etcd.open(etcd.url), memory.report, 5000);
      expect(drill()).to.include({ result: "passed", backup: made.name, revision: 7 });
      expect(drill().ageSeconds).to.be.a("number");
      expect(memory.events.at(-1)).to.match(/^Normal DrillPassed: the backup \S+, \d+ s old, was restored/);
      expect(drillProblem(memory.told.drill, Date.now())).to.equal(undefined);
    });

    it("fails when etcd has other keys, another revision, or doesn't start", async () => {
      const judging = (m: Manifest, patienceMs = 5000) =>
        failure(verify(m, etcd.open(etcd.url), memory.report, patienceMs));
      expect((await judging({ ...made, revision: 7, liveKeys: 5 })).message).to.contain(
        "2 keys, but 5 were recorded",
      );
      expect(drill()).to.include({ result: "failed" });
      expect(drillProblem(memory.told.drill, Date.now())).to.contain("2 keys, but 5 were recorded");
      expect((await judging(made)).message).to.contain("revision 7, but the recorded revision is 84");
      etcd.behaviour = { ...etcd.behaviour, quorum: false };
      expect((await judging(made, 10)).message).to.contain("etcd didn't start from it");
      expect(memory.events.filter((e) => e.startsWith("Warning DrillFailed"))).to.have.length(3);
    });

    it("fails before anything is restored when the newest is gone, damaged, or another than was recorded", async () => {
      const preparing = () => failure(prepare(store, memory.report, target(), 3600));
      memory.told.newest = JSON.stringify({
        ...made,
        snapshot: { ...made.snapshot, sha256: "b".repeat(64) },
      });
      expect((await preparing()).message).to.contain("isn't the one that was recorded");
      memory.told.newest = JSON.stringify(manifest(1));
      expect((await preparing()).message).to.contain("there is no backup");
      memory.told.newest = "";
      expect((await preparing()).message).to.contain("there is no backup yet that this release can read");
      memory.told.newest = JSON.stringify(made);
      writeFileSync(file(), Buffer.alloc(large.length));
      expect((await preparing()).message).to.contain("damaged");
      expect(drill()).to.include({ result: "failed", backup: made.name });
    });

    it("that was begun and never ended is one that failed, after some hours", () => {
      const running = JSON.stringify({ result: "running", time: new Date(nowMs).toISOString() });
      expect(drillProblem(running, nowMs + 3600_000)).to.equal(undefined);
      expect(drillProblem(running, nowMs + 7 * 3600_000)).to.contain("never ended");
      expect(drillProblem(running, nowMs - 3600_000), "begun by a clock that was ahead").to.contain(
        "never ended",
      );
      const patient = JSON.stringify({ ...(JSON.parse(running) as object), timeoutSeconds: 6 * 3600 });
      expect(drillProblem(patient, nowMs + 7 * 3600_000), "it may take so long").to.equal(undefined);
      expect(drillProblem(patient, nowMs + 13 * 3600_000)).to.contain("never ended");
      expect(drillProblem(undefined, nowMs)).to.equal(undefined);
    });
  });
});
