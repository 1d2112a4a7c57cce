import { expect } from "chai";
import type { types } from "@pulumi/kubernetes";
import { EtcdCluster } from "../../components";
import { plain, render } from "../../hack/render/render";
import { inputs, kinds, listOf, renderCluster, resource } from "../support/render";
import type { Scenario } from "../support/scenarios";
import { argsOf, scenario, scenarioNames } from "../support/scenarios";

const gate = /^etcd-gate-[0-9a-f]{10}$/;

const authority = (kind: string) => [
  `${kinds.key} etcd-ca-${kind}-key`,
  `${kinds.selfSigned} etcd-ca-${kind}`,
];
const leaf = (name: string) => [
  `${kinds.key} etcd-${name}-key`,
  `${kinds.request} etcd-${name}-request`,
  `${kinds.signed} etcd-${name}-cert`,
  `${kinds.secret} etcd-${name}`,
];
const certificates = (clients: string[] = []) => [
  ...["peer", "client"].flatMap(authority),
  ...["peer", "peer-client", "server", "root", "controller", ...clients.map((c) => `client-${c}`)].flatMap(
    leaf,
  ),
];
const namespace = `${kinds.namespace} etcd-namespace`;
const always = [
  `${kinds.component} etcd`,
  `${kinds.serviceAccount} etcd-account`,
  `${kinds.configMap} etcd-gate-<hash>`,
  `${kinds.service} etcd-headless`,
  `${kinds.service} etcd-client`,
  `${kinds.budget} etcd-budget`,
  `${kinds.statefulSet} etcd-members`,
];
const withoutHash = (lines: string[]) =>
  lines.map((line) => line.replace(/(-gate-)[0-9a-f]{10}$/, "$1<hash>"));

describe("children of a cluster", () => {
  const expected: Partial<Record<Scenario, string[]>> = {
    default: [...always, namespace, ...certificates()],
    smallest: [...always, namespace, ...certificates()],
    seven: [...always, namespace, ...certificates()],
    "existing namespace": [...always, ...certificates()],
    "own TLS": [...always, namespace],
    // A client may be called like an authority.
    "two clients": [...always, namespace, ...certificates(["backup", "ca"])],
    everything: [...always, namespace, ...certificates(["api", "backup"])],
  };
  for (const [name, list] of Object.entries(expected) as [Scenario, string[]][]) {
    it(`are exactly these: ${name}`, async () => {
      expect(withoutHash(listOf(await scenario(name))).sort()).to.deep.equal([...list].sort());
    });
  }

  it("have names of their own, whatever clients are called", async () => {
    for (const name of scenarioNames) {
      const list = listOf(await scenario(name));
      expect(new Set(list).size, name).to.equal(list.length);
      const objects = (await scenario(name)).resources
        .filter((r) => r.type.startsWith("kubernetes:"))
        .map((r) => `${r.type} ${(plain(r.inputs) as { metadata: { name: string } }).metadata.name}`);
      expect(new Set(objects).size, name).to.equal(objects.length);
    }
  });

  it("all have the component as their parent, and the component has none", async () => {
    let seen = 0;
    for (const name of scenarioNames) {
      const { resources } = await scenario(name);
      const component = resources.filter((r) => r.type === kinds.component);
      expect(component.map((r) => [r.name, r.parent])).to.deep.equal([["etcd", ""]]);
      for (const child of resources.filter((r) => r.type !== kinds.component)) {
        expect(child.parent, `${name}: ${child.name}`).to.equal(component[0]?.urn);
        seen++;
      }
    }
    expect(seen).to.be.greaterThan(scenarioNames.length * 8);
  });

  it("are named after the Pulumi resource, and their objects after the cluster", async () => {
    const rendered = await renderCluster(
      { clusterName: "orders", clients: [{ name: "api" }] },
      { name: "main" },
    );
    for (const { type, name } of rendered.resources.filter((r) => r.type !== kinds.component)) {
      expect(name, type).to.match(/^main-/);
    }
    const objects = rendered.resources
      .filter((r) => r.type.startsWith("kubernetes:"))
      .map((r) => [r.type, (plain(r.inputs) as { metadata: { name: string } }).metadata.name])
      .map(([type, name]) => `${type} ${name?.replace(/(-gate-)[0-9a-f]{10}$/, "$1<hash>")}`);
    expect(objects.sort()).to.deep.equal(
      [
        `${kinds.namespace} orders`,
        ...["peer", "peer-client", "server", "root", "controller", "client-api"].map(
          (pair) => `${kinds.secret} orders-${pair}`,
        ),
        `${kinds.service} orders`,
        `${kinds.service} orders-client`,
        `${kinds.serviceAccount} orders`,
        `${kinds.configMap} orders-gate-<hash>`,
        `${kinds.budget} orders`,
        `${kinds.statefulSet} orders`,
      ].sort(),
    );
  });

  it("let two clusters live in one stack, and in one namespace", async () => {
    const both = await render(() => [
      new EtcdCluster("first", { namespace: "shared" }),
      new EtcdCluster("second", { namespace: "shared", createNamespace: false }),
    ]);
    const list = listOf(both);
    expect(list).to.have.lengthOf(2 * (always.length + certificates().length) + 1);
    expect(new Set(list).size).to.equal(list.length);
    // The same code has the same name; everything else is each cluster's own.
    const objects = both.resources
      .filter((r) => r.type.startsWith("kubernetes:"))
      .map((r) => `${r.type} ${(plain(r.inputs) as { metadata: { name: string } }).metadata.name}`);
    expect(new Set(objects).size).to.equal(objects.length);
  });
});

