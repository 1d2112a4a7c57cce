import { spawnSync } from "node:child_process";
import { expect } from "chai";
import ts from "typescript";
import { root } from "../../../hack/root";
import { codeBlocks } from "../../support/pages";

/** The unit test that docs/package.md shows to users passes, and can fail. */

const shown = codeBlocks("docs/package.md").find(({ code }) => code.includes("setMocks"))!;

/** In a process of its own, because mocks are set for the whole process. */
function run(code: string) {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
    },
  });
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--require", "ts-node/register/transpile-only", "--eval", outputText],
    { cwd: root, encoding: "utf8" },
  );
  return { status, stdout };
}

describe("a user's unit test in docs/package.md", () => {
  it("passes", () => {
    const { status, stdout } = run(shown.code);
    expect(stdout).to.match(/\bpass 1\b/);
    expect(status).to.equal(0);
  });

  it("fails where the program has fewer members", () => {
    const { status, stdout } = run(shown.code.replace("members: 5", "members: 3"));
    expect(stdout).to.match(/expected: 5\s+actual: 3/);
    expect(status).to.equal(1);
  });
});
