import { createHash } from "node:crypto";
import { DatabaseReader } from "./database-reader";
import type { Contents } from "./database-reader";
import { Refusal } from "../refusal";
import type { EtcdClient } from "./client";
import { Maintenance } from "./rpc_pb";

/** The SHA-256 that etcd sends after the database. The snapshot's file has it too. */
export const TRAILER_BYTES = 32;

const IDLE_MS = 60_000;

export interface Checked extends Contents {
  /** Includes the trailer. */
  readonly bytes: number;
  /** The database's hash: the trailer in hex. */
  readonly sha256: string;
}

/**
 * Checks a snapshot while it is streamed: its trailer has to be the hash of its content, and no page may be missing.
 */
export class Check {
  private readonly hash = createHash("sha256");
  private readonly reader = new DatabaseReader();
  private readonly last = Buffer.alloc(TRAILER_BYTES);
  private held = 0;
  private total = 0;

  /** The check keeps no reference to the chunk. */
  push(chunk: Buffer): void {
    this.total += chunk.length;
    const before = Math.max(0, Math.min(this.held, this.held + chunk.length - TRAILER_BYTES));
    if (before > 0) {
      this.take(this.last.subarray(0, before));
      this.last.copy(this.last, 0, before, this.held);
      this.held -= before;
    }
    const ours = Math.max(0, chunk.length - TRAILER_BYTES);
    if (ours > 0) this.take(chunk.subarray(0, ours));
    chunk.copy(this.last, this.held, ours);
    this.held += chunk.length - ours;
  }

  result(): Checked {
    const sha256 = this.hash.digest("hex");
    if (this.held < TRAILER_BYTES || this.last.toString("hex") !== sha256)
      throw new Refusal("the snapshot doesn't end with the hash of its content: it was damaged or cut short");
    return { bytes: this.total, sha256, ...this.reader.result() };
  }

  private take(part: Buffer): void {
    this.hash.update(part);
    this.reader.push(part);
  }
}

/** Streams a member's snapshot to `write`. If that returns a promise, the stream is paused until it is fulfilled. */
export async function streamSnapshot(
  client: EtcdClient,
  write: (chunk: Buffer) => Promise<void> | undefined,
  signal?: AbortSignal,
): Promise<Checked> {
  const check = new Check();
  await client.stream(
    Maintenance.method.snapshot,
    {},
    {
      idleMs: IDLE_MS,
      signal,
      message: ({ blob }) => {
        const chunk = Buffer.from(blob.buffer, blob.byteOffset, blob.length);
        check.push(chunk);
        return write(chunk);
      },
    },
  );
  return check.result();
}
