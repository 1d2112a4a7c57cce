import { expect } from "chai";
import { createHash } from "node:crypto";
import {
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lineOf, parseLine } from "../../../../programs/shared/archive/format";
import { receiveDirectory } from "../../../../programs/shared/archive/receive";
import { directoryStream, directorySum } from "../../../../programs/shared/archive/send";

/** What is imported of it is looked up at each call. */
const files = createRequire(__filename)("node:fs") as { fsyncSync: (fd: number) => void };

describe("a directory as a stream", () => {
  let folder: string;
  let from: string;
  let to: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "transfer-"));
    from = join(folder, "from");
    to = join(folder, "to");
    mkdirSync(join(from, "wal"), { recursive: true });
    mkdirSync(join(from, "snap"));
    writeFileSync(join(from, "wal", "0-0.wal"), Buffer.alloc(3_000_001, 7));
    writeFileSync(join(from, "wal", "1.tmp"), "for later");
    writeFileSync(join(from, "snap", "db"), "line\nline\n");
    writeFileSync(join(from, "empty"), "");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const all = async () => {
    const parts: Buffer[] = [];
    for await (const part of directoryStream(from)) parts.push(Buffer.from(part));
    return Buffer.concat(parts);
  };
  /** In pieces that cut lines and files anywhere. */
  async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield Promise.resolve(bytes.subarray(at, at + size));
  }
  const refused = async (stream: AsyncIterable<Uint8Array>, expected?: string): Promise<string> => {
    try {
      await receiveDirectory(stream, to, expected);
    } catch (error) {
      expect(existsSync(to), "nothing of it stays").to.equal(false);
      return (error as Error).message;
    }
    throw new Error("it was taken");
  };

  it("comes as it was, whatever the pieces, without what etcd makes for later", async () => {
    for (const size of [10_000_000, 65_536, 1000, 7]) {
      if (size === 7) writeFileSync(join(from, "wal", "0-0.wal"), "small");
      const sum = await receiveDirectory(pieces(await all(), size), to);
      expect(sum).to.equal(await directorySum(from));
      expect(readdirSync(to).sort()).to.deep.equal(["empty", "snap", "wal"]);
      expect(readdirSync(join(to, "wal"))).to.deep.equal(["0-0.wal"]);
      for (const file of ["wal/0-0.wal", "snap/db", "empty"])
        expect(readFileSync(join(to, file)).equals(readFileSync(join(from, file))), file).to.equal(true);
      rmSync(to, { recursive: true });
    }
  });

  it("is never far ahead of the disk, so that no sync takes long", async () => {
    const size = 5 << 24;
    writeFileSync(join(from, "snap", "db"), Buffer.alloc(size, 1));
    const { fsyncSync } = files;
    const behind: number[] = [];
    let synced = 0;
    files.fsyncSync = (fd) => {
      const written = fstatSync(fd).size;
      if (written > 1 << 24) behind.push(written - synced);
      if (written > 1 << 24) synced = written;
      fsyncSync(fd);
    };
    try {
      await receiveDirectory(directoryStream(from), to);
    } finally {
      files.fsyncSync = fsyncSync;
    }
    expect(synced).to.equal(size);
    expect(Math.max(...behind)).to.be.at.most((1 << 25) + (1 << 20));
  });

  it("has the same sum twice, and another with another content", async () => {
    const sum = await directorySum(from);
    expect(await directorySum(from)).to.equal(sum);
    writeFileSync(join(from, "snap", "db"), "line\nlime\n");
    expect(await directorySum(from)).not.to.equal(sum);
  });

  it("is refused when it is cut off anywhere", async () => {
    writeFileSync(join(from, "wal", "0-0.wal"), "short");
    const bytes = await all();
    for (let length = 0; length < bytes.length; length++)
      expect(await refused(pieces(bytes.subarray(0, length), 50)), `${length} bytes`).to.match(
        /stream is incomplete/,
      );
  });

  it("is refused when a byte of a file has changed", async () => {
    const bytes = await all();
    bytes[bytes.indexOf("line\nline")] = 0;
    expect(await refused(pieces(bytes, 65_536))).to.match(/wrong SHA-256/);
  });

  it("is refused when it isn't what was announced", async () => {
    expect(await refused(directoryStream(from), "0".repeat(64))).to.match(/announced/);
    expect(await receiveDirectory(directoryStream(from), to, await directorySum(from))).to.have.length(64);
  });

  it("is refused when it goes on", async () => {
    expect(await refused(pieces(Buffer.concat([await all(), Buffer.from("more\n")]), 100))).to.match(
      /data after its last line/,
    );
  });

  for (const path of ["../etc", "a/../../b", "/etc/passwd", "a//b", "", ".", "a b"]) {
    it(`is refused with a path like ${JSON.stringify(path)}`, async () => {
      const head = lineOf({ path, size: 0 });
      const sha256 = createHash("sha256").update(head).digest("hex");
      const stream = Buffer.concat([head, lineOf({ end: true, sha256 })]);
      expect(await refused(pieces(stream, 10))).to.match(/path|line/);
    });
  }

  it("is refused when a path comes twice, or when it is no such stream at all", async () => {
    const twice = [lineOf({ path: "a", size: 0 }), lineOf({ path: "a", size: 0 })];
    expect(await refused(pieces(Buffer.concat(twice), 10))).to.match(/EEXIST/);
    expect(await refused(pieces(Buffer.alloc(10_000, 65), 1000))).to.match(/a line that is too long/);
    expect(() => parseLine('{"path":"a","size":-1}')).to.throw("an invalid line");
  });

  it("ends with an error when a file becomes shorter meanwhile", async () => {
    const stream = directoryStream(from);
    // The names are there; then the file changes under the reader.
    let problem = "";
    try {
      for await (const part of stream)
        if (part.includes("0-0.wal")) writeFileSync(join(from, "wal", "0-0.wal"), "x");
    } catch (error) {
      problem = (error as Error).message;
    }
    expect(problem).to.match(/became shorter/);
  });
});
