import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { readStack } from "../../../hack/stack-config";
import { root } from "../../../hack/root";

describe("a stack's configuration", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stack-test-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const read = (project: string, stack: string) => {
    writeFileSync(join(folder, "Pulumi.yaml"), project);
    writeFileSync(join(folder, "Pulumi.test.yaml"), stack);
    return readStack(folder, "test");
  };

  it("overlays the project's defaults with the stack's values, as text", () => {
    const project = `
name: thing
config:
  members: { type: integer, default: 3 }
  version: { type: string, default: 3.6.16 }
  open: { type: boolean, default: false }
  free: { type: string }
`;
    const stack = `
config:
  thing:members: 5
  thing:clients: [{ name: api }]
  other:region: north
`;
    expect(read(project, stack)).to.deep.equal({
      project: "thing",
      config: {
        "thing:members": "5",
        "thing:version": "3.6.16",
        "thing:open": "false",
        "thing:clients": '[{"name":"api"}]',
        "other:region": "north",
      },
    });
  });

  it("may be empty in the project or the stack", () => {
    expect(read("name: thing\n", "")).to.deep.equal({ project: "thing", config: {} });
    expect(read("name: thing\n", "# nothing yet\n")).to.deep.equal({ project: "thing", config: {} });
    expect(read("name: thing\n", "config:\n")).to.deep.equal({ project: "thing", config: {} });
  });

  it("fails if the stack doesn't exist", () => {
    expect(() => readStack(root, "nowhere")).to.throw("Pulumi.nowhere.yaml");
  });

  it("declares only the component's own defaults", () => {
    const { config: all } = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as {
      config: Record<string, { type: string; default?: unknown; description?: string; value?: unknown }>;
    };
    const { "kubernetes:enableSecretMutable": mutable, ...config } = all;
    expect(mutable).to.deep.equal({ value: true });
    const defaults = Object.fromEntries(
      Object.entries(config).map(([key, { default: value }]) => [key, value]),
    );
    expect(defaults).to.include({ members: 3, version: "3.6.16", clusterDomain: "cluster.local" });
    for (const [key, { type, description }] of Object.entries(config)) {
      expect(type, key).to.be.a("string");
      expect(description, key).to.be.a("string");
    }
  });
});
