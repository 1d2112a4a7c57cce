import type { Readable } from "node:stream";

export interface Stored {
  /** Without the store's prefix. */
  readonly key: string;
  readonly bytes: number;
  /** By the store's own clock. */
  readonly modifiedMs: number;
}

/** Writes one object of unknown length. The object exists only once `finish` has returned. */
export interface Writer {
  /**
   * Copies the chunk, so the caller may reuse it. If a promise is returned, the caller waits for it before the next
   * chunk. A few chunks more are accepted all the same. The promise is rejected if the write failed.
   */
  write(chunk: Buffer): Promise<void> | undefined;
  /** Returns the number of bytes stored. */
  finish(): Promise<number>;
  /** Removes what was written. Never throws. */
  abort(): Promise<void>;
}

/** Where backups are kept. It never overwrites. Its errors have messages for people. */
export interface Store {
  /** For people: bucket and endpoint, or the volume. */
  readonly where: string;
  /**
   * All objects below `under`, in the store's order. `under` ends with a slash or is empty. Objects that aren't wanted
   * take no memory: a bucket may hold millions of other objects.
   */
  list(under: string, wanted?: (key: string) => boolean): Promise<readonly Stored[]>;
  read(key: string): Promise<Readable>;
  /** At most `SMALL_BYTES`. */
  readSmall(key: string): Promise<Buffer>;
  /** The object's length; undefined if there is no such object. Doesn't depend on a listing, which may be stale. */
  size(key: string): Promise<number | undefined>;
  writeSmall(key: string, bytes: Buffer): Promise<void>;
  writer(key: string): Promise<Writer>;
  /** Succeeds if there is no such object. */
  remove(key: string): Promise<void>;
  /**
   * Removes what crashed writers left below `under`, if it was abandoned at `nowMs`, a time by the store's own clock.
   * Returns the number of removed objects.
   */
  sweep(under: string, nowMs: number): Promise<number>;
  close(): void;
}

/** A manifest has less than a tenth of this. */
export const SMALL_BYTES = 64 * 1024;
/** Twice the maximum duration of a job. */
export const ABANDONED_MS = 48 * 3600_000;
