/** As much of S3 as a backup speaks to, over HTTP, with its faults. One bucket, `bucket`. */
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { S3Settings } from "../../../controller/backup/settings";
import { S3Store } from "../../../controller/backup/store/s3";
import { S3Client } from "../../../controller/backup/store/s3-client";

export interface Request {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
}

/** What becomes of one request: an answer instead of the right one, or the connection's end, or nothing at all. */
export type Fault =
  | { readonly status: number; readonly code: string; readonly headers?: Record<string, string> }
  | "cut"
  | "silence"
  /** It is done, and the answer is lost. */
  | "lost"
  /** The answer ends in the middle. */
  | "short";

export class FakeS3 {
  readonly objects = new Map<string, { readonly bytes: Buffer; readonly modified: Date }>();
  readonly uploads = new Map<
    string,
    { readonly key: string; readonly begun: Date; readonly parts: Map<number, Buffer> }
  >();
  readonly requests: Request[] = [];
  /** Asked for each request; undefined is the right answer. */
  fault: (request: Request, count: number) => Fault | undefined = () => undefined;
  /** Whether it knows If-None-Match. */
  conditional = true;
  pageSize = 1000;
  date = new Date();
  private readonly server: Server = createServer((request, response) => void this.handle(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** One that doesn't wait long. */
  store(more: Partial<S3Settings> = {}, idleMs = 1000): S3Store {
    const settings: S3Settings = {
      kind: "s3",
      endpoint: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      region: "us-east-1",
      bucket: "bucket",
      prefix: "ns/etcd",
      pathStyle: true,
      credentials: "files",
      ...more,
    };
    const patience = { attempts: 4, firstPauseMs: 1, idleMs, requestMs: 60_000, readMs: 60_000 };
    const credentials = () => Promise.resolve({ accessKeyId: "id", secretAccessKey: "secret" });
    return new S3Store(new S3Client(settings, credentials, patience, () => Promise.resolve()));
  }

  asked = (method: string, has: string): Request[] =>
    this.requests.filter((r) => r.method === method && (r.key.includes(has) || r.query.has(has)));

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const [, bucket = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
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
    if (typeof fault === "object") return error(response, fault.status, fault.code, fault.headers);
    if (bucket !== "bucket") return error(response, 404, "NoSuchBucket");
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
      if (!this.conditional) return error(to, 501, "NotImplemented");
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
      const numbers = [
        ...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>&quot;(\d+)-\1&quot;/g),
      ];
      const parts = numbers.map(([, number]) => upload.parts.get(Number(number)) ?? Buffer.alloc(0));
      if (parts.length !== upload.parts.size) return error(to, 400, "InvalidPart");
      this.objects.set(key, { bytes: Buffer.concat(parts), modified: this.date });
      this.uploads.delete(uploadId);
      return xml(to, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
    }
    const object = this.objects.get(key);
    if (method === "PUT")
      return void (this.objects.set(key, { bytes: body, modified: this.date }), to.writeHead(200).end());
    if (method === "DELETE") return void (this.objects.delete(key), to.writeHead(204).end());
    if (!object) return error(to, 404, "NoSuchKey");
    to.writeHead(200, { "content-length": object.bytes.length }).end(
      method === "HEAD" ? undefined : object.bytes,
    );
  }

  private list(query: URLSearchParams, to: ServerResponse): void {
    const keys = [...this.objects.keys()].filter((k) => k.startsWith(query.get("prefix") ?? "")).sort();
    const from = Number(query.get("continuation-token") ?? 0);
    const page = keys.slice(from, from + this.pageSize);
    const more = from + page.length < keys.length;
    const contents = page.map((key) => {
      const { bytes, modified } = this.objects.get(key)!;
      const encoded = encodeURIComponent(key).replace(/%2F/g, "/").replace(/%20/g, "+");
      return `<Contents><Key>${encoded}</Key><LastModified>${modified.toISOString()}</LastModified><Size>${bytes.length}</Size></Contents>`;
    });
    const next = more ? `<NextContinuationToken>${from + page.length}</NextContinuationToken>` : "";
    xml(
      to,
      `<ListBucketResult><IsTruncated>${more}</IsTruncated>${contents.join("")}${next}</ListBucketResult>`,
    );
  }

  private listed(): string {
    return [...this.uploads]
      .map(
        ([id, { key, begun }]) =>
          `<Upload><Key>${key}</Key><UploadId>${escaped(id)}</UploadId><Initiated>${begun.toISOString()}</Initiated></Upload>`,
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
