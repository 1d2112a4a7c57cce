import { expect } from "chai";
import { referencePage } from "../../support/reference";
import { argumentShapes } from "../../support/argument-shapes";
import { expectGolden } from "../../support/golden";
import type { ObjectType, Schema } from "../../support/schema";
import { deriveSchema, serveSchema } from "../../support/schema";

describe("golden schema", function () {
  // It reads the types of the whole package.
  this.timeout(120_000);
  let schema: Schema;
  before(async () => {
    schema = await deriveSchema();
  });

  const token = "etcd-cluster:index:EtcdCluster";

  it("is the stored one, which the package serves", async () => {
    // The analysis emits types in the order in which it meets them.
    const types = Object.fromEntries(Object.entries(schema.types).sort(([a], [b]) => (a < b ? -1 : 1)));
    expectGolden("../../components/schema.json", `${JSON.stringify({ ...schema, types }, undefined, 2)}\n`);
    expect(await serveSchema()).to.deep.equal(schema);
  });

  it("agrees with the shapes that validation checks", () => {
    expectGolden("../../components/validation/argument-shapes.ts", argumentShapes(schema, token));
  });

  it("is what docs/reference.md says", () => {
    expectGolden("../../docs/reference.md", referencePage(schema, token));
  });

  it("has one component without required arguments", () => {
    expect(schema.name).to.equal("etcd-cluster");
    expect(Object.keys(schema.resources)).to.deep.equal([token]);
    expect(schema.resources[token]?.isComponent).to.equal(true);
    expect(schema.resources[token]?.requiredInputs).to.deep.equal([]);
    expect(schema.resources[token]?.required?.sort()).to.deep.equal([
      "clusterName",
      "connections",
      "endpoints",
      "metricsPort",
      "namespace",
      "secretNames",
      "serviceEndpoint",
      "version",
    ]);
  });

  it("accepts outputs where the cluster's shape doesn't depend on them", () => {
    const { inputProperties = {} } = schema.resources[token] ?? {};
    const taken = Object.entries(inputProperties)
      .filter(([, property]) => !property.plain)
      .map(([name]) => name);
    expect(taken.sort()).to.deep.equal(["imagePullSecrets", "namespace", "serviceAccountAnnotations"]);
  });

  it("requires nested arguments only if they have no default", () => {
    const kubernetes = /^(NodeSelector|PreferredScheduling)/;
    const ofOutputs = /^(SecretNames|Client.+|Connection.+)$/;
    const own = Object.entries(schema.types)
      .map(([name, type]) => [name.replace(/.*:/, ""), type.required?.slice().sort()] as const)
      .filter(([name, required]) => required?.length && !ofOutputs.test(name) && !kubernetes.test(name));
    expect(Object.fromEntries(own)).to.deep.equal({
      Backup: ["schedule"],
      BackupDrill: ["schedule"],
      CaRotation: ["revision", "step"],
      Client: ["name"],
      RestoreEndpoints: ["urls"],
      ExistingTls: [
        "controllerSecret",
        "controllerServerSecret",
        "peerClientSecret",
        "peerSecret",
        "rootSecret",
        "serverSecret",
      ],
      Recovery: ["confirmed"],
      S3Credentials: ["accessKeyId", "secretAccessKey"],
      S3Encryption: ["algorithm"],
      S3Store: ["bucket"],
      SnapshotFile: ["claim", "path"],
    });
  });

  it("describes every argument, output and enum value", () => {
    const component = schema.resources[token];
    const all: [string, { description?: string }][] = [
      ...Object.entries(component?.inputProperties ?? {}),
      ...Object.entries(component?.properties ?? {}),
      ...Object.entries(schema.types).flatMap(([name, type]: [string, ObjectType]) => [
        ...Object.entries(type.properties ?? {}).map(
          ([property, value]) => [`${name}.${property}`, value] as [string, { description?: string }],
        ),
        ...(type.enum ?? []).map(
          (word) => [`${name}.${word.name}`, word] as [string, { description?: string }],
        ),
      ]),
      [token, component ?? {}],
    ];
    expect(all).to.have.length.greaterThan(130);
    const without = all.filter(
      ([, { description }]) => !description || description.includes("[object Object]"),
    );
    expect(without.map(([name]) => name)).to.deep.equal([]);
  });
});