describe("every object", () => {
  it("stands in the namespace, with the labels of the cluster", async () => {
    for (const name of ["default", "everything"] as const) {
      const rendered = await scenario(name);
      const [cluster, home] = name === "default" ? ["etcd", "etcd"] : ["orders", "data"];
      const objects = rendered.resources.filter((r) => r.type.startsWith("kubernetes:"));
      expect(objects).to.have.lengthOf(name === "default" ? 12 : 14);
      for (const object of objects) {
        const { metadata } = plain(object.inputs) as { metadata: types.output.meta.v1.ObjectMeta };
        expect(metadata.labels, object.name).to.include({
          "app.kubernetes.io/name": "etcd",
          "app.kubernetes.io/instance": cluster,
          "app.kubernetes.io/managed-by": "pulumi",
        });
        const where = object.type === kinds.namespace ? metadata.name : metadata.namespace;
        expect(where, object.name).to.equal(home);
        if (name === "everything") {
          expect(metadata.labels, object.name).to.include({ team: "storage" });
          expect(metadata.annotations, object.name).to.include({ "example.com/owner": "storage" });
        }
      }
    }
  });

  it("keeps the component's labels where given ones would change them", async () => {
    const rendered = await renderCluster({
      metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
    });
    const { metadata } = inputs<types.output.core.v1.Namespace>(rendered, kinds.namespace, "etcd-namespace");
    expect(metadata.labels).to.include({ "pod-security.kubernetes.io/enforce": "restricted" });
  });
});

describe("protection of data", () => {
  const protectedNames = async (name: Scenario) =>
    (await scenario(name)).resources.filter((r) => r.protect).map((r) => `${r.type} ${r.name}`);

  it("is on the StatefulSet and the namespace, and on nothing else", async () => {
    const both = [namespace, `${kinds.statefulSet} etcd-members`];
    expect(await protectedNames("default")).to.have.members(both);
    expect(await protectedNames("own TLS")).to.have.members(both);
    expect(await protectedNames("existing namespace")).to.have.members([`${kinds.statefulSet} etcd-members`]);
  });

  it("is off once the data may go", async () => {
    expect(await protectedNames("data may go")).to.deep.equal([]);
    expect(await protectedNames("everything")).to.deep.equal([]);
  });
});

