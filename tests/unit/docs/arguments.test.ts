import { expect } from "chai";
import { pages, prose, textOf } from "../../support/pages";
import type { Property } from "../../support/schema";
import { storedSchema } from "../../support/schema";

/** Every argument that a page names by its path, such as `controller.paused`, exists. */

/** `tls.crt` and `restore.js` are files. */
const isFile = (path: string) => /\.(crt|key|js|ts)(\.gz)?$/.test(path);

const schema = storedSchema();
const [component] = Object.values(schema.resources);
const top = component?.inputProperties ?? {};

function exists(
  [first = "", ...rest]: readonly string[],
  among: Record<string, Property> | undefined,
): boolean {
  const property = among?.[first];
  if (property === undefined) return false;
  if (rest.length === 0) return true;
  const ref = property.$ref ?? property.items?.$ref;
  if (ref === undefined) return property.additionalProperties !== undefined;
  return exists(rest, schema.types[ref.replace("#/types/", "")]?.properties);
}

/** The left column of bitnami.md has paths of the chart's values. */
const ours = (page: string, line: string) =>
  page === "docs/bitnami.md" ? line.replace(/^\| .*? \| /, "") : line;

export function unknownArguments(page: string, text: string): string[] {
  return prose(text).flatMap((line, index) =>
    [...ours(page, line).matchAll(/`([a-zA-Z]+(?:\.[a-zA-Z0-9]+)+)(?:: [^`]*)?`/g)]
      .map(([, path = ""]) => path)
      .filter((path) => !isFile(path))
      .filter((path) => path.split(".")[0]! in top && !exists(path.split("."), top))
      .map((path) => `${page}:${index + 1} ${path}`),
  );
}

describe("arguments in the documentation", () => {
  for (const page of pages) {
    it(`of ${page} exist`, () => {
      expect(unknownArguments(page, textOf(page))).to.deep.equal([]);
    });
  }

  it("are found where they don't exist", () => {
    const text =
      "`controller.pause`, `controller.paused`, `storage.metadata.labels`, `etcd.extra`, `clients.nme: x`";
    expect(unknownArguments("README.md", text)).to.deep.equal([
      "README.md:1 controller.pause",
      "README.md:1 clients.nme",
    ]);
  });
});
