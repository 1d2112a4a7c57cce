/** What stores do besides what S3 does, and what they say: see the tables in `fake-s3.ts`. */
import { expect } from "chai";
import { findBackup } from "../../../../../programs/backup/fetch";
import { keys } from "../../../../../programs/shared/backups/manifest";
import { Refusal, Unreadable } from "../../../../../programs/shared/refusal";
import { mayPass } from "../../../../../programs/backup/store/s3-again";
import { pages } from "../../../../../programs/backup/store/s3-list";
import { connectionError, s3Error } from "../../../../../programs/backup/store/s3-words";
import { element, elements } from "../../../../../programs/backup/store/xml";
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
    const ask = () =>
      Promise.resolve(
        `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>${++asked}</NextContinuationToken></ListBucketResult>`,
      );
    const read = async () => {
      for await (const page of pages(ask, "the store", 20)) expect(page).to.deep.equal([]);
    };
    expect((await failure(read())).message).to.match(
      /lists without end: give backups .* a prefix of their own/,
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
    it(`again: ${status} ${code}`, () => expect(mayPass(status, code)).to.equal(true));
  for (const [status, code] of never)
    it(`never again: ${status} ${code}`, () => expect(mayPass(status, code)).to.equal(false));

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
    const asked: boolean[] = [];
    const store = s3.store({}, 1000, (renew = false) => {
      asked.push(renew);
      return Promise.resolve({ accessKeyId: renew ? "new" : "old", secretAccessKey: "secret" });
    });
    s3.fault = ({ headers }) =>
      headers.authorization?.includes("Credential=old/") ? { status: 400, code: "ExpiredToken" } : undefined;
    try {
      expect(await store.list("")).to.deep.equal([]);
      expect(asked).to.deep.equal([false, true]);
      s3.fault = () => ({ status: 400, code: "ExpiredToken" });
      const error = await failure(store.list(""));
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message).to.contain("the credentials have expired");
      expect(asked).to.have.length(4);
    } finally {
      await s3.stop();
    }
  });
});

describe("what a store says, in words", () => {
  const at = { bucket: "b", endpoint: "https://s3.example.com", region: "eu-west-1" };
  const body = (code: string) =>
    Buffer.from(`<Error><Code>${code}</Code><Message>its words</Message></Error>`);
  const said = (status: number, code: string, headers: Record<string, string> = {}) =>
    s3Error({ status, headers, body: body(code) }, at, "reading a.json");

  it("clocks that differ: by how much, and which is ahead", () => {
    for (const [ms, words] of [
      [-3600_000, /differ by (3599|3600|3601) s, the node's being ahead: set them right/],
      [3600_000, /differ by (3599|3600|3601) s, the node's being behind/],
    ] as const) {
      const error = said(403, "RequestTimeTooSkewed", { date: new Date(Date.now() + ms).toUTCString() });
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message).to.match(words);
    }
    expect(said(403, "RequestTimeTooSkewed").message).to.contain("differ too much");
  });

  it("a bucket that is elsewhere: where, if it is told", () => {
    expect(said(301, "PermanentRedirect", { "x-amz-bucket-region": "eu-north-1" }).message).to.contain(
      "is not in the region eu-west-1, but in eu-north-1",
    );
  });

  it("one object that is in an archive, or without a key, doesn't speak for the others", () => {
    for (const code of ["InvalidObjectState", "KMS.DisabledException"])
      expect(said(403, code), code).to.be.instanceOf(Unreadable);
    expect(said(403, "AccessDenied")).to.not.be.instanceOf(Unreadable);
    expect(said(403, "constructor").message).to.contain("refuses the access");
  });

  for (const [code, words] of [
    ["ERR_TLS_CERT_ALTNAME_INVALID", /for other names \(.*\): correct s3.endpoint, or set s3.pathStyle/],
    ["CERT_HAS_EXPIRED", /has expired, by this node's clock/],
    ["CERT_NOT_YET_VALID", /isn't valid yet, by this node's clock/],
    ["SELF_SIGNED_CERT_IN_CHAIN", /isn't trusted .*: give its authority as s3.caCertificate/],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", /isn't trusted/],
  ] as const)
    it(`a certificate: ${code}`, () => {
      const error = connectionError(Object.assign(new Error("Node's words"), { code }), at);
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message).to.match(words);
    });
});

describe("a store's XML", () => {
  it("is read: names that begin alike, attributes, nothing in it, entities", () => {
    const xml = `<?xml version="1.0"?><L xmlns="x"><Keys>no</Keys><Key a="1">a&amp;&#98;&#x63;&quot;&#x110000;</Key><Key/><Key >d</Key></L>`;
    expect(elements(xml, "Key")).to.deep.equal(["a&amp;&#98;&#x63;&quot;&#x110000;", "", "d"]);
    expect(element(xml, "Key")).to.equal('a&bc"&#x110000;');
    expect(element(xml, "Ke")).to.equal(undefined);
    expect(elements("<Key><Key", "Key")).to.deep.equal([]);
    expect(elements("<Key>1</Key><Key>2", "Key")).to.deep.equal(["1"]);
  });

  it("takes a time that grows with its length alone, whatever a store sends", () => {
    for (const piece of [
      "<Contents>",
      "<Contents ",
      "<Contents/",
      "<ContentsX>",
      "</Contents>",
      "<Contents>a</Content>",
    ]) {
      const xml = piece.repeat(Math.floor((8 * 2 ** 20) / piece.length));
      const begun = performance.now();
      elements(xml, "Contents");
      expect(performance.now() - begun, piece).to.be.lessThan(5000);
    }
  });
});
