import { readdirSync } from "node:fs";
import type { types } from "@pulumi/kubernetes";
import { expect } from "chai";
import { parseAllDocuments } from "yaml";
import type { Rendered } from "../../../hack/offline/render";
import { expectGolden, goldenFolder, goldenManifests } from "../../support/golden";
import { renderStack } from "../../support/program";
import { inputs, kinds, podOf, serviceOf, statefulSetOf } from "../../support/render";
import { scenario } from "../../support/scenarios";

const kindsIn = (text: string) => parseAllDocuments(text).map((d) => (d.toJS() as { kind: string }).kind);

/** The purpose of each stack, which the test states in words. */
const stacks: Record<
  string,
  { rendered: () => Promise<Rendered<unknown>>; shows: string; check: (rendered: Rendered<unknown>) => void }
> = {
  smallest: {
    rendered: () => scenario("smallest"),
    shows: "one member, whose drain nothing blocks",
    check: (rendered) => {
      expect(statefulSetOf(rendered).spec.replicas).to.equal(1);
    },
  },
  default: {
    rendered: () => scenario("default"),
    shows: "three members on three hosts",
    check: (rendered) => {
      expect(statefulSetOf(rendered).spec.replicas).to.equal(3);
      expect(podOf(rendered).spec.affinity.podAntiAffinity).to.have.all.keys(
        "requiredDuringSchedulingIgnoredDuringExecution",
      );
    },
  },
  production: {
    rendered: () => renderStack("production"),
    shows: "five members in five zones, on nodes of their own",
    check: (rendered) => {
      const { spec } = statefulSetOf(rendered);
      expect(spec.replicas).to.equal(5);
      expect(spec.volumeClaimTemplates[0]?.spec.storageClassName).to.equal("fast-ssd");
      expect(podOf(rendered).spec.nodeSelector).to.deep.equal({
        "node-role.example.com/etcd": "",
        "kubernetes.io/os": "linux",
      });
      expect(podOf(rendered).spec.topologySpreadConstraints.map((c) => c.whenUnsatisfiable)).to.deep.equal([
        "DoNotSchedule",
      ]);
      expect(rendered.resources.filter((r) => r.protect)).to.have.lengthOf(5);
    },
  },
  "own-tls": {
    rendered: () => scenario("own TLS"),
    shows: "no certificate and no Secret made here",
    check: (rendered) => {
      expect(
        rendered.resources.filter((r) => r.type.startsWith("tls:") || r.type === kinds.secret),
      ).to.deep.equal([]);
      expect(podOf(rendered).metadata.annotations).to.include({ "etcd-cluster/ca-revision": "2" });
    },
  },
  recovery: {
    rendered: () => scenario("recovery"),
    shows: "the pod that makes another generation from a survivor's disk",
    check: (rendered) => {
      const { spec } = inputs<types.output.batch.v1.Job>(rendered, kinds.job, "etcd-restore-2");
      expect(spec.template.spec.initContainers.map((c) => c.name)).to.deep.equal([
        "receive",
        "survivor",
        "save",
        "status",
        "restore",
      ]);
    },
  },
  "sign-with-new": {
    rendered: () => scenario("sign with new"),
    shows: "the second of three steps to other authorities, with Secrets of its own",
    check: (rendered) => {
      const mounted = podOf(rendered).spec.volumes.flatMap((v) => v.secret?.secretName ?? []);
      expect(mounted).to.have.members(
        ["peer", "peer-client", "server", "root"].map((pair) => `etcd-${pair}.ca2-sign`),
      );
    },
  },
  everything: {
    rendered: () => scenario("everything"),
    shows: "every argument that there is",
    check: (rendered) => {
      expect(statefulSetOf(rendered).metadata.name).to.equal("orders");
      expect(serviceOf(rendered, "etcd-client").spec.type).to.equal("LoadBalancer");
      expect(rendered.resources.filter((r) => r.protect)).to.deep.equal([]);
    },
  },
};

describe("golden manifests", () => {
  for (const [stack, { rendered, shows, check }] of Object.entries(stacks)) {
    it(`${stack}: ${shows}`, async () => {
      const made = await rendered();
      check(made);
      const text = goldenManifests(made);
      expect(kindsIn(text)).to.have.lengthOf(
        made.resources.filter((r) => r.type.startsWith("kubernetes:")).length,
      );
      expect(text).to.not.match(/PRIVATE KEY|LS0tLS1CRUdJTi/);
      expect(text).to.not.match(/[0-9a-f]{64}(?<!sha256:[0-9a-f]{64})/);
      expectGolden(`${stack}.yaml`, text);
    });
  }

  it("are the only files in their folder", () => {
    expect(readdirSync(goldenFolder).sort()).to.deep.equal(
      Object.keys(stacks)
        .map((stack) => `${stack}.yaml`)
        .sort(),
    );
  });
});

describe("stacks of this project", () => {
  it("dev is small, and its data may be deleted", async () => {
    const rendered = await renderStack("dev");
    const { spec } = statefulSetOf(rendered);
    expect(spec.replicas).to.equal(3);
    expect(spec.volumeClaimTemplates[0]?.spec.resources.requests).to.deep.equal({ storage: "1Gi" });
    expect(rendered.resources.filter((r) => r.protect)).to.deep.equal([]);
    expect(rendered.resources.filter((r) => r.name === "etcd-client-app")).to.have.lengthOf(1);
    expect(Object.keys(rendered.result).sort()).to.deep.equal([
      "clientCaCertificate",
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

  it("have an external address only with a load balancer, and no output that is undefined", async () => {
    const { result } = await renderStack("production", {
      "etcd:service": JSON.stringify({ type: "LoadBalancer" }),
    });
    expect(result).to.have.property("externalAddress");
    for (const { result: outputs } of [await renderStack("production"), await renderStack("dev")]) {
      expect(Object.values(outputs)).to.not.include(undefined);
    }
    expect((await renderStack("production")).result).to.not.have.property("externalAddress");
  });
});
