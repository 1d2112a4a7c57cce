import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { Document } from "yaml";
import type { Rendered } from "../../hack/offline/render";
import { redacted } from "../../hack/offline/render";
import { root } from "../../hack/root";

export const goldenFolder = join(root, "tests/golden");

/** Compares with the file kept, or rewrites it where UPDATE_GOLDEN is set. */
export function expectGolden(file: string, text: string): void {
  const path = join(goldenFolder, file);
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(existsSync(path), `tests/golden/${file} is missing: make golden writes it`).to.equal(true);
  expect(text, `tests/golden/${file} differs: make golden rewrites it, then read the difference`).to.equal(
    readFileSync(path, "utf8"),
  );
}

/** The objects of a stack, as a person would read them in a pull request. */
export function goldenManifests(rendered: Rendered<unknown>): string {
  return (
    rendered.resources
      .filter((resource) => resource.type.startsWith("kubernetes:"))
      .map((resource) => {
        const manifest = redacted(resource.inputs) as { kind: string; metadata: { name: string } };
        const document = new Document(sorted(settled(manifest)));
        document.commentBefore = ` ${resource.name}${resource.protect ? ", protected" : ""}`.replace(
          hash,
          "$1<hash>",
        );
        return {
          key: `${manifest.kind} ${manifest.metadata.name}`,
          text: document.toString({ lineWidth: 0 }),
        };
      })
      // A patch has the kind and name of what it patches; it comes second, as it was registered.
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      .map(({ text }) => text)
      .join("---\n")
  );
}

const hash = /(-(?:gate|controller|backup|restore-code|restore)-)[0-9a-f]{10}$/;

/** The hash of all that is declared hangs on the certificates, which are new in each run. */
const declaredHash = /(?<="hash":"|\}=|^)[0-9a-f]{16}(?="|$)/g;

/** With a placeholder for what differs from run to run, and for the code, which has its own place. */
export function settled(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown) => settled(item));
  }
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, settled(inner, name)]));
  }
  if (typeof value !== "string") {
    return value;
  }
  return /^(gate|controller|backup|restore)\.js(\.gz)?$/.test(key)
    ? `[components/bundles/${key}]`
    : key.endsWith("-ca-sha256") && value !== ""
      ? "[hash]"
      : key === "etcd-cluster/trust"
        ? numbered(value)
        : value.replace(hash, "$1<hash>").replace(declaredHash, "[hash]");
}

/** Keys are new in each run, and which of them are the same matters. */
function numbered(text: string): string {
  const seen: string[] = [];
  return text.replace(/(?<=")[0-9a-f]{16}(?=")/g, (mark) => {
    if (!seen.includes(mark)) {
      seen.push(mark);
    }
    return `[key ${seen.indexOf(mark) + 1}]`;
  });
}

/** Kubernetes' own order at the top, the given one below. */
function sorted(manifest: unknown): unknown {
  const { apiVersion, kind, metadata, ...rest } = manifest as Record<string, unknown>;
  return { apiVersion, kind, metadata, ...rest };
}
