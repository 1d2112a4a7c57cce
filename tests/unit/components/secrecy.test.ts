import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { manifests } from "../../../hack/offline/manifests";
import { plain, redacted } from "../../../hack/offline/render";
import { pairOf } from "../../support/certificates";
import { kinds, renderCluster, valueOf, withLog } from "../../support/render";
import { scenario } from "../../support/scenarios";

const { isRpcSecret } = pulumi.runtime;

/** A plain key, as PEM or its base64. */
const key = /PRIVATE KEY|UFJJVkFURSBLRVk|BSSVZBVEUgS0VZ|QUklWQVRFIEtFW/;

describe("private keys", () => {
  it("are secret in every Secret, together with all its data", async () => {
    for (const name of ["default", "everything"] as const) {
      const secrets = (await scenario(name)).resources.filter((r) => r.type === kinds.secret);
      expect(secrets).to.have.lengthOf(name === "default" ? 6 : 9);
      for (const secret of secrets) {
        expect(isRpcSecret(secret.inputs.data), secret.name).to.equal(true);
        expect(secret.inputs).to.not.have.property("stringData");
      }
    }
  });

  it("are secret in the inputs of certificates", async () => {
    const { resources } = await scenario("everything");
    const used = resources.flatMap((r) =>
      ["privateKeyPem", "caPrivateKeyPem"]
        .filter((field) => field in r.inputs)
        .map((field) => ({ what: `${r.type} ${r.name} ${field}`, value: r.inputs[field] })),
    );
    // Two CAs, and a request and a signature for each of nine leaves.
    expect(used).to.have.lengthOf(2 + 9 + 9);
    for (const { what, value } of used) {
      expect(isRpcSecret(value), what).to.equal(true);
      expect(plain(value), what).to.match(key);
    }
  });

  it("appear in no input that isn't secret", async () => {
    for (const name of ["default", "everything", "own TLS"] as const) {
      const { resources } = await scenario(name);
      const all = JSON.stringify(resources.map((r) => plain(r.inputs)));
      expect(key.test(all), `${name}: the search finds keys where there are some`).to.equal(
        name !== "own TLS",
      );
      expect(JSON.stringify(resources.map((r) => redacted(r.inputs)))).to.not.match(key);
    }
  });

  it("are in no output, plain or secret", async () => {
    const { result: cluster } = await renderCluster({
      clients: [{ name: "api" }],
      service: { type: "LoadBalancer" },
    });
    const registered = pulumi.runtime.getMonitor() as unknown as {
      getRegisteredResources(): Map<string, { state: unknown }>;
    };
    const outputs = {
      clusterName: cluster.clusterName,
      namespace: cluster.namespace,
      version: cluster.version,
      endpoints: cluster.endpoints,
      serviceEndpoint: cluster.serviceEndpoint,
      externalAddress: cluster.externalAddress!,
      metricsPort: cluster.metricsPort,
      clientCaCertificate: cluster.clientCaCertificate!,
      secretNames: cluster.secretNames,
      connections: cluster.connections,
    };
    const fields = Object.keys(cluster).filter((field) => !field.startsWith("__") && field !== "urn");
    expect(fields.sort()).to.deep.equal(Object.keys(outputs).sort());
    for (const [name, output] of Object.entries(outputs)) {
      expect(await pulumi.isSecret(output as pulumi.Output<unknown>), name).to.equal(false);
      expect(JSON.stringify(await valueOf(output as pulumi.Output<unknown>)), name).to.not.match(key);
    }
    const [urn] = [...registered.getRegisteredResources().keys()].filter((u) => u.includes(kinds.component));
    const states = [...registered.getRegisteredResources()].filter(([u]) => u === urn);
    expect(states).to.have.lengthOf(1);
    const state = (states[0]![1].state as { toJavaScript(): Record<string, unknown> }).toJavaScript();
    expect(Object.keys(state).sort()).to.deep.equal([...Object.keys(outputs), "reached"].sort());
    expect(JSON.stringify(state)).to.not.match(key);
  });

  it("are never logged", async () => {
    const { log } = await withLog(() => renderCluster({ version: "3.6.13" }));
    expect(log).to.contain('"3.6.14" or later');
    expect(log).to.not.match(key);
  });

  it("are left out of manifests for reading and kept in those for applying", async () => {
    const rendered = await scenario("default");
    const text = JSON.stringify(manifests(rendered.resources, "redacted"));
    expect(text).to.not.match(key);
    expect(text).to.not.contain(Buffer.from(pairOf(rendered, "etcd-root").keyPem).toString("base64"));
    expect(text.match(/"data":"\[secret\]"/g)).to.have.lengthOf(6);
    expect(JSON.stringify(manifests(rendered.resources, "shown"))).to.contain(
      Buffer.from(pairOf(rendered, "etcd-root").keyPem).toString("base64"),
    );
  });
});
