import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { EtcdClusterArgs } from "../../../components";
import { EtcdCluster } from "../../../components";
import type { Rendered } from "../../../hack/offline/render";
import { render } from "../../../hack/offline/render";
import { inputs, kinds, renderCluster, resource, valueOf, withoutStacks } from "../../support/render";
import { argsOf, scenario } from "../../support/scenarios";

const podKind = "kubernetes:core/v1:Pod";

/** A cluster, and a pod with one variable or one Secret's volume that comes from one of its outputs. */
function renderUser(
  use: (etcd: EtcdCluster) => { value?: pulumi.Input<string>; secretName?: pulumi.Input<string> },
  { args = {}, preview = false }: { args?: EtcdClusterArgs; preview?: boolean } = {},
): Promise<Rendered<unknown>> {
  return withoutStacks(() =>
    render(
      () => {
        const etcd = new EtcdCluster("etcd", { clients: [{ name: "app" }], ...args });
        const { value, secretName } = use(etcd);
        new k8s.core.v1.Pod("user", {
          spec: {
            containers: [{ name: "app", image: "app", env: [{ name: "ETCD", value }] }],
            volumes: [{ name: "etcd", ...(secretName === undefined ? {} : { secret: { secretName } }) }],
          },
        });
      },
      { preview },
    ),
  );
}

/** The resources that the pod waits for, as the engine is told. */
function waitsFor(rendered: Rendered<unknown>): string[] {
  const user = resource(rendered, podKind, "user");
  expect(user.propertyDependencies.spec?.toSorted()).to.deep.equal(user.dependencies.toSorted());
  return rendered.resources.filter(({ urn }) => user.dependencies.includes(urn)).map(({ name }) => name);
}

const loadBalancer: EtcdClusterArgs = { service: { type: "LoadBalancer" } };

describe("what uses an output", () => {
  const leading: Record<string, [Parameters<typeof renderUser>[0], EtcdClusterArgs?]> = {
    "one of endpoints": [({ endpoints }) => ({ value: endpoints[0] })],
    serviceEndpoint: [({ serviceEndpoint: value }) => ({ value })],
    externalAddress: [({ externalAddress: value }) => ({ value }), loadBalancer],
    version: [({ version: value }) => ({ value })],
    metricsPort: [({ metricsPort }) => ({ value: metricsPort.apply(String) })],
    clientCaCertificate: [({ clientCaCertificate: value }) => ({ value })],
    "secretNames.root": [({ secretNames }) => ({ secretName: secretNames.root })],
    "secretNames.clients.app": [
      ({ secretNames }) => ({ secretName: secretNames.clients.apply((c) => c.app!) }),
    ],
    "connections.app": [({ connections }) => ({ secretName: connections.apply((c) => c.app!.secretName) })],
    'connection("app")': [(etcd) => ({ secretName: etcd.connection("app").volume.secret.secretName })],
  };
  for (const [output, [use, args]] of Object.entries(leading)) {
    it(`waits until the cluster is as declared: ${output}`, async () => {
      const rendered = await renderUser(use, { args });
      expect(waitsFor(rendered)).to.include("etcd-converged");
      expect(rendered.resources.at(-1)?.name).to.equal("user");
      expect(waitsFor(await renderUser(use, { args, preview: true }))).to.include("etcd-converged");
    });
  }

  it("waits for the clients' Secrets, by way of the cluster", async () => {
    const rendered = await renderUser(leading["secretNames.clients.app"]![0]);
    const converged = resource(rendered, kinds.configMapPatch, "etcd-converged");
    expect(converged.dependencies).to.include(resource(rendered, kinds.secret, "etcd-client-app").urn);
  });

  // The engine deletes a renewed Secret before it makes it again, and replaces what has a property from it.
  it("is never replaced with a renewed Secret", async () => {
    for (const [use, args] of Object.values(leading)) {
      const rendered = await renderUser(use, { args });
      const secrets = rendered.resources.filter(({ type }) => type === kinds.secret).map(({ name }) => name);
      expect(waitsFor(rendered)).to.not.include.oneOf(secrets);
    }
  });

  it("waits for the namespace only, where the cluster itself may need it", async () => {
    for (const use of [
      ({ namespace: value }: EtcdCluster) => ({ value }),
      ({ clusterName: value }: EtcdCluster) => ({ value }),
    ]) {
      expect(waitsFor(await renderUser(use))).to.deep.equal(["etcd-namespace"]);
      expect(waitsFor(await renderUser(use, { args: { createNamespace: false } }))).to.deep.equal([]);
    }
  });

  it("reads what is not secret, whatever else is secret in the declaration", async () => {
    const { result } = await renderCluster(() => ({
      clients: [{ name: "app" }],
      podMetadata: { annotations: { "example.com/token": pulumi.secret("t0ken") } },
    }));
    for (const output of [result.endpoints, result.secretNames, result.connections]) {
      expect(await pulumi.isSecret(output as pulumi.Output<unknown>)).to.equal(false);
    }
  });

  it("knows in a preview what does not come from a provider", async () => {
    const { result } = await renderCluster(
      { clients: [{ name: "app" }], ...loadBalancer },
      { preview: true },
    );
    const known = async (output: pulumi.Output<unknown>) =>
      (output as unknown as { isKnown: Promise<boolean> }).isKnown;
    for (const output of [
      "endpoints",
      "serviceEndpoint",
      "secretNames",
      "connections",
      "namespace",
    ] as const) {
      expect(await known(result[output]), output).to.equal(true);
    }
    expect(await known(result.clientCaCertificate!)).to.equal(false);
    expect(await known(result.externalAddress!)).to.equal(false);
  });
});

