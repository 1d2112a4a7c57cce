import { createHash } from "node:crypto";
import { expect } from "chai";
import type { types } from "@pulumi/kubernetes";
import { EtcdCluster } from "../../../components";
import type { RenderedResource } from "../../../hack/offline/render";
import { plain, render } from "../../../hack/offline/render";
import type { ClusterRender } from "../../support/render";
import { codeOf, inputs, kinds, listOf, objectsOf, renderCluster, resource } from "../../support/render";
import type { Scenario } from "../../support/scenarios";
import { argsOf, scenario, scenarioNames } from "../../support/scenarios";
import { readBundle } from "../../../components/resources/bundle";

const pairs = ["peer", "peer-client", "server", "root", "controller", "controller-server"];
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
  `${kinds.configMap} etcd-declared-trust`,
  `${kinds.configMapPatch} etcd-trusted`,
  ...["peer", "client"].flatMap(authority),
  ...pairs.flatMap(leaf),
  ...clients.map((client) => `client-${client}`).flatMap(leaf),
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
  `${kinds.configMap} etcd-controller-<hash>`,
  `${kinds.service} etcd-controller-server`,
  `${kinds.serviceAccount} etcd-controller-account`,
  `${kinds.role} etcd-controller-role`,
  `${kinds.roleBinding} etcd-controller-binding`,
  `${kinds.configMap} etcd-record`,
  `${kinds.configMap} etcd-status`,
  `${kinds.configMap} etcd-trust`,
  `${kinds.configMap} etcd-verdict`,
  `${kinds.lease} etcd-lease`,
  `${kinds.configMap} etcd-declared-controller`,
  `${kinds.deployment} etcd-controller`,
  `${kinds.configMap} etcd-declared-members`,
  `${kinds.configMap} etcd-declared-service`,
  `${kinds.configMapPatch} etcd-decided`,
  `${kinds.configMapPatch} etcd-converged`,
];
const backups = [
  `${kinds.configMap} etcd-backup-<hash>`,
  `${kinds.configMap} etcd-backups`,
  `${kinds.serviceAccount} etcd-backup-account`,
  `${kinds.role} etcd-backup-role`,
  `${kinds.roleBinding} etcd-backup-binding`,
  `${kinds.cronJob} etcd-backup`,
];
const drill = `${kinds.cronJob} etcd-drill`;
const withoutHash = (lines: string[]) =>
  lines.map((line) => line.replace(/(-(?:gate|controller|backup|restore)-)[0-9a-f]{10}$/, "$1<hash>"));
const restore = (generation: number) => [
  ...leaf("restore"),
  `${kinds.configMap} etcd-restore-<hash>`,
  `${kinds.service} etcd-restore`,
  `${kinds.job} etcd-restore-${generation}`,
];

