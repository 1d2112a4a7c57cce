import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../hack/root";

/** A folder outside of the repository, from which nothing of the repository is found. */
export const bareFolder = (): string => mkdtempSync(join(tmpdir(), "etcd-cluster-"));

interface Manifest {
  readonly dependencies?: Record<string, string>;
}

interface Locked extends Manifest {
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
}

/** What `npm install --omit=dev` makes in a folder with this manifest: without a registry, in the versions locked. */
export function installInto(folder: string, { dependencies = {} }: Manifest): void {
  for (const path of neededBy(Object.keys(dependencies))) linkTree(join(root, path), join(folder, path));
}

/** The folders of these packages and of all that they need. What is nested in one of them comes with it. */
export function neededBy(names: readonly string[]): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, Locked>;
  };
  const found = new Set<string>();
  const visit = (path: string, needed: readonly string[]): void => {
    for (const name of needed) {
      const at = aboveOf(path).find((above) => packages[`${above}node_modules/${name}`]);
      if (at === undefined) throw new Error(`${path} needs ${name}, which the lock file doesn't have`);
      const next = `${at}node_modules/${name}`;
      if (found.has(next)) continue;
      found.add(next);
      visit(next, needsOf(packages[next]!));
    }
  };
  visit("", names);
  return [...found].filter((path) => path.lastIndexOf("node_modules/") === 0);
}

const needsOf = ({ dependencies, peerDependencies = {}, peerDependenciesMeta = {} }: Locked) => [
  ...Object.keys(dependencies ?? {}),
  ...Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional),
];

/** Where Node.js looks for `node_modules`, from a package's folder upwards. */
function aboveOf(path: string): readonly string[] {
  if (path === "") return [""];
  const outer = path.slice(0, path.lastIndexOf("node_modules/")).replace(/\/$/, "");
  return [`${path}/`, ...aboveOf(outer)];
}

/** Hard links: a copy would take minutes. */
function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isFile() && !existsSync(target)) linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    // On another file system.
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    copyFileSync(source, target);
  }
}
