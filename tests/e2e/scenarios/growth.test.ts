import assert from "node:assert/strict";
import { bytesOf } from "../../../components/contract/units";
import { waitsFor } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { holdGrowth } from "../support/growth";
import { kubectl } from "../support/lab";
import { long } from "../support/long";
import { eventually } from "../support/poll";

// The default follows from the volume's size, and a changed quota restarts the members.
const etcd = { quota: "256Mi" };
const GIB = 2 ** 30;

interface Claim {
  spec: { resources: { requests: { storage: string } } };
  status: { capacity: { storage: string } };
}
const sizes = async (cluster: TestCluster) =>
  (await cluster.json<{ items: Claim[] }>(["get", "pvc"])).items.map(({ spec, status }) => ({
    asked: bytesOf(spec.resources.requests.storage),
    has: bytesOf(status.capacity.storage),
  }));

describe("a storage class whose volumes can't grow", () => {
  let cluster: TestCluster;
  let storageClass: string;
  const sized = (size: string, logLevel: "info" | "warn" = "info") => ({
    etcd: { ...etcd, logLevel },
    storage: { size, storageClass },
  });
  before(async () => {
    cluster = TestCluster.declare("fixed");
    storageClass = cluster.namespace;
    const { provisioner } = await kubectl().json<{ provisioner: string }>(["get", "sc", "local-path"]);
    const fixed = {
      ...{ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", provisioner },
      metadata: { name: storageClass, annotations: { defaultVolumeType: "local" } },
      ...{ volumeBindingMode: "WaitForFirstConsumer", allowVolumeExpansion: false },
    };
    await kubectl().run(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(fixed) });
    await cluster.apply(sized("1Gi"));
    await cluster.waitForVoters(150);
  });
  after(async () => {
    await cluster.destroy();
    await kubectl().run(["delete", "storageclass", storageClass, "--ignore-not-found"]);
  });

  it("is reported in Kubernetes' words and blocks no rollout", async () => {
    const before = await cluster.pods();
    await cluster.apply(sized("2Gi", "warn"));
    const reason = await waitsFor(cluster, /data-etcd-0 grows to 2Gi, which fails: .*resize/);
    console.log(`      ${reason}`);
    for (const pod of before) await cluster.replacementOf(pod, 90);
    assert.deepEqual(
      (await sizes(cluster)).map(({ asked }) => asked),
      [GIB, GIB, GIB],
    );
    await cluster.apply(sized("1Gi", "warn"));
    await cluster.waitForVoters(90);
  });
});

long("volumes that grow slowly", () => {
  let cluster: TestCluster;
  let letGrow: () => Promise<void>;
  const sized = (size: string) => ({ etcd, storage: { size } });
  before(async () => {
    cluster = await TestCluster.deploy("growth", sized("1Gi"));
    letGrow = await holdGrowth(cluster);
  });
  after(async () => {
    await letGrow?.();
    await cluster.destroy();
  });

  it("let a mistaken size be reverted until a volume has reached it", async () => {
    await cluster.apply(sized("900Gi"));
    await eventually(
      "the first claim asks for it",
      async () => (await sizes(cluster))[0]?.asked === 900 * GIB || undefined,
    );
    assert.deepEqual(
      (await sizes(cluster)).slice(1).map(({ asked }) => asked),
      [GIB, GIB],
      "no other does before that has grown",
    );
    await cluster.apply(sized("2Gi"));
    await eventually(
      "the first claim asks for less",
      async () => (await sizes(cluster))[0]?.asked === 2 * GIB || undefined,
    );
    await letGrow();
    // The local provisioner checks a claim again when it changes.
    await cluster.kubectl(["annotate", "pvc", "--all", "looked-at=again"]);
    await cluster.waitForVoters(90);
    assert.deepEqual(
      await sizes(cluster),
      [0, 1, 2].map(() => ({ asked: 2 * GIB, has: 2 * GIB })),
    );
  });
});
