import { expect } from "chai";
import type { types } from "@pulumi/kubernetes";
import type { EtcdClusterArgs } from "../../../components";
import { inputs, kinds, renderCluster } from "../../support/render";

type PodSpec = types.output.core.v1.PodSpec;

describe("the scratch space for a snapshot", () => {
  const drillOf = async (scratchOnClaim?: boolean, more: EtcdClusterArgs = {}): Promise<PodSpec> => {
    const rendered = await renderCluster({
      ...more,
      backup: { schedule: "@daily", claim: { size: "50Gi" }, drill: { schedule: "@weekly", scratchOnClaim } },
    });
    const { spec } = inputs<types.output.batch.v1.CronJob>(rendered, kinds.cronJob, "etcd-drill");
    return spec.jobTemplate.spec.template.spec;
  };
  const restoreOf = async (scratchOnClaim: boolean, more: EtcdClusterArgs = {}): Promise<PodSpec> => {
    const recovery = { confirmed: true, scratchOnClaim };
    const rendered = await renderCluster({ ...more, generation: 2, recovery });
    return inputs<types.output.batch.v1.Job>(rendered, kinds.job, "etcd-restore-2").spec.template.spec;
  };
  const scratchOf = (pod: PodSpec) => pod.volumes.find((v) => v.name === "scratch");
  const asked = ({ containers, initContainers }: PodSpec) =>
    [...initContainers, ...containers].flatMap(({ name, resources: { requests, limits } }) =>
      "ephemeral-storage" in requests || "ephemeral-storage" in limits
        ? [[name, requests["ephemeral-storage"], limits["ephemeral-storage"]]]
        : [],
    );

  it("on the node is three times the quota plus the logs, requested and limited", async () => {
    const more = { etcd: { quota: "2Gi" } };
    for (const [pod, container] of [
      [await drillOf(undefined, more), "judge"],
      [await restoreOf(false, more), "hand-over"],
    ] as const) {
      expect(asked(pod)).to.deep.equal([[container, "6656Mi", "6656Mi"]]);
      expect(scratchOf(pod)).to.deep.equal({ name: "scratch", emptyDir: { sizeLimit: "6656Mi" } });
    }
  });

  it("on a claim has a member's storage and labels, and uses nothing of the node", async () => {
    const storage = {
      size: "24Gi",
      storageClass: "fast",
      metadata: { labels: { team: "a" }, annotations: { b: "c" } },
    };
    for (const pod of [await drillOf(true, { storage }), await restoreOf(true, { storage })]) {
      expect(asked(pod)).to.deep.equal([]);
      const { metadata, spec } = scratchOf(pod)!.ephemeral.volumeClaimTemplate;
      expect(metadata.labels).to.include({ team: "a", "app.kubernetes.io/instance": "etcd" });
      expect(metadata.annotations).to.deep.equal({ b: "c" });
      expect(spec).to.deep.equal({
        accessModes: ["ReadWriteOnce"],
        storageClassName: "fast",
        resources: { requests: { storage: "24Gi" } },
      });
    }
  });
});
