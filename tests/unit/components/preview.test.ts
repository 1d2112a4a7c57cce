import { expect } from "chai";
import type { types } from "@pulumi/kubernetes";
import * as tls from "@pulumi/tls";
import { EtcdCluster } from "../../../components";
import { plain, render } from "../../../hack/offline/render";
import type { ClusterRender } from "../../support/render";
import { kinds, listOf, renderCluster, resource } from "../../support/render";
import { argsOf, scenario, scenarioNames } from "../../support/scenarios";

/** The parts of a pod that don't depend on a certificate. */
function knownEarly(rendered: ClusterRender): unknown {
  const object = plain(
    resource(rendered, kinds.statefulSet, "etcd-members").inputs,
  ) as types.output.apps.v1.StatefulSet;
  const { template } = object.spec;
  const { annotations: ofPod } = template.metadata;
  if (ofPod["etcd-cluster/peer-ca-sha256"] !== undefined) {
    for (const key of ["peer-ca-sha256", "client-ca-sha256", "trust"]) {
      ofPod[`etcd-cluster/${key}`] = "later";
    }
  }
  // The certificates determine the hash of the declaration and the annotations that hold it.
  const { annotations, ...metadata } = object.metadata;
  const hangsOnCertificates = Object.values(template.metadata.annotations).includes("later");
  return { ...object, metadata: hangsOnCertificates ? metadata : { ...metadata, annotations } };
}

describe("a preview without known certificates", () => {
  for (const name of scenarioNames) {
    it(`has the same resources and StatefulSet: ${name}`, async () => {
      const update = await scenario(name);
      const preview = await renderCluster(argsOf(name), { preview: true });
      expect(listOf(preview)).to.deep.equal(listOf(update));
      expect(knownEarly(preview)).to.deep.equal(knownEarly(update));
      expect(preview.resources.map((r) => r.protect).filter(Boolean)).to.deep.equal(
        update.resources.map((r) => r.protect).filter(Boolean),
      );
      const edges = (rendered: ClusterRender) =>
        Object.fromEntries(rendered.resources.map((r) => [r.urn, [...r.dependencies].sort()]));
      expect(edges(preview)).to.deep.equal(edges(update));
      expect(preview.tls).to.deep.equal({});
    });
  }

  it("knows no certificate", async () => {
    const preview = await renderCluster({}, { preview: true });
    expect(JSON.stringify(preview.resources.map((r) => plain(r.inputs)))).to.not.match(
      /BEGIN|LS0tLS1CRUdJTi/,
    );
  });

  it("has the same resources if the namespace is unknown too", async () => {
    const program = () => {
      // Any text that a provider computes.
      const { publicKeyPem: namespace } = new tls.PrivateKey("home", { algorithm: "ED25519" });
      return new EtcdCluster("etcd", { namespace, createNamespace: false });
    };
    const preview = await render(program, { preview: true });
    const expected = [...listOf(await scenario("existing namespace")), `${kinds.key} home`];
    expect(listOf(preview)).to.deep.equal(expected.sort());
  });
});
