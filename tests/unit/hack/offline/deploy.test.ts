import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as tls from "@pulumi/tls";
import { deployProgram } from "../../../../hack/offline/deploy";
import { convergenceOf, isRolledOut } from "../../../../hack/convergence";
import type { State } from "../../../../hack/offline/state";
import { waitForVoters } from "../../../../hack/wait-for-voters";
import type { Ran } from "../../../../hack/kubectl";
import { Kubectl } from "../../../../hack/kubectl";

/** Returns prepared answers and records the requests. */
class FakeKubectl extends Kubectl {
  readonly asked: string[] = [];

  constructor(private readonly answer: (command: string) => string | undefined = () => "") {
    super({});
  }

  override try(args: string[]): Promise<Ran> {
    const command = args.join(" ");
    this.asked.push(command);
    const stdout = this.answer(command);
    return Promise.resolve(
      stdout === undefined ? { code: 1, stdout: "", stderr: "no" } : { code: 0, stdout, stderr: "" },
    );
  }

  /** The verbs and objects of the changing requests. */
  get done(): string[] {
    return this.asked
      .filter((command) => !command.startsWith("get "))
      .map((command) => (command.startsWith("apply ") ? "apply" : command.replace(/ -n .*/, "")));
  }
}

describe("deploying without the Pulumi CLI", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "offline-"));
    file = join(folder, "stacks", "test.json");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const state = () => JSON.parse(readFileSync(file, "utf8")) as State;
  const kept = () => state().objects.map((ref) => ref.name);
  const configMap = (name: string) => () => new k8s.core.v1.ConfigMap(name, { metadata: { name } });
  const deploy = (program: () => unknown, kubectl = new FakeKubectl()) =>
    deployProgram(kubectl, file, program);

  it("deletes what is no longer declared, but only once the cluster has converged", async () => {
    await (await deploy(configMap("gate-1"))).finish();
    const kubectl = new FakeKubectl();
    const { finish } = await deploy(configMap("gate-2"), kubectl);
    expect(kubectl.done).to.deep.equal(["apply"]);
    expect(kept()).to.have.members(["gate-1", "gate-2"]);
    expect((await finish()).map((c) => `${c.change} ${c.ref.name}`)).to.deep.equal(["deleted gate-1"]);
    expect(kubectl.done).to.deep.equal(["apply", "delete ConfigMap.v1. gate-1"]);
    expect(kept()).to.deep.equal(["gate-2"]);
  });

  it("remembers the objects of a declaration that was never reached", async () => {
    await (await deploy(configMap("one"))).finish();
    await deploy(configMap("two"));
    const { finish } = await deploy(configMap("three"));
    expect(kept()).to.have.members(["one", "two", "three"]);
    expect((await finish()).map((c) => c.ref.name)).to.have.members(["one", "two"]);
    expect(kept()).to.deep.equal(["three"]);
  });

  it("keeps objects that are declared again", async () => {
    await (await deploy(configMap("one"))).finish();
    await deploy(configMap("two"));
    const { finish } = await deploy(configMap("one"));
    expect((await finish()).map((c) => c.ref.name)).to.deep.equal(["two"]);
  });

  it("refuses to delete what holds data before it applies anything", async () => {
    await (await deploy(() => new k8s.core.v1.Namespace("etcd", { metadata: { name: "etcd" } }))).finish();
    const kubectl = new FakeKubectl();
    const failure = await deploy(configMap("one"), kubectl).then(() => "none", String);
    expect(failure).to.contain("Namespace etcd is no longer in the program");
    expect(kubectl.done).to.deep.equal([]);
    expect(kept()).to.deep.equal(["etcd"]);
  });

  it("saves new keys before the cluster gets them, and keeps old ones until the cluster needs them no more", async () => {
    const keyPair = (name: string, ecdsaCurve: string) => () =>
      new tls.PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve });
    const keys = () => Object.values(state().tls).map((made) => String(made.outputs.privateKeyPem));
    await (await deploy(keyPair("ca", "P256"))).finish();
    const [first] = keys();

    // The API server refuses these, first for another curve and then for the missing key.
    for (const refused of [keyPair("ca", "P384"), keyPair("other", "P256")]) {
      const failing = new FakeKubectl((command) => (command.startsWith("apply ") ? undefined : ""));
      const failure = await deploy(refused, failing).catch((error: Error) => error);
      expect(failure).to.be.instanceOf(Error);
    }
    expect(keys()).to.have.lengthOf(3);

    const { finish } = await deploy(keyPair("ca", "P256"));
    expect(keys()).to.have.lengthOf(4).and.to.include(first);
    await finish();
    expect(keys()).to.deep.equal([first]);
  });
});

