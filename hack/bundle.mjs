// Builds what runs in the cluster into components/bundles, from where the component puts it into a ConfigMap. The
// result is committed: whoever installs the component package from git has no build step. A test compares it.
import process from "node:process";
import { fileURLToPath, URL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

export const bundle = (write) =>
  build({
    absWorkingDir: root,
    entryPoints: { gate: "controller/gate/main.ts" },
    outdir: "components/bundles",
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // Readable in the cluster, too.
    minify: false,
    legalComments: "none",
    write,
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle(true);
}
