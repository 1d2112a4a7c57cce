import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { NotThere, Refusal, Unreadable } from "../../../../../programs/shared/refusal";
import { FolderStore } from "../../../../../programs/backup/store/folder";
import { S3Writer } from "../../../../../programs/backup/store/s3-writer";
import type { Store } from "../../../../../programs/backup/store";
import { FakeS3, habits } from "../fake-s3";
import { failure, removeFolders, temporaryFolder } from "../fixtures";

const key = "c1/20261126T120000Z-000001.db";
/** No two parts of it are alike. */
const data = (length: number) => Buffer.alloc(length, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));

async function put(store: Store, at: string, bytes: Buffer, piece = 30_000): Promise<number> {
  const writer = await store.writer(at);
  try {
    for (let i = 0; i < bytes.length; i += piece)
      await writer.write(Buffer.from(bytes.subarray(i, i + piece)));
    return await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function get(store: Store, at: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await store.read(at)) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const kinds: Record<string, () => Promise<{ store: Store; end: () => Promise<void> | void }>> = {
  "a folder": () => {
    const store = new FolderStore({ kind: "folder", folder: temporaryFolder(), prefix: "ns/etcd" });
    return Promise.resolve({ store, end: removeFolders });
  },
  "a store that speaks S3": async () => {
    const s3 = await new FakeS3().start();
    return { store: s3.store(), end: () => s3.stop() };
  },
  ...Object.fromEntries(
    Object.entries(habits).map(([habit, told]) => [
      habit,
      async () => {
        const s3 = await new FakeS3(told).start();
        return { store: s3.store(), end: () => s3.stop() };
      },
    ]),
  ),
};

for (const [kind, make] of Object.entries(kinds))
  describe(`a store of backups: ${kind}`, () => {
    let store: Store;
    let end: () => Promise<void> | void;
    beforeEach(async () => ({ store, end } = await make()));
    afterEach(async () => {
      store.close();
      await end();
    });

    // Of those that are like S3, how much it is makes no difference.
    const lengths = kind in habits ? [1000, 6 * 2 ** 20] : [1, 1000, 8 * 2 ** 20, 20 * 2 ** 20 + 17];
    for (const length of lengths)
      it(`keeps what is written: ${length} bytes`, async () => {
        const bytes = data(length);
        expect(await put(store, key, bytes)).to.equal(length);
        expect((await get(store, key)).equals(bytes)).to.equal(true);
        const [listed] = await store.list("c1/");
        expect(listed).to.include({ key, bytes: length });
        expect(Math.abs(Date.now() - (listed?.modifiedMs ?? 0))).to.be.lessThan(120_000);
      });

    it("never overwrites", async () => {
      await put(store, key, data(1000));
      for (const length of [999, 1000, 9 * 2 ** 20]) {
        const error = await failure(put(store, key, data(length)));
        expect(error).to.be.instanceOf(Refusal);
        expect(error.message).to.contain("never overwritten");
      }
      await store.writeSmall("c1/a.json", Buffer.from("{}"));
      expect((await failure(store.writeSmall("c1/a.json", Buffer.from("[]")))).message).to.contain(
        "never overwritten",
      );
      expect((await get(store, key)).length).to.equal(1000);
      expect([await store.size(key), await store.size("c1/other")]).to.deep.equal([1000, undefined]);
      expect((await store.readSmall("c1/a.json")).toString()).to.equal("{}");
    });

    it("reads no more of a small object than one may have, and says so", async () => {
      await put(store, "c1/large.json", data(70 * 1024));
      expect(await failure(store.readSmall("c1/large.json"))).to.be.instanceOf(Unreadable);
    });

    it("keeps nothing of a listing that isn't wanted", async () => {
      for (const at of ["c1/a.json", "c1/b.json", "c2/a.json"]) await store.writeSmall(at, Buffer.from("{}"));
      const asked: string[] = [];
      const found = await store.list("", (at) => asked.push(at) > 0 && at.endsWith("b.json"));
      expect(found.map((s) => s.key)).to.deep.equal(["c1/b.json"]);
      expect(asked).to.deep.equal(["c1/a.json", "c1/b.json", "c2/a.json"]);
    });

    it("shows nothing of what isn't finished, and keeps nothing of what is given up", async () => {
      for (const length of [1000, 20 * 2 ** 20]) {
        const writer = await store.writer(key);
        for (let i = 0; i < length; i += 32_768)
          await writer.write(Buffer.alloc(Math.min(32_768, length - i), 1));
        expect(await store.list("")).to.deep.equal([]);
        await writer.abort();
        expect(await store.list("")).to.deep.equal([]);
      }
    });

    it("lists below a folder only, and removes without complaint", async () => {
      for (const at of ["c1/a.json", "c1/b.json", "c2/a.json"]) await store.writeSmall(at, Buffer.from("{}"));
      const under = async (folder: string) => (await store.list(folder)).map((s) => s.key);
      expect(await under("c1/")).to.deep.equal(["c1/a.json", "c1/b.json"]);
      expect(await under("")).to.deep.equal(["c1/a.json", "c1/b.json", "c2/a.json"]);
      await store.remove("c1/a.json");
      await store.remove("c1/a.json");
      expect(await under("c1/")).to.deep.equal(["c1/b.json"]);
      const error = await failure(store.readSmall("c1/a.json"));
      expect(error).to.be.instanceOf(NotThere);
      expect(error.message).to.contain("a.json is not in ");
      expect(await failure(store.read("c1/a.json"))).to.be.instanceOf(Refusal);
    });
  });

describe("a folder of backups", () => {
  afterEach(removeFolders);

  it("sweeps what writers that died left there, once it is old, and nothing else", async () => {
    const folder = temporaryFolder();
    const store = new FolderStore({ kind: "folder", folder, prefix: "p" });
    mkdirSync(join(folder, "p/c1"), { recursive: true });
    const file = (name: string, daysAgo: number) => {
      writeFileSync(join(folder, "p/c1", name), "x");
      const at = Date.now() / 1000 - daysAgo * 24 * 3600;
      utimesSync(join(folder, "p/c1", name), at, at);
    };
    const partial = (digit: string) => `.20261126T120000Z-000001.db.${digit.repeat(12)}.partial`;
    file(partial("a"), 3);
    file(partial("b"), 1);
    file(".hidden", 9);
    file("notes.txt", 9);
    expect(await store.sweep("c1/", NaN), "without a clock").to.equal(0);
    expect(await store.sweep("c1/", Date.now())).to.equal(1);
    expect(readdirSync(join(folder, "p/c1")).sort()).to.deep.equal([partial("b"), ".hidden", "notes.txt"]);
  });

  it("says in words what is wrong with the disk", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "p"), "a file where a folder should be");
    const store = new FolderStore({ kind: "folder", folder, prefix: "p" });
    expect(await failure(put(store, key, data(10)))).to.be.an("error");
    expect(readFileSync(join(folder, "p"), "utf8")).to.contain("a file");
    expect(existsSync(join(folder, "p", "c1"))).to.equal(false);
  });
});

