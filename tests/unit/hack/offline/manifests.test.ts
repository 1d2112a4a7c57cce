import { expect } from "chai";
import * as k8s from "@pulumi/kubernetes";
import type { Manifest } from "../../../../hack/offline/manifests";
import { manifests, manifestsOver } from "../../../../hack/offline/manifests";
import { render } from "../../../../hack/offline/render";
import { scenario } from "../../../support/scenarios";

describe("manifests for a cluster that may have the objects", () => {
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

  it("equal the declaration if nothing exists", async () => {
    const { asked, objects } = await over(() => undefined);
    expect(objects).to.deep.equal(manifests((await scenario("default")).resources, "shown"));
    // The existing object matters only where fields are ignored.
    expect(asked).to.deep.equal(["StatefulSet"]);
  });

  it("keep the cluster's value of ignored fields only, in the declared shape", async () => {
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
            // The object doesn't exist yet, so the declared value applies.
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
    // The rendered objects are unchanged.
    expect(await declared()).to.deep.equal(wanted);
  });

  it("leave out patches, which are not objects", async () => {
    const { objects } = await over(() => undefined);
    const status = objects.filter((m) => m.metadata.name === "etcd-status");
    expect(status.map((m) => m.metadata.annotations)).to.deep.equal([undefined]);
  });
});

describe("a rendered resource", () => {
  it("names the resources behind each input and the ignored fields", async () => {
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
