/**
 * Reads the revision of the last entry and the number of entries from a snapshot while it is streamed.
 *
 * etcd's database is a bbolt file. It consists of pages, and the first two have the number of the tree's root page. The
 * reader looks only at the head of each page. It remembers the number of entries, the last key and the children: about
 * 20 bytes per 4096. At the end it walks the tree from its root, which shows which pages count. Unused pages, and pages
 * that were overwritten while the file was sent, are reached from nowhere. So the result is exact, and the walk finds a
 * page that is missing or is reached twice.
 */
import { Refusal } from "../refusal";

export interface Contents {
  /** Revision of the last entry, as in `etcdutl snapshot status`. 0 for a store to which no client has ever written. */
  readonly revision: number;
  /** Number of entries in the bucket `key`. */
  readonly keys: number;
}

const MAGIC = 0xed0cdaed;
const PAGE_HEAD = 16;
const ELEMENT = 16;
const BRANCH = 0x01;
const LEAF = 0x02;
/** Flag of a leaf's element that is a bucket. */
const BUCKET = 0x01;
/** A limit against loops. The tree of the largest database has four levels. */
const MAX_DEPTH = 20;
const LARGEST_PAGE = 65536;
/** The part of the first page that has the page size. */
const FIRST_BYTES = PAGE_HEAD + 64;
/** A key of the bucket `key`: eight bytes of main revision, an underscore, eight bytes of sub-revision. */
const KEY_LENGTH = 17;
/** A deletion has one more letter at its end. */
const isKey = (length: number): boolean => length === KEY_LENGTH || length === KEY_LENGTH + 1;
/** etcd limits requests, and therefore values, to some megabytes. So a larger offset is damage. */
const LARGEST_NODE = 2 ** 28;

interface Bucket {
  readonly root: number;
  /** A small bucket is stored within its parent, as a page without a number. */
  readonly inline?: { readonly entries: number; readonly revision: number };
}

interface PendingKey {
  readonly from: number;
  readonly key: Buffer;
}

/** An array that grows with the file, whose length isn't known in advance. */
class Column<T extends Uint32Array | Float64Array> {
  constructor(
    private values: T,
    private readonly make: (length: number) => T,
  ) {}
  get(index: number): number {
    return this.values[index] ?? 0;
  }
  set(index: number, value: number): void {
    if (index >= this.values.length) {
      const larger = this.make(Math.max(index + 1, Math.ceil(this.values.length * 1.5)));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[index] = value;
  }
}
const numbers = () => new Column(new Uint32Array(1024), (n) => new Uint32Array(n));

export class DatabaseReader {
  private pageSize = 0;
  private root = 0;
  private transaction = 0;
  /** The number of pages that the file has to have. */
  private highWater = 0;
  private page = 0;
  private readonly partial = Buffer.alloc(LARGEST_PAGE);
  private filled = 0;
  /** By page: a leaf's number of entries + 1, or a branch's number of children + 2³¹. 0 for anything else. */
  private readonly shape = numbers();
  /** By page: a leaf's last revision, or a branch's first index in `children`. */
  private readonly detail = new Column(new Float64Array(1024), (n) => new Float64Array(n));
  private readonly children = numbers();
  private childCount = 0;
  /** The buckets of each leaf, by page. */
  private readonly buckets = new Map<number, Map<string, Bucket>>();
  /** Last keys that lie in a later page, by the page that they belong to. `from`: their offset in the file. */
  private readonly pending = new Map<number, PendingKey>();

  /** The reader keeps no reference to the chunk. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.filled === 0 && this.pageSize && chunk.length - at >= this.pageSize) {
        this.read(chunk.subarray(at, at + this.pageSize));
        at += this.pageSize;
        continue;
      }
      const size = this.pageSize || FIRST_BYTES;
      const taken = chunk.copy(this.partial, this.filled, at, at + size - this.filled);
      this.filled += taken;
      at += taken;
      if (this.filled < size) return;
      if (this.pageSize === 0) this.begin();
      else {
        this.read(this.partial.subarray(0, size));
        this.filled = 0;
      }
    }
  }

  result(): Contents {
    if (this.pageSize === 0) throw new Refusal("it is not a database of etcd: it has no first page");
    if (this.filled > 0 || this.page < this.highWater)
      throw new Refusal(`the database is cut short: it has ${this.page} of ${this.highWater} pages`);
    const found = this.bucketsBelow(this.root).get("key");
    if (!found) throw new Refusal("the database has no bucket called key");
    if (found.inline) return { revision: found.inline.revision, keys: found.inline.entries };
    const seen = new Uint8Array(this.page);
    const total = { revision: 0, keys: 0 };
    this.walk(found.root, 0, seen, (page, entries) => {
      total.keys += entries;
      if (entries > 0) total.revision = this.detail.get(page);
    });
    return total;
  }

  private begin(): void {
    const meta = PAGE_HEAD;
    if (this.partial.readUInt32LE(meta) !== MAGIC) throw new Refusal("it is not a database of etcd");
    const size = this.partial.readUInt32LE(meta + 8);
    if (size < 512 || size > LARGEST_PAGE || (size & (size - 1)) !== 0)
      throw new Refusal(`the database is damaged: its page size is ${size} bytes`);
    this.pageSize = size;
    this.takeMeta(this.partial);
  }

  /** Each commit writes the root's number to one of the first two pages, in turn. Both are valid in a closed file. */
  private takeMeta(page: Buffer): void {
    const transaction = number(page, PAGE_HEAD + 48);
    if (transaction < this.transaction) return;
    this.transaction = transaction;
    this.root = number(page, PAGE_HEAD + 16);
    this.highWater = number(page, PAGE_HEAD + 40);
  }

