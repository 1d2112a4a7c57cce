import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../hack/kubectl";
import { root } from "../../../hack/root";

const scenarios = `
  const { long } = require(${JSON.stringify(join(root, "tests", "e2e", "support", "long.ts"))});
  describe("outer", () => {
    it("short", () => console.log("ran short"));
    long("slow", () => {
      before(() => console.log("ran before"));
      it("one", () => console.log("ran one"));
      describe("inner", () => it("two", () => console.log("ran two")));
    });
  });
`;

/** The output of a run with these scenarios. */
async function output(environment: Record<string, string | undefined>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "long-"));
  try {
    const file = join(folder, "scenarios.js");
    writeFileSync(file, scenarios);
    const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
    const options = ["--no-config", "--require", require.resolve("ts-node/register/transpile-only"), file];
    const ran = await run(process.execPath, [mocha, ...options], {
      env: { ...process.env, ...environment },
    });
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    return ran.stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("long scenarios", () => {
  it("are left out of a default run, which lists them at its end", async () => {
    const text = await output({ E2E: undefined });
    assert.match(text, /ran short/);
    assert.doesNotMatch(text, /ran (before|one|two)/);
    assert.match(text, /1 passing/);
    assert.doesNotMatch(text, /pending/);
    assert.match(text, /2 long scenarios left out.*\n +outer slow \(2\)\s*$/);
  });

  it("all run with E2E=all", async () => {
    const text = await output({ E2E: "all" });
    for (const what of ["short", "before", "one", "two"]) {
      assert.match(text, new RegExp(`ran ${what}`));
    }
    assert.match(text, /3 passing/);
    assert.doesNotMatch(text, /left out/);
  });
});