describe("a store that speaks S3, and its faults", () => {
  let s3: FakeS3;
  let store: ReturnType<FakeS3["store"]>;
  beforeEach(async () => {
    s3 = await new FakeS3().start();
    store = s3.store();
  });
  afterEach(async () => {
    store.close();
    await s3.stop();
  });
  const large = data(20 * 2 ** 20);

  for (const fault of [
    "cut",
    "silence",
    "lost",
    { status: 503, code: "SlowDown" },
    { status: 500, code: "InternalError" },
    { status: 400, code: "RequestTimeout" },
  ] as const)
    it(`asks again after ${JSON.stringify(fault)}, of each kind of request`, async () => {
      const seen = new Set<string>();
      s3.fault = ({ method, query }) => {
        const kind = [method, ...[...query.keys()].sort(), query.get("partNumber")].join(" ");
        // What has no body can't say why.
        if (seen.has(kind) || (method === "HEAD" && JSON.stringify(fault).includes("400"))) return undefined;
        seen.add(kind);
        return fault;
      };
      expect(await put(store, key, large)).to.equal(large.length);
      await store.writeSmall("c1/a.json", Buffer.from("{}"));
      expect((await get(store, key)).equals(large)).to.equal(true);
      expect(await store.list("")).to.have.length(2);
      await store.remove(key);
      expect(seen.size).to.be.greaterThan(8);
      expect(s3.objects.size).to.equal(1);
    });

  it("gives up after a while, and leaves nothing", async () => {
    s3.fault = ({ query }) =>
      query.get("partNumber") === "2" ? { status: 503, code: "SlowDown" } : undefined;
    const error = await failure(put(store, key, large));
    expect(error.message)
      .to.contain("writing part 2 at http://127.0.0.1")
      .and.contain("SlowDown, it says SlowDown");
    expect(s3.asked("PUT", "partNumber").filter((r) => r.query.get("partNumber") === "2")).to.have.length(4);
    expect(s3.uploads.size).to.equal(0);
    expect(s3.objects.size).to.equal(0);
  });

  for (const [code, status, words] of [
    ["NoSuchBucket", 404, /the bucket bucket does not exist at .*: create it, or correct s3.bucket/],
    [
      "InvalidAccessKeyId",
      403,
      /does not know the access key: correct s3\.credentials, or the Secret of s3\.credentialsSecret/,
    ],
    ["SignatureDoesNotMatch", 403, /does not accept the secret access key/],
    ["AccessDenied", 403, /denies access to the bucket bucket/],
    ["SomethingElse", 403, /denies access to the bucket bucket.*it says SomethingElse/],
    ["RequestTimeTooSkewed", 403, /clock/],
    ["PermanentRedirect", 301, /not in the region us-east-1/],
  ] as const)
    it(`doesn't ask again when told ${code}, and says what to do`, async () => {
      s3.fault = () => ({ status, code });
      const error = await failure(put(store, key, data(100)));
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message).to.match(words);
      expect(s3.requests.filter((r) => r.method === "PUT")).to.have.length(1);
    });

  it("an end that is an error, though it began as a success, is one", async () => {
    s3.fault = ({ method, query }) =>
      method === "POST" && query.has("uploadId") ? { status: 200, code: "InternalError" } : undefined;
    expect((await failure(put(store, key, large))).message).to.contain("InternalError");
    expect(s3.uploads.size).to.equal(0);
  });

  it("an answer that breaks off in the middle isn't taken for the whole", async () => {
    await put(store, key, data(1000));
    s3.fault = ({ method }) => (method === "GET" ? "short" : undefined);
    expect(await failure(get(store, key)))
      .to.be.an("error")
      .with.property("message")
      .that.does.not.equal("no error");
  });

  it("lists page by page, and keys with strange characters", async () => {
    s3.habits = { ...s3.habits, pageSize: 3 };
    const names = Array.from({ length: 10 }, (_, i) => `ns/etcd/c1/a b+&<${i}>%.json`);
    for (const name of names) s3.objects.set(name, { bytes: Buffer.alloc(1), modified: s3.date });
    expect((await store.list("")).map((o) => `ns/etcd/${o.key}`)).to.deep.equal(names);
  });

  it("sweeps uploads of ours that were begun long ago by the store's clock, and no others", async () => {
    const upload = (id: string, at: string, hoursAgo: number) =>
      s3.uploads.set(id, {
        key: at,
        begun: new Date(s3.date.getTime() - hoursAgo * 3600_000),
        parts: new Map(),
      });
    s3.date = new Date(Date.UTC(2030, 1, 1));
    upload("old", `ns/etcd/${key}`, 50);
    // As old as the longest job may take.
    upload("young", `ns/etcd/${key}`, 25);
    upload("foreign", "ns/etcd/c1/something", 300);
    upload("elsewhere", `other/${key}`, 300);
    expect(await store.sweep("c1/", NaN), "without a clock").to.equal(0);
    expect(await store.sweep("c1/", s3.date.getTime())).to.equal(1);
    expect([...s3.uploads.keys()]).to.deep.equal(["young", "foreign", "elsewhere"]);
    s3.fault = () => ({ status: 501, code: "NotImplemented" });
    expect(await store.sweep("c1/", s3.date.getTime())).to.equal(0);
  });

  it("asks for encryption where it is wanted: for a small object, and for one in parts", async () => {
    const secure = s3.store({ encryption: { algorithm: "aws:kms", keyId: "the-key" } });
    await put(secure, key, data(10));
    await put(secure, "c1/20261126T120000Z-000002.db", large);
    const wanted = s3.requests.filter((r) => r.headers["x-amz-server-side-encryption"] === "aws:kms");
    expect(
      wanted.map((r) => [r.method, r.headers["x-amz-server-side-encryption-aws-kms-key-id"]]),
    ).to.deep.equal([
      ["PUT", "the-key"],
      ["POST", "the-key"],
    ]);
    secure.close();
  });

  it("sends no trailer and nothing unsigned", async () => {
    await put(store, key, large);
    for (const { headers } of s3.requests) {
      expect(headers).to.not.have.any.keys(
        "x-amz-trailer",
        "x-amz-decoded-content-length",
        "transfer-encoding",
      );
      expect(headers["x-amz-content-sha256"]).to.match(/^[0-9a-f]{64}$/);
      expect(headers.authorization).to.match(
        /^AWS4-HMAC-SHA256 Credential=id\/\d{8}\/us-east-1\/s3\/aws4_request/,
      );
    }
  });

  it("keeps no more than a few parts in memory, however slow the store is", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const connection = { settings: {}, ask: () => held.then(() => ({ UploadId: "1", ETag: "1" })) };
    const writer = new S3Writer(connection as never, key, store, 1000);
    let written = 0;
    for (;;) {
      const until = writer.write(Buffer.alloc(300));
      written += 300;
      if (until) {
        until.catch(() => undefined);
        break;
      }
    }
    expect(written).to.be.at.most(3 * 1000 + 300);
    release();
    await writer.abort();
  });
});
