import { expect } from "chai";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { differenceFrom, readContents, writeContents } from "../../../../programs/restore/receipt";
import { entries, minors, statusOf } from "../backup/fixtures";
import { root } from "../../../../hack/root";

const fixture = (minor: string, name: string) =>
  gunzipSync(readFileSync(join(root, "tests/fixtures/snapshots", minor, `${name}.db.gz`)));

describe("restored data held against its snapshot", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "receipt-"));
    mkdirSync(join(folder, "snap"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const minor of minors)
    for (const name of ["empty", "small"] as const) {
      it(`is what etcdutl makes of it: etcd ${minor}, ${name}`, async () => {
        writeFileSync(join(folder, "snap", "db"), fixture(minor, `${name}-restored`));
        const contents = { revision: statusOf(minor, name).revision, keys: entries[name] };
        expect(await differenceFrom(contents, folder)).to.equal(undefined);
      });

      it(`isn't what was made of another: etcd ${minor}, ${name}`, async () => {
        const other = name === "empty" ? "small" : "empty";
        writeFileSync(join(folder, "snap", "db"), fixture(minor, `${other}-restored`));
        const contents = { revision: statusOf(minor, name).revision, keys: entries[name] };
        expect(await differenceFrom(contents, folder)).to.match(/restored data has revision 1\d{9} and/);
      });
    }

  it("is nothing without what the snapshot had", () => {
    expect(() => readContents(folder)).to.throw("no earlier step has recorded them");
    writeContents(folder, { revision: 7, keys: 3 });
    expect(readContents(folder)).to.deep.equal({ revision: 7, keys: 3 });
  });

  it("of a backup, goes by what was recorded when that was made", () => {
    writeFileSync(join(folder, "manifest.json"), JSON.stringify({ name: "b", revision: 9, keys: 4 }));
    expect(readContents(folder)).to.deep.equal({ revision: 9, keys: 4 });
  });
});
