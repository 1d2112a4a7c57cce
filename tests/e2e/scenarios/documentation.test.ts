import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../hack/kubectl";
import { root } from "../../../hack/root";
import { kubectl } from "../support/lab";
import type { ShellBlock } from "../support/shell";
import { shellBlocks, typed, withoutMake } from "../support/shell";

/** `make up`, and the commands that the documentation tells people to type after it. */

async function makeUp(): Promise<string> {
  // The packages are installed, and must not be replaced while the tests run on them.
  const ran = await run("make", ["-C", root, "-o", "node_modules/.installed", "up"], {
    env: withoutMake(),
    timeoutMs: 600_000,
  });
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  return ran.stdout;
}

interface Items {
  items: {
    kind: string;
    metadata: { name: string; uid: string; resourceVersion: string };
    status?: { containerStatuses?: { restartCount: number }[] };
  }[];
}

/** The objects that the controller may write to at any time. */
const controllers = ["ConfigMap etcd-record", "ConfigMap etcd-status", "ConfigMap etcd-verdict"];

/** All objects of the stack and its pods, with their resource versions. */
async function objects(): Promise<Record<string, string>> {
  const kinds =
    "statefulsets,deployments,services,secrets,configmaps,serviceaccounts,roles,rolebindings,poddisruptionbudgets,pods";
  const { items } = await kubectl().json<Items>(["-n", "etcd", "get", kinds]);
  return Object.fromEntries(
    items
      .filter(({ kind, metadata }) => !controllers.includes(`${kind} ${metadata.name}`))
      .map(({ kind, metadata, status }) => [
        `${kind} ${metadata.name}`,
        kind === "Pod"
          ? `${metadata.uid} ${status?.containerStatuses?.map((c) => c.restartCount).join()}`
          : metadata.resourceVersion,
      ]),
  );
}

describe("make up", function () {
  this.timeout(700_000);
  let told: string;

  before(async () => {
    told = await makeUp();
  });

  it("deploys the stack dev with its members and its client", async () => {
    const names = Object.keys(await objects());
    for (const name of ["Pod etcd-0", "Pod etcd-1", "Pod etcd-2", "Secret etcd-client-app"]) {
      assert.ok(names.includes(name), `${name} is not among ${names.join(", ")}`);
    }
  });

  it("changes and restarts nothing the second time", async () => {
    const before = await objects();
    const again = await makeUp();
    assert.doesNotMatch(again, /^ +(created|changed|deleted) /m);
    assert.deepEqual(await objects(), before);
  });

  it("prints commands that work unchanged", async () => {
    const lines = told
      .split("\n")
      .slice(told.split("\n").findIndex((line) => line.includes("each line is a complete command")) + 1)
      .filter((line) => line.startsWith("  "));
    assert.ok(lines.some((line) => line.includes("port-forward")) && lines.length >= 8, told);
    const ran = await typed(lines.join("\n"), 120_000);
    assert.equal(ran.code, 0, `${ran.stdout}\n${ran.stderr}`);
    assert.match(ran.stdout, /greeting\nhello\n$/, "the client of the last line reads what was written");
  });
});

/** Every page whose commands somebody may type after `make up`, each in a shell of its own. */
const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];

describe("documentation", function () {
  this.timeout(700_000);
  before(makeUp);

  for (const page of pages) {
    const blocks = shellBlocks(readFileSync(join(root, page), "utf8"));
    const executed = blocks.filter((block) => block.notRun === undefined);
    if (executed.length === 0) {
      continue;
    }
    it(`${page} has code blocks that all work in one shell, from top to bottom`, async () => {
      for (const { line, notRun } of blocks.filter((block) => block.notRun !== undefined)) {
        console.log(`      line ${line} is not run: ${notRun}`);
      }
      const mark = (block: ShellBlock) => `: ${page} line ${block.line}\n${block.code}`;
      const ran = await typed(executed.map(mark).join("\n"), 170_000);
      assert.equal(ran.code, 0, `${ran.stderr}\n${ran.stdout}`);
      if (page === "README.md") {
        assert.match(ran.stdout, /^hello$/m, "its client reads what was written");
      }
    });
  }
});
