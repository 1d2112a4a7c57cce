import { expect } from "chai";
import { pairOf } from "../../support/certificates";
import { valueOf } from "../../support/render";
import type { Scenario } from "../../support/scenarios";
import { scenario } from "../../support/scenarios";

async function outputsOf(name: Scenario) {
  const { result } = await scenario(name);
  return {
    clusterName: await valueOf(result.clusterName),
    namespace: await valueOf(result.namespace),
    version: await valueOf(result.version),
    endpoints: await valueOf(result.endpoints),
    serviceEndpoint: await valueOf(result.serviceEndpoint),
    metricsPort: await valueOf(result.metricsPort),
    secretNames: await valueOf(result.secretNames),
    connections: await valueOf(result.connections),
  };
}

describe("the outputs", () => {
  it("contain everything that a client needs", async () => {
    expect(await outputsOf("default")).to.deep.equal({
      clusterName: "etcd",
      namespace: "etcd",
      version: "3.6.16",
      endpoints: [0, 1, 2].map((o) => `https://etcd-${o}.etcd.etcd.svc.cluster.local:2379`),
      serviceEndpoint: "https://etcd-client.etcd.svc.cluster.local:2379",
      metricsPort: 2381,
      secretNames: { root: "etcd-root", clients: {} },
      connections: {},
    });
    const rendered = await scenario("default");
    expect(await valueOf(rendered.result.clientCaCertificate!)).to.equal(
      pairOf(rendered, "etcd-server").caPem,
    );
  });

  it("follow the arguments", async () => {
    const { connections, ...others } = await outputsOf("everything");
    expect(Object.keys(connections)).to.deep.equal(["api", "backup"]);
    expect(others).to.deep.equal({
      clusterName: "orders",
      namespace: "data",
      version: "3.7.1",
      endpoints: [0, 1, 2, 3, 4].map((o) => `https://orders-${o}.orders.data.svc.k8s.example.com:2379`),
      serviceEndpoint: "https://orders-client.data.svc.k8s.example.com:2379",
      metricsPort: 2381,
      secretNames: {
        root: "orders-root",
        clients: { api: "orders-client-api", backup: "orders-client-backup" },
      },
    });
  });

  it("name custom Secrets, whose CA isn't known", async () => {
    expect((await outputsOf("own TLS")).secretNames).to.deep.equal({ root: "own-root", clients: {} });
    expect((await scenario("own TLS")).result.clientCaCertificate).to.equal(undefined);
  });

  it("list one endpoint per member", async () => {
    expect((await outputsOf("smallest")).endpoints).to.have.lengthOf(1);
    expect((await outputsOf("seven")).endpoints).to.have.lengthOf(7);
  });
});
