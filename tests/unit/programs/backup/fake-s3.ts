/**
 * As much of S3 as a backup speaks to, over HTTP, with its faults and the habits of stores that are out there. One
 * bucket, `bucket`.
 */
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Credentials } from "../../../../programs/backup/store/credentials";
import type { S3Settings } from "../../../../components/contract/jobs";
import { S3Store } from "../../../../programs/backup/store/s3";
import { S3Connection } from "../../../../programs/backup/store/s3-client";

export interface Request {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
}

/** What becomes of one request: an answer instead of the right one, or the connection's end, or nothing at all. */
export type Fault =
  | { readonly status: number; readonly code: string; readonly headers?: Record<string, string> }
  /** A page for people, from a proxy in front of the store. */
  | { readonly status: number; readonly page: string }
  | "cut"
  | "silence"
  /** It is done, and the answer is lost. */
  | "lost"
  /** The answer ends in the middle. */
  | "short";

/** How it gives a listing that doesn't fit into one answer. */
export type Listing =
  /** As S3 does: with a token. */
  | "token"
  /** Cut, without a token; it knows start-after. */
  | "start-after"
  /** As S3 did long ago, whatever it is asked for: it knows the marker, and tells the next one if it was asked so. */
  | "marker"
  /** Cut, without a token; it knows nothing to go on by. */
  | "cut"
  /** The same page again and again, with the same token. */
  | "again"
  /** Cut, with nothing in it. */
  | "empty"
  /** A page for people, with the status 200. */
  | "no list";

/** What a store may be told to do besides what S3 does; each is seen somewhere. */
export interface Habits {
  /** Whether it knows If-None-Match. Not on B2 and OSS. */
  readonly conditional: boolean;
  readonly listing: Listing;
  readonly pageSize: number;
  /** Whether it encodes keys in a listing, and says so, when it is asked to. */
  readonly encodes: boolean;
  /** Whether what is written has to come with a sum: a bucket with a default retention. */
  readonly sums: boolean;
  /** Whether an object may be deleted. Not before its retention ends, in some. */
  readonly deletes: boolean;
  /** What its URL's path begins with, behind a gateway. */
  readonly below: string;
  readonly bucket: string;
}

export const s3Itself: Habits = {
  conditional: true,
  listing: "token",
  pageSize: 1000,
  encodes: true,
  sums: false,
  deletes: true,
  below: "",
  bucket: "bucket",
};

/** Stores that work all the same. */
export const habits: Readonly<Record<string, Partial<Habits>>> = {
  "one that can't refuse to overwrite by itself": { conditional: false },
  "one that gives its list in small pages": { pageSize: 2 },
  "one that cuts its list and gives no token": { listing: "start-after", pageSize: 2 },
  "one that lists as long ago": { listing: "marker", pageSize: 2, encodes: false },
  "one that encodes no keys": { encodes: false },
  "one that wants a sum with all that is written": { sums: true },
  "one that is below a path": { below: "/storage/v1/s3" },
  "one whose bucket is a tenant's": { bucket: "tenant:bucket" },
};

