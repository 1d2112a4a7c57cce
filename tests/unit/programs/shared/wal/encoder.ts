import { crc32c } from "../../../../../programs/shared/wal/crc";

/** Writes logs as etcd does, for what real ones are too large or too healthy. */

const varint = (value: bigint | number): number[] => {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
};
const number = (field: number, value: bigint | number) => Buffer.from([field << 3, ...varint(value)]);
const bytes = (field: number, value: Uint8Array) =>
  Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(value.length)]), value]);

export const metadata = (memberId: bigint, clusterId: bigint) =>
  Buffer.concat([number(1, memberId), number(2, clusterId)]);
export const entry = (index: number, term: number, data = Buffer.alloc(0), type = 0) =>
  Buffer.concat([
    number(1, type),
    number(2, term),
    number(3, index),
    ...(data.length ? [bytes(4, data)] : []),
  ]);
export const hardState = (term: number, commit: number, vote = 0n) =>
  Buffer.concat([number(1, term), number(2, vote), number(3, commit)]);
export const snapshot = (index: number, term: number, voters: readonly bigint[] = []) =>
  Buffer.concat([
    number(1, index),
    number(2, term),
    bytes(3, Buffer.concat(voters.map((v) => number(1, v)))),
  ]);
export const change = (type: number, id: bigint, context?: object) =>
  Buffer.concat([
    number(1, 7),
    number(2, type),
    number(3, id),
    ...(context ? [bytes(4, Buffer.from(JSON.stringify(context)))] : []),
  ]);
export const changeV2 = (...changes: readonly (readonly [type: number, id: bigint])[]) =>
  Buffer.concat(changes.map(([type, id]) => bytes(2, Buffer.concat([number(1, type), number(2, id)]))));

export class LogWriter {
  private sum = 0;
  private readonly done: { name: string; records: Buffer[] }[] = [];

  constructor(private readonly head: Buffer) {
    this.cut(0);
  }

  /** A new segment, that begins with the entry of this index. */
  cut(index: number): this {
    const hex = (n: number) => n.toString(16).padStart(16, "0");
    this.done.push({ name: `${hex(this.done.length)}-${hex(index)}.wal`, records: [] });
    return this.frame(Buffer.concat([number(1, 4), number(2, this.sum)])).add(1, this.head);
  }

  metadata = (data: Buffer) => this.add(1, data);
  entry = (...args: Parameters<typeof entry>) => this.add(2, entry(...args));
  state = (...args: Parameters<typeof hardState>) => this.add(3, hardState(...args));
  snapshot = (...args: Parameters<typeof snapshot>) => this.add(5, snapshot(...args));

  add(type: number, data: Buffer): this {
    this.sum = crc32c(this.sum, data);
    return this.frame(Buffer.concat([number(1, type), number(2, this.sum), bytes(3, data)]));
  }

  segments(): { name: string; bytes: Buffer }[] {
    return this.done.map(({ name, records }) => ({ name, bytes: Buffer.concat(records) }));
  }

  private frame(record: Buffer): this {
    const padding = (8 - (record.length % 8)) % 8;
    const head = Buffer.alloc(8);
    head.writeUInt32LE(record.length, 0);
    if (padding) head[7] = 0x80 | padding;
    this.done.at(-1)!.records.push(head, record, Buffer.alloc(padding));
    return this;
  }
}
