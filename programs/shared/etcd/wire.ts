/**
 * Protocol Buffers' wire format, as much as etcd's messages need. A schema is a plain value from which the message's
 * TypeScript type is inferred: no generated code, no file read at run time, and none of the memory of a library that
 * can do all of it.
 *
 * An ID is a decimal string, because it has 64 bits; what counts up from 1 (indexes, revisions, sizes) is a number.
 */

interface Varint<T> {
  readonly type: 0;
  readonly absent: T;
  readonly toWire: (value: T) => bigint;
  readonly fromWire: (bits: bigint) => T;
}
interface Bytes<T> {
  readonly type: 2;
  readonly absent: T;
  readonly toWire: (value: T) => Uint8Array;
  readonly fromWire: (bytes: Uint8Array) => T;
}
type Encoding<T> = Varint<T> | Bytes<T>;

export interface Field<T> {
  readonly number: number;
  readonly repeated: boolean;
  readonly absent: T;
  /** Of one element, if it is repeated. */
  readonly encoding: Encoding<never>;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
export type Infer<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };
/** What a `Message` holds. */
export type Content<M> = M extends Message<infer T> ? T : never;

export interface Message<T> {
  readonly encode: (value: Partial<T>) => Buffer;
  readonly decode: (bytes: Uint8Array) => T;
}

const field = <T>(number: number, encoding: Encoding<T>): Field<T> => ({
  number,
  repeated: false,
  absent: encoding.absent,
  encoding: encoding as unknown as Encoding<never>,
});

const varint = <T>(absent: T, toWire: (v: T) => bigint, fromWire: (bits: bigint) => T): Varint<T> => ({
  type: 0,
  absent,
  toWire,
  fromWire,
});

export const id = (number: number): Field<string> =>
  field(
    number,
    varint("0", (value) => BigInt.asUintN(64, BigInt(value)), String),
  );

export const count = (number: number): Field<number> =>
  field(
    number,
    varint(
      0,
      (value) => BigInt.asUintN(64, BigInt(value)),
      (bits) => Number(BigInt.asIntN(64, bits)),
    ),
  );

export const bool = (number: number): Field<boolean> =>
  field(
    number,
    varint(
      false,
      (value) => (value ? 1n : 0n),
      (bits) => bits !== 0n,
    ),
  );

/** `names[i]` is the value i. A value that is not known reads as the first one. */
export const choice = <const N extends readonly [string, ...string[]]>(
  number: number,
  names: N,
): Field<N[number]> =>
  field<N[number]>(
    number,
    varint(
      names[0] as N[number],
      (value) => BigInt(names.indexOf(value)),
      (bits) => names[Number(bits)] ?? names[0],
    ),
  );

export const text = (number: number): Field<string> =>
  field(number, {
    type: 2,
    absent: "",
    toWire: (value) => Buffer.from(value, "utf8"),
    fromWire: (bytes) => Buffer.from(bytes).toString("utf8"),
  });

/** A part of the message that is read, and no copy of it. */
export const bytes = (number: number): Field<Uint8Array> =>
  field<Uint8Array>(number, {
    type: 2,
    absent: new Uint8Array(),
    toWire: (value) => value,
    fromWire: (value) => value,
  });

export const nested = <T>(number: number, inner: Message<T>): Field<T | undefined> =>
  field<T | undefined>(number, {
    type: 2,
    absent: undefined,
    toWire: (value) => inner.encode(value ?? {}),
    fromWire: (bytes) => inner.decode(bytes),
  });

export const list = <T>(of: Field<T>): Field<readonly NonNullable<T>[]> => ({
  number: of.number,
  repeated: true,
  absent: [],
  encoding: of.encoding,
});

export function message<F extends Fields>(fields: F): Message<Infer<F>> {
  const byNumber = new Map(Object.entries(fields).map(([name, f]) => [f.number, { name, ...f }]));
  return {
    encode: (value) => {
      const parts: Uint8Array[] = [];
      for (const { name, number, repeated, absent, encoding } of byNumber.values()) {
        const own = value[name as keyof typeof value];
        if (own === undefined || own === absent) continue;
        for (const element of (repeated ? own : [own]) as never[]) {
          parts.push(writeVarint(BigInt(number * 8 + encoding.type)));
          if (encoding.type === 0) parts.push(writeVarint(encoding.toWire(element)));
          else {
            const bytes = encoding.toWire(element);
            parts.push(writeVarint(BigInt(bytes.length)), bytes);
          }
        }
      }
      return Buffer.concat(parts);
    },
    decode: (bytes) => {
      const result: Record<string, unknown> = {};
      for (const { name, absent, repeated } of byNumber.values()) result[name] = repeated ? [] : absent;
      for (const { number, type, value } of read(bytes)) {
        const known = byNumber.get(number);
        if (!known || known.encoding.type !== type) continue;
        const decoded: unknown = known.encoding.fromWire(value as never);
        if (known.repeated) (result[known.name] as unknown[]).push(decoded);
        else result[known.name] = decoded;
      }
      return result as Infer<F>;
    },
  };
}

function writeVarint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest < 0x80n) {
      bytes.push(low);
      return Uint8Array.from(bytes);
    }
    bytes.push(low | 0x80);
  }
}

function* read(
  bytes: Uint8Array,
): Generator<{ readonly number: number; readonly type: number; readonly value: bigint | Uint8Array }> {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new Error("a message is cut short");
    return bytes.subarray(at, (at += length));
  };
  const varint = (): bigint => {
    for (let value = 0n, shift = 0n; shift < 70n; shift += 7n) {
      const byte = take(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error("a number is longer than 64 bits");
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const [number, type] = [key >> 3, key & 7];
    if (type === 0) yield { number, type, value: varint() };
    else if (type === 2) yield { number, type, value: take(Number(varint())) };
    else if (type === 1) take(8);
    else if (type === 5) take(4);
    else throw new Error(`wire type ${type} is not known`);
  }
}