/** Stores whose list can't be used, and what is said of them. */
export const lists: Readonly<Record<string, { readonly listing: Listing; readonly words: RegExp }>> = {
  "is cut, and begins anew": {
    listing: "cut",
    words: /truncates its list, and starts over .* continue after ns\/etcd\/c1/,
  },
  "is cut, with nothing in it": {
    listing: "empty",
    words: /truncates its list, and doesn't say how to continue/,
  },
  "repeats itself": { listing: "again", words: /lists the same objects again and again/ },
  "is none": { listing: "no list", words: /answers with something that isn't a list/ },
};

export class FakeS3 {
  readonly objects = new Map<string, { readonly bytes: Buffer; readonly modified: Date }>();
  readonly uploads = new Map<
    string,
    { readonly key: string; readonly begun: Date; readonly parts: Map<number, Buffer> }
  >();
  readonly requests: Request[] = [];
  /** Asked for each request; undefined is the right answer. */
  fault: (request: Request, count: number) => Fault | undefined = () => undefined;
  habits: Habits;
  date = new Date();
  private readonly server: Server = createServer((request, response) => void this.handle(request, response));

  constructor(told: Partial<Habits> = {}) {
    this.habits = { ...s3Itself, ...told };
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** One that doesn't wait long. */
  store(
    more: Partial<S3Settings> = {},
    idleMs = 1000,
    credentials: () => Promise<Credentials> = () =>
      Promise.resolve({ accessKeyId: "id", secretAccessKey: "secret" }),
  ): S3Store {
    const settings: S3Settings = {
      kind: "s3",
      endpoint: this.origin + this.habits.below,
      region: "us-east-1",
      bucket: this.habits.bucket,
      prefix: "ns/etcd",
      pathStyle: true,
      credentials: "files",
      ...more,
    };
    const retryPolicy = { attempts: 4, firstPauseMs: 1, idleMs, requestMs: 60_000 };
    return new S3Store(new S3Connection(settings, credentials, retryPolicy, () => Promise.resolve()));
  }

  asked = (method: string, has: string): Request[] =>
    this.requests.filter((r) => r.method === method && (r.key.includes(has) || r.query.has(has)));

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const { below } = this.habits;
    const path = url.pathname.startsWith(`${below}/`) ? url.pathname.slice(below.length) : "/no/s3";
    const [, bucket = "", ...rest] = path.split("/").map(decodeURIComponent);
    const asked: Request = {
      method: request.method ?? "",
      key: rest.join("/"),
      query: url.searchParams,
      headers: request.headers,
    };
    this.requests.push(asked);
    response.setHeader("date", this.date.toUTCString());
    const fault = this.fault(asked, this.requests.length);
    if (fault === "cut") return void request.socket.destroy();
    if (fault === "silence") return;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (typeof fault === "object" && "page" in fault)
      return void response.writeHead(fault.status, { "content-type": "text/html" }).end(fault.page);
    if (typeof fault === "object") return error(response, fault.status, fault.code, fault.headers);
    if (bucket !== this.habits.bucket) return error(response, 404, "NoSuchBucket");
    const sum = request.headers["content-md5"];
    if (sum !== undefined && sum !== createHash("md5").update(body).digest("base64"))
      return error(response, 400, "BadDigest");
    if (this.habits.sums && request.method === "PUT" && sum === undefined)
      return error(response, 400, "InvalidRequest");
    if (request.headers["x-amz-content-sha256"] !== createHash("sha256").update(body).digest("hex"))
      return error(response, 400, "XAmzContentSHA256Mismatch");
    if (fault === "lost") {
      this.answer(asked, body, new Nowhere() as unknown as ServerResponse);
      return void request.socket.destroy();
    }
    if (fault === "short") {
      response.writeHead(200, { "content-length": 1000 });
      response.write("x".repeat(100), () => request.socket.destroy());
      return;
    }
    this.answer(asked, body, response);
  }

  private answer({ method, key, query, headers }: Request, body: Buffer, to: ServerResponse): void {
    const uploadId = query.get("uploadId") ?? "";
    const upload = this.uploads.get(uploadId);
    const taken = this.objects.has(key);
    if (headers["if-none-match"] !== undefined) {
      if (!this.habits.conditional) return error(to, 501, "NotImplemented");
      if (taken) return error(to, 412, "PreconditionFailed");
    }
    if (query.has("list-type")) return this.list(query, to);
    if (query.has("uploads") && method === "GET")
      return xml(to, `<ListMultipartUploadsResult>${this.listed()}</ListMultipartUploadsResult>`);
    if (query.has("uploads")) {
      const id = `${randomBytes(4).toString("hex")}&<`;
      this.uploads.set(id, { key, begun: this.date, parts: new Map() });
      return xml(
        to,
        `<InitiateMultipartUploadResult><UploadId>${escaped(id)}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (uploadId) {
      if (!upload) return error(to, 404, "NoSuchUpload");
      if (method === "DELETE") return void (this.uploads.delete(uploadId), to.writeHead(204).end());
      if (method === "PUT") {
        upload.parts.set(Number(query.get("partNumber")), body);
        return void to.writeHead(200, { etag: `"${body.length}-${query.get("partNumber") ?? ""}"` }).end();
      }
      const parts = [...body.toString().matchAll(/<Part>(.*?)<\/Part>/g)].flatMap(([, part = ""]) => {
        const number = /<PartNumber>(\d+)</.exec(part)?.[1] ?? "";
        const etag = /<ETag>(?:&quot;|")(\d+)-(\d+)(?:&quot;|")</.exec(part);
        const there = upload.parts.get(Number(number));
        return there && etag?.[1] === String(there.length) && etag[2] === number ? [there] : [];
      });
      if (parts.length !== upload.parts.size) return error(to, 400, "InvalidPart");
      this.objects.set(key, { bytes: Buffer.concat(parts), modified: this.date });
      this.uploads.delete(uploadId);
      return xml(to, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
    }
    const object = this.objects.get(key);
    if (method === "PUT")
      return void (this.objects.set(key, { bytes: body, modified: this.date }), to.writeHead(200).end());
    if (method === "DELETE" && !this.habits.deletes) return error(to, 403, "AccessDenied");
    if (method === "DELETE") return void (this.objects.delete(key), to.writeHead(204).end());
    if (!object) return error(to, 404, "NoSuchKey");
    to.writeHead(200, { "content-length": object.bytes.length }).end(
      method === "HEAD" ? undefined : object.bytes,
    );
  }

  private list(query: URLSearchParams, to: ServerResponse): void {
    const { listing, pageSize, encodes } = this.habits;
    const prefix = query.get("prefix") ?? "";
    const all = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    const last =
      listing === "marker"
        ? query.get("marker")
        : listing === "start-after"
          ? query.get("start-after")
          : listing === "token"
            ? query.get("continuation-token")
            : null;
    const page = all.filter((key) => last === null || key > last).slice(0, pageSize);
    const cut = page.at(-1) !== all.at(-1);
    const encoded = encodes && query.get("encoding-type") === "url";
    const name = (key: string) =>
      encoded ? encodeURIComponent(key).replace(/%2F/g, "/").replace(/%20/g, "+") : escaped(key);
    const contents = page.map((key) => {
      const { bytes, modified } = this.objects.get(key)!;
      return `<Contents><Key>${name(key)}</Key><LastModified>${modified.toISOString()}</LastModified><Size>${bytes.length}</Size></Contents>`;
    });
    const answer = (truncated: boolean, more = "", entries: readonly string[] = contents) =>
      xml(
        to,
        `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${truncated}</IsTruncated>${encoded ? "<EncodingType>url</EncodingType>" : ""}${entries.join("")}${more}</ListBucketResult>`,
      );
    const token = (text: string) => `<NextContinuationToken>${escaped(text)}</NextContinuationToken>`;
    switch (listing) {
      case "token":
        return answer(cut, cut ? token(page.at(-1) ?? "") : "");
      case "marker":
      case "start-after":
        return answer(cut);
      case "cut":
        return answer(true);
      case "again":
        return answer(true, token("the same"));
      case "empty":
        return answer(true, "", []);
      case "no list":
        return void to.writeHead(200, { "content-type": "text/html" }).end("<html>Welcome!</html>");
    }
  }

  private listed(): string {
    return [...this.uploads]
      .map(
        ([id, { key, begun }]) =>
          `<Upload><Key>${escaped(key)}</Key><UploadId>${escaped(id)}</UploadId><Initiated>${begun.toISOString()}</Initiated></Upload>`,
      )
      .join("");
  }
}

class Nowhere {
  writeHead = () => this;
  setHeader = () => this;
  end = () => this;
}

const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const xml = (to: ServerResponse, body: string): void =>
  void to.writeHead(200, { "content-type": "application/xml" }).end(`<?xml version="1.0"?>${body}`);
const error = (
  to: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void =>
  void to
    .writeHead(status, headers)
    .end(`<Error><Code>${code}</Code><Message>it says ${code}</Message></Error>`);
