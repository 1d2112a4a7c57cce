import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as pulumi from "@pulumi/pulumi";
import type { ServiceError } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import type { EtcdClusterArgs } from "../../../components";
import { validate } from "../../../components/validation";
import { InvalidArguments } from "../../../components/validation/errors";
import { root } from "../../../hack/root";
import type { Engine } from "../../support/engine";
import { withEngine } from "../../support/engine";
import { withHost } from "../../support/schema";

const run = promisify(execFile);

/** The lines of the error, one for each problem. */
function refused(args: unknown): string[] {
  try {
    validate(args as EtcdClusterArgs, "etcd");
  } catch (error) {
    expect(error).to.be.instanceOf(InvalidArguments);
    return (error as Error).message.split("\n  - ").slice(1);
  }
  throw new Error("nothing was refused");
}

const header = 'EtcdCluster "etcd" is refused, and nothing of it was created:';
const even =
  "members is 4: an even number survives no more failures than 3. Use 3 or 5, or set allowEvenMembers: true.";
// The tests check types elsewhere.
const env = { PULUMI_NODEJS_TYPESCRIPT: "true", PULUMI_NODEJS_TRANSPILE_ONLY: "true" };

describe("a refusal", function () {
  this.timeout(120_000);

  it("ends a program with its message alone, once", async () => {
    await withEngine(async (engine) => {
      const code = await runProgram(engine, { "etcd:members": "4", "etcd:memebrs": "5" });
      expect(engine.errors).to.deep.equal([
        `${header}\n  - memebrs is "…": there is no such argument. Did you mean members?\n  - ${even}`,
      ]);
      expect(engine.registered).to.deep.equal(["pulumi:pulumi:Stack"]);
      expect(code, "the exit code by which the CLI knows that the user was told").to.equal(32);
    });
  });

  it("is invalid input of a component package, whose message is not repeated for each property", async () => {
    await withEngine(async (engine) => {
      const error = await withHost(engine.address, (client) => construct(client, engine, { members: 4 }));
      expect(error.code).to.equal(status.INVALID_ARGUMENT);
      expect(error.details).to.equal(`${header}\n  - ${even}`);
      const [details] = error.metadata.get("grpc-status-details-bin");
      expect(String(details)).to.contain("InputPropertiesError");
      expect(String(details).split("members is 4")).to.have.lengthOf(2);
      expect(engine.errors).to.deep.equal([]);
      expect(engine.registered).to.deep.equal([]);
    });
  });
});

describe("one error", () => {
  it("has wrong types, wrong values and unknown names", () => {
    expect(refused({ allowDataDeletion: "true", members: 4, version: "latest", replicas: 5 })).to.deep.equal([
      'allowDataDeletion is "true": it has to be true or false, without quotes. Use true.',
      "replicas is 5: there is no such argument. Use members: 5.",
      even,
      'version is "latest": it has to be an exact version, MAJOR.MINOR.PATCH, because the settings depend on it. ' +
        'Use "3.6.16".',
    ]);
  });

  it("has nothing that only follows from a value of a wrong type", () => {
    const given: [object, string[]][] = [
      [{ storage: "100Gi", etcd: { quota: "8Gi" }, resources: { memoryLimit: "4Gi" } }, ["storage"]],
      [{ storage: { size: 100 }, etcd: { quota: "8Gi", extra: { "max-wals": 50 } } }, ["storage.size"]],
      [
        { etcd: { quota: "8Gi" }, storage: { size: "30Gi" }, resources: { memoryLimit: 8 } },
        ["resources.memoryLimit"],
      ],
      [
        { resources: { memoryLimit: null, memoryRequest: "8Gi", cpuRequest: 2, cpuLimit: "1" } },
        [...["resources.cpuRequest", "resources.memoryLimit"]],
      ],
      [{ members: 4, allowEvenMembers: "true" }, ["allowEvenMembers"]],
      [{ storage: { onDestroy: "Delete" }, allowDataDeletion: "true" }, ["allowDataDeletion"]],
      [{ version: 3.7, image: { tag: "v3.7.3" }, etcd: { extra: { "no-such": 1 } } }, ["version"]],
      [{ version: "3.7", image: { tag: "v3.7.3" } }, ["version"]],
      [{ namespace: "default", createNamespace: "no" }, ["createNamespace"]],
      [{ backup: { schedule: 5, s3: "backups" } }, ["backup.schedule", "backup.s3"]],
      [{ restore: { file: "etcd.db" } }, ["restore.file"]],
      [{ generation: "2", recovery: { confirmed: true } }, ["generation"]],
      [{ clients: [5, { name: "a" }, { name: "a" }] }, ["clients[0]", "clients[2].name"]],
      [{ tls: { extraServerNames: [5, "a", "a"] } }, ["tls.extraServerNames[0]", "tls.extraServerNames[2]"]],
      [{ etcd: { cipherSuites: [5] } }, ["etcd.cipherSuites[0]"]],
      [
        { etcd: { autoCompactionMode: "hourly", autoCompactionRetention: "10" } },
        ["etcd.autoCompactionMode"],
      ],
      [{ service: { type: "loadbalancer", loadBalancerClass: "a" } }, ["service.type"]],
      [{ scheduling: { zoneSpread: "required", minZones: 2 } }, ["scheduling.zoneSpread"]],
    ];
    for (const [args, paths] of given) {
      expect(refused(args).map((line) => line.split(" ")[0])).to.deep.equal(paths, JSON.stringify(args));
    }
  });
});

