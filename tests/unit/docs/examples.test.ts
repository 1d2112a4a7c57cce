import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import ts from "typescript";
import { parseAllDocuments, parse } from "yaml";
import * as components from "../../../components";
import { render } from "../../../hack/offline/render";
import { root } from "../../../hack/root";
import type { CodeBlock } from "../../support/pages";
import { codeBlocks, pages } from "../../support/pages";
import { renderStack } from "../../support/program";
import { kinds, withoutStacks } from "../../support/render";

/**
 * What the pages show is what the component accepts. A block that can't be rendered says so in the line above:
 * `<!-- not rendered: reason -->`.
 */

const blocks = pages.flatMap((page) => codeBlocks(page));
const rendered = ({ comment }: CodeBlock) => !comment?.startsWith("not rendered: ");
const nameOf = ({ page, line }: CodeBlock) => `${page} line ${line}`;

/** A mark that is taken away once the block can be rendered. */
const awaiting = ({ comment }: CodeBlock) => comment?.endsWith("on this branch yet") === true;

/** Runs the code of a program as if the package were installed under its name. */
function run(code: string): unknown {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
    },
  });
  const installed = createRequire(join(root, "index.ts"));
  const exports = {};
  const load = (name: string): unknown =>
    ["etcd-cluster", "./components"].includes(name) ? components : installed(name);
  const program = compileFunction(outputText, ["require", "exports"]) as (...given: unknown[]) => void;
  program(load, exports);
  return exports;
}

/** What the programs require of their stack. */
const config = { "etcd:accessKeyId": "key", "etcd:secretAccessKey": "secret", "etcd:oldPassword": "p" };

describe("programs in the documentation", () => {
  for (const block of blocks.filter(({ language }) => language === "ts").filter(awaiting)) {
    it(`${nameOf(block)} still needs its mark`, async () => {
      const failed = await withoutStacks(() => render(() => run(block.code), { config })).then(
        () => false,
        () => true,
      );
      expect(failed, "it is accepted now: remove the line above it").to.equal(true);
    });
  }

  for (const block of blocks.filter(({ language }) => language === "ts").filter(rendered)) {
    it(`${nameOf(block)} is accepted`, async () => {
      const { resources } = await withoutStacks(() => render(() => run(block.code), { config }));
      expect(resources.filter((r) => r.type === kinds.component)).not.to.deep.equal([]);
    });
  }
});

/** A block may leave out what others of its page have: the place of backups. */
const usual = { "etcd:backup": JSON.stringify({ schedule: "0 * * * *", claim: { size: "50Gi" } }) };

const project = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as { config: object };

describe("configuration in the documentation", () => {
  const yaml = blocks.filter(({ language }) => language === "yaml");

  for (const block of yaml.filter(rendered).filter(({ code }) => code.startsWith("config:\n"))) {
    it(`${nameOf(block)} is accepted`, async () => {
      const { config } = parse(block.code) as { config: Record<string, unknown> };
      const asText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
      const given = Object.fromEntries(Object.entries(config).map(([key, value]) => [key, asText(value)]));
      const known = Object.keys(project.config).map((key) => `etcd:${key}`);
      const own = Object.keys(given).filter((key) => key.startsWith("etcd:"));
      expect(own.filter((key) => !known.includes(key))).to.deep.equal([]);
      const { resources } = await renderStack("dev", { ...usual, ...given });
      expect(resources.filter((r) => r.type === kinds.component)).to.have.lengthOf(1);
    });
  }

  for (const block of yaml) {
    it(`${nameOf(block)} is YAML`, () => {
      expect(parseAllDocuments(block.code).flatMap((document) => document.errors)).to.deep.equal([]);
    });
  }
});

describe("the refusal that the README shows", () => {
  it("is the one that is printed", async () => {
    const shown = blocks.find(({ page, code }) => page === "README.md" && code.startsWith("EtcdCluster "));
    const given = { members: 4, etcd: { quota: "4Gi" } };
    const error = await withoutStacks(() =>
      render(() => {
        try {
          new components.EtcdCluster("etcd", given);
        } catch (refusal) {
          return refusal as Error;
        }
        throw new Error("it was accepted");
      }),
    ).then(({ result }) => result);
    expect(pulumi.InputPropertiesError.isInstance(error)).to.equal(true);
    expect(shown?.code).to.equal(error.message);
  });
});
