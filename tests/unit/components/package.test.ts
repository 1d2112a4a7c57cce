import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect } from "chai";
import { root } from "../../../hack/root";
import { bareFolder, installInto } from "../../support/bare";
import { serveSchema } from "../../support/schema";

const read = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;

const components = join(root, "components");
const schema = read(join(components, "schema.json"));

/** Programs that use the package: Pulumi runs the package's host in their folder. */
const programs: Readonly<Record<string, object | undefined>> = {
  "a program in another language": undefined,
  "a program whose options the sources don't meet": {
    compilerOptions: {
      target: "es5",
      lib: ["es5"],
      module: "commonjs",
      noPropertyAccessFromIndexSignature: true,
    },
  },
};

describe("the package, outside of the repository", function () {
  this.timeout(120_000);
  let bare: string;
  before(() => {
    bare = bareFolder();
  });
  after(() => rmSync(bare, { recursive: true }));

  describe("as a copied folder", () => {
    let copy: string;
    before(() => {
      copy = join(bare, "copied/components");
      cpSync(components, copy, { recursive: true, filter: (path) => !path.endsWith("/node_modules") });
      installInto(copy, read(join(copy, "package.json")));
    });

    it("needs nothing that only this repository's development needs", () => {
      expect(existsSync(join(copy, "node_modules/@pulumi/pulumi"))).to.equal(true);
      for (const other of ["ts-node", "mocha", "eslint", "esbuild"]) {
        expect(existsSync(join(copy, "node_modules", other)), other).to.equal(false);
      }
    });

    it("has nothing of the repository above it", () => {
      const above = createRequire(join(bare, "package.json"));
      expect(() => above.resolve("@pulumi/pulumi")).to.throw();
    });

    for (const [which, options] of Object.entries(programs)) {
      it(`starts for ${which}, and serves the schema`, async () => {
        const program = join(bare, "program");
        rmSync(program, { recursive: true, force: true });
        mkdirSync(program);
        if (options) writeFileSync(join(program, "tsconfig.json"), JSON.stringify(options));
        expect(await serveSchema(copy, program)).to.deep.equal(schema);
      });
    }
  });

  describe("from git, at a tag", () => {
    it("starts with what is committed and what the CLI installs, and serves the schema", async function () {
      if (!existsSync(join(root, ".git"))) this.skip();
      const clone = join(bare, "cloned");
      const git = (...words: string[]) => execFileSync("git", ["-C", bare, ...words], { stdio: "pipe" });
      git("clone", "--quiet", "--no-checkout", root, clone);
      git("-C", clone, "tag", "v1.2.3");
      git("-C", clone, "checkout", "--quiet", "v1.2.3");
      // The CLI finds the workspace, and installs all of it, without what is for development.
      const folder = join(clone, "components");
      for (const manifest of [read(join(clone, "package.json")), read(join(folder, "package.json"))]) {
        installInto(clone, manifest);
      }
      expect(readFileSync(join(folder, "PulumiPlugin.yaml"), "utf8")).to.match(/^ +production: true$/m);
      expect(await serveSchema(folder, bare)).to.deep.equal(read(join(folder, "schema.json")));
    });
  });
});
