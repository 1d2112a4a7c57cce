import { expect } from "chai";
import * as k8s from "@pulumi/kubernetes";
import type { Manifest } from "../../../../hack/offline/manifests";
import { manifests, manifestsOver } from "../../../../hack/offline/manifests";
import { render } from "../../../../hack/offline/render";
import { scenario } from "../../../support/scenarios";

describe("manifests for a cluster in which they may exist", () => {
  interface StatefulSet extends Manifest {
    spec: Record<string, unknown> & { replicas?: number; volumeClaimTemplates?: unknown[] };
  }
  const declared = async () =>
    manifests((await scenario("default")).resources, "shown").find(
      (m) => m.kind === "StatefulSet",
    ) as StatefulSet;
  const over = async (live: (manifest: Manifest) => Manifest | undefined) => {
    const asked: string[] = [];
    const objects = await manifestsOver((await scenario("default")).resources, (manifest) => {
      asked.push(manifest.kind);
      return Promise.resolve(live(manifest));
    });
    return { asked, objects, statefulSet: objects.find((m) => m.kind === "StatefulSet") as StatefulSet };
  };

  it("are as declared where nothing exists", async () => {
    const { asked, objects } = await over(() => undefined);
    expect(objects).to.deep.equal(manifests((await scenario("default")).resources, "shown"));
    // Only where something is ignored does anybody have to look.
    expect(asked).to.deep.equal(["StatefulSet"]);
  });

  it("keep what is ignored as it is there, in the shape that was declared, and nothing else", async () => {
    const wanted = await declared();
    const { statefulSet } = await over((manifest) => {
      const live = structuredClone(manifest) as StatefulSet;
      live.spec = {
        ...live.spec,
        replicas: 5,
        podManagementPolicy: "OrderedReady",
        revisionHistoryLimit: 10,
        volumeClaimTemplates: [
          {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { name: "data", creationTimestamp: null, labels: { "app.kubernetes.io/name": "old" } },
            spec: {
              accessModes: ["ReadWriteOnce"],
              resources: { requests: { storage: "1Gi" } },
              volumeMode: "Filesystem",
            },
            status: { phase: "Pending" },
          },
        ],
      };
      return live;
    });
    const { replicas, volumeClaimTemplates, ...rest } = statefulSet.spec;
    expect(replicas).to.equal(5);
    expect(volumeClaimTemplates).to.deep.equal([
      {
        metadata: {
          name: "data",
          labels: {
            "app.kubernetes.io/name": "old",
            // Not there yet, so as it is declared.
            "app.kubernetes.io/instance": "etcd",
            "app.kubernetes.io/managed-by": "pulumi",
          },
        },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
      },
    ]);
    const { replicas: r, volumeClaimTemplates: v, ...declaredRest } = wanted.spec;
    expect([r, v]).to.not.include(undefined);
    expect(rest).to.deep.equal(declaredRest);
    // What was rendered is as it was.
    expect(await declared()).to.deep.equal(wanted);
  });

  it("leave out patches, which are no objects of their own", async () => {
    const { objects } = await over(() => undefined);
    const status = objects.filter((m) => m.metadata.name === "etcd-status");
    expect(status.map((m) => m.metadata.annotations)).to.deep.equal([undefined]);
  });
});

describe("rendering tells of each resource", () => {
  it("from whose outputs each of its inputs is made, and what it ignores", async () => {
    const { resources } = await render(() => {
      const first = new k8s.core.v1.ConfigMap("first", { metadata: { name: "first" } });
      const second = new k8s.core.v1.ConfigMap(
        "second",
        { metadata: { name: "second" }, data: { first: first.metadata.name } },
        { ignoreChanges: ["data.other"], dependsOn: [new k8s.core.v1.ConfigMap("third", {})] },
      );
      return second;
    });
    const [first, second] = ["first", "second"].map((name) => resources.find((r) => r.name === name));
    expect(first?.ignoreChanges).to.deep.equal([]);
    expect(second?.ignoreChanges).to.deep.equal(["data.other"]);
    expect(second?.propertyDependencies).to.deep.equal({
      apiVersion: [],
      kind: [],
      metadata: [],
      data: [first?.urn],
    });
    expect(second?.dependencies).to.have.lengthOf(2);
  });
});