  /** Reads one page-sized block. The number in its head shows whether a page begins here. */
  private read(bytes: Buffer): void {
    const page = this.page++;
    if (page === 1 && bytes.readUInt32LE(PAGE_HEAD) === MAGIC) this.takeMeta(bytes);
    if (this.pending.size > 0) this.completeKeys(page, bytes);
    const flags = bytes.readUInt16LE(8);
    const count = bytes.readUInt16LE(10);
    const overflow = bytes.readUInt32LE(12);
    // This block may be the middle of a value and look like a page. The walk never reaches it then.
    if (number(bytes, 0) !== page || (flags !== BRANCH && flags !== LEAF)) return;
    if (PAGE_HEAD + count * ELEMENT > bytes.length && overflow === 0) return;
    if (flags === LEAF) this.readLeaf(page, bytes, count);
    else this.readBranch(page, bytes, count);
  }

  private readLeaf(page: number, bytes: Buffer, count: number): void {
    const { last, buckets } = leaf(bytes, 0, count);
    this.shape.set(page, count + 1);
    this.detail.set(page, 0);
    if (buckets.size > 0) this.buckets.set(page, buckets);
    if (last === undefined || !isKey(last.length) || last.at > LARGEST_NODE) return;
    if (last.at + KEY_LENGTH <= bytes.length) this.detail.set(page, revisionOf(bytes, last.at));
    else this.pending.set(page, { from: page * this.pageSize + last.at, key: Buffer.alloc(KEY_LENGTH) });
    if (last.at < bytes.length) this.completeKeys(page, bytes);
  }

  /** Copies the parts of pending keys that lie in this page. */
  private completeKeys(page: number, bytes: Buffer): void {
    const start = page * this.pageSize;
    for (const [owner, { from, key }] of this.pending) {
      const skip = Math.max(0, start - from);
      if (from >= start + bytes.length || skip >= KEY_LENGTH) continue;
      bytes.copy(key, skip, from + skip - start);
      if (from + KEY_LENGTH > start + bytes.length) continue;
      this.pending.delete(owner);
      this.detail.set(owner, revisionOf(key, 0));
    }
  }

  private readBranch(page: number, bytes: Buffer, count: number): void {
    if (PAGE_HEAD + count * ELEMENT > bytes.length) return;
    this.shape.set(page, 2 ** 31 + count);
    this.detail.set(page, this.childCount);
    for (let i = 0; i < count; i++)
      this.children.set(this.childCount++, number(bytes, PAGE_HEAD + i * ELEMENT + 8) % 2 ** 32);
  }

  private bucketsBelow(root: number): ReadonlyMap<string, Bucket> {
    const all = new Map<string, Bucket>();
    this.walk(root, 0, new Uint8Array(this.page), (page) => {
      for (const [name, bucket] of this.buckets.get(page) ?? []) all.set(name, bucket);
    });
    return all;
  }

  private walk(
    page: number,
    depth: number,
    seen: Uint8Array,
    visit: (page: number, entries: number) => void,
  ): void {
    const shape = this.shape.get(page);
    if (page < 2 || page >= this.page || shape === 0 || depth > MAX_DEPTH)
      throw new Refusal(`the database is damaged: page ${page} is missing`);
    if (seen[page]) throw new Refusal(`the database is damaged: page ${page} is referenced twice`);
    seen[page] = 1;
    if (shape < 2 ** 31) return visit(page, shape - 1);
    const first = this.detail.get(page);
    for (let i = 0; i < shape - 2 ** 31; i++) this.walk(this.children.get(first + i), depth + 1, seen, visit);
  }
}

function number(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

function revisionOf(bytes: Buffer, at: number): number {
  return bytes[at + 8] === 0x5f ? bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4) : 0;
}

interface Place {
  readonly at: number;
  readonly length: number;
}

/** Reads the leaf at `from`: its buckets, and the place of its last key, which may be in a later page. */
function leaf(
  bytes: Buffer,
  from: number,
  count: number,
): { readonly last?: Place; readonly buckets: Map<string, Bucket> } {
  const buckets = new Map<string, Bucket>();
  const element = (i: number) => {
    const head = from + PAGE_HEAD + i * ELEMENT;
    if (head + ELEMENT > bytes.length) return undefined;
    const isBucket = (bytes.readUInt32LE(head) & BUCKET) !== 0;
    return { isBucket, at: head + bytes.readUInt32LE(head + 4), length: bytes.readUInt32LE(head + 8) };
  };
  // Only the leaves of the root tree have buckets, and they have nothing else.
  for (let i = 0; i < count; i++) {
    const e = element(i);
    const value = e ? e.at + e.length : 0;
    if (!e?.isBucket || value + 16 > bytes.length) break;
    const name = bytes.toString("latin1", e.at, value);
    const root = number(bytes, value);
    if (root !== 0) buckets.set(name, { root });
    else if (value + 16 + PAGE_HEAD <= bytes.length) {
      const entries = bytes.readUInt16LE(value + 16 + 10);
      const { last } = leaf(bytes, value + 16, entries);
      const whole = last !== undefined && isKey(last.length) && last.at + KEY_LENGTH <= bytes.length;
      buckets.set(name, { root, inline: { entries, revision: whole ? revisionOf(bytes, last.at) : 0 } });
    }
  }
  return { last: count > 0 ? element(count - 1) : undefined, buckets };
}
