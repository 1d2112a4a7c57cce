/** Gates whose pods run as somebody else than the files' owner: only root can be one, then the other. */
import { expect } from "chai";
import { buildSync } from "esbuild";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeMark } from "../../../../programs/gate/files";
import { loadFixture, unpack } from "../shared/wal/fixtures";
import { root } from "../../../../hack/root";

const OWNER = 65532;
const OTHER = 1001;
const VERSION = "3.6.16";

/** In a process of its own, which is nothing but that user. */
const { outputFiles } = buildSync({
  stdin: {
    contents: `
      import { readDisk } from "./programs/gate/disk";
      const [dataDir, version] = process.argv.slice(1);
      try {
        console.log(JSON.stringify({ disk: readDisk(dataDir, version) }));
      } catch (error) {
        console.log(JSON.stringify({ problem: error.message }));
      }`,
    resolveDir: root,
    loader: "ts",
  },
  bundle: true,
  platform: "node",
  write: false,
});
const program = outputFiles[0]?.text ?? "";

describe("a gate that runs as another user than before", () => {
  let folder: string;
  let dataDir: string;

  const each = (path: string, change: (path: string, isFolder: boolean) => void) => {
    const isFolder = lstatSync(path).isDirectory();
    if (isFolder) readdirSync(path).forEach((name) => each(join(path, name), change));
    change(path, isFolder);
  };
  const modes = (ofFolders: number, ofFiles: number) =>
    each(dataDir, (path, isFolder) => chmodSync(path, isFolder ? ofFolders : ofFiles));
  const look = (user: number) =>
    JSON.parse(
      execFileSync(process.execPath, ["-e", program, dataDir, VERSION], {
        uid: user,
        gid: user,
        encoding: "utf8",
        cwd: "/",
      }),
    ) as { disk?: object; problem?: string };

  before(function () {
    if (process.getuid?.() === 0) return;
    console.log("      SKIPPED: only root can be another user");
    this.skip();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "foreign-"));
    chmodSync(folder, 0o755);
    dataDir = join(folder, "data");
    mkdirSync(dataDir);
    unpack(loadFixture("3.6", "single"), join(dataDir, "member"));
    writeMark(dataDir, { generation: 1, lastVersion: VERSION });
    each(dataDir, (path) => chownSync(path, OWNER, OWNER));
    modes(0o700, 0o600);
  });
  afterEach(() => folder && rmSync(folder, { recursive: true, force: true }));

  it("reads its own", () => {
    expect(look(OWNER).disk).to.include({ state: "wal", generation: 1 });
  });

  const foreign: [string, () => void][] = [
    ["no folder of which it may enter", () => undefined],
    ["whose data it may not enter", () => chmodSync(join(dataDir, "member"), 0o777)],
    ["whose member it may not enter", () => chmodSync(dataDir, 0o777)],
    [
      "whose log it may not enter",
      () => {
        modes(0o777, 0o666);
        chmodSync(join(dataDir, "member", "wal"), 0o700);
      },
    ],
    ["whose log it may only list", () => modes(0o777, 0o600)],
    ["in whose folders it may make no file", () => modes(0o555, 0o666)],
    ["that it may only read", () => modes(0o755, 0o644)],
    ["of which it may write the folders only", () => modes(0o777, 0o644)],
    [
      "with a mark that it may not read",
      () => {
        modes(0o777, 0o666);
        chmodSync(join(dataDir, "member", "gate.json"), 0o600);
      },
    ],
    [
      "with a database that it may not read, and no log",
      () => {
        rmSync(join(dataDir, "member", "wal"), { recursive: true });
        modes(0o777, 0o600);
        chmodSync(join(dataDir, "member", "snap"), 0o700);
      },
    ],
  ];
  for (const [what, prepare] of foreign) {
    it(`says so, and of a disk ${what} not that it is empty or broken`, () => {
      prepare();
      const { disk, problem } = look(OTHER);
      expect(disk).to.equal(undefined);
      expect(problem).to.match(/files belong to another user.*1001 of group 1001.*EACCES/);
    });
  }

  it("reads what was given to its group, as Kubernetes does with another fsGroup", () => {
    each(dataDir, (path) => chownSync(path, OWNER, OTHER));
    modes(0o770, 0o660);
    expect(look(OTHER).disk).to.include({ state: "wal", generation: 1 });
  });
});
