/**
 * Reads what a snapshot holds while it streams by: the revision of its last entry, and how many entries there are.
 *
 * etcd's database is a bbolt file: pages, of which the first two say where the root of the tree is. Only heads are
 * looked at, and of each page no more is remembered than its number of entries, its last key, and its children: some
 * 20 bytes for 4096. Which pages count is known at the end, when the tree is walked from its root. Pages that no tree
 * has any more, and pages that were overwritten while the file was being sent, are reached from nowhere; so what comes
 * out is exact, and a page that is missing or is reached twice is found.
 */
import { Refusal } from "../refusal";

export interface Contents {
  /** Of the last entry; what `etcdutl snapshot status` says. 0 for a store that nothing was ever written to. */
  readonly revision: number;
  /** Entries of the bucket `key`. */
  readonly keys: number;
}

const MAGIC = 0xed0cdaed;
const PAGE_HEAD = 16;
const ELEMENT = 16;
const BRANCH = 0x01;
const LEAF = 0x02;
/** Flag of a leaf's element: a bucket. */
const BUCKET = 0x01;
/** The tree of the largest database is four levels high. */
const DEEPEST = 20;
const LARGEST_PAGE = 65536;
/** In which the first page says how large a page is. */
const FIRST_BYTES = PAGE_HEAD + 64;
/** Of a key of the bucket `key`: eight bytes of revision, an underscore, eight of a count within it. */
const KEY_LENGTH = 17;
/** With a letter behind it where the entry is a deletion. */
const isKey = (length: number): boolean => length === KEY_LENGTH || length === KEY_LENGTH + 1;
/** No request that etcd takes, and so no value, is larger than some megabytes. */
const LARGEST_NODE = 2 ** 28;

interface Bucket {
  readonly root: number;
  /** A small bucket stands in its parent, as a page without a number. */
  readonly inline?: { readonly entries: number; readonly revision: number };
}

interface Awaited {
  readonly from: number;
  readonly key: Buffer;
}

/** Grows as the file does; nobody says before how long it is. */
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

export class Census {
  private pageSize = 0;
  private root = 0;
  private transaction = 0;
  /** Pages that the file has to have. */
  private highWater = 0;
  private page = 0;
  private readonly partial = Buffer.alloc(LARGEST_PAGE);
  private filled = 0;
  /** By page: entries + 1 of a leaf, or 2³¹ and the number of children of a branch; 0 for anything else. */
  private readonly shape = numbers();
  /** By page: a leaf's last revision, a branch's first place in `children`. */
  private readonly more = new Column(new Float64Array(1024), (n) => new Float64Array(n));
  private readonly children = numbers();
  private childCount = 0;
  /** Buckets in a leaf, by page. */
  private readonly buckets = new Map<number, Map<string, Bucket>>();
  /** Last keys that lie behind a value which takes more than a page, by the place in the file where they begin. */
  private readonly awaited = new Map<number, Awaited>();

  /** The chunk isn't kept. */
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
    if (this.pageSize === 0) throw new Refusal("it is no database of etcd's: it has no first page");
    if (this.filled > 0 || this.page < this.highWater)
      throw new Refusal(`the database is cut short: it has ${this.page} of ${this.highWater} pages`);
    const found = this.bucketsBelow(this.root).get("key");
    if (!found) throw new Refusal("the database has no bucket called key");
    if (found.inline) return { revision: found.inline.revision, keys: found.inline.entries };
    const seen = new Uint8Array(this.page);
    const total = { revision: 0, keys: 0 };
    this.walk(found.root, 0, seen, (page, entries) => {
      total.keys += entries;
      if (entries > 0) total.revision = this.more.get(page);
    });
    return total;
  }

  private begin(): void {
    const meta = PAGE_HEAD;
    if (this.partial.readUInt32LE(meta) !== MAGIC) throw new Refusal("it is no database of etcd's");
    const size = this.partial.readUInt32LE(meta + 8);
    if (size < 512 || size > LARGEST_PAGE || (size & (size - 1)) !== 0)
      throw new Refusal(`the database has pages of ${size} bytes`);
    this.pageSize = size;
    this.takeMeta(this.partial);
  }

  /** The first two pages tell in turn, at each commit, where the tree begins. In a file that was closed both are whole. */
  private takeMeta(page: Buffer): void {
    const transaction = number(page, PAGE_HEAD + 48);
    if (transaction < this.transaction) return;
    this.transaction = transaction;
    this.root = number(page, PAGE_HEAD + 16);
    this.highWater = number(page, PAGE_HEAD + 40);
  }

  /** One page's place in the file. The number in its head tells whether a page begins here. */
  private read(bytes: Buffer): void {
    const page = this.page++;
    if (page === 1 && bytes.readUInt32LE(PAGE_HEAD) === MAGIC) this.takeMeta(bytes);
    if (this.awaited.size > 0) this.receive(page, bytes);
    const flags = bytes.readUInt16LE(8);
    const count = bytes.readUInt16LE(10);
    const overflow = bytes.readUInt32LE(12);
    // What lies here may be the middle of a value, which may look like anything: it is never reached then.
    if (number(bytes, 0) !== page || (flags !== BRANCH && flags !== LEAF)) return;
    if (PAGE_HEAD + count * ELEMENT > bytes.length && overflow === 0) return;
    if (flags === LEAF) this.readLeaf(page, bytes, count);
    else this.readBranch(page, bytes, count);
  }

  private readLeaf(page: number, bytes: Buffer, count: number): void {
    const { last, buckets } = leaf(bytes, 0, count);
    this.shape.set(page, count + 1);
    this.more.set(page, 0);
    if (buckets.size > 0) this.buckets.set(page, buckets);
    if (last === undefined || !isKey(last.length) || last.at > LARGEST_NODE) return;
    if (last.at + KEY_LENGTH <= bytes.length) this.more.set(page, revisionOf(bytes, last.at));
    else this.awaited.set(page, { from: page * this.pageSize + last.at, key: Buffer.alloc(KEY_LENGTH) });
    if (last.at < bytes.length) this.receive(page, bytes);
  }

  /** The part of awaited keys that lies in this page. */
  private receive(page: number, bytes: Buffer): void {
    const start = page * this.pageSize;
    for (const [owner, { from, key }] of this.awaited) {
      const skip = Math.max(0, start - from);
      if (from >= start + bytes.length || skip >= KEY_LENGTH) continue;
      bytes.copy(key, skip, from + skip - start);
      if (from + KEY_LENGTH > start + bytes.length) continue;
      this.awaited.delete(owner);
      this.more.set(owner, revisionOf(key, 0));
    }
  }

  private readBranch(page: number, bytes: Buffer, count: number): void {
    if (PAGE_HEAD + count * ELEMENT > bytes.length) return;
    this.shape.set(page, 2 ** 31 + count);
    this.more.set(page, this.childCount);
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
    if (page < 2 || page >= this.page || shape === 0 || depth > DEEPEST)
      throw new Refusal(`the database is damaged: page ${page} is not there`);
    if (seen[page]) throw new Refusal(`the database is damaged: page ${page} is in two places`);
    seen[page] = 1;
    if (shape < 2 ** 31) return visit(page, shape - 1);
    const first = this.more.get(page);
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

/** The page that begins at `from`: where its last key is, which may be in a page behind it, and the buckets in it. */
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
  // The tree's root has buckets only, and nothing else has any.
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
