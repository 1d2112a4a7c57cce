import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { root } from "../../../hack/root";
import { shellBlocks } from "../../e2e/support/shell";
import { pages, textOf } from "../../support/pages";

/** `make e2e` runs these blocks (tests/e2e/scenarios/documentation.test.ts). What needs no cluster is tested here. */
describe("commands of the documentation", () => {
  const executed = (page: string) => shellBlocks(textOf(page)).filter((block) => block.notRun === undefined);

  for (const page of pages.filter((each) => shellBlocks(textOf(each)).length > 0)) {
    it(`of ${page} are a shell's, and would not end the tests`, () => {
      for (const { code } of shellBlocks(textOf(page))) {
        const { status, stderr } = spawnSync("bash", ["-n", "-c", code], { encoding: "utf8" });
        expect(status, `${code}\n${stderr}`).to.equal(0);
      }
      const code = executed(page).map((block) => block.code);
      expect(code.join("\n")).not.to.match(
        /make (down|up|e2e|test|soak|bench)|hack\/cluster (down|node-|link|api)/,
      );
    });
  }

  it("of the README show a whole way: a cluster, its environment, a client", () => {
    const code = executed("README.md")
      .map((block) => block.code)
      .join("\n");
    for (const command of ["kubectl", "etcdctl", 'eval "$(make -s env)"', "examples/client-job.yaml"]) {
      expect(code).to.include(command);
    }
  });

  it("of the README are what CI runs: make up, then the three tests", () => {
    const lines = shellBlocks(textOf("README.md")).flatMap((block) => block.code.split("\n"));
    const make = lines.filter((line) => line.startsWith("make "));
    const ci = readFileSync(join(root, ".ci/run"), "utf8");
    const steps = [...ci.matchAll(/^step (\S+)$/gm)].map(([, target]) => `make ${target}`);
    expect(steps).to.have.lengthOf(3);
    expect(make).to.deep.equal(["make up", ...steps]);
  });
});
