import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { root } from "../../../hack/root";
import { textOf } from "../../support/pages";
import { breaksBetween, declaresBreak, restartsBetween } from "../../support/release/breaks";
import type { Facts } from "../../support/release/facts";
import { factsOf } from "../../support/release/facts";
import { storedSchema } from "../../support/schema";

/** What has changed since the last release, and whether version and changelog say so. */

const kept = join(root, "tests/fixtures/last-release.json");

const newestOf = (changelog: string) => {
  const [, section = ""] = changelog.split(/^## /m);
  return { heading: /^\[([^\]]+)\]/.exec(section)?.[1] ?? "", section };
};

describe("since the last release", () => {
  const { heading, section } = newestOf(textOf("CHANGELOG.md"));
  let last: Facts;
  let next: Facts;
  before(async () => {
    next = await factsOf(storedSchema());
    if (process.env.UPDATE_RELEASE) writeFileSync(kept, `${JSON.stringify(next, undefined, 2)}\n`);
    last = JSON.parse(readFileSync(kept, "utf8")) as Facts;
  });

  it("whatever breaks programs is declared: by the version, and under Breaking in a new section of the changelog", () => {
    const breaks = breaksBetween(last, next);
    if (breaks.length === 0) return;
    const what = `against ${last.version}: ${breaks.join("; ")}`;
    expect(declaresBreak(last.version, next.version), `the version is ${next.version}, ${what}`).to.equal(
      true,
    );
    expect(heading, what).to.not.equal(last.version);
    expect(section, what).to.match(/^### Breaking\n\n- /m);
  });

  it("whatever restarts members is declared in a new section of the changelog", () => {
    const reasons = restartsBetween(last, next);
    if (reasons.length === 0) return;
    const what = `${reasons.join(", ")}: other than in ${last.version}`;
    expect(heading, what).to.not.equal(last.version);
    expect(section, what).to.match(/^Restarts members: yes\b/m);
  });

  it("nothing was released: make release-facts keeps what a release declares", () => {
    if (heading === "Unreleased") return;
    expect(last.version).to.equal(heading);
    expect(last).to.deep.equal(next);
  });

  it("nothing is compared with a later release", () => {
    const numbers = (version: string) =>
      version
        .split(".")
        .map((number) => number.padStart(4, "0"))
        .join();
    expect(numbers(last.version) <= numbers(next.version)).to.equal(true);
  });
});

describe("what breaks programs and living clusters", () => {
  const facts = (schema: Record<string, string>, resources: string[] = []): Facts => ({
    version: "0.1.0",
    etcd: "3.6.16",
    members: { gate: "a", template: "b" },
    resources: { plain: resources, full: resources },
    schema,
  });
  const between = (last: Record<string, string>, next: Record<string, string>) =>
    breaksBetween(facts(last), facts(next));

  it("is what isn't there any more", () => {
    expect(between({ "in.a": "number optional" }, {})).to.deep.equal(["no in.a"]);
    expect(between({ "in.a=Never": "value" }, {})).to.deep.equal(["no in.a=Never"]);
    expect(
      breaksBetween(facts({}, ["Secret a", "Secret b"]), facts({}, ["Secret b", "Secret c"])),
    ).to.deep.equal(["no resource Secret a"]);
  });

  it("is another type, or another name of a type", () => {
    expect(between({ "in.a": "plain A optional" }, { "in.a": "plain B optional" })).to.deep.equal([
      "in.a is plain B optional, was plain A optional",
    ]);
    expect(between({ "in.a": "plain string" }, { "in.a": "string" })).to.have.lengthOf(1);
  });

  it("is what is asked for, or given no longer in each case", () => {
    expect(between({ "in.a": "number optional" }, { "in.a": "number" })).to.have.lengthOf(1);
    expect(between({ "out.a": "number" }, { "out.a": "number optional" })).to.have.lengthOf(1);
    expect(between({ "in.a": "A" }, { "in.a": "A", "in.a.b": "string" })).to.deep.equal([
      "in.a.b is required",
    ]);
    expect(between({}, { "in.a": "number" })).to.deep.equal(["in.a is required"]);
  });

  it("isn't what is new, asked for no longer, or given in each case", () => {
    expect(between({}, { "in.a": "A optional", "in.a.b": "string", "in.a.b=One": "value" })).to.deep.equal(
      [],
    );
    expect(between({ "in.a": "number" }, { "in.a": "number optional" })).to.deep.equal([]);
    expect(between({ "out.a": "number optional" }, { "out.a": "number", "out.b": "string" })).to.deep.equal(
      [],
    );
    expect(breaksBetween(facts({}, ["Secret a"]), facts({}, ["Secret a", "Secret b"]))).to.deep.equal([]);
  });

  it("is declared by the first number of the version that isn't 0", () => {
    const declared = (last: string, next: string) => declaresBreak(last, next);
    expect([
      declared("0.1.0", "0.1.1"),
      declared("0.1.0", "0.2.0"),
      declared("0.9.3", "1.0.0"),
    ]).to.deep.equal([...[false, true, true]]);
    expect([
      declared("1.2.0", "1.3.0"),
      declared("1.2.0", "2.0.0"),
      declared("1.2.0", "1.2.0"),
    ]).to.deep.equal([...[false, true, false]]);
  });

  it("restarts members if their code, their pods or etcd's default version are others", () => {
    const other = { ...facts({}), etcd: "3.7.3", members: { gate: "c", template: "d" } };
    expect(restartsBetween(facts({}), facts({}))).to.deep.equal([]);
    expect(restartsBetween(facts({}), other)).to.deep.equal([
      "the gate's code",
      "the pods' template",
      "etcd's default version, 3.6.16 to 3.7.3",
    ]);
  });
});
