// Builds what runs in the cluster into components/bundles, from where the component puts it into ConfigMaps. The
// result is committed: whoever installs the component package from git has no build step. A test compares it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
    one("restore", { minify: false }, write),
    one("backup", { minify: false }, write),
  ]);
  const notices = {
    path: join(root, "components/bundles/THIRD-PARTY-LICENSES.txt"),
    text: licensesOf(results),
  };
  if (write) {
    writeFileSync(notices.path, notices.text);
  }
  return [...results.flatMap((result) => result.outputFiles ?? []), notices];
};

/** What the licences of the packages in the bundles ask for, wherever a copy of them goes. */
function licensesOf(results) {
  const files = results.flatMap((result) => Object.keys(result.metafile.inputs));
  const packages = new Set(
    files.flatMap((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
  );
  return [...packages]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
      const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
      const text = file ? readFileSync(join(root, folder, file), "utf8").trim() : "";
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join("\n----------------------------------------\n\n");
}

const one = (program, options, write) =>
  build({
    absWorkingDir: root,
    entryPoints: { [program]: `programs/${program}/main.ts` },
    outdir: "components/bundles",
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    legalComments: "none",
    metafile: true,
    // gRPC's library asks for it only in parts that nobody uses here; 330 KB.
    external: ["@grpc/proto-loader"],
    write,
    ...options,
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle(true);
}
