// Bundles the programs that run in the cluster into components/bundles. The component puts the bundles into ConfigMaps.
// They are committed, because a component package that is installed from git has no build step. A test compares them.
import { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath, URL } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "components/bundles");

// Names are kept, so that stack traces are readable.
const small = { minify: true, keepNames: true };
/** The gate isn't minified, so that it can be read in the cluster. */
const programs = { gate: {}, controller: small, restore: small, backup: small };

/** A ConfigMap holds 1 MiB. Files with more than half of that are compressed. */
const LARGE_BYTES = 500 * 1024;

/** Returns the files with their uncompressed content, and writes them if `write` is true. */
export const bundle = async (write) => {
  const built = await Promise.all(
    Object.entries(programs).map(([program, options]) => one(program, options)),
  );
  const files = built.flatMap(({ outputFiles }) =>
    outputFiles.map(({ path, text }) => ({
      name: basename(path) + (Buffer.byteLength(text) > LARGE_BYTES ? ".gz" : ""),
      text,
    })),
  );
  const inputs = built.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  files.push({ name: "THIRD-PARTY-LICENSES.txt", text: licensesOf(packagesOf(inputs)) });
  if (write) {
    for (const name of readdirSync(folder).filter((there) => !files.some((file) => file.name === there))) {
      rmSync(join(folder, name));
    }
    for (const { name, text } of files) {
      save(join(folder, name), text);
    }
  }
  return files;
};

/** The uncompressed content of a file. */
export const textOf = (path) => {
  const bytes = readFileSync(path);
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
};

function save(path, text) {
  // Another version of zlib may compress the same content to other bytes. That is no change.
  if (!existsSync(path) || textOf(path) !== text) {
    writeFileSync(path, path.endsWith(".gz") ? gzipSync(text, { level: 9 }) : text);
  }
}

/** The folders of the packages that contain these files, including nested packages. */
export const packagesOf = (files) =>
  [
    ...new Set(files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])),
  ].sort();

/** Files that begin with the licence of code that a package has copied from elsewhere. */
const licensedWithin = { "@bufbuild/protobuf": "dist/esm/wire/varint.js" };

/** The licence texts that every copy of the bundled packages has to include. */
function licensesOf(packages) {
  return packages
    .map((path) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
      const file = readdirSync(join(root, path)).find((entry) => /^licen[cs]e/i.test(entry));
      // Some packages under this project's own licence lack a copy of it.
      const own = license.includes("Apache-2.0") ? join(root, "LICENSE") : undefined;
      const from = file === undefined ? own : join(root, path, file);
      const within = licensedWithin[name];
      const head = within && /^(?:\/\/.*\n)+/.exec(readFileSync(join(root, path, within), "utf8"))?.[0];
      const text = [from && readFileSync(from, "utf8").trim(), head?.replace(/^\/\/ ?/gm, "").trim()]
        .filter(Boolean)
        .join("\n\n");
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join("\n----------------------------------------\n\n");
}

const one = (program, options) =>
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
    external: [
      // gRPC's library needs it (330 KB) only for features that aren't used here.
      "@grpc/proto-loader",
      // Providers of personal or node credentials. The AWS SDK loads them only for its default chain, which isn't used.
      "@aws-sdk/credential-provider-ini",
      "@aws-sdk/credential-provider-process",
      "@aws-sdk/credential-provider-sso",
      "@smithy/credential-provider-imds",
    ],
    // A bundle that is loaded from a compressed file has no module loader.
    supported: { "dynamic-import": false },
    write: false,
    ...options,
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle(true);
}
