/** What stores do besides what S3 does, and what they say: see the tables in `fake-s3.ts`. */
import dns from "node:dns";
import { expect } from "chai";
import { findBackup } from "../../../../../programs/backup/fetch";
import { keys } from "../../../../../programs/shared/backups/manifest";
import { Refusal, Unreadable } from "../../../../../programs/shared/refusal";
import { isTransient } from "../../../../../programs/backup/store/s3-retryable";
import { pages } from "../../../../../programs/backup/store/s3-list";
import { connectionError, s3Error } from "../../../../../programs/backup/store/s3-errors";
import { FakeS3, lists } from "../fake-s3";
import type { Fault } from "../fake-s3";
import { failure, manifest } from "../fixtures";

const key = "c1/20261126T120000Z-000001.db";

async function write(s3: FakeS3, bytes: number): Promise<void> {
  const store = s3.store();
  const writer = await store.writer(key);
  for (let at = 0; at < bytes; at += 2 ** 20) await writer.write(Buffer.alloc(Math.min(2 ** 20, bytes - at)));
  await writer.finish();
  store.close();
}

describe("a listing that doesn't fit into one answer", () => {
  let s3: FakeS3 | undefined;
  const start = async (told: ConstructorParameters<typeof FakeS3>[0]) => {
    const made = (s3 = await new FakeS3(told).start());
    for (let i = 0; i < 600; i++) {
      const m = manifest(600 - i, { revision: 1000 + i });
      made.objects.set(`ns/etcd/${m.object.key}`, { bytes: Buffer.alloc(10), modified: made.date });
      const text = Buffer.from(JSON.stringify(m));
      made.objects.set(`ns/etcd/${keys.manifest(m.clusterId, m.name)}`, { bytes: text, modified: made.date });
    }
    return made;
  };
  afterEach(async () => {
    await s3?.stop();
    s3 = undefined;
  });

  for (const listing of ["token", "start-after", "marker"] as const)
    it(`is read to its end, so that the newest of 600 backups is found: ${listing}`, async () => {
      const made = await start({ listing });
      expect((await findBackup(made.store(), {})).revision).to.equal(1599);
    });

  for (const [what, { listing, words }] of Object.entries(lists))
    it(`is refused in words when it ${what}, and no older backup is taken for the newest`, async () => {
      const made = await start({ listing, pageSize: 100 });
      const error = await failure(findBackup(made.store(), {}));
      expect(error.message).to.match(words);
      // What is none may be a proxy's page, and pass.
      expect(error instanceof Refusal).to.equal(listing !== "no list");
    });

  it("is refused in words when it has no end", async () => {
    let asked = 0;
    const ask = () => Promise.resolve({ IsTruncated: true, NextContinuationToken: `${++asked}` });
    const read = async () => {
      for await (const page of pages(ask, "the store", 20)) expect(page).to.deep.equal([]);
    };
    expect((await failure(read())).message).to.match(
      /lists more than \d+ pages: give backups their own bucket or prefix/,
    );
    expect(asked).to.equal(20);
  });

  it("takes objects of others, whatever they are called, for what they are", async () => {
    const made = await start({ listing: "marker", encodes: false, pageSize: 7 });
    for (const name of ["ns/etcd/100%.txt", "ns/etcd/%zz", "ns/etcd/c1/a+b &<>", "ns/etcd-other/c1/x.json"])
      made.objects.set(name, { bytes: Buffer.alloc(1), modified: made.date });
    expect((await findBackup(made.store(), {})).revision).to.equal(1599);
    expect((await made.store().list("c1/")).map((o) => o.key)).to.include("c1/a+b &<>");
    expect((await made.store().list("")).map((o) => o.key)).to.include.members(["100%.txt", "%zz"]);
  });
});

