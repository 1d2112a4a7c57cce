import type { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { parseKey } from "../../shared/backups/manifest";
import { NotThere, Refusal, Unreadable } from "../../shared/refusal";
import { answerOf } from "./answer";
import type { S3Connection } from "./s3-client";
import { pages } from "./s3-list";
import type { From, ListAnswer } from "./s3-list";
import { encryption, sum } from "./s3-object";
import type { Condition } from "./s3-object";
import { S3Error } from "./s3-words";
import { S3Writer } from "./s3-writer";
import { ABANDONED_MS, SMALL_BYTES } from "./store";
import type { Store, Stored, Writer } from "./store";

/** Anything that speaks S3. */
export class S3Store implements Store {
  readonly where: string;
  private readonly root: string;
  private readonly bucket: { readonly Bucket: string };
  /** Whether the store knows how to refuse to overwrite; found out by asking. */
  private conditional = true;

  constructor(private readonly connection: S3Connection) {
    const { bucket, prefix, endpoint } = connection.settings;
    this.bucket = { Bucket: bucket };
    this.root = prefix === "" ? "" : `${prefix}/`;
    this.where = `s3://${bucket}/${prefix} at ${endpoint}`;
  }

  async list(under: string, wanted: (key: string) => boolean = () => true): Promise<readonly Stored[]> {
    const found: Stored[] = [];
    const prefix = this.root + under;
    for await (const page of pages((from) => this.page(prefix, from), this.where))
      for (const stored of page) {
        const key = stored.key.slice(this.root.length);
        if (stored.key.startsWith(prefix) && wanted(key)) found.push({ ...stored, key });
      }
    return found;
  }

  read(key: string): Promise<Readable> {
    return this.get(key, (body) => Promise.resolve(body));
  }

  readSmall(key: string): Promise<Buffer> {
    return this.get(key, async (body) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > SMALL_BYTES) throw new Unreadable(`${key} is too large for what it should be`);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    });
  }

  async writeSmall(key: string, bytes: Buffer): Promise<void> {
    await this.put(this.root + key, bytes, "application/json");
  }

  writer(key: string): Promise<Writer> {
    return Promise.resolve(new S3Writer(this.connection, this.root + key, this));
  }

  async remove(key: string): Promise<void> {
    await this.connection.ask(`deleting ${key}`, (client) =>
      unless([404], client.send(new DeleteObjectCommand(this.object(this.root + key)))),
    );
  }

  async sweep(under: string, nowMs: number): Promise<number> {
    const prefix = { ...this.bucket, Prefix: this.root + under };
    const listed = await this.connection.ask("listing uploads", (client) =>
      // Not every store has it.
      unless([400, 403, 404, 405, 501], client.send(new ListMultipartUploadsCommand(prefix))),
    );
    let swept = 0;
    for (const { Key: key = "", UploadId, Initiated } of listed?.Uploads ?? []) {
      // Only what is of our making, and surely not being written any more.
      if (!key.startsWith(this.root) || parseKey(key.slice(this.root.length))?.kind !== "data") continue;
      if (!(nowMs - (Initiated?.getTime() ?? NaN) >= ABANDONED_MS)) continue;
      const upload = { ...this.object(key), UploadId };
      await this.connection.ask("giving up an upload", (client) =>
        unless([404], client.send(new AbortMultipartUploadCommand(upload))),
      );
      swept += 1;
    }
    return swept;
  }

  size(key: string): Promise<number | undefined> {
    return this.sizeOf(this.root + key);
  }

  close(): void {
    this.connection.close();
  }

  /** For the writer as well. `key` is a full one. */
  async put(key: string, bytes: Buffer, contentType: string, signal?: AbortSignal): Promise<void> {
    const { settings } = this.connection;
    const said = { ContentType: contentType, ...sum(bytes), ...encryption(settings) };
    await this.onlyNew(key, bytes.length, (condition) => {
      const object = { ...this.object(key), Body: bytes, ...said, ...condition };
      return this.connection.ask(
        `writing ${key}`,
        (client) => client.send(new PutObjectCommand(object), { abortSignal: signal }),
        signal,
      );
    });
  }

  /** Writes under a name that must not be there yet. An answer that was lost may have been a success. */
  async onlyNew<T>(
    key: string,
    bytes: number,
    write: (condition: Condition) => Promise<T>,
  ): Promise<T | undefined> {
    if (!this.conditional && (await this.sizeOf(key)) !== undefined) throw taken(key);
    try {
      return await write(this.conditional ? { IfNoneMatch: "*" } : {});
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
    const found = await this.connection.ask(`looking for ${key}`, (client) =>
      unless([404], client.send(new HeadObjectCommand(this.object(key)))),
    );
    return found && (found.ContentLength ?? NaN);
  }

  private object(key: string): { readonly Bucket: string; readonly Key: string } {
    return { ...this.bucket, Key: key };
  }

  /** What breaks while `read` reads is tried again; what breaks later is an error of the stream. */
  private async get<T>(key: string, read: (body: Readable) => Promise<T>): Promise<T> {
    try {
      return await this.connection.ask(`reading ${key}`, async (client) => {
        const { Body } = await client.send(new GetObjectCommand(this.object(this.root + key)));
        return read(Body as Readable);
      });
    } catch (error) {
      if (error instanceof S3Error && error.status === 404)
        throw new NotThere(`${key} is not in ${this.where}`);
      throw error;
    }
  }

  private page(prefix: string, { token, after }: From): Promise<ListAnswer> {
    const asked = {
      ...this.bucket,
      Prefix: prefix,
      EncodingType: "url" as const,
      ContinuationToken: token,
      StartAfter: after,
    };
    return this.connection.ask("listing", (client) => {
      const command = new ListObjectsV2Command(asked);
      // Which of the two a store knows that gives no token, it doesn't say; the other one it ignores.
      if (after !== undefined)
        command.middlewareStack.add(
          (next) => (args) => {
            (args.request as { readonly query: Record<string, string> }).query.marker = after;
            return next(args);
          },
          { name: "marker", step: "build" },
        );
      return client.send(command);
    });
  }
}

/** Undefined where the store answers with one of these statuses. */
const unless = <T>(statuses: readonly number[], work: Promise<T>): Promise<T | undefined> =>
  work.catch((error: unknown) => {
    if (statuses.includes(answerOf(error)?.status ?? 0)) return undefined;
    throw error;
  });

const taken = (key: string) => new Refusal(`${key} is there already, and is never overwritten`);
