import { expect } from "chai";
import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { readMember } from "../../../../../programs/shared/wal";
import { commitLog } from "../../../../../programs/shared/wal/commit";
import { change, LogWriter, metadata } from "./encoder";
import type { Minor } from "./fixtures";
import { loadFixture, put, removeFolders, temporaryFolder, unpack, versions } from "./fixtures";

const ME = 2n ** 63n + 5n;
const OTHER = 7n;

/** A member of two, whose log knows 3 as committed. */
const log = () =>
  new LogWriter(metadata(ME, 9n))
    .snapshot(0, 0, [])
    .entry(1, 1, change(0, ME), 1)
    .entry(2, 1, change(0, OTHER), 1)
    .state(1, 2, ME)
    .entry(3, 2)
    .state(2, 3, OTHER);

function write(writer: LogWriter, tail: Buffer = Buffer.alloc(4096)): string {
  const folder = temporaryFolder();
  const segments = writer.segments();
  segments.forEach(({ name, bytes }, i) =>
    put(join(folder, "wal", name), i === segments.length - 1 ? Buffer.concat([bytes, tail]) : bytes),
  );
  return folder;
}

const committed = (folder: string) => {
  const data = readMember(folder, "3.7.3");
  if (data.state !== "wal") throw new Error(JSON.stringify(data));
  return data;
};

describe("a log whose entries are declared committed", () => {
  afterEach(removeFolders);

  it("is committed to its end", () => {
    const folder = write(log().entry(4, 2).entry(5, 2));
    expect(commitLog(folder, 0)).to.deep.equal({ lastIndex: 5, known: 3, commit: 5 });
    expect(committed(folder)).to.include({ commit: 5, lastIndex: 5, memberId: ME.toString(), torn: false });
    expect(commitLog(folder, 0), "a second time").to.deep.equal({ lastIndex: 5, known: 5, commit: 5 });
  });

  it("knows what another disk knows", () => {
    expect(commitLog(write(log().entry(4, 2).entry(5, 2)), 4)).to.include({ known: 4, commit: 5 });
    expect(commitLog(write(log().entry(4, 2)), 400)).to.include({ known: 4, commit: 4 });
  });

  it("stays as it is when all is committed", () => {
    const folder = write(log());
    const before = committed(folder);
    expect(commitLog(folder, 0)).to.deep.equal({ lastIndex: 3, known: 3, commit: 3 });
    expect(committed(folder)).to.deep.equal(before);
  });

  it("takes no change of the members that may not have been committed, nor what came after", () => {
    const folder = write(log().entry(4, 2).entry(5, 2, change(1, ME), 1).entry(6, 2));
    expect(commitLog(folder, 0)).to.deep.equal({ lastIndex: 6, known: 3, commit: 4 });
    expect(committed(folder).voters).to.deep.equal([OTHER, ME].map(String).sort());
    const known = write(log().entry(4, 2).entry(5, 2, change(1, OTHER), 1).entry(6, 2));
    expect(commitLog(known, 5)).to.include({ known: 5, commit: 6 });
    expect(committed(known).voters).to.deep.equal([ME.toString()]);
  });

  it("ends before a record that was not written to its end", () => {
    const folder = write(log().entry(4, 2).entry(5, 2, Buffer.alloc(600, 1)), Buffer.alloc(0));
    const file = join(folder, "wal", readdirSync(join(folder, "wal"))[0]!);
    truncateSync(file, log().entry(4, 2).segments()[0]!.bytes.length + 100);
    expect(committed(folder).torn).to.equal(true);
    expect(commitLog(folder, 0)).to.include({ lastIndex: 4, commit: 4 });
    expect(committed(folder)).to.include({ commit: 4, torn: false });
  });

  it("goes on in the last of several segments, with the sum of all", () => {
    const folder = write(log().entry(4, 2).cut(5).state(2, 3, OTHER).entry(5, 3));
    expect(commitLog(folder, 0)).to.include({ lastIndex: 5, commit: 5 });
    expect(committed(folder)).to.include({ commit: 5, lastTerm: 3 });
  });

  for (const minor of Object.keys(versions) as Minor[]) {
    it(`of etcd ${minor} is read as before, with more committed`, () => {
      const folder = unpack(loadFixture(minor, "three-1"));
      const before = committed(folder);
      const { commit, lastIndex } = commitLog(folder, 0);
      expect(committed(folder)).to.deep.equal({ ...before, commit });
      expect(lastIndex).to.equal(before.lastIndex);
    });
  }
});
