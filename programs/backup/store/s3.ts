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
import { responseOf } from "./s3-response";
import type { S3Connection } from "./s3-client";
import { pages } from "./s3-list";
import type { From, ListAnswer } from "./s3-list";
import { encryption, sum } from "./s3-object";
import type { Condition } from "./s3-object";
import { S3Error } from "./s3-errors";
import { S3Writer } from "./s3-writer";
import { ABANDONED_MS, SMALL_BYTES } from "./store";
import type { Store, Stored, Writer } from "./store";

/** A bucket of any store with the S3 API. */
export class S3Store implements Store {
  readonly where: string;
  private readonly root: string;
  private readonly bucket: { readonly Bucket: string };
  /** Whether the store supports conditional writes. The first write finds out. */
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
      // Not every store implements it.
      unless([400, 403, 404, 405, 501], client.send(new ListMultipartUploadsCommand(prefix))),
    );
    let swept = 0;
    for (const { Key: key = "", UploadId, Initiated } of listed?.Uploads ?? []) {
      // Only uploads of this program, and only if no job can still be writing them.
      if (!key.startsWith(this.root) || parseKey(key.slice(this.root.length))?.kind !== "data") continue;
      if (!(nowMs - (Initiated?.getTime() ?? NaN) >= ABANDONED_MS)) continue;
      const upload = { ...this.object(key), UploadId };
      await this.connection.ask("aborting an upload", (client) =>
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

  /** `key` includes the prefix. */
  async put(key: string, bytes: Buffer, contentType: string, signal?: AbortSignal): Promise<void> {
    const { settings } = this.connection;
    const attributes = { ContentType: contentType, ...sum(bytes), ...encryption(settings) };
    await this.onlyNew(key, bytes.length, (condition) => {
      const object = { ...this.object(key), Body: bytes, ...attributes, ...condition };
      return this.connection.ask(
        `writing ${key}`,
        (client) => client.send(new PutObjectCommand(object), { abortSignal: signal }),
        signal,
      );
    });
  }

  /** Never overwrites. If the response to an earlier attempt was lost, the object may be there already. */
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
      // Names are unique, so an object with this name and length is the one that the earlier attempt wrote.
      if (error.retried && (await this.sizeOf(key)) === bytes) return undefined;
      throw error.status === 412 ? taken(key) : error;
    }
  }

  /** `key` includes the prefix. Undefined if there is no such object. */
  async sizeOf(key: string): Promise<number | undefined> {
    const found = await this.connection.ask(`looking for ${key}`, (client) =>
      unless([404], client.send(new HeadObjectCommand(this.object(key)))),
    );
    return found && (found.ContentLength ?? NaN);
  }

  private object(key: string): { readonly Bucket: string; readonly Key: string } {
    return { ...this.bucket, Key: key };
  }

  /** An error while `read` reads is retried. A later one is an error of the stream. */
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
      // A store without tokens may know either `start-after` or `marker`. It ignores the other.
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
    if (statuses.includes(responseOf(error)?.status ?? 0)) return undefined;
    throw error;
  });

const taken = (key: string) => new Refusal(`${key} already exists and is never overwritten`);
