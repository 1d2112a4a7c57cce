import type { Readable } from "node:stream";
import { parseKey } from "../../shared/backups/manifest";
import { NotThere, Refusal } from "../../shared/refusal";
import type { S3Client } from "./s3-client";
import { encryption } from "./s3-client";
import { pages } from "./s3-list";
import { S3Error } from "./s3-words";
import { S3Writer } from "./s3-writer";
import { ABANDONED_MS, SMALL_BYTES } from "./store";
import type { Store, Stored, Writer } from "./store";
import { element, elements } from "./xml";

/** Anything that speaks S3. */
export class S3Store implements Store {
  readonly where: string;
  private readonly root: string;
  /** Whether the store knows how to refuse to overwrite; found out by asking. */
  private conditional = true;

  constructor(private readonly client: S3Client) {
    const { bucket, prefix, endpoint } = client.settings;
    this.root = prefix === "" ? "" : `${prefix}/`;
    this.where = `s3://${bucket}/${prefix} at ${endpoint}`;
  }

  async list(under: string, wanted: (key: string) => boolean = () => true): Promise<readonly Stored[]> {
    const found: Stored[] = [];
    const prefix = this.root + under;
    const ask = async (more: Readonly<Record<string, string>>) => {
      const query = { "list-type": "2", prefix, "encoding-type": "url", ...more };
      return (await this.client.call({ method: "GET", what: "listing", query })).body.toString("utf8");
    };
    for await (const page of pages(ask, this.where))
      for (const stored of page) {
        const key = stored.key.slice(this.root.length);
        if (stored.key.startsWith(prefix) && wanted(key)) found.push({ ...stored, key });
      }
    return found;
  }

  read(key: string): Promise<Readable> {
    return this.notThere(key, () =>
      this.client.open({ method: "GET", what: `reading ${key}`, key: this.root + key }),
    );
  }

  async readSmall(key: string): Promise<Buffer> {
    const { body } = await this.notThere(key, () =>
      this.client.call({
        method: "GET",
        what: `reading ${key}`,
        key: this.root + key,
        largestBytes: SMALL_BYTES,
      }),
    );
    return body;
  }

  async writeSmall(key: string, bytes: Buffer): Promise<void> {
    await this.put(this.root + key, bytes, "application/json");
  }

  writer(key: string): Promise<Writer> {
    return Promise.resolve(new S3Writer(this.client, this.root + key, this));
  }

  async remove(key: string): Promise<void> {
    const what = `deleting ${key}`;
    await this.client.call({ method: "DELETE", what, key: this.root + key, alsoFine: [404] });
  }

  async sweep(under: string, nowMs: number): Promise<number> {
    const answer = await this.client.call({
      method: "GET",
      what: "listing uploads",
      query: { uploads: "", prefix: this.root + under },
      // Not every store has it.
      alsoFine: [400, 403, 404, 405, 501],
    });
    if (answer.status !== 200) return 0;
    let swept = 0;
    for (const upload of elements(answer.body.toString("utf8"), "Upload")) {
      const key = element(upload, "Key") ?? "";
      const uploadId = element(upload, "UploadId") ?? "";
      const begun = Date.parse(element(upload, "Initiated") ?? "");
      // Only what is of our making, and surely not being written any more.
      if (!key.startsWith(this.root) || parseKey(key.slice(this.root.length))?.kind !== "data") continue;
      if (!(nowMs - begun >= ABANDONED_MS)) continue;
      await this.client.call({
        method: "DELETE",
        what: "giving up an upload",
        key,
        query: { uploadId },
        alsoFine: [404],
      });
      swept += 1;
    }
    return swept;
  }

  size(key: string): Promise<number | undefined> {
    return this.sizeOf(this.root + key);
  }

  close(): void {
    this.client.close();
  }

  /** For the writer as well. `key` is a full one. */
  async put(key: string, bytes: Buffer, contentType: string, signal?: AbortSignal): Promise<void> {
    const headers = { "content-type": contentType, ...encryption(this.client.settings) };
    await this.onlyNew(key, bytes.length, (condition) =>
      this.client.call({
        method: "PUT",
        what: `writing ${key}`,
        key,
        body: bytes,
        headers: { ...headers, ...condition },
        signal,
      }),
    );
  }

  /** Writes under a name that must not be there yet. An answer that was lost may have been a success. */
  async onlyNew<T>(
    key: string,
    bytes: number,
    write: (condition: Record<string, string>) => Promise<T>,
  ): Promise<T | undefined> {
    if (!this.conditional && (await this.sizeOf(key)) !== undefined) throw taken(key);
    try {
      return await write(this.conditional ? { "if-none-match": "*" } : {});
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      if (this.conditional && (error.status === 501 || error.code === "NotImplemented")) {
        this.conditional = false;
        return this.onlyNew(key, bytes, write);
      }
      if (error.status !== 412 && error.status !== 409 && error.code !== "NoSuchUpload") throw error;
      // Names are never given twice: what has this one and this length is what was written a moment ago.
      if (error.retried && (await this.sizeOf(key)) === bytes) return undefined;
      throw error.status === 412 ? taken(key) : error;
    }
  }

  /** Of a full key; undefined if it isn't there. */
  async sizeOf(key: string): Promise<number | undefined> {
    const { status, headers } = await this.client.call({
      method: "HEAD",
      what: `looking for ${key}`,
      key,
      alsoFine: [404],
    });
    return status === 404 ? undefined : Number(headers["content-length"]);
  }

  private async notThere<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof S3Error && error.status === 404)
        throw new NotThere(`${key} is not in ${this.where}`);
      throw error;
    }
  }
}

const taken = (key: string) => new Refusal(`${key} is there already, and is never overwritten`);
