import { Disk } from "./disk";
import type { TestCluster } from "./etcd-cluster";
import { kubectl } from "./lab";
import { eventually } from "./poll";

interface Claim {
  metadata: { uid: string };
  spec: { volumeName?: string };
}
interface Volume {
  metadata: { name: string };
  spec: Record<string, unknown> & { hostPath?: { path: string }; local?: { path: string } };
}

/**
 * Deletes a member's pod and claim. The new claim is bound to a copy of the volume on the same node, as when
 * somebody restores a volume snapshot. `copy` is the copy's folder beside the volume's.
 */
export async function copyAsVolume(cluster: TestCluster, ordinal: number, copy: string): Promise<void> {
  const name = `data-${cluster.pod(ordinal)}`;
  const read = () => cluster.json<Claim>(["get", "pvc", name]);
  const old = await read();
  const volume = await kubectl().json<Volume>(["get", "pv", old.spec.volumeName ?? ""]);
  const path = (await (await Disk.of(cluster, ordinal)).sh(`cd ${copy} && pwd`)).trim();
  const pod = (await cluster.pods())[ordinal];
  if (!pod?.node) throw new Error(`${cluster.pod(ordinal)} has no node`);
  const copied = `${cluster.namespace}-copy`;
  const { nodeAffinity, accessModes, capacity, storageClassName, volumeMode, local } = volume.spec;
  // No pod may run on the node until the claim is bound, or the claim would get a newly provisioned volume.
  await kubectl().run(["cordon", pod.node]);
  try {
    await cluster.kubectl(["delete", "pvc", name, "--wait=false"]);
    await cluster.kubectl(["delete", "pod", pod.name, "--wait=false"]);
    const uid = await eventually("there is another claim", async () => {
      const claim = await read();
      return claim.metadata.uid === old.metadata.uid ? undefined : claim.metadata.uid;
    });
    const spec = {
      ...{ nodeAffinity, accessModes, capacity, storageClassName, volumeMode },
      ...(local ? { local: { path } } : { hostPath: { path, type: "DirectoryOrCreate" } }),
      persistentVolumeReclaimPolicy: "Retain",
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace: cluster.namespace, name, uid },
    };
    const input = JSON.stringify({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: copied },
      spec,
    });
    await kubectl().run(["apply", "-f", "-"], { input });
    await eventually("the claim has the copy", async () =>
      (await read()).spec.volumeName === copied ? true : undefined,
    );
  } finally {
    await kubectl().run(["uncordon", pod.node]);
  }
}
