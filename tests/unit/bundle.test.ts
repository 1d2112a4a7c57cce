import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

interface Built {
  outputFiles: { path: string; text: string }[];
}

describe("bundles", () => {
  it("are what their sources build", async () => {
    // @ts-expect-error -- a plain module without types
    const { bundle } = (await import("../../hack/bundle.mjs")) as {
      bundle: (write: boolean) => Promise<Built>;
    };
    const folder = join(__dirname, "..", "..", "components", "bundles");
    const { outputFiles } = await bundle(false);
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
});
