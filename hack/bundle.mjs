// Builds what runs in the cluster into components/bundles, from where the component puts it into ConfigMaps. The
// result is committed: whoever installs the component package from git has no build step. A test compares it.
import { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath, URL } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "components/bundles");

// Names stay, so that a stack trace tells where it went wrong.
const small = { minify: true, keepNames: true };
/** The gate's is readable in the cluster, too. */
const programs = { gate: {}, controller: small, restore: small, backup: small };

/** A ConfigMap holds 1 MiB. What has more than half of it is kept compressed. */
const LARGE_BYTES = 500 * 1024;

/** The files that there are to be, each with its content before it is compressed. */
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

/** What a file holds, uncompressed. */
export const textOf = (path) => {
  const bytes = readFileSync(path);
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
};

function save(path, text) {
  // Another version of zlib compresses the same otherwise, which is no change.
  if (!existsSync(path) || textOf(path) !== text) {
    writeFileSync(path, path.endsWith(".gz") ? gzipSync(text, { level: 9 }) : text);
  }
}

/** The folders of the packages that files are of; of those nested in others as well. */
export const packagesOf = (files) =>
  [
    ...new Set(files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])),
  ].sort();

/** Files that begin with the licence of code that a package has taken over. */
const licensedWithin = { "@bufbuild/protobuf": "dist/esm/wire/varint.js" };

/** What the licences of the packages in the bundles ask for, wherever a copy of them goes. */
function licensesOf(packages) {
  return packages
    .map((path) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
      const file = readdirSync(join(root, path)).find((entry) => /^licen[cs]e/i.test(entry));
      // Some come without a copy of the licence that is this project's as well.
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
      // gRPC's library asks for it only in parts that nobody uses here; 330 KB.
      "@grpc/proto-loader",
      // The credentials of a person, or of a node: the AWS SDK loads them when it is left to choose, which it never is.
      "@aws-sdk/credential-provider-ini",
      "@aws-sdk/credential-provider-process",
      "@aws-sdk/credential-provider-sso",
      "@smithy/credential-provider-imds",
    ],
    // What is loaded compressed has no loader of modules.
    supported: { "dynamic-import": false },
    write: false,
    ...options,
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle(true);
}
