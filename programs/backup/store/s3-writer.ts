import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Parts } from "./parts";
import type { S3Connection } from "./s3-client";
import { encryption, sum } from "./s3-object";
import type { Condition } from "./s3-object";
import type { Writer } from "./store";

/** Some stores require parts of one size. This is the minimum. The maximum of 10 000 parts makes 48 GiB. */
export const PART_BYTES = 5 * 2 ** 20;
/** One is filled while the others are sent. */
const BUFFERS = 3;
const CONTENT = "application/octet-stream";

interface Target {
  readonly where: string;
  put(key: string, bytes: Buffer, contentType: string, signal?: AbortSignal): Promise<void>;
  sizeOf(key: string): Promise<number | undefined>;
  /** Calls `write` with the precondition under which the store accepts only a new object. */
  onlyNew<T>(key: string, bytes: number, write: (condition: Condition) => Promise<T>): Promise<T | undefined>;
}

/** Writes one object as a multipart upload, or in one request if it is small. */
export class S3Writer implements Writer {
  private readonly parts: Parts;
  private readonly sent: { PartNumber: number; ETag?: string }[] = [];
  private upload: Promise<string> | undefined;
  private bytes = 0;
  private readonly ending = new AbortController();
  private readonly object: { readonly Bucket: string; readonly Key: string };

  constructor(
    private readonly connection: S3Connection,
    private readonly key: string,
    private readonly store: Target,
    partBytes = PART_BYTES,
  ) {
    this.object = { Bucket: connection.settings.bucket, Key: key };
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
      throw new Error(`${this.store.where} has ${there ?? 0} of the ${this.bytes} bytes that were written`);
    return this.bytes;
  }

  async abort(): Promise<void> {
    this.ending.abort();
    await this.parts.settled();
    try {
      const UploadId = await this.upload;
      if (UploadId === undefined) return;
      const upload = { ...this.object, UploadId };
      await this.connection.ask("aborting an upload", (client) =>
        client.send(new AbortMultipartUploadCommand(upload)),
      );
    } catch {
      // A later run's sweep finds it.
    }
  }

  private async sendPart(PartNumber: number, Body: Buffer): Promise<void> {
    const UploadId = await (this.upload ??= this.begin());
    const part = { ...this.object, UploadId, PartNumber, Body, ...sum(Body) };
    const { signal } = this.ending;
    const { ETag } = await this.connection.ask(
      `writing part ${PartNumber}`,
      (client) => client.send(new UploadPartCommand(part), { abortSignal: signal }),
      signal,
    );
    this.sent[PartNumber - 1] = { PartNumber, ETag };
  }

  private async begin(): Promise<string> {
    const object = { ...this.object, ContentType: CONTENT, ...encryption(this.connection.settings) };
    const { UploadId } = await this.connection.ask("starting an upload", (client) =>
      client.send(new CreateMultipartUploadCommand(object)),
    );
    if (!UploadId) throw new Error(`${this.store.where} returned no upload ID`);
    return UploadId;
  }

  private async complete(UploadId: string): Promise<void> {
    const upload = { ...this.object, UploadId, MultipartUpload: { Parts: this.sent } };
    await this.store.onlyNew(this.key, this.bytes, (condition) =>
      this.connection.ask("completing an upload", (client) =>
        client.send(new CompleteMultipartUploadCommand({ ...upload, ...condition })),
      ),
    );
  }
}
