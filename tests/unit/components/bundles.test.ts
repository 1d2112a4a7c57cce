import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { root } from "../../../hack/root";

const folder = join(root, "components/bundles");

describe("bundles", () => {
  it("are what their sources build", async () => {
    // @ts-expect-error -- a plain module without types
    const { bundle } = (await import("../../../hack/bundle.mjs")) as {
      bundle: (write: boolean) => Promise<{ path: string; text: string }[]>;
    };
    const outputFiles = await bundle(false);
    expect(readdirSync(folder).sort()).to.deep.equal([
      "THIRD-PARTY-LICENSES.txt",
      "backup.js",
      "controller.js",
      "gate.js",
      "restore.js",
    ]);
    expect(readdirSync(folder).sort()).to.deep.equal(
      outputFiles.map((file) => file.path.slice(folder.length + 1)).sort(),
    );
    for (const { path, text } of outputFiles) {
      expect(
        readFileSync(path, "utf8") === text,
        `${path} is not what it is built from: make build`,
      ).to.equal(true);
    }
  });

  it("fit into a ConfigMap, with room to grow", () => {
    for (const file of readdirSync(folder)) {
      expect(statSync(join(folder, file)).size, file).to.be.lessThan(900 * 1024);
    }
  });
});
