/** The part of protocol buffers that reading etcd's log needs. */

/** The bytes are not the expected message, or have a value that etcd never writes. */
export class Unreadable extends Error {}

/** Reads the fields of one message. After each `next`, at most one of the values may be read. */
export class Fields {
  field = 0;
  private wire = 0;
  private low = 0;
  private high = 0;
  private from = 0;
  private position = 0;

  constructor(private readonly bytes: Uint8Array) {}

  next(): boolean {
    if (this.position >= this.bytes.length) return false;
    this.varint();
    if (this.high !== 0) throw new Unreadable("a field number is too large");
    this.field = this.low >>> 3;
    this.wire = this.low & 7;
    if (this.field === 0) throw new Unreadable("a field has no number");
    if (this.wire === 0) this.varint();
    else if (this.wire === 1) this.skip(8);
    else if (this.wire === 5) this.skip(4);
    else if (this.wire === 2) this.length();
    else throw new Unreadable(`a field has the unknown wire type ${this.wire}`);
    return true;
  }

  /** A counter. Raft's terms and indexes count up from 1, so a valid one never exceeds 2^53. */
  count(): number {
    this.expect(0);
    const value = this.high * 0x1_0000_0000 + this.low;
    if (!Number.isSafeInteger(value)) throw new Unreadable("a counter is too large");
    return value;
  }

  uint32(): number {
    this.expect(0);
    return this.low;
  }

  /** An ID. It has 64 bits, so it never becomes a `number`. */
  uint64(): bigint {
    this.expect(0);
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  data(): Uint8Array {
    this.expect(2);
    return this.bytes.subarray(this.from, this.position);
  }

  /** The IDs of a repeated field, which may be packed. */
  ids(): bigint[] {
    if (this.wire === 0) return [this.uint64()];
    const packed = new Fields(this.data());
    const all: bigint[] = [];
    while (packed.position < packed.bytes.length) {
      packed.varint();
      all.push((BigInt(packed.high) << 32n) | BigInt(packed.low));
    }
    return all;
  }

  private expect(wire: number): void {
    if (this.wire !== wire)
      throw new Unreadable(`field ${this.field} has wire type ${this.wire}, not ${wire}`);
  }

  private length(): void {
    this.varint();
    if (this.high !== 0) throw new Unreadable("a field is longer than its message");
    this.skip(this.low);
  }

  private skip(length: number): void {
    this.from = this.position;
    this.position += length;
    if (this.position > this.bytes.length) throw new Unreadable("a field is longer than its message");
  }

  private varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) throw new Unreadable("the message ends within a number");
      if (shift > 63) throw new Unreadable("a number is too long");
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) break;
    }
    this.low = low >>> 0;
    this.high = high >>> 0;
  }
}
