import { createHash } from "node:crypto";
import { Census } from "./census";
import type { Contents } from "./census";
import { Refusal } from "../refusal";
import type { EtcdClient } from "./client";
import { Maintenance } from "./rpc_pb";

/** The hash that etcd sends after the database, in the file as well. */
export const TRAILER_BYTES = 32;

const IDLE_MS = 60_000;

export interface Checked extends Contents {
  /** With the trailer. */
  readonly bytes: number;
  /** Of the database, which is the trailer in hex. */
  readonly sha256: string;
}

/** Checks a snapshot while it passes: that its end is the hash of what came before, and that its pages are whole. */
export class Check {
  private readonly hash = createHash("sha256");
  private readonly census = new Census();
  private readonly last = Buffer.alloc(TRAILER_BYTES);
  private held = 0;
  private total = 0;

  /** The chunk isn't kept. */
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
      throw new Refusal(
        "the snapshot doesn't end with the hash of what is in it: it was damaged or cut short",
      );
    return { bytes: this.total, sha256, ...this.census.result() };
  }

  private take(part: Buffer): void {
    this.hash.update(part);
    this.census.push(part);
  }
}

/** Streams a member's snapshot to `write`, which may hold it by a promise. */
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