describe("what a store says, and whether it is asked again", () => {
  /** Status and code, as stores give them; the code is empty where a proxy answers. */
  const again: readonly (readonly [number, string])[] = [
    [408, ""],
    [408, "RequestTimeout"],
    [425, ""],
    [429, ""],
    [429, "TooManyRequests"],
    [500, "InternalError"],
    [502, ""],
    [503, "SlowDown"],
    [503, "ServiceUnavailable"],
    [504, ""],
    [520, ""],
    [529, "Throttling"],
    [400, "RequestTimeout"],
    [400, "IncompleteBody"],
    [400, "BadDigest"],
    [400, "XAmzContentSHA256Mismatch"],
    [403, "RequestThrottled"],
    [409, "OperationAborted"],
    [409, "ConditionalRequestConflict"],
    [307, "TemporaryRedirect"],
  ];
  const never: readonly (readonly [number, string])[] = [
    [400, "InvalidRequest"],
    [400, "InvalidArgument"],
    [400, "EntityTooLarge"],
    [403, "AccessDenied"],
    [404, "NoSuchKey"],
    [405, "MethodNotAllowed"],
    [411, "MissingContentLength"],
    [501, "NotImplemented"],
    [500, "NotImplemented"],
    [505, ""],
    [507, ""],
    [307, ""],
  ];
  for (const [status, code] of again)
    it(`again: ${status} ${code}`, () => expect(isTransient(status, code)).to.equal(true));
  for (const [status, code] of never)
    it(`never again: ${status} ${code}`, () => expect(isTransient(status, code)).to.equal(false));

  for (const fault of [
    { status: 408, code: "" },
    { status: 400, code: "IncompleteBody" },
    { status: 400, code: "BadDigest" },
    { status: 403, code: "RequestThrottled" },
    { status: 409, code: "OperationAborted" },
  ] as const)
    it(`a backup is written though each write is once answered ${fault.status} ${fault.code}`, async () => {
      const s3 = await new FakeS3().start();
      const seen = new Set<string>();
      s3.fault = ({ method, query }): Fault | undefined => {
        const kind = [method, ...query.keys(), query.get("partNumber")].join(" ");
        if (seen.has(kind) || (method !== "PUT" && method !== "POST")) return undefined;
        seen.add(kind);
        return fault;
      };
      try {
        await write(s3, 12 * 2 ** 20);
        expect(seen.size).to.equal(5);
        expect(s3.objects.get(`ns/etcd/${key}`)?.bytes.length).to.equal(12 * 2 ** 20);
      } finally {
        await s3.stop();
      }
    });

  it("an upload whose end began as a success and was an error is ended again", async () => {
    const s3 = await new FakeS3().start();
    let times = 0;
    s3.fault = ({ method, query }) =>
      method === "POST" && query.has("uploadId") && times++ === 0
        ? { status: 200, code: "InternalError" }
        : undefined;
    try {
      await write(s3, 12 * 2 ** 20);
      expect(times).to.equal(2);
    } finally {
      await s3.stop();
    }
  });

  it("a new bucket's requests are followed to where they are sent, signed for that host", async () => {
    const [s3, other] = [await new FakeS3().start(), await new FakeS3().start()];
    s3.fault = ({ method, key: at, query }) => {
      const path = `/bucket/${at}?${query.toString()}`;
      return method === "PUT" || method === "HEAD" || method === "POST" || query.has("list-type")
        ? { status: 307, code: "TemporaryRedirect", headers: { location: other.origin + path } }
        : undefined;
    };
    try {
      await write(s3, 12 * 2 ** 20);
      expect(s3.objects.size).to.equal(0);
      expect(other.objects.get(`ns/etcd/${key}`)?.bytes.length).to.equal(12 * 2 ** 20);
      for (const { headers } of other.requests) expect(headers.host).to.equal(new URL(other.origin).host);
      const [first] = other.asked("PUT", "partNumber");
      const [theirs] = s3.asked("PUT", "partNumber");
      expect(first?.headers.authorization).to.not.equal(theirs?.headers.authorization);
      expect((await s3.store().list("c1/")).map((o) => o.key)).to.deep.equal([key]);
    } finally {
      await s3.stop();
      await other.stop();
    }
  });

  for (const [what, location] of [
    ["in a circle", (s3: FakeS3) => `${s3.origin}/bucket/x`],
    ["to another protocol", () => "https://127.0.0.1:1/bucket/x"],
    ["to nowhere", () => "//"],
  ] as const)
    it(`what is sent ${what} ends`, async () => {
      const s3 = await new FakeS3().start();
      s3.fault = () => ({ status: 307, code: "TemporaryRedirect", headers: { location: location(s3) } });
      try {
        expect((await failure(s3.store().list(""))).message).to.match(/sent to 127|TemporaryRedirect/);
      } finally {
        await s3.stop();
      }
    });

  it("credentials that have expired meanwhile are asked for anew, once", async () => {
    const s3 = await new FakeS3().start();
    let asked = 0;
    const store = s3.store({}, 1000, () =>
      Promise.resolve({ accessKeyId: `id-${++asked}`, secretAccessKey: "secret" }),
    );
    s3.fault = ({ headers }) =>
      headers.authorization?.includes("Credential=id-1/") ? { status: 400, code: "ExpiredToken" } : undefined;
    try {
      expect(await store.list("")).to.deep.equal([]);
      expect(await store.list("")).to.deep.equal([]);
      expect(asked).to.equal(2);
      s3.fault = () => ({ status: 400, code: "ExpiredToken" });
      const error = await failure(store.list(""));
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message).to.contain("the credentials have expired");
      expect(asked).to.equal(3);
    } finally {
      await s3.stop();
    }
  });

  it("credentials are asked for again shortly before they end", async () => {
    const s3 = await new FakeS3().start();
    for (const minutes of [6, 4]) {
      let asked = 0;
      const store = s3.store({}, 1000, () => {
        asked += 1;
        const expiration = new Date(Date.now() + minutes * 60_000);
        return Promise.resolve({ accessKeyId: "id", secretAccessKey: "secret", expiration });
      });
      await store.list("");
      await store.list("");
      store.close();
      expect(asked > 1, `${minutes} minutes before`).to.equal(minutes === 4);
    }
    await s3.stop();
  });

  it("an agent on the node that has no credentials for a moment is asked again", async () => {
    const s3 = await new FakeS3().start();
    let asked = 0;
    const store = s3.store({}, 1000, () =>
      asked++ === 0
        ? Promise.reject(new Error("no credentials for the pod's identity"))
        : Promise.resolve({ accessKeyId: "id", secretAccessKey: "secret" }),
    );
    expect(await store.list("")).to.deep.equal([]);
    await s3.stop();
  });

  /** As they are: not well-formed. */
  const page = (title: string) =>
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
  for (const status of [200, 502, 503, 504])
    it(`a page of a proxy is no answer of the store's, and it is asked again: ${status}`, async () => {
      const s3 = await new FakeS3().start();
      s3.objects.set("ns/etcd/c1/a.json", { bytes: Buffer.from("{}"), modified: s3.date });
      let times = 0;
      s3.fault = () => (times++ === 0 ? { status, page: page("Bad Gateway") } : undefined);
      const store = s3.store();
      expect((await store.list("")).map((o) => o.key)).to.deep.equal(["c1/a.json"]);
      s3.fault = () => ({ status, page: page("Bad Gateway") });
      const error = await failure(store.list(""));
      expect(error).to.not.be.instanceOf(Refusal);
      expect(error.message).to.contain("listing at http://127.0.0.1").and.contain("Bad Gateway");
      await s3.stop();
    });

  for (const [status, text, words] of [
    [403, page("Forbidden"), /denies access to the bucket bucket.*Forbidden/],
    [403, "not for you", /denies access to the bucket bucket.*not for you/],
    [404, "<html><p>Not Found</html>", /listing at http:\/\/127.*: .*Not Found/],
  ] as const)
    it(`a page that is no XML is told of as it is: ${status} ${text.slice(0, 12)}`, async () => {
      const s3 = await new FakeS3().start();
      s3.fault = () => ({ status, page: text });
      expect((await failure(s3.store().list(""))).message).to.match(words);
      expect(s3.requests).to.have.length(1);
      await s3.stop();
    });

  it("a small object that breaks off in the middle is read again", async () => {
    const s3 = await new FakeS3().start();
    s3.objects.set("ns/etcd/c1/a.json", { bytes: Buffer.from("{}"), modified: s3.date });
    let times = 0;
    s3.fault = () => (times++ === 0 ? "short" : undefined);
    expect((await s3.store().readSmall("c1/a.json")).toString()).to.equal("{}");
    await s3.stop();
  });

  it("a clock that is wrong is told of, each time, and never made up for", async () => {
    const s3 = await new FakeS3().start();
    s3.date = new Date(Date.now() + 3600_000);
    s3.fault = () => ({ status: 403, code: "RequestTimeTooSkewed" });
    const store = s3.store();
    for (let i = 0; i < 2; i++)
      expect((await failure(store.list(""))).message).to.match(/differ by \d+ s \(the node is behind\)/);
    const days = s3.requests.map(({ headers }) => headers["x-amz-date"]?.toString() ?? "");
    for (const day of days) {
      const [, y, mo, d, h, mi, s] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(day) ?? [];
      expect(Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`)).to.be.closeTo(Date.now(), 60_000);
    }
    await s3.stop();
  });

  it("a bucket in the host's name is asked for there, and nothing else is", async () => {
    const s3 = await new FakeS3().start();
    const asked: string[] = [];
    const lookup = dns.lookup;
    const here = (host: string, options: { all?: boolean }, done: (...all: unknown[]) => void) => {
      asked.push(host);
      if (options.all) done(null, [{ address: "127.0.0.1", family: 4 }]);
      else done(null, "127.0.0.1", 4);
    };
    dns.lookup = here as unknown as typeof dns.lookup;
    try {
      const { port } = new URL(s3.origin);
      const store = s3.store({ endpoint: `http://store.test:${port}`, pathStyle: false });
      await failure(store.list(""));
      store.close();
      expect(asked).to.deep.equal(["bucket.store.test"]);
      expect(s3.requests.map((r) => [r.headers.host, r.key])).to.deep.equal([
        [`bucket.store.test:${port}`, ""],
      ]);
    } finally {
      dns.lookup = lookup;
      await s3.stop();
    }
  });
});

