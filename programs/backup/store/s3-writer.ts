import { Parts } from "./parts";
import type { S3Client } from "./s3-client";
import { encryption } from "./s3-client";
import type { Writer } from "./store";
import { element, escape } from "./xml";

/** Of one size, which some stores demand; the least that there may be, and 10 000 of them are 48 GiB. */
export const PART_BYTES = 5 * 2 ** 20;
/** One is filled while the others are sent. */
const BUFFERS = 3;
const CONTENT = "application/octet-stream";

/** What the writer needs of the store. */
interface Target {
  readonly where: string;
  put(key: string, bytes: Buffer, contentType: string, signal?: AbortSignal): Promise<void>;
  sizeOf(key: string): Promise<number | undefined>;
  /** Calls `write` with the condition under which the store takes an object that it doesn't have yet. */
  onlyNew<T>(
    key: string,
    bytes: number,
    write: (condition: Record<string, string>) => Promise<T>,
  ): Promise<T | undefined>;
}

/** One object in parts, or in one request if it is small. */
export class S3Writer implements Writer {
  private readonly parts: Parts;
  private readonly etags: string[] = [];
  private upload: Promise<string> | undefined;
  private bytes = 0;
  private readonly ending = new AbortController();

  constructor(
    private readonly client: S3Client,
    private readonly key: string,
    private readonly store: Target,
    partBytes = PART_BYTES,
  ) {
    this.parts = new Parts(partBytes, BUFFERS, (number, bytes, last) =>
      number === 1 && last
        ? store.put(key, bytes, CONTENT, this.ending.signal)
        : this.sendPart(number, bytes),
    );
  }

  write(chunk: Buffer): Promise<void> | undefined {
    this.bytes += chunk.length;
    return this.parts.write(chunk);
  }

  async finish(): Promise<number> {
    await this.parts.finish();
    if (this.upload) await this.complete(await this.upload);
    const there = await this.store.sizeOf(this.key);
    if (there !== this.bytes)
      throw new Error(`${this.store.where} has ${there ?? 0} bytes of the ${this.bytes} that were written`);
    return this.bytes;
  }

  async abort(): Promise<void> {
    this.ending.abort();
    await this.parts.settled();
    try {
      const uploadId = await this.upload;
      if (uploadId !== undefined)
        await this.client.call({
          method: "DELETE",
          what: "giving up an upload",
          key: this.key,
          query: { uploadId },
          alsoFine: [404],
        });
    } catch {
      // The sweep of a later run finds it.
    }
  }

  private async sendPart(number: number, body: Buffer): Promise<void> {
    const uploadId = await (this.upload ??= this.begin());
    const { headers } = await this.client.call({
      method: "PUT",
      what: `writing part ${number}`,
      key: this.key,
      query: { partNumber: String(number), uploadId },
      body,
      signal: this.ending.signal,
    });
    this.etags[number - 1] = headers.etag ?? "";
  }

  private async begin(): Promise<string> {
    const { body } = await this.client.call({
      method: "POST",
      what: "beginning an upload",
      key: this.key,
      query: { uploads: "" },
      headers: { "content-type": CONTENT, ...encryption(this.client.settings) },
    });
    const id = element(body.toString("utf8"), "UploadId");
    if (!id) throw new Error(`${this.store.where} gave no number to an upload`);
    return id;
  }

  private async complete(uploadId: string): Promise<void> {
    const parts = this.etags
      .map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escape(etag)}</ETag></Part>`)
      .join("");
    const body = Buffer.from(
      `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts}</CompleteMultipartUpload>`,
    );
    await this.store.onlyNew(this.key, this.bytes, (condition) =>
      this.client.call({
        method: "POST",
        what: "ending an upload",
        key: this.key,
        query: { uploadId },
        headers: { "content-type": "application/xml", ...condition },
        body,
        endsLate: true,
      }),
    );
  }
}
