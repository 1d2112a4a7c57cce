import type { TestCluster } from "./etcd-cluster";
import { cluster as lab, kubectl, nodes } from "./lab";

interface Claim {
  metadata: { uid: string };
  spec: { volumeName: string };
}
interface Volume {
  spec: {
    local?: { path: string };
    hostPath?: { path: string };
    nodeAffinity: { required: { nodeSelectorTerms: { matchExpressions: { values: string[] }[] }[] } };
  };
}

/** A member's disk, reached from its node: faults are made where a member can't see who made them. */
export class Disk {
  private constructor(
    private readonly node: number,
    private readonly path: string,
  ) {}

  static async of(cluster: TestCluster, ordinal: number): Promise<Disk> {
    const claim = await cluster.json<Claim>(["get", "pvc", `data-${cluster.pod(ordinal)}`]);
    const volume = await kubectl().json<Volume>(["get", "pv", claim.spec.volumeName]);
    const name = volume.spec.nodeAffinity.required.nodeSelectorTerms[0]?.matchExpressions[0]?.values[0];
    const node = [...(await nodes())].find(([, nodeName]) => nodeName === name)?.[0];
    const path = volume.spec.local?.path ?? volume.spec.hostPath?.path;
    if (node === undefined || path === undefined) {
      throw new Error(`the disk of ${cluster.pod(ordinal)} can't be found: ${JSON.stringify(volume.spec)}`);
    }
    return new Disk(node, path);
  }

  /** Runs a script on the node, in the volume's folder. */
  sh(script: string): Promise<string> {
    return lab(["node", String(this.node), "bash", "-c", `cd '${this.path}' && ${script}`]);
  }
}
