import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { defaultVersion } from "../../../components/contract/versions";
import { root } from "../../../hack/root";
import { prose, textOf } from "../../support/pages";

/** What users decide by before an upgrade: whether it restarts their members, and which etcd an unset version gets. */

/** The text of each release, the newest first. */
const releases = (text: string): readonly string[] => text.split(/^## /m).slice(1);

const restarts = (release: string): readonly string[] =>
  [...release.matchAll(/^Restarts members: (yes|no)\b/gm)].map(([, answer]) => answer!);

const namesVersion = (release: string, version: string): boolean =>
  new RegExp(`(?<![\\d.])${version.replaceAll(".", "\\.")}(?!\\.?\\d)`).test(release);

describe("the changelog", () => {
  const all = releases(textOf("CHANGELOG.md"));
  const [newest = ""] = all;

  it("says of each release, once, whether it restarts the members", () => {
    expect(all).to.have.length.greaterThan(0);
    expect(all.filter((release) => restarts(release).length !== 1)).to.deep.equal([]);
  });

  it("names the default version of etcd in the newest release", () => {
    expect(namesVersion(newest, defaultVersion), defaultVersion).to.equal(true);
  });

  it("names the package's version as a release, or as the coming one", () => {
    const manifest = readFileSync(join(root, "components/package.json"), "utf8");
    const { version } = JSON.parse(manifest) as { version: string };
    expect(namesVersion(newest, version), version).to.equal(true);
  });

  it("has a row for the newest release in docs/upgrading.md, with the same answer", () => {
    const heading = /^\[([^\]]+)\]/.exec(newest)?.[1];
    const rows = prose(textOf("docs/upgrading.md")).flatMap((line) => {
      const [, release, answer] = /^\| \[([^\]]+)\].*? \| (yes|no)\b/.exec(line) ?? [];
      return release === heading ? [answer] : [];
    });
    expect(rows).to.deep.equal(restarts(newest));
  });

  it("is missed where it says nothing", () => {
    const [first = "", second = ""] = releases(
      "# C\n\n## [2]\n\netcd 13.6.16, 3.6.160\n\n## [1]\n\nRestarts members: no\n",
    );
    expect([first, second].map((release) => restarts(release))).to.deep.equal([[], ["no"]]);
    expect(namesVersion(first, "3.6.16")).to.equal(false);
    expect(namesVersion("from 3.6.15 to 3.6.16.", "3.6.16")).to.equal(true);
  });
});