describe("order of creation", () => {
  const urn = (type: string, name: string) => (r: { type: string; name: string }) =>
    r.type === type && r.name === name;

  it("puts the StatefulSet after the Secrets it mounts, their authorities, and the headless Service", async () => {
    const rendered = await scenario("two clients");
    const members = resource(rendered, kinds.statefulSet, "etcd-members");
    const behind = members.dependencies.map((d) => rendered.resources.find((r) => r.urn === d));
    expect(behind).to.not.include(undefined);
    expect(behind.map((r) => `${r?.type} ${r?.name}`.replace(/[0-9a-f]{10}$/, "<hash>"))).to.have.members([
      namespace,
      ...["peer", "peer-client", "server", "root"].map((pair) => `${kinds.secret} etcd-${pair}`),
      `${kinds.selfSigned} etcd-ca-peer`,
      `${kinds.selfSigned} etcd-ca-client`,
      `${kinds.key} etcd-ca-peer-key`,
      `${kinds.service} etcd-headless`,
      `${kinds.serviceAccount} etcd-account`,
      `${kinds.configMap} etcd-gate-<hash>`,
    ]);
  });

  it("never lets anything wait for the client Service, which waits for the members", async () => {
    for (const name of scenarioNames) {
      const { resources } = await scenario(name);
      const client = resources.find(urn(kinds.service, "etcd-client"));
      expect(client, name).to.not.equal(undefined);
      const waiting = resources.filter((r) => r.dependencies.includes(client!.urn));
      expect(
        waiting.map((r) => r.name),
        name,
      ).to.deep.equal([]);
    }
  });

  it("takes no input of the StatefulSet from an object that is deleted to be renewed", async () => {
    for (const name of scenarioNames) {
      const rendered = await scenario(name);
      const { inputDependencies } = resource(rendered, kinds.statefulSet, "etcd-members");
      const from = new Set(Object.values(inputDependencies).flat());
      const types = rendered.resources.filter((r) => from.has(r.urn)).map((r) => r.type);
      // The engine would delete the StatefulSet, too. These are never replaced, or made anew first.
      const allowed: string[] = [kinds.serviceAccount, kinds.configMap, kinds.selfSigned, kinds.key];
      expect(
        types.filter((type) => !allowed.includes(type)),
        name,
      ).to.deep.equal([]);
      expect(types, name).to.include(kinds.serviceAccount);
    }
  });

  it("puts everything after the namespace, where that is created", async () => {
    for (const name of scenarioNames) {
      const { resources } = await scenario(name);
      const home = resources.find(urn(kinds.namespace, "etcd-namespace"));
      expect(home !== undefined, name).to.equal(argsOf(name).createNamespace !== false);
      for (const r of resources.filter((r) => home && r.type !== kinds.component && r !== home)) {
        expect(r.dependencies, `${name}: ${r.name}`).to.include(home?.urn);
      }
    }
  });

  it("never loops: each resource is registered after all that it depends on", async () => {
    for (const name of scenarioNames) {
      const seen = new Set<string>();
      for (const r of (await scenario(name)).resources) {
        for (const dependency of r.dependencies) {
          expect([...seen], `${name}: ${r.name}`).to.include(dependency);
        }
        seen.add(r.urn);
      }
    }
  });
});

describe("the gate's code", () => {
  it("is named by its content, in the cluster and in Pulumi, and immutable", async () => {
    const rendered = await scenario("default");
    const [configMap] = rendered.resources.filter((r) => r.type === kinds.configMap);
    expect(configMap?.name).to.match(gate);
    const object = plain(configMap?.inputs) as types.output.core.v1.ConfigMap;
    expect(object.metadata.name).to.equal(configMap?.name);
    expect(object.immutable).to.equal(true);
    expect(Object.keys(object.data)).to.deep.equal(["gate.js"]);
    expect(object.data["gate.js"]).to.contain("etcd may not start");
  });
});
