import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect } from "chai";
import { root } from "../../../hack/root";
import { pagesOfExamples } from "../../support/examples";
import { pages, prose, textOf } from "../../support/pages";

/** As GitHub makes an anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/ /g, "-");

const anchors = (text: string): string[] =>
  prose(text).flatMap((line) => {
    const heading = /^#{1,6} (.+)$/.exec(line)?.[1];
    return heading === undefined ? [] : [anchorOf(heading.trim())];
  });

/** Links inside the repository that lead nowhere. */
export function brokenLinks(page: string, text: string): string[] {
  return prose(text).flatMap((line, index) =>
    [...line.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : relative(root, join(root, dirname(page), path));
      const where = `${page}:${index + 1} ${target}`;
      if (!existsSync(join(root, file))) return [where];
      if (anchor === undefined) return [];
      return anchors(file === page ? text : textOf(file)).includes(anchor) ? [] : [where];
    }),
  );
}

describe("links of the documentation", () => {
  // What the changelog says of older releases need not be true of this one. So only its links are tested.
  for (const page of [...pages, ...pagesOfExamples, "CHANGELOG.md"]) {
    it(`of ${page} lead somewhere`, () => {
      expect(brokenLinks(page, textOf(page))).to.deep.equal([]);
    });
  }

  it("are found where they lead nowhere", () => {
    const text =
      "# A page\n\n[file](nowhere.md) [anchor](#a-pages) [this](#a-page)\n\n```ts\n[code](none)\n```\n";
    expect(brokenLinks("README.md", text)).to.deep.equal(["README.md:3 nowhere.md", "README.md:3 #a-pages"]);
  });

  it("name every page of docs/ in the README", () => {
    const named = [...textOf("README.md").matchAll(/\]\((docs\/[^)#]+)/g)].map(([, file]) => file);
    const own = pages.filter((page) => page.startsWith("docs/"));
    expect(own.filter((page) => !named.includes(page))).to.deep.equal([]);
  });
});
