/**
 * Decodes the records in a log's segments. As in etcd, an incomplete record is allowed only at the end of the log.
 *
 * Each record follows a head of 8 bytes. The lower 56 bits are its length. The top byte has the number of bytes that
 * pad it to a multiple of 8. Each record has the checksum of all data so far, including its own, over all segments.
 */
import { crc32c } from "./crc";
import type { WalRecord } from "./messages";
import { parseRecord, recordTypes } from "./messages";
import { Unreadable } from "./protobuf";

/** A segment's bytes: a file, or memory in tests. */
export interface Segment {
  readonly name: string;
  readonly size: number;
  /** Fills `into` with the bytes from `at` up to the segment's end. Returns their number. */
  read(into: Uint8Array, at: number): number;
}

/** Thrown for a log that etcd can't read either. */
export class BrokenLog extends Error {}

const FRAME = 8;
const SECTOR = 512;
const WINDOW = 1 << 20;

export class Decoder {
  /** Whether the last segment ends in an incomplete record. */
  torn = false;
  /** The place of the next record, and the checksum that it would continue. */
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
      } else throw new BrokenLog(`${segment.name} ends within the record at ${this.position}`);
    }
  }

  private frame(segment: Segment): WalRecord | "end" | "torn" {
    const head = this.bytes(segment, this.position, FRAME);
    if (head.length === 0) return "end";
    if (head.length < FRAME) return "torn";
    const low = head.readUInt32LE(0);
    const high = head.readUInt32LE(4);
    // Zeros are allocated space that isn't used yet.
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
      // As etcd 3.7 does. 3.5 and 3.6 would drop some of these, although an interrupted write never looks like this.
      throw new BrokenLog(`${where}: this is not a record: ${error.message}`);
    }
    if (record.type === recordTypes.crc) {
      // Each segment begins with the checksum so far. There is none yet if older segments were removed.
      if (this.sum !== 0 && record.crc !== this.sum) {
        throw new BrokenLog(`${where}: the segment doesn't continue the previous one: wrong checksum`);
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

  /** A sector of zeros was never written. */
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

  /** A view of these bytes, shorter at the segment's end. It is valid until the next call. */
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
