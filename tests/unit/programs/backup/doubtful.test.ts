/**
 * What is in a store and isn't, or isn't certainly, a good backup of this release: nothing of it is ever lost
 * by it.
 */
import { mkdirSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { readCatalog } from "../../../../programs/backup/catalog";
import { fetchBackup, findBackup } from "../../../../programs/backup/fetch";
import type { Manifest } from "../../../../programs/shared/backups/manifest";
import { keys } from "../../../../programs/shared/backups/manifest";
import { NotThere, Refusal } from "../../../../programs/shared/refusal";
import type { Store } from "../../../../programs/backup/store";
import { FolderStore } from "../../../../programs/backup/store/folder";
import { prune } from "../../../../programs/backup/prune";
import { FakeS3 } from "./fake-s3";
import { failure, manifest, nowMs, removeFolders, snapshot, temporaryFolder } from "./fixtures";

const hour = 3600_000;

/** A store, and a hand that puts things there which no job would. */
interface Place {
  readonly store: Store;
  readonly put: (key: string, bytes: Buffer | string, hoursAgo?: number) => void;
  readonly take: (key: string) => void;
  readonly end: () => Promise<void> | void;
}

const places: Readonly<Record<string, () => Promise<Place>>> = {
  "a folder": () => {
    const folder = temporaryFolder();
    return Promise.resolve({
      store: new FolderStore({ kind: "folder", folder, prefix: "p" }),
      put: (key, bytes, hoursAgo = 0) => {
        const file = join(folder, "p", key);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, bytes);
        const at = (nowMs - hoursAgo * hour) / 1000;
        utimesSync(file, at, at);
      },
      take: (key) => unlinkSync(join(folder, "p", key)),
      end: removeFolders,
    });
  },
  "a store that speaks S3": async () => {
    const s3 = await new FakeS3().start();
    s3.date = new Date(nowMs);
    return {
      store: s3.store(),
      put: (key, bytes, hoursAgo = 0) =>
        s3.objects.set(`ns/etcd/${key}`, {
          bytes: Buffer.from(bytes),
          modified: new Date(nowMs - hoursAgo * hour),
        }),
      take: (key) => s3.objects.delete(`ns/etcd/${key}`),
      end: () => s3.stop(),
    };
  },
};