describe("children of a cluster", () => {
  const expected: Partial<Record<Scenario, string[]>> = {
    default: [...always, namespace, ...certificates()],
    smallest: [...always, namespace, ...certificates()],
    seven: [...always, namespace, ...certificates()],
    "existing namespace": [...always, ...certificates()],
    "own TLS": [...always, namespace],
    // A client may have the same name as a CA.
    "two clients": [...always, namespace, ...certificates(["backup", "ca"])],
    recovery: [...always, namespace, ...certificates(), ...restore(2)],
    everything: [...always, namespace, ...certificates(["api", "backup"]), ...backups, drill, ...restore(3)],
    "backups in a claim": [
      ...always,
      namespace,
      ...certificates(),
      ...backups,
      `${kinds.claim} etcd-backups-claim`,
    ],
    "backups in an existing claim": [...always, namespace, ...certificates(), ...backups],
    "backups in Amazon's S3": [...always, namespace, ...certificates(), ...backups],
  };
  for (const [name, list] of Object.entries(expected) as [Scenario, string[]][]) {
    it(`are exactly these: ${name}`, async () => {
      expect(withoutHash(listOf(await scenario(name))).sort()).to.deep.equal([...list].sort());
    });
  }

  it("have unique names, whatever the clients' names", async () => {
    for (const name of scenarioNames) {
      const list = listOf(await scenario(name));
      expect(new Set(list).size, name).to.equal(list.length);
      const objects = objectsOf(await scenario(name)).map(
        (r) => `${r.type} ${(plain(r.inputs) as { metadata: { name: string } }).metadata.name}`,
      );
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
      .map((r) => `${r.type} ${(plain(r.inputs) as { metadata: { name: string } }).metadata.name}`);
    expect(withoutHash(objects).sort()).to.deep.equal(
      [
        `${kinds.namespace} orders`,
        ...[...pairs, "client-api"].map((pair) => `${kinds.secret} orders-${pair}`),
        `${kinds.service} orders`,
        `${kinds.service} orders-client`,
        `${kinds.serviceAccount} orders`,
        `${kinds.configMap} orders-gate-<hash>`,
        `${kinds.budget} orders`,
        `${kinds.statefulSet} orders`,
        `${kinds.configMap} orders-controller-<hash>`,
        `${kinds.configMap} orders-record`,
        `${kinds.configMap} orders-status`,
        `${kinds.configMap} orders-trust`,
        `${kinds.configMap} orders-verdict`,
        ...["controller", "members", "service", "trust"].map(
          (of) => `${kinds.configMap} orders-declared-${of}`,
        ),
        // The waits apply to these.
        `${kinds.configMapPatch} orders-status`,
        `${kinds.configMapPatch} orders-trust`,
        `${kinds.configMapPatch} orders-verdict`,
        ...["service", "serviceAccount", "role", "roleBinding", "lease", "deployment"].map(
          (kind) => `${kinds[kind as keyof typeof kinds]} orders-controller`,
        ),
      ].sort(),
    );
  });

  it("allow two clusters in one stack and in one namespace", async () => {
    const both = await render(() => [
      new EtcdCluster("first", { namespace: "shared" }),
      new EtcdCluster("second", { namespace: "shared", createNamespace: false }),
    ]);
    const list = listOf(both);
    expect(list).to.have.lengthOf(2 * (always.length + certificates().length) + 1);
    expect(new Set(list).size).to.equal(list.length);
    // The same code has the same name. All other objects belong to one cluster.
    const objects = objectsOf(both).map(
      (r) => `${r.type} ${(plain(r.inputs) as { metadata: { name: string } }).metadata.name}`,
    );
    expect(new Set(objects).size).to.equal(objects.length);
  });
});

describe("every object", () => {
  it("is in the namespace and has the cluster's labels", async () => {
    for (const name of ["default", "everything"] as const) {
      const rendered = await scenario(name);
      const [cluster, home] = name === "default" ? ["etcd", "etcd"] : ["orders", "data"];
      const objects = objectsOf(rendered);
      expect(objects).to.have.lengthOf(name === "default" ? 28 : 41);
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

  it("keeps the component's labels when arguments would change them", async () => {
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

  it("covers what holds data, what is created first and what is deleted first, and nothing else", async () => {
    const inside = [
      `${kinds.statefulSet} etcd-members`,
      `${kinds.configMap} etcd-record`,
      `${kinds.service} etcd-client`,
      `${kinds.configMapPatch} etcd-converged`,
    ];
    expect(await protectedNames("default")).to.have.members([namespace, ...inside]);
    expect(await protectedNames("own TLS")).to.have.members([namespace, ...inside]);
    expect(await protectedNames("existing namespace")).to.have.members(inside);
  });

  // The engine deletes dependents first. After a refusal it continues and keeps only what the refused
  // resource depends on.
  it("keeps a refused destroy from deleting anything before the refusal", async () => {
    for (const name of scenarioNames.filter((n) => !argsOf(n).allowDataDeletion)) {
      const { resources } = await scenario(name);
      const needed = new Set(resources.flatMap((r) => r.dependencies));
      const last = resources.filter((r) => r.type !== kinds.component && !needed.has(r.urn));
      expect(last.length, name).to.be.greaterThan(0);
      expect(
        last.filter((r) => !r.protect).map((r) => r.name),
        name,
      ).to.deep.equal([]);
    }
  });

  // Renaming the cluster replaces the record, which is protected. The engine then never reaches the objects
  // that depend on it.
  it("puts all but the namespace behind the record, whose protection refuses a renaming", async () => {
    for (const name of scenarioNames) {
      const rendered = await scenario(name);
      const record = resource(rendered, kinds.configMap, "etcd-record");
      const others = rendered.resources.filter(
        (r) => r !== record && r.type !== kinds.component && r.type !== kinds.namespace,
      );
      for (const r of others)
        expect([...behindAll(rendered, r)], `${name}: ${r.name}`).to.include(record.urn);
    }
  });

  it("is off once data may be deleted", async () => {
    expect(await protectedNames("data may go")).to.deep.equal([]);
    expect(await protectedNames("everything")).to.deep.equal([]);
  });

  it("is on for everything if the user protects the component, whatever may be deleted", async () => {
    for (const allowDataDeletion of [true, false]) {
      const { resources } = await render(
        () =>
          new EtcdCluster(
            "etcd",
            { allowDataDeletion, backup: { schedule: "0 * * * *", claim: { size: "50Gi" } } },
            { protect: true },
          ),
      );
      expect(resources.filter((r) => !r.protect).map((r) => r.name)).to.deep.equal([]);
    }
  });
});

/** All resources that it is created after, directly or indirectly. */
function behindAll(rendered: ClusterRender, of: RenderedResource): Set<string> {
  const behind = new Set<string>();
  const visit = (r: RenderedResource | undefined) => {
    for (const urn of (r?.dependencies ?? []).filter((u) => !behind.has(u))) {
      behind.add(urn);
      visit(rendered.resources.find((other) => other.urn === urn));
    }
  };
  visit(of);
  return behind;
}

describe("the order of creation", () => {
  const urn = (type: string, name: string) => (r: { type: string; name: string }) =>
    r.type === type && r.name === name;

  it("puts the StatefulSet after the Secrets it mounts, their CAs and the headless Service", async () => {
    const rendered = await scenario("two clients");
    const members = resource(rendered, kinds.statefulSet, "etcd-members");
    const behind = members.dependencies.map((d) => rendered.resources.find((r) => r.urn === d));
    expect(behind).to.not.include(undefined);
    expect(behind.map((r) => `${r?.type} ${r?.name}`.replace(/[0-9a-f]{10}$/, "<hash>"))).to.have.members([
      namespace,
      `${kinds.configMap} etcd-record`,
      `${kinds.configMap} etcd-declared-members`,
      ...pairs.map((pair) => `${kinds.secret} etcd-${pair}`),
      ...["peer", "client"].flatMap(authority),
      `${kinds.service} etcd-headless`,
      `${kinds.serviceAccount} etcd-account`,
      `${kinds.configMap} etcd-gate-<hash>`,
    ]);
  });

  it("puts the controller after its permissions and Secrets, and not before the members", async () => {
    const rendered = await scenario("default");
    const controller = resource(rendered, kinds.deployment, "etcd-controller");
    const behind = controller.dependencies.map((d) => rendered.resources.find((r) => r.urn === d));
    expect(behind).to.not.include(undefined);
    expect(withoutHash(behind.map((r) => `${r?.type} ${r?.name}`))).to.have.members([
      ...pairs.map((pair) => `${kinds.secret} etcd-${pair}`),
      ...["peer", "client"].flatMap(authority),
      `${kinds.serviceAccount} etcd-controller-account`,
      `${kinds.roleBinding} etcd-controller-binding`,
      `${kinds.configMap} etcd-controller-<hash>`,
      `${kinds.configMap} etcd-declared-controller`,
      `${kinds.service} etcd-controller-server`,
    ]);
    // Either may be slow to start, and neither waits for the other.
    const members = resource(rendered, kinds.statefulSet, "etcd-members");
    expect(behindAll(rendered, members).has(controller.urn)).to.equal(false);
    expect(behindAll(rendered, controller).has(members.urn)).to.equal(false);
  });

  it("puts the final wait after everything that the controller and the members need", async () => {
    for (const name of scenarioNames) {
      const rendered = await scenario(name);
      const wait = resource(rendered, kinds.configMapPatch, "etcd-converged");
      const direct = wait.dependencies.map((d) => rendered.resources.find((r) => r.urn === d)?.name);
      expect(direct, name).to.include.members(["etcd-status", "etcd-controller", "etcd-members"]);
      // The wait that also ends when the controller refuses.
      expect(direct, name).to.include.members(["etcd-decided"]);
      const early = resource(rendered, kinds.configMapPatch, "etcd-decided").dependencies;
      expect(
        wait.dependencies.filter((urn) => !early.includes(urn)),
        name,
      ).to.have.lengthOf(1);
      expect(rendered.resources.filter((r) => r.dependencies.includes(wait.urn))).to.deep.equal([]);
    }
  });

  it("lets nothing wait for the client Service, which waits for the members", async () => {
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

  it("puts everything after a created namespace", async () => {
    for (const name of scenarioNames) {
      const { resources } = await scenario(name);
      const home = resources.find(urn(kinds.namespace, "etcd-namespace"));
      expect(home !== undefined, name).to.equal(argsOf(name).createNamespace !== false);
      for (const r of resources.filter((r) => home && r.type !== kinds.component && r !== home)) {
        expect([...behindAll(await scenario(name), r)], `${name}: ${r.name}`).to.include(home?.urn);
      }
    }
  });

  it("has no cycle: each resource is registered after its dependencies", async () => {
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

describe("the replacement of resources", () => {
  // The provider can't update a Secret's data in place: it deletes and recreates the Secret, and the engine
  // then replaces whatever has a property from it. For the StatefulSet, that would be every member at once.
  it("doesn't spread from a renewed Secret, because no resource has a property from one", async () => {
    for (const name of scenarioNames) {
      const { resources } = await scenario(name);
      const secrets = new Set(resources.filter((r) => r.type === kinds.secret).map((r) => r.urn));
      expect(secrets.size > 0, name).to.equal(name !== "own TLS");
      for (const r of resources.filter((r) => r.type !== kinds.component)) {
        for (const [input, urns] of Object.entries(r.propertyDependencies)) {
          expect(
            urns.filter((u) => secrets.has(u)),
            `${name}: ${r.name}.${input}`,
          ).to.deep.equal([]);
        }
      }
    }
  });

  it("can spread to the pods from these resources only", async () => {
    for (const name of ["default", "everything"] as const) {
      const rendered = await scenario(name);
      const sources = (type: string, pulumiName: string, input: string) =>
        withoutHash(
          (resource(rendered, type, pulumiName).propertyDependencies[input] ?? []).map(
            (urn) => rendered.resources.find((r) => r.urn === urn)?.name ?? urn,
          ),
        ).sort();
      const authorities = ["etcd-ca-client", "etcd-ca-client-key", "etcd-ca-peer", "etcd-ca-peer-key"];
      const members = [...authorities, "etcd-account", "etcd-gate-<hash>"].sort();
      expect(sources(kinds.statefulSet, "etcd-members", "spec")).to.deep.equal(members);
      // Through the hash of the template.
      const declared = [...members, "etcd-declared-members"].sort();
      expect(sources(kinds.statefulSet, "etcd-members", "metadata")).to.deep.equal(declared);
      expect(sources(kinds.configMapPatch, "etcd-decided", "metadata")).to.deep.equal(declared);
      expect(sources(kinds.configMapPatch, "etcd-converged", "metadata")).to.deep.equal(declared);
      expect(sources(kinds.deployment, "etcd-controller", "spec")).to.deep.equal(
        [...authorities, "etcd-controller-account", "etcd-controller-<hash>"].sort(),
      );
      expect(sources(kinds.deployment, "etcd-controller", "metadata")).to.deep.equal([
        "etcd-declared-controller",
      ]);
    }
  });

  it("ignores only fields that others change or that nobody changes any more", async () => {
    for (const name of scenarioNames) {
      const ignored = (await scenario(name)).resources
        .filter((r) => r.ignoreChanges.length > 0)
        .map((r) => [r.name, r.ignoreChanges]);
      const { generation = 1, restore: snapshot, recovery } = argsOf(name);
      expect(ignored, name).to.have.deep.members([
        ["etcd-members", ["spec.replicas", "spec.volumeClaimTemplates"]],
        // A restore pod makes its generation only once.
        ...(snapshot || recovery ? [[`etcd-restore-${generation}`, ["spec"]]] : []),
      ]);
    }
  });
});

describe("the code that runs in the cluster", () => {
  for (const program of ["gate", "controller"] as const) {
    it(`is immutable and named after its content, in the cluster and in Pulumi: ${program}`, async () => {
      const configMap = codeOf(await scenario("default"), program);
      const object = plain(configMap.inputs) as types.output.core.v1.ConfigMap;
      const { code, data, binaryData } = readBundle(program);
      const hash = createHash("sha256").update(code).digest("hex").slice(0, 10);
      expect(configMap.name).to.equal(`etcd-${program}-${hash}`);
      expect(object.metadata.name).to.equal(configMap.name);
      expect(object.immutable).to.equal(true);
      expect([object.data, object.binaryData]).to.deep.equal([data, binaryData]);
    });
  }
});
