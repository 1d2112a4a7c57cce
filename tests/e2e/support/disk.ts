import type { TestCluster } from "./etcd-cluster";
import { cluster as lab, kubectl, numberOf } from "./lab";

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

/** A member's disk, reached from its node, so that faults don't go through the member. */
export class Disk {
  private constructor(
    private readonly node: number,
    private readonly path: string,
  ) {}

  static of(cluster: TestCluster, ordinal: number): Promise<Disk> {
    return Disk.ofClaim(cluster, `data-${cluster.pod(ordinal)}`);
  }

  static async ofClaim(cluster: TestCluster, name: string): Promise<Disk> {
    const claim = await cluster.json<Claim>(["get", "pvc", name]);
    const volume = await kubectl().json<Volume>(["get", "pv", claim.spec.volumeName]);
    const at = volume.spec.nodeAffinity.required.nodeSelectorTerms[0]?.matchExpressions[0]?.values[0];
    const path = volume.spec.local?.path ?? volume.spec.hostPath?.path;
    if (path === undefined) {
      throw new Error(`the disk of ${name} can't be found: ${JSON.stringify(volume.spec)}`);
    }
    return new Disk(await numberOf(at), path);
  }

  /** Runs a script on the node, in the volume's folder. */
  sh(script: string): Promise<string> {
    return lab(["node", String(this.node), "bash", "-c", `cd '${this.path}' && ${script}`]);
  }
}