describe("what a store says, in words", () => {
  const at = { bucket: "b", endpoint: "https://s3.example.com", region: "eu-west-1" };
  const said = (status: number, code: string, headers: Record<string, string> = {}) =>
    s3Error({ status, code, message: "its words", headers }, at, "reading a.json");

  it("clocks that differ: by how much, and which is ahead", () => {
    for (const [ms, words] of [
      [-3600_000, /differ by (3599|3600|3601) s \(the node is ahead\): correct them/],
      [3600_000, /differ by (3599|3600|3601) s \(the node is behind\)/],
    ] as const) {
      const error = said(403, "RequestTimeTooSkewed", { date: new Date(Date.now() + ms).toUTCString() });
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message).to.match(words);
    }
    expect(said(403, "RequestTimeTooSkewed").message).to.contain("differ too much");
  });

  it("a bucket that is elsewhere: where, if it is told", () => {
    expect(said(301, "PermanentRedirect", { "x-amz-bucket-region": "eu-north-1" }).message).to.contain(
      "is not in the region eu-west-1 but in eu-north-1",
    );
  });

  it("one object that is in an archive, or without a key, doesn't speak for the others", () => {
    for (const code of ["InvalidObjectState", "KMS.DisabledException"])
      expect(said(403, code), code).to.be.instanceOf(Unreadable);
    expect(said(403, "AccessDenied")).to.not.be.instanceOf(Unreadable);
    expect(said(403, "constructor").message).to.contain("denies access");
  });

  for (const [code, words] of [
    ["ERR_TLS_CERT_ALTNAME_INVALID", /for other names \(.*\): correct s3.endpoint, or set s3.pathStyle/],
    ["CERT_HAS_EXPIRED", /has expired, by this node's clock/],
    ["CERT_NOT_YET_VALID", /isn't valid yet, by this node's clock/],
    ["SELF_SIGNED_CERT_IN_CHAIN", /isn't trusted .*: set s3.caCertificate to its CA certificate/],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", /isn't trusted/],
  ] as const)
    it(`a certificate: ${code}`, () => {
      const error = connectionError(Object.assign(new Error("Node's words"), { code }), at);
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message).to.match(words);
    });
});
