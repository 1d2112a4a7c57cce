import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync as gzip } from "node:zlib";
import { expect } from "chai";
import type { Bundle } from "../../../components/resources/bundle";
import { readBundle } from "../../../components/resources/bundle";
import { root } from "../../../hack/root";

const folder = join(root, "components/bundles");
const programs = ["gate", "controller", "backup", "restore"] as const;

interface Builder {
  readonly bundle: (write: boolean) => Promise<readonly { readonly name: string; readonly text: string }[]>;
  readonly textOf: (path: string) => string;
  readonly packagesOf: (files: readonly string[]) => readonly string[];
}
// @ts-expect-error -- a plain module without types
const builder = () => import("../../../hack/bundle.mjs") as Promise<Builder>;

/** Mounted as the kubelet does it. */
function mounted({ data, binaryData = {} }: Bundle): string {
  const mount = mkdtempSync(join(tmpdir(), "bundle-"));
  for (const [name, text] of Object.entries(data)) writeFileSync(join(mount, name), text);
  for (const [name, text] of Object.entries(binaryData))
    writeFileSync(join(mount, name), Buffer.from(text, "base64"));
  return mount;
}

describe("bundles", () => {
  it("are up to date with their sources", async () => {
    const { bundle, textOf } = await builder();
    const files = await bundle(false);
    expect(readdirSync(folder).sort()).to.deep.equal(files.map((file) => file.name).sort());
    for (const { name, text } of files)
      expect(
        textOf(join(folder, name)) === text,
        `${name} is not what it is built from: make build`,
      ).to.equal(true);
  });

  for (const program of programs)
    it(`fit into a ConfigMap with room to grow: ${program}`, () => {
      const { data, binaryData = {} } = readBundle(program);
      // As the API server counts: values without their keys, binary data unencoded.
      const bytes = [
        ...Object.values(data).map((text) => Buffer.byteLength(text)),
        ...Object.values(binaryData).map((text) => Buffer.from(text, "base64").length),
      ].reduce((a, b) => a + b, 0);
      expect(bytes).to.be.lessThan(900 * 1024);
    });

  it("run the same when compressed, without a compiler at run time", () => {
    const packed = programs.map(readBundle).filter(({ binaryData }) => binaryData !== undefined);
    expect(packed).to.have.length.greaterThan(0);
    for (const { data } of packed) {
      const code = `module.exports = 1; console.log(process.argv[2], __filename, typeof require("node:fs").statSync, (() => { try { null.x } catch (e) { return e.stack.includes(__filename) } })());`;
      const [name = ""] = Object.keys(data);
      const mount = mounted({ code, data });
      try {
        writeFileSync(join(mount, `${name}.gz`), gzip(code));
        for (const flags of [[], ["--jitless"]])
          expect(
            execFileSync(process.execPath, [...flags, join(mount, name), "word"], { encoding: "utf8" }),
          ).to.equal(`word ${join(mount, name)} function true\n`);
      } finally {
        rmSync(mount, { recursive: true });
      }
    }
  });

  it("start: the jobs' bundle lists its commands", () => {
    const mount = mounted(readBundle("backup"));
    try {
      const run = () =>
        execFileSync(process.execPath, ["--jitless", join(mount, "backup.js"), "nothing"], {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "ignore"],
        });
      expect(run).to.throw().with.property("stdout").that.contains("backup, fetch, drill-prepare");
    } finally {
      rmSync(mount, { recursive: true });
    }
  });

  it("don't contain the code that asks for a node's credentials", () => {
    const { code } = readBundle("backup");
    expect(code).to.contain("AWS_WEB_IDENTITY_TOKEN_FILE").and.not.contain("iam/security-credentials");
  });

  it("carry the licences of all packages, nested ones included", async () => {
    const { packagesOf } = await builder();
    expect(
      packagesOf([
        "programs/backup/main.ts",
        "node_modules/a/index.js",
        "node_modules/a/lib/other.js",
        "node_modules/a/node_modules/@b/c/dist/index.js",
        "components/node_modules/d/index.js",
      ]),
    ).to.deep.equal(["components/node_modules/d", "node_modules/a", "node_modules/a/node_modules/@b/c"]);
    const notices = readFileSync(join(folder, "THIRD-PARTY-LICENSES.txt"), "utf8");
    for (const notice of notices.split("\n----------------------------------------\n"))
      expect(notice.trim().split("\n").length, notice.slice(0, 100)).to.be.greaterThan(5);
    expect(notices).to.match(/^@aws-sdk\/client-s3 /m);
  });
});
