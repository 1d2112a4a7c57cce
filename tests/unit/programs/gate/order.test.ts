import { expect } from "chai";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { paths } from "../../../../components/contract/names";
import { readDisk } from "../../../../programs/gate/disk";
import { writeConfig, writeOrder } from "../../../../programs/gate/order";

/** What becomes of an order when etcd has made its log, or the disk is harmed: see `programs/gate/order.ts`. */
describe("an order on a disk", () => {
  let dataDir: string;
  const at = (...path: string[]) => join(dataDir, "member", ...path);
  /** As etcd reads it. */
  const config = () => readFileSync(dataDir + paths.config.slice(paths.data.length), "utf8");
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "order-"));
    writeConfig(dataDir, "usual");
    writeOrder(dataDir, "order");
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));
  const makesItsLog = () => {
    mkdirSync(at("wal.tmp"));
    writeFileSync(at("wal.tmp", "0000000000000000-0000000000000000.wal"), "");
    expect(config()).to.equal("order");
    // As etcd does it: another crash in between leaves neither.
    rmSync(at("wal"), { recursive: true });
    expect(config).to.throw(/ENOENT/);
    renameSync(at("wal.tmp"), at("wal"));
  };

  it("is what etcd reads, beside a log that is empty", () => {
    expect(config()).to.equal("order");
    expect(readdirSync(at("wal"))).to.deep.equal([]);
    expect(readDisk(dataDir, "3.6.16")).to.deep.equal({ state: "empty" });
  });

  it("is used up by the log", () => {
    makesItsLog();
    expect(config()).to.equal("usual");
    expect(() => writeOrder(dataDir, "another")).to.throw(/write-ahead log has appeared/);
    expect(config()).to.equal("usual");
  });

  it("stays used up when the log is deleted, and when the folder is made again", () => {
    makesItsLog();
    rmSync(at("wal"), { recursive: true });
    expect(config).to.throw(/ENOENT/);
    mkdirSync(at("wal"));
    expect(config()).to.equal("usual");
  });

  it("goes with the member's folder", () => {
    rmSync(at(), { recursive: true });
    expect(config).to.throw(/ENOENT/);
  });

  it("gives way to the next one, of which nothing else is left", () => {
    writeFileSync(at("order", "wal", "left"), "");
    writeOrder(dataDir, "next");
    expect(config()).to.equal("next");
    expect(readdirSync(at("order"))).to.deep.equal(["etcd.yaml", "wal"]);
    expect(readdirSync(at("wal"))).to.deep.equal([]);
  });

  it("takes the place of an empty folder, and of a link to nowhere", () => {
    rmSync(at("wal"));
    mkdirSync(at("wal", "0.tmp"), { recursive: true });
    writeOrder(dataDir, "next");
    expect(config()).to.equal("next");
    rmSync(at("order"), { recursive: true });
    expect(config).to.throw(/ENOENT/);
    expect(readDisk(dataDir, "3.6.16")).to.deep.equal({ state: "empty" });
    writeOrder(dataDir, "again");
    expect(config()).to.equal("again");
  });
});
