import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect } from "chai";
import { root } from "../../../hack/root";
import { bareFolder, installInto } from "../../support/bare";
import { serveSchema } from "../../support/schema";

const read = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;

const components = join(root, "components");
const schema = read(join(components, "schema.json"));

interface Packer {
  readonly pack: (folder: string) => string;
}
// @ts-expect-error -- a plain module without types
const packer = () => import("../../../hack/package.mjs") as Promise<Packer>;

/** What a user's unit test does with one member, and prints. */
const use = `pulumi.runtime.setMocks({
  newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
  call: ({ inputs }) => inputs,
}).then(() =>
  new EtcdCluster("etcd", { members: 1, scheduling: { zoneSpread: Spread.None } }).endpoints.apply((endpoints) =>
    console.log(endpoints.join()),
  ),
);
`;

const importing = `import * as pulumi from "@pulumi/pulumi";
import { EtcdCluster, Spread } from "etcd-cluster";
`;

describe("the package, outside of the repository", function () {
  this.timeout(120_000);
  let bare: string;
  before(() => {
    bare = bareFolder();
  });
  after(() => rmSync(bare, { recursive: true }));

  /** The folder of a program that uses the package. There the CLI starts the package. */
  const program = (name: string, compilerOptions?: object) => {
    const folder = join(bare, name);
    mkdirSync(folder);
    if (compilerOptions) writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    return folder;
  };

  describe("as sources", () => {
    let sources: string;
    before(() => {
      sources = join(bare, "sources");
      installInto(sources, read(join(components, "package.json")));
    });

    it("needs nothing that only this repository's development needs", () => {
      const found = createRequire(join(sources, "package.json"));
      expect(found.resolve("@pulumi/pulumi")).to.contain(sources);
      for (const other of ["ts-node", "mocha", "esbuild", "etcd-cluster"]) {
        expect(() => found.resolve(other), other).to.throw();
      }
    });

    it("starts in a copied folder, for a program in another language, and serves the schema", async () => {
      const copy = join(sources, "copied");
      cpSync(components, copy, { recursive: true, filter: (path) => !path.endsWith("/node_modules") });
      expect(await serveSchema(copy, program("another-language"))).to.deep.equal(schema);
    });

    it("starts from git, at a tag, for a program with other options, and serves the schema", async function () {
      if (!existsSync(join(root, ".git"))) this.skip();
      const clone = join(sources, "cloned");
      const git = (...words: string[]) => execFileSync("git", words, { stdio: "pipe" });
      git("clone", "--quiet", "--no-checkout", root, clone);
      git("-C", clone, "tag", "v1.2.3");
      git("-C", clone, "checkout", "--quiet", "v1.2.3");
      const folder = join(clone, "components");
      const other = program("other-options", { target: "es5", lib: ["es5"], module: "commonjs" });
      expect(await serveSchema(folder, other)).to.deep.equal(read(join(folder, "schema.json")));
    });

    it("are installed from git without what is for development: all of the workspace, for production", () => {
      expect(readFileSync(join(components, "PulumiPlugin.yaml"), "utf8")).to.match(/^ +production: true$/m);
      const own = read(join(components, "package.json")).dependencies as object;
      expect(own).to.include(read(join(root, "package.json")).dependencies);
    });
  });

  describe("as a tarball", () => {
    let consumer: string;
    let installed: string;
    before(async () => {
      consumer = join(bare, "consumer");
      installed = join(consumer, "node_modules/etcd-cluster");
      const tarball = (await packer()).pack(join(bare, "packed"));
      mkdirSync(installed, { recursive: true });
      execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
      installInto(consumer, read(join(installed, "package.json")));
    });

    const run = (file: string, text: string) => {
      writeFileSync(join(consumer, file), text);
      return execFileSync(process.execPath, [file], { cwd: consumer, encoding: "utf8" });
    };
    const endpoints = "https://etcd-0.etcd.etcd.svc.cluster.local:2379\n";

    it("is compiled, with its licence, README and changelog, and without sources", () => {
      const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
      expect(files).to.include.members(["LICENSE", "README.md", "CHANGELOG.md", "index.js", "index.d.ts"]);
      expect(files).to.include("bundles/THIRD-PARTY-LICENSES.txt");
      expect(files.filter((file) => /(?<!\.d)\.ts$|tsconfig/.test(file))).to.deep.equal([]);
      expect(read(join(installed, "package.json")).version).to.equal(schema.version);
    });

    it("is a plugin for a program with options of its own, and serves the schema", async () => {
      expect(await serveSchema(installed, program("in-typescript", { module: "nodenext" }))).to.deep.equal(
        schema,
      );
    });

    it("is a library for CommonJS", () => {
      const requiring = importing.replace(
        /^import (?:\* as )?(.+) from (".+");$/gm,
        "const $1 = require($2);",
      );
      expect(run("program.cjs", requiring + use)).to.equal(endpoints);
    });

    it("is a library for an ES module", () => {
      expect(run("program.mjs", importing + use)).to.equal(endpoints);
    });

    it("has types for both", () => {
      const text = `${importing}
new EtcdCluster("etcd", { members: 3, clients: [{ name: "app" }] }).connection("app").apply(({ env }) => env);
// @ts-expect-error -- a number
new EtcdCluster("etcd", { members: "3", scheduling: { zoneSpread: Spread.None } });
export const clusters: pulumi.ComponentResource[] = [];
`;
      for (const file of ["typed.mts", "typed.cts"]) writeFileSync(join(consumer, file), text);
      const compiler = createRequire(__filename).resolve("typescript/bin/tsc");
      const options = [
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "--target",
        "es2020",
        "--module",
        "nodenext",
      ];
      execFileSync(process.execPath, [compiler, ...options, "typed.mts", "typed.cts"], { cwd: consumer });
    });
  });
});
