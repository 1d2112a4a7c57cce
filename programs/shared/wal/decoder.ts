/**
 * Records out of the segments of a log, with what etcd accepts at its end and nowhere else.
 *
 * A record stands behind 8 bytes: its length in the lower 56 bits, the number of bytes that fill it up to a multiple
 * of 8 in the uppermost. Each carries the checksum of all data up to and with its own, over all segments.
 */
import { crc32c } from "./crc";
import type { WalRecord } from "./messages";
import { parseRecord, recordTypes } from "./messages";
import { Unreadable } from "./protobuf";

/** A segment's bytes: a file, or a part of memory in tests. */
export interface Segment {
  readonly name: string;
  readonly size: number;
  /** Fills `into` from `at` on as far as the segment goes, and says how far that was. */
  read(into: Uint8Array, at: number): number;
}

/** Thrown for what etcd doesn't read, either. */
export class BrokenLog extends Error {}

const FRAME = 8;
const SECTOR = 512;
const WINDOW = 1 << 20;

export class Decoder {
  /** Whether the last segment ends in a record that was not written to its end. */
  torn = false;
  /** Where the next record would be written, and what its checksum would go on from. */
  tail = { segment: "", position: 0, sum: 0 };
  private segment = -1;
  private position = 0;
  private sum = 0;
  private window = Buffer.alloc(0);
  private windowAt = 0;
  private windowEnd = 0;

  constructor(private readonly segments: readonly Segment[]) {
    this.nextSegment();
  }

  /** Undefined at the end of the last segment. */
  next(): WalRecord | undefined {
    for (;;) {
      const segment = this.segments[this.segment];
      if (!segment) return undefined;
      const found = this.frame(segment);
      if (typeof found === "string" && this.isLast()) {
        this.tail = { segment: segment.name, position: this.position, sum: this.sum };
      }
      if (found === "end") this.nextSegment();
      else if (found !== "torn") return found;
      else if (this.isLast()) {
        this.torn = true;
        this.segment = this.segments.length;
      } else throw new BrokenLog(`${segment.name} ends within a record, at ${this.position}`);
    }
  }

  private frame(segment: Segment): WalRecord | "end" | "torn" {
    const head = this.bytes(segment, this.position, FRAME);
    if (head.length === 0) return "end";
    if (head.length < FRAME) return "torn";
    const low = head.readUInt32LE(0);
    const high = head.readUInt32LE(4);
    // Space that was allocated and not used yet.
    if (low === 0 && high === 0) return "end";
    const padding = high >>> 31 ? (high >>> 24) & 7 : 0;
    const length = (high & 0xff_ffff) * 0x1_0000_0000 + low;
    if (length > segment.size - this.position - padding) return "torn";
    const whole = this.bytes(segment, this.position + FRAME, length + padding);
    if (whole.length < length + padding) return "torn";
    const record = this.check(segment, whole, length);
    if (record !== "torn") this.position += FRAME + length + padding;
    return record;
  }

  private check(segment: Segment, whole: Buffer, length: number): WalRecord | "torn" {
    const where = `${segment.name} at ${this.position}`;
    let record: WalRecord;
    try {
      record = parseRecord(whole.subarray(0, length));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      if (this.isTorn(whole)) return "torn";
      // As 3.7 does. 3.5 and 3.6 would cut off some of these, too, although no write that was torn looks so.
      throw new BrokenLog(`${where}: not a record: ${error.message}`);
    }
    if (record.type === recordTypes.crc) {
      // The sum so far, again at the head of each segment. There is none yet when older segments were removed.
      if (this.sum !== 0 && record.crc !== this.sum) {
        throw new BrokenLog(`${where}: it doesn't continue the segment before it`);
      }
      this.sum = record.crc;
      return record;
    }
    const sum = crc32c(this.sum, record.data);
    if (record.crc !== sum) {
      if (this.isTorn(whole)) return "torn";
      throw new BrokenLog(`${where}: wrong checksum`);
    }
    this.sum = sum;
    return record;
  }

  /** A sector that holds nothing but zeros was never written. */
  private isTorn(whole: Buffer): boolean {
    if (!this.isLast()) return false;
    const offset = this.position + FRAME;
    for (let from = 0; from < whole.length;) {
      const to = Math.min(from + SECTOR - ((offset + from) % SECTOR), whole.length);
      if (whole.subarray(from, to).every((byte) => byte === 0)) return true;
      from = to;
    }
    return false;
  }

  private isLast(): boolean {
    return this.segment === this.segments.length - 1;
  }

  private nextSegment(): void {
    this.segment++;
    this.position = 0;
    this.windowAt = 0;
    this.windowEnd = 0;
  }

  /** A view of these bytes, shorter where the segment ends; good until the next one is asked for. */
  private bytes(segment: Segment, at: number, length: number): Buffer {
    if (at + length > this.windowEnd) {
      const wanted = Math.min(Math.max(length, WINDOW), segment.size - at);
      if (wanted > this.window.length) this.window = Buffer.allocUnsafe(wanted);
      this.windowAt = at;
      this.windowEnd = at + segment.read(this.window.subarray(0, wanted), at);
    }
    const from = at - this.windowAt;
    return this.window.subarray(from, from + Math.max(0, Math.min(length, this.windowEnd - at)));
  }
}
