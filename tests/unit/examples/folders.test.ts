import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { root } from "../../../hack/root";
import { configOf, folder, inTypeScript, programs, projectOf, textOfExample } from "../../support/examples";

interface Package {
  readonly name: string;
  readonly dependencies: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

describe("the examples", () => {
  it("are all in the table of examples/README.md, and only they", () => {
    const listed = [...textOfExample("README.md").matchAll(/^\| \[([^\]]+)\]\(([^)]+)\)/gm)].map(
      ([, name, target]) => {
        expect(name).to.equal(target);
        return name;
      },
    );
    const there = readdirSync(folder).filter((name) => !["README.md", ".gitignore"].includes(name));
    expect([...listed].sort()).to.deep.equal(there.sort());
  });

  for (const program of programs) {
    it(`${program} has a README, and a project that keeps Secrets in place`, () => {
      expect(existsSync(join(folder, program, "README.md"))).to.equal(true);
      const { name, description, config } = projectOf(program);
      expect(name).to.equal(`etcd-${program}`);
      expect(description).to.match(/^\w.*\.$/);
      expect(config).to.deep.equal({ "kubernetes:enableSecretMutable": true });
    });
  }

  for (const program of programs.filter((each) => !inTypeScript.includes(each))) {
    it(`${program} names the package by its folder`, () => {
      const packages = projectOf(program).packages ?? {};
      expect(packages).to.deep.equal({ "etcd-cluster": "../../components" });
      expect(join(folder, program, packages["etcd-cluster"]!)).to.equal(join(root, "components"));
    });
  }
});

describe("the folders of the examples in TypeScript", () => {
  const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8")) as Package;
  const known = [read("components/package.json"), read("package.json")];

  for (const program of inTypeScript) {
    it(`${program} depends on the package, and otherwise on what it depends on`, () => {
      const { name, dependencies, devDependencies } = read(`examples/${program}/package.json`);
      expect(name).to.equal(`etcd-${program}`);
      const { "etcd-cluster": own, ...others } = dependencies;
      expect(own).to.equal("file:../../components");
      for (const [dependency, version] of Object.entries({ ...others, ...devDependencies })) {
        const declared = known.map(
          (each) => each.dependencies[dependency] ?? each.devDependencies?.[dependency],
        );
        expect(declared, dependency).to.include(version);
      }
    });

    it(`${program} imports what its package.json names`, () => {
      const imported = [...textOfExample(`${program}/index.ts`).matchAll(/ from "([^"]+)";$/gm)].map(
        ([, at]) => at,
      );
      const { dependencies } = read(`examples/${program}/package.json`);
      const needed = [...new Set([...imported, "@pulumi/pulumi"])];
      expect(Object.keys(dependencies).sort()).to.deep.equal(needed.sort());
    });

    it(`${program} has the compiler's options of the others`, () => {
      const options = (of: string) => parse(textOfExample(`${of}/tsconfig.json`)) as object;
      expect(options(program)).to.deep.equal(options("typescript-minimal"));
    });
  }
});

describe("the configuration that a README sets", () => {
  it("is what the CLI would pass to the program", () => {
    expect(configOf("typescript-external-access")).to.deep.equal({
      "kubernetes:context": "my-cluster",
      "etcd-typescript-external-access:dnsName": "etcd.example.com",
      "etcd-typescript-external-access:clientRanges": '["203.0.113.0/24"]',
      "etcd-typescript-external-access:loadBalancerAnnotations":
        '{"networking.gke.io/load-balancer-type":"Internal"}',
    });
  });
});
