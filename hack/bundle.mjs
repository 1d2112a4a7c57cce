// Builds what runs in the cluster into components/bundles, from where the component puts it into ConfigMaps. The
// result is committed: whoever installs the component package from git has no build step. A test compares it.
import process from "node:process";
import { fileURLToPath, URL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

export const bundle = async (write) => {
  const results = await Promise.all([
    // Readable in the cluster, too.
    one("gate", { minify: false }, write),
    // A ConfigMap holds 1 MiB. Names stay, so that a stack trace tells where it went wrong.
    one("controller", { minifyWhitespace: true, minifySyntax: true }, write),
  ]);
  return results.flatMap((result) => result.outputFiles ?? []);
};

const one = (program, options, write) =>
  build({
    absWorkingDir: root,
    entryPoints: { [program]: `controller/${program === "gate" ? "gate/" : ""}main.ts` },
    outdir: "components/bundles",
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    legalComments: "none",
    // gRPC's library asks for it only in parts that nobody uses here; 330 KB.
    external: ["@grpc/proto-loader"],
    write,
    ...options,
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle(true);
}