describe("a connection", () => {
  const urls = [0, 1, 2].map((o) => `https://etcd-${o}.etcd.etcd.svc.cluster.local:2379`);
  const connection = {
    secretName: "etcd-client-app",
    endpoints: urls,
    env: [
      { name: "ETCDCTL_ENDPOINTS", value: urls.join(",") },
      { name: "ETCDCTL_CACERT", value: "/etc/etcd-client/ca.crt" },
      { name: "ETCDCTL_CERT", value: "/etc/etcd-client/tls.crt" },
      { name: "ETCDCTL_KEY", value: "/etc/etcd-client/tls.key" },
    ],
    volume: { name: "etcd-client", secret: { secretName: "etcd-client-app" } },
    volumeMount: { name: "etcd-client", mountPath: "/etc/etcd-client", readOnly: true },
  };

  it("is what a pod takes as it is", async () => {
    const rendered = await withoutStacks(() =>
      render(() => {
        const app = new EtcdCluster("etcd", { clients: [{ name: "app" }] }).connection("app");
        new k8s.core.v1.Pod("user", {
          spec: {
            containers: [{ name: "app", image: "app", env: app.env, volumeMounts: [app.volumeMount] }],
            volumes: [app.volume],
          },
        });
        return app;
      }),
    );
    expect(await valueOf(rendered.result)).to.deep.equal(connection);
    expect(inputs<{ spec: unknown }>(rendered, podKind, "user").spec).to.deep.equal({
      containers: [
        { name: "app", image: "app", env: connection.env, volumeMounts: [connection.volumeMount] },
      ],
      volumes: [connection.volume],
    });
  });

  it("has the files that are in the Secret", async () => {
    const rendered = await renderCluster({ clients: [{ name: "app" }] });
    const { data } = inputs<{ data: Record<string, string> }>(rendered, kinds.secret, "etcd-client-app");
    const { env, volumeMount } = await valueOf(rendered.result.connection("app"));
    const files = env.slice(1).map(({ value }) => value);
    expect(files).to.have.members(Object.keys(data).map((file) => `${volumeMount.mountPath}/${file}`));
  });

  it("fits into a pod with other clusters' connections, however long the names are", async () => {
    const name = `c${"o".repeat(51)}`;
    const { result } = await renderCluster({ clusterName: name, clients: [{ name: "a".repeat(63) }] });
    const { volume } = await valueOf(result.connection("a".repeat(63)));
    expect(volume.name).to.equal(`${name}-client`);
    expect(volume.name.length).to.be.at.most(63);
  });

  it("is there for each declared client, in every language", async () => {
    const { result } = await renderCluster({ clients: [{ name: "app" }, { name: "api" }] });
    const connections = await valueOf(result.connections);
    expect(Object.keys(connections)).to.deep.equal(["app", "api"]);
    expect(connections.app).to.deep.equal(connection);
    expect(connections.app).to.deep.equal(await valueOf(result.connection("app")));
  });

  describe("of a client that is not declared", () => {
    const refusal = async (args: EtcdClusterArgs, client: string): Promise<Error> => {
      const { result } = await renderCluster(args, { name: "orders" });
      try {
        result.connection(client);
      } catch (error) {
        expect(pulumi.RunError.isInstance(error)).to.equal(true);
        return error as Error;
      }
      throw new Error(`connection("${client}") is no error`);
    };

    it("is an error at once, with the declared ones", async () => {
      const { message } = await refusal({ clients: [{ name: "app" }, { name: "api" }] }, "ap");
      expect(message).to.equal(
        'EtcdCluster "orders": connection is "ap": no such client is declared. ' +
          'Write one of "app", "api", or add { name: "ap" } to clients.',
      );
    });

    it("is an error with the way out if there are no clients", async () => {
      expect((await refusal({}, "app")).message).to.contain('declared. Add { name: "app" } to clients.');
      expect((await refusal({}, "constructor")).message).to.contain("declared.");
    });

    it("is an error with another way out if the certificates are the user's own", async () => {
      const { message } = await refusal({ tls: argsOf("own TLS").tls }, "app");
      expect(message).to.contain("With tls.existing there are no such clients");
      expect(message).to.not.contain("to clients");
    });
  });
});

describe("the load balancer's address", () => {
  /** With a provider that has waited for the address. */
  async function addressOf(status: unknown, type = "LoadBalancer" as const): Promise<string> {
    await pulumi.runtime.setMocks({
      call: () => ({}),
      newResource: ({ name, type: kind, inputs: given }) => ({
        id: name,
        state: { ...(given as object), ...(kind === kinds.service ? { status } : {}) },
      }),
    });
    return valueOf(new EtcdCluster("etcd", { service: { type } }).externalAddress!);
  }
  const ingress = (...all: unknown[]) => ({ loadBalancer: { ingress: all } });

  it("is its host name, or its IP address if it has none", async () => {
    expect(await addressOf(ingress({ hostname: "lb.example.com", ip: "192.0.2.7" }))).to.equal(
      "lb.example.com",
    );
    expect(await addressOf(ingress({ ip: "192.0.2.7" }, { ip: "192.0.2.8" }))).to.equal("192.0.2.7");
  });

  it("is empty if nobody waited for it", async () => {
    expect(await addressOf({ loadBalancer: {} })).to.equal("");
    expect(await addressOf(ingress())).to.equal("");
  });

  it("is absent without a load balancer", async () => {
    expect((await scenario("default")).result.externalAddress).to.equal(undefined);
    expect((await renderCluster({ service: { type: "NodePort" } })).result.externalAddress).to.equal(
      undefined,
    );
  });
});
