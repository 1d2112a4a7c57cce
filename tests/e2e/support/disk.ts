import type { TestCluster } from "./etcd-cluster";
import { cluster as lab, kubectl, numberOf } from "./lab";
import { eventually } from "./poll";

interface Claim {
  metadata: { uid: string };
  spec: { volumeName?: string };
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
    // A claim that was just made has no volume until its pod has a node.
    const bound = await eventually(`${name} has a volume`, async () => {
      const claim = await cluster.json<Claim>(["get", "pvc", name]);
      return claim.spec.volumeName;
    });
    const volume = await kubectl().json<Volume>(["get", "pv", bound]);
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