describe("a value in a message", () => {
  const output = pulumi.secret("hush");

  it("is called an Output where a plain one is needed", () => {
    const wayOut =
      "it has to be known before anything is created. " +
      "Pass a plain value, such as one from the stack's configuration that is no secret.";
    const given: [string, object][] = [
      ["version", { version: output }],
      ["members", { members: output }],
      ["allowDataDeletion", { allowDataDeletion: output }],
      ["storage", { storage: output }],
      ["storage.size", { storage: { size: output } }],
      ["clients", { clients: output }],
      ["clients[0].name", { clients: [{ name: output }] }],
      ["scheduling.hostSpread", { scheduling: { hostSpread: output } }],
      ["etcd.extra.max-snapshots", { etcd: { extra: { "max-snapshots": output } } }],
      ["etcd.extra", { etcd: { extra: output } }],
    ];
    for (const [path, args] of given) {
      expect(refused(args)).to.deep.equal([`${path} is an Output: ${wayOut}`]);
    }
    expect(refused({ version: Promise.resolve("3.6.16") })).to.deep.equal([
      `version is a Promise: ${wayOut}`,
    ]);
  });

  it("never has what is known later or is secret", () => {
    const key = "-----BEGIN EC PRIVATE KEY-----\nhush\n-----END EC PRIVATE KEY-----";
    const given = [
      { replicas: output },
      { auth: { rootPassword: "hush", list: [output] } },
      {
        backup: { schedule: "@daily", s3: { bucket: "backups", accessKey: "hush", secretAccessKey: "hush" } },
      },
      { backup: { schedule: "@daily", s3: { bucket: "backups", secret_key: "hush", "api-key": "hush" } } },
      { secret: "hush", token: "hush", password: 5, privateKey: "hush" },
      { something: { inside: key } },
      { service: { loadBalancerClass: key } },
      { scheduling: { tolerations: [{ keyy: output }] } },
    ];
    for (const args of given) {
      expect(refused(args).join("\n")).to.not.contain("hush");
    }
    expect(refused({ password: 5 })[0])
      .to.match(/^password is "\[secret\]": /)
      .and.not.contain("5");
    expect(refused({ auth: { list: [output] } })[0]).to.contain('auth is {"list":["an Output"]}: ');
  });

  it("has its name where JSON has none for it", () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const resource = new pulumi.ComponentResource(
      "test:index:Thing",
      "thing",
      {},
      { urn: "urn:pulumi:a::b::c::d" },
    );
    const given: [object, string][] = [
      [{ members: NaN }, "members is NaN: a cluster has 1 to 7 members."],
      [{ generation: Infinity }, "generation is Infinity: it has to be a whole number from 1 to 1000000."],
      [{ generation: 2n }, "generation is 2: it has to be a whole number"],
      [{ circle }, "circle is an object that contains itself: there is no such argument."],
      [{ version: () => "3.6.16" }, "version is a function: it has to be text."],
      [
        { storage: { storageClass: resource } },
        "storage.storageClass is a resource: it has to be text. Pass the",
      ],
    ];
    for (const [args, start] of given) {
      expect(refused(args)[0]).to.match(new RegExp(`^${start.replace(/[.[\]]/g, "\\$&")}`));
    }
  });
});

async function runProgram(engine: Engine, config: Record<string, string>): Promise<unknown> {
  const of = [
    "--monitor",
    engine.address,
    "--engine",
    engine.address,
    "--project",
    "etcd",
    "--stack",
    "test",
  ];
  try {
    await run(process.execPath, [require.resolve("@pulumi/pulumi/cmd/run"), ...of, "--pwd", root, root], {
      env: { ...process.env, ...env, PULUMI_CONFIG: JSON.stringify(config) },
    });
    return 0;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

function construct(
  client: Parameters<Parameters<typeof withHost>[1]>[0],
  engine: Engine,
  inputs: Record<string, number>,
): Promise<ServiceError> {
  const request = new ConstructRequest();
  request.setProject("etcd");
  request.setStack("test");
  request.setMonitorendpoint(engine.address);
  request.setType("etcd-cluster:index:EtcdCluster");
  request.setName("etcd");
  request.setInputs(Struct.fromJavaScript(inputs));
  return new Promise((resolve, reject) =>
    client.construct(request, (error) => (error ? resolve(error) : reject(new Error("nothing was refused")))),
  );
}
