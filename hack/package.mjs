// Makes the npm package of `components/`: compiled, so that a program in JavaScript or TypeScript can import it. It is
// a plugin for other languages as well.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, URL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const components = join(root, "components");

/** Writes the package's files into `folder/package` and its tarball into `folder`, and returns the tarball's path. */
export const pack = (folder) => {
  const target = join(folder, "package");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  compile(target);
  for (const name of ["bundles", "schema.json", "start.cjs", "PulumiPlugin.yaml", "README.md"]) {
    cpSync(join(components, name), join(target, name), { recursive: true });
  }
  for (const name of ["LICENSE", "CHANGELOG.md"]) {
    cpSync(join(root, name), join(target, name));
  }
  writeFileSync(join(target, "package.json"), `${JSON.stringify(manifest(), undefined, 2)}\n`);
  const [{ filename }] = JSON.parse(npm(target, "pack", "--json", "--pack-destination", folder));
  return join(folder, filename);
};

function compile(target) {
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const options = ["--noEmit", "false", "--declaration", "--rootDir", components, "--outDir", target];
  execFileSync(process.execPath, [compiler, "--project", components, ...options], { stdio: "inherit" });
}

/** With the compiler, which Pulumi's host starts before the plugin, with the options of the program. */
function manifest() {
  const { dependencies, ...rest } = JSON.parse(readFileSync(join(components, "package.json"), "utf8"));
  return {
    ...rest,
    types: "index.d.ts",
    exports: { ...rest.exports, ".": { types: "./index.d.ts", default: "./index.js" } },
    dependencies: Object.fromEntries(Object.entries(dependencies).filter(([name]) => name !== "@types/node")),
  };
}

const npm = (cwd, ...words) =>
  execFileSync("npm", [...words, "--loglevel=error"], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, npm_config_offline: "true" },
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${pack(join(root, "build"))}\n`);
}