describe("an object that depends on a wait of the engine", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "offline-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** One object to apply at once, and one that depends on the wait. */
  const program = () => {
    const metadata = (name: string) => ({ name, namespace: "ns" });
    const early = new k8s.core.v1.ConfigMap("early", { metadata: metadata("trust") });
    const wait = new k8s.core.v1.ConfigMapPatch(
      "wait",
      {
        metadata: {
          ...metadata("trust"),
          annotations: {
            "pulumi.com/waitFor": JSON.stringify([
              "jsonpath={.metadata.annotations['wanted']}=yes",
              "jsonpath={.data.agreed}=yes",
            ]),
          },
        },
      },
      { dependsOn: early },
    );
    return new k8s.core.v1.Secret("late", { metadata: metadata("client") }, { dependsOn: wait });
  };
  const waits = (seconds: number) =>
    `-n ns wait configmap/trust --for=jsonpath={.data.agreed}=yes --timeout=${seconds}s`;
  /** Records what each `apply` applied. */
  class Applying extends FakeKubectl {
    readonly applied: string[][] = [];
    override try(args: string[], options: { input?: string } = {}): Promise<Ran> {
      if (args[0] === "apply") {
        const { items } = JSON.parse(options.input ?? "{}") as { items: { metadata: { name: string } }[] };
        this.applied.push(items.map((item) => item.metadata.name));
      }
      return super.try(args);
    }
  }

  it("is applied with the others if the condition already holds", async () => {
    const kubectl = new Applying();
    const { changes } = await deployProgram(kubectl, join(folder, "state.json"), program);
    expect(kubectl.applied).to.deep.equal([["trust"], ["client"]]);
    expect(changes.map((c) => c.ref.name)).to.deep.equal(["trust", "client"]);
  });

  it("is applied only once the condition holds", async () => {
    let agreed: () => void = () => undefined;
    const kubectl = new Applying((command) => (command === waits(0) ? undefined : ""));
    const original = kubectl.try.bind(kubectl);
    kubectl.try = async (args, options) => {
      if (args.join(" ") === waits(30)) await new Promise<void>((resolve) => (agreed = resolve));
      return original(args, options);
    };
    const { changes, finish } = await deployProgram(kubectl, join(folder, "state.json"), program);
    expect(kubectl.applied).to.deep.equal([["trust"]]);
    expect(changes.map((c) => c.ref.name)).to.deep.equal(["trust"]);
    const finished = finish();
    expect(kubectl.applied).to.deep.equal([["trust"]]);
    agreed();
    expect((await finished).map((c) => c.ref.name)).to.deep.equal(["client"]);
    expect(kubectl.applied).to.deep.equal([["trust"], ["client"]]);
  });
});

describe("the final wait", () => {
  const status = { converged: "waits", reason: "waits", declared: "new", refused: "" };

  it("tells apart reached, waiting and refused, and ignores reports on other declarations", () => {
    expect(convergenceOf("new", undefined)).to.include({ kind: "waits" });
    expect(convergenceOf("new", status)).to.deep.equal({ kind: "waits", reason: "waits" });
    expect(convergenceOf("new", { ...status, converged: "new" })).to.deep.equal({ kind: "reached" });
    const refused = { ...status, converged: "refused: no", refused: "refused: no" };
    expect(convergenceOf("new", refused)).to.deep.equal({ kind: "refused", reason: "refused: no" });
    expect(convergenceOf("newer", refused)).to.deep.equal({ kind: "waits", reason: "refused: no" });
  });

  it("trusts only the declared controller's report", () => {
    const settled = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, readyReplicas: 1 };
    const metadata = { generation: 2 };
    expect(isRolledOut({ metadata, status: settled })).to.equal(true);
    const others = [
      undefined,
      { ...settled, observedGeneration: 1 },
      { ...settled, replicas: 2 },
      { ...settled, updatedReplicas: 0 },
      { ...settled, readyReplicas: undefined },
    ];
    for (const other of others) {
      expect(isRolledOut({ metadata, status: other })).to.equal(false);
    }
  });

  it("fails at once with the reason when the declaration is refused", async () => {
    const refused = { ...status, converged: "refused: no", refused: "refused: no" };
    const answers: Record<string, unknown> = {
      statefulset: { metadata: { annotations: { "etcd-cluster/desired": JSON.stringify({ hash: "new" }) } } },
      configmap: { data: refused },
      deployment: {
        metadata: { generation: 1 },
        status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1 },
      },
    };
    const kubectl = new FakeKubectl((command) => {
      const kind = Object.keys(answers).find((name) => command.includes(` get ${name} `));
      return kind && JSON.stringify(answers[kind]);
    });
    const failure = await waitForVoters(kubectl, "ns", "etcd", 3, 3600).then(() => "none", String);
    expect(failure).to.equal("Error: refused: no");
  });
});
