import { expect } from "chai";
import fc from "fast-check";
import { DatabaseReader } from "../../../../../programs/shared/etcd/database-reader";
import { Check } from "../../../../../programs/shared/etcd/snapshot";
import { Refusal } from "../../../../../programs/shared/refusal";
import { cases, entries, minors, pieces, snapshot, statusOf } from "../../backup/fixtures";

const trailer = 32;

function check(bytes: Buffer, lengths: readonly number[] = [32768]) {
  const checking = new Check();
  for (const piece of pieces(bytes, lengths)) checking.push(piece);
  return checking.result();
}

describe("a snapshot that streams by", () => {
  for (const minor of minors)
    for (const name of cases)
      it(`is read as etcdutl reads it: etcd ${minor}, ${name}`, () => {
        const bytes = snapshot(minor, name);
        const { revision, totalSize } = statusOf(minor, name);
        const read = check(bytes);
        expect(read).to.deep.equal({
          bytes: totalSize + trailer,
          sha256: bytes.subarray(-trailer).toString("hex"),
          revision,
          keys: entries[name],
        });
      });

  it("is the same whatever the pieces are that it comes in", () => {
    const bytes = snapshot("3.6", "small");
    const whole = check(bytes);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 8 }), (lengths) => {
        expect(check(bytes, lengths)).to.deep.equal(whole);
      }),
      { numRuns: 200 },
    );
  });

  it("with many pages is the same in small pieces as in large ones", () => {
    const bytes = snapshot("3.7", "large");
    const whole = check(bytes);
    for (const lengths of [[1000], [4096], [4095, 4097], [65536, 1], [bytes.length]])
      expect(check(bytes, lengths)).to.deep.equal(whole);
  });

  it("is refused wherever a bit is wrong", () => {
    const bytes = snapshot("3.6", "small");
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: bytes.length - 1 }),
        fc.integer({ min: 0, max: 7 }),
        (at, bit) => {
          const damaged = Buffer.from(bytes);
          damaged[at]! ^= 1 << bit;
          expect(() => check(damaged)).to.throw(Refusal);
        },
      ),
    );
  });

  it("is refused when it ends early, wherever that is", () => {
    const bytes = snapshot("3.5", "small");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        expect(() => check(bytes.subarray(0, length))).to.throw(Refusal);
      }),
    );
  });
});

describe("the pages of a database", () => {
  const database = (name: "small" | "large") => snapshot("3.6", name).subarray(0, -trailer);
  const read = (bytes: Buffer) => {
    const counting = new DatabaseReader();
    counting.push(bytes);
    return counting.result();
  };
  const pageOf = (bytes: Buffer, page: number) => bytes.subarray(page * 4096, (page + 1) * 4096);

  it("are refused when the last ones are missing", () => {
    const bytes = database("large");
    expect(() => read(bytes.subarray(0, -4096))).to.throw(Refusal, "cut short");
  });

  it("are refused when one that counts isn't there", () => {
    const bytes = Buffer.from(database("large"));
    const root = bytes.readUInt32LE(32);
    pageOf(bytes, root).fill(0);
    expect(() => read(bytes)).to.throw(Refusal, `page ${root} is missing`);
  });

  it("are refused when one is reached twice", () => {
    const bytes = Buffer.from(database("large"));
    // The first branch of the largest tree: its second child becomes its first.
    const branch = [...Array(bytes.length / 4096).keys()].find((page) => {
      const head = pageOf(bytes, page);
      return head.readUInt32LE(0) === page && head.readUInt16LE(8) === 1 && head.readUInt16LE(10) > 40;
    });
    const page = pageOf(bytes, branch ?? 0);
    page.copy(page, 16 + 16 + 8, 16 + 8, 16 + 16);
    expect(() => read(bytes)).to.throw(Refusal, "is referenced twice");
  });

  it("don't count when nothing leads to them, whatever they look like", () => {
    const bytes = Buffer.from(database("large"));
    const whole = read(bytes);
    const used = reachable(bytes);
    const free = [...Array(bytes.length / 4096).keys()].filter((page) => page > 1 && !used.has(page));
    expect(free).to.have.length.above(3);
    for (const page of free) {
      const garbage = pageOf(bytes, page).fill(0xff);
      garbage.writeBigUInt64LE(BigInt(page), 0);
      garbage.writeUInt16LE(page % 2 === 0 ? 2 : 1, 8);
      garbage.writeUInt16LE(page % 3 === 0 ? 60_000 : 100, 10);
      garbage.writeUInt32LE(page % 5, 12);
    }
    expect(read(bytes)).to.deep.equal(whole);
  });

  it("of something else are no database", () => {
    expect(() => read(Buffer.alloc(8192, 1))).to.throw(Refusal, "not a database of etcd");
    expect(() => read(Buffer.alloc(10))).to.throw(Refusal, "no first page");
  });
});

/** Pages that the trees of all buckets reach, each with those behind it; in the plainest way there is. */
function reachable(bytes: Buffer): Set<number> {
  const used = new Set<number>();
  const visit = (page: number) => {
    const head = page * 4096;
    const [flags, count] = [bytes.readUInt16LE(head + 8), bytes.readUInt16LE(head + 10)];
    for (let i = 0; i <= bytes.readUInt32LE(head + 12); i++) used.add(page + i);
    for (let i = 0; i < count; i++) {
      const element = head + 16 + i * 16;
      if (flags === 1) visit(Number(bytes.readBigUInt64LE(element + 8)));
      else if (flags === 2 && bytes.readUInt32LE(element) === 1) {
        const value = element + bytes.readUInt32LE(element + 4) + bytes.readUInt32LE(element + 8);
        const root = Number(bytes.readBigUInt64LE(value));
        if (root !== 0) visit(root);
      }
    }
  };
  visit(bytes.readUInt32LE(32));
  used.add(Number(bytes.readBigUInt64LE(16 + 32)));
  return used;
}
