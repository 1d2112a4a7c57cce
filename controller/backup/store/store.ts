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
  /** All below `under`, which ends with a slash or is empty; the store's order. */
  list(under: string): Promise<readonly Stored[]>;
  read(key: string): Promise<Readable>;
  readSmall(key: string): Promise<Buffer>;
  writeSmall(key: string, bytes: Buffer): Promise<void>;
  writer(key: string): Promise<Writer>;
  /** Without complaint if it isn't there. */
  remove(key: string): Promise<void>;
  /** Takes away what writers that died left below `under`, if it is older than a day. Tells how many there were. */
  sweep(under: string): Promise<number>;
  /** The store's clock, as of its last answer, if it has one. */
  clockMs(): number | undefined;
  close(): void;
}

/** A manifest has less than a tenth of it. */
export const SMALL_BYTES = 64 * 1024;
export const ABANDONED_MS = 24 * 3600_000;
