import type { Readable } from "node:stream";

/** What is in a store, by its key below the prefix. */
export interface Stored {
  readonly key: string;
  readonly bytes: number;
  /** By the store's own clock. */
  readonly modifiedMs: number;
}

/** Takes one object, whose length nobody knows before. Nothing is there until `finish` has said so. */
export interface Writer {
  /**
   * The chunk may be overwritten afterwards. A promise is to be waited for before more is given; a few more chunks are
   * taken all the same. It is rejected with what went wrong.
   */
  write(chunk: Buffer): Promise<void> | undefined;
  /** How many bytes are there now. */
  finish(): Promise<number>;
  /** Leaves nothing. Never throws. */
  abort(): Promise<void>;
}

/** Where backups are kept. Never overwrites. What it throws is a sentence for a person. */
export interface Store {
  /** For people: bucket and endpoint, or the claim. */
  readonly where: string;
  /**
   * All below `under`, which ends with a slash or is empty; in the store's order. Of what isn't wanted nothing is kept in
   * memory: a bucket may hold millions of objects of others.
   */
  list(under: string, wanted?: (key: string) => boolean): Promise<readonly Stored[]>;
  read(key: string): Promise<Readable>;
  /** At most `SMALL_BYTES`. */
  readSmall(key: string): Promise<Buffer>;
  /** The object's length; undefined if it isn't there. Asked for by its name, so no listing can hide it. */
  size(key: string): Promise<number | undefined>;
  writeSmall(key: string, bytes: Buffer): Promise<void>;
  writer(key: string): Promise<Writer>;
  /** Without complaint if it isn't there. */
  remove(key: string): Promise<void>;
  /**
   * Takes away what writers that died left below `under`, if it was abandoned at `nowMs`, a time by the store's own
   * clock. Tells how many there were.
   */
  sweep(under: string, nowMs: number): Promise<number>;
  close(): void;
}

/** A manifest has less than a tenth of it. */
export const SMALL_BYTES = 64 * 1024;
/** Twice the longest that a job may take. */
export const ABANDONED_MS = 48 * 3600_000;