for (const [kind, make] of Object.entries(places))
  describe(`what is in doubt, in ${kind}`, () => {
    let place: Place;
    beforeEach(async () => (place = await make()));
    afterEach(async () => {
      place.store.close();
      await place.end();
    });

    const put = (m: Manifest, hoursAgo: number, text = JSON.stringify(m), bytes = m.object.bytes) => {
      place.put(m.object.key, Buffer.alloc(bytes, 1), hoursAgo);
      place.put(keys.manifest(m.clusterId, m.name), text, hoursAgo);
    };
    const made = manifest(0, { revision: 5000 });
    const days = (n: number) => n * 24;
    const old = manifest(days(30));
    const later = manifest(days(9));
    const flipped = manifest(days(8));
    const short = manifest(days(7));
    const moved = manifest(days(6));
    const run = (more: Partial<Parameters<typeof prune>[0]> = {}) =>
      prune({ store: place.store, made, settings: { keepLast: 1 }, nowMs, ...more });
    const there = async () => (await place.store.list("c1/")).map((s) => s.key).sort();

    it("is kept with its data, counted and told of, however old; what is good goes on being retained", async () => {
      put(made, 0);
      put(old, days(30));
      put(later, days(9), JSON.stringify({ ...later, format: 2, object: undefined }));
      put(flipped, days(8), JSON.stringify(flipped).replace('"revision":808', '"revision":"08'));
      put(short, days(7), JSON.stringify(short), 3);
      put(moved, days(6), JSON.stringify(old));
      // Another release's way to write both.
      place.put("c1/20261101T000000Z-00000a.db.zst", "data", days(20));
      place.put("c1/20261101T000000Z-00000b.db", "data", days(20));
      place.put("c1/20261101T000000Z-00000b.manifest", "of another kind", days(20));
      const before = await there();
      const pruned = await run();
      const gone = before.filter((key) => ![old.object.key, keys.manifest("c1", old.name)].includes(key));
      expect(await there()).to.deep.equal(gone);
      expect(pruned).to.include({ kept: 1, removed: 1, doubtful: 5, stopped: false });
      expect(pruned.alert)
        .to.contain("5 backups can't be used here and will never be deleted automatically")
        .and.contain(`${moved.name}: its manifest belongs to c1/${old.name}`)
        .and.contain("; and 2 more")
        .and.contain("use the release that wrote them, or remove them");
    });

    it("is told of by its reason", async () => {
      put(later, days(9), JSON.stringify({ ...later, format: 2 }));
      put(flipped, days(8), "{");
      put(short, days(7), JSON.stringify(short), 3);
      const { doubtful, good, orphans } = await readCatalog(place.store);
      expect([good, orphans]).to.deep.equal([[], []]);
      expect(doubtful.map((d) => [d.name, d.why])).to.deep.equal([
        [later.name, "its manifest has format 2, which is from a later release"],
        [flipped.name, "its manifest can't be used: it is not JSON"],
        [short.name, "it is incomplete: its data has 3 bytes of 10"],
      ]);
      for (const { name, why } of doubtful)
        expect((await failure(findBackup(place.store, { name }))).message).to.contain(why);
    });

    it("is never passed over for an older one without a word", async () => {
      put(old, days(30));
      put(later, days(9), JSON.stringify({ ...later, format: 2 }));
      const error = await failure(findBackup(place.store, {}));
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message)
        .to.contain(`the newest backup in ${place.store.where}, ${later.name}, can't be used`)
        .and.contain(`The newest good one is ${old.name}: to use it, set its name`);
      expect((await findBackup(place.store, { name: old.name })).name).to.equal(old.name);
      put(made, 0);
      expect((await findBackup(place.store, {})).name).to.equal(made.name);
    });

    it("data without a manifest goes once it is two days old by the store's clock, whatever the node's", async () => {
      const [young, abandoned] = ["c1/20261124T120000Z-00000a.db", "c1/20261124T110000Z-00000b.db.gz"];
      for (const clock of [nowMs - days(300) * hour, nowMs, nowMs + days(300) * hour]) {
        put(made, 0);
        place.put(young, "data", 47);
        place.put(abandoned, "data", 49);
        await run({ nowMs: clock });
        expect(await there())
          .to.include(young)
          .and.not.include(abandoned);
      }
    });

    it("data stays whose manifest is there, though the listing leaves it out", async () => {
      put(made, 0);
      put(old, days(30));
      const list = place.store.list.bind(place.store);
      place.store.list = async (under, wanted) =>
        (await list(under, wanted)).filter((s) => s.key !== keys.manifest("c1", old.name));
      await run();
      place.store.list = list;
      expect(await there()).to.include(old.object.key);
    });

    it("data stays whose manifest the listing shows, though the store doesn't find it, and that is told", async () => {
      put(made, 0);
      put(old, days(30));
      const readSmall = place.store.readSmall.bind(place.store);
      const size = place.store.size.bind(place.store);
      const hidden = keys.manifest("c1", old.name);
      place.store.readSmall = (key) =>
        key === hidden ? Promise.reject(new NotThere("NoSuchKey")) : readSmall(key);
      place.store.size = (key) => (key === hidden ? Promise.resolve(undefined) : size(key));
      const pruned = await run();
      expect(pruned).to.include({ kept: 1, removed: 0, doubtful: 1, stopped: false });
      expect(pruned.alert).to.contain(
        `${old.name}: the store lists its manifest ${hidden} but doesn't find it`,
      );
      expect(await there()).to.include.members([hidden, old.object.key]);
      // Nor is an older one taken for the newest.
      place.take(keys.manifest("c1", made.name));
      place.take(made.object.key);
      put(manifest(days(40)), days(40));
      const error = await failure(findBackup(place.store, {}));
      expect(error.message).to.contain(
        `the newest backup in ${place.store.where}, ${old.name}, can't be used`,
      );
    });

    it("one that retention of another job takes away meanwhile is in nobody's way", async () => {
      put(made, 0);
      put(old, days(30));
      const readSmall = place.store.readSmall.bind(place.store);
      place.store.readSmall = (key) => {
        if (key === keys.manifest("c1", old.name)) {
          place.take(key);
          place.take(old.object.key);
        }
        return readSmall(key);
      };
      const { good, doubtful, orphans } = await readCatalog(place.store);
      expect([good.map((m) => m.name), doubtful, orphans]).to.deep.equal([[made.name], [], []]);
    });

    it("what has a manifest's name and isn't one is counted, and stops nothing", async () => {
      put(made, 0);
      put(old, days(30));
      place.put("c1/20261127T110000Z-ffffff.json", "x".repeat(70 * 1024));
      place.put("c1/20261127T110000Z-fffffe.json", Buffer.alloc(9 * 2 ** 20));
      place.put("c1/20261127T110000Z-fffffd.json", "[]");
      place.put("c1/20261127T110000Z-fffffc.txt", "notes");
      const catalog = await readCatalog(place.store);
      expect(catalog).to.include({ foreign: 3 });
      expect([catalog.doubtful, catalog.orphans]).to.deep.equal([[], []]);
      expect((await findBackup(place.store, {})).name).to.equal(made.name);
      expect((await findBackup(place.store, { name: old.name })).name).to.equal(old.name);
      expect(await run()).to.include({ kept: 1, removed: 1, doubtful: 0, foreign: 3 });
    });

    it("a manifest that is taken away while the others are read is gone, and no reason to refuse", async () => {
      const all = [made, old, manifest(days(1)), manifest(days(2))];
      for (const m of all) put(m, 1);
      const read = place.store.readSmall.bind(place.store);
      let first = true;
      place.store.readSmall = (key) => {
        if (first) place.take(key);
        first = false;
        return read(key);
      };
      expect((await findBackup(place.store, {})).name).to.equal(made.name);
      expect((await readCatalog(place.store)).good).to.have.length(3);
    });

    it("one that can't be removed is no reason to keep the others, and is told of", async () => {
      const all = [made, old, manifest(days(1)), manifest(days(2))];
      for (const m of all) put(m, 1);
      const remove = place.store.remove.bind(place.store);
      place.store.remove = (key) =>
        key === keys.manifest("c1", old.name) ? Promise.reject(new Refusal("it is locked")) : remove(key);
      const pruned = await run();
      expect(pruned).to.include({ kept: 2, removed: 2, stopped: false });
      expect(pruned.alert).to.equal("1 expired backups couldn't be deleted: it is locked");
      expect(await there()).to.have.length(4);
    });

    it("a store that doesn't answer any more isn't asked for each of them", async () => {
      for (const m of [made, old, manifest(days(1)), manifest(days(2))]) put(m, 1);
      let asked = 0;
      place.store.remove = () => Promise.reject(new Error(`no answer ${++asked}`));
      const pruned = await run();
      expect(pruned).to.include({ kept: 4, removed: 0, stopped: false });
      expect(pruned.alert).to.equal("3 expired backups couldn't be deleted: no answer 1");
    });

    for (const [what, bytes, words] of [
      [
        "what unpacks to more",
        gzipSync(snapshot("3.6", "large")),
        /unpacks to more than the recorded 20512 bytes/,
      ],
      [
        "what never unpacks to anything",
        Buffer.concat(Array.from({ length: 50_000 }, () => gzipSync(""))),
        /has more than the recorded \d+ bytes/,
      ],
    ] as const)
      it(`of a backup no more is read and written than was recorded: ${what}`, async () => {
        const name = made.name;
        const object = {
          key: keys.data("c1", name, "gzip"),
          bytes: bytes.length,
          compression: "gzip" as const,
        };
        const m = { ...made, object: what === "what unpacks to more" ? object : { ...object, bytes: 1000 } };
        place.put(object.key, bytes);
        place.put(keys.manifest("c1", name), JSON.stringify(m));
        // The listing and the manifest agree; what comes when it is read doesn't.
        const list = place.store.list.bind(place.store);
        place.store.list = async (...args) =>
          (await list(...args)).map((s) => (s.key === object.key ? { ...s, bytes: m.object.bytes } : s));
        const to = temporaryFolder();
        const error = await failure(fetchBackup(place.store, {}, to));
        expect(error).to.be.instanceOf(Refusal);
        expect(error.message).to.match(words).and.contain(`the backup ${name} is damaged`);
      });
  });
