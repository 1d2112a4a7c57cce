import type { Cluster } from "../cluster";
import { deletePod } from "../kubernetes";
import { emptyVolume } from "../volume";
import type { Faults, Stage } from "./stage";
import { exchangePod, podOf, spoil, stop } from "./stage";

function shutDown(s: Stage, index: number, how: "dead" | "cut"): void {
  const { cluster } = s;
  const node = cluster.nodes[index];
  if (node?.state !== "up") return;
  node.state = how;
  node.downSinceMs = cluster.nowMs;
  if (how === "cut") return;
  for (const pod of cluster.pods) {
    if (pod.node !== index) continue;
    const { volume } = cluster.claimOf(pod) ?? {};
    // etcd doesn't wait for the disk when it saves the commit index, so a power failure loses the last steps.
    const { dir } = volume ?? {};
    // A member without its snapshot has nothing to lose.
    if (dir && cluster.processOf(pod)) dir.commit = Math.min(dir.commit, Math.max(1, dir.commit - 2));
    stop(s, pod);
  }
}

/**
 * Kubernetes forgets the node and removes its pods without asking it. The data on the node's disk can't be
 * reached any more.
 */
function remove(s: Stage, index: number): void {
  const { cluster } = s;
  const node = cluster.nodes[index];
  // Five members need five nodes.
  if (!node || cluster.nodes.filter(({ state }) => state === "gone").length >= 2) return;
  node.state = "gone";
  node.downSinceMs = undefined;
  node.longestDownMs = Infinity;
  for (const pod of cluster.pods.filter((p) => p.node === index)) exchangePod(s, pod);
  for (const claim of cluster.claims) {
    const { dir } = claim.volume;
    if (claim.node === index && dir) cluster.oracle.harm(dir.memberId, "plain");
  }
}

export function turnOn(cluster: Cluster, index: number): void {
  const node = cluster.nodes[index];
  if (!node || node.state === "gone") return;
  const was = node.state;
  node.cordoned = false;
  node.state = "up";
  node.downSinceMs = undefined;
  if (was !== "dead") return;
  // A node that restarts runs the init containers of the same pods again.
  for (const pod of cluster.pods) if (pod.node === index && pod.gate === "done") pod.gate = "pending";
}

const nodeOf = (s: Stage, a: number) => podOf(s, a)?.node ?? a % s.cluster.nodes.length;

export const NODES: Faults = {
  nodeDies: (s, a) => shutDown(s, nodeOf(s, a), "dead"),
  nodeCut: (s, a) => shutDown(s, nodeOf(s, a), "cut"),
  nodeDeleted: (s, a) => remove(s, nodeOf(s, a)),
  drain: (s, a) => {
    const pod = podOf(s, a);
    const node = s.cluster.nodes[pod?.node ?? -1];
    if (!pod || !node) return;
    node.cordoned = true;
    deletePod(pod);
  },
  /** The data on the node's local disk is lost, and the gates of the same pods read what remains. */
  nodeReturnsEmpty: (s, a) => {
    const pod = podOf(s, a);
    const volume = pod && s.cluster.claimOf(pod)?.volume;
    if (pod?.node === undefined || !volume) return;
    shutDown(s, pod.node, "dead");
    spoil(s, pod);
    Object.assign(volume, { ...emptyVolume(), dir: undefined, yaml: undefined });
    turnOn(s.cluster, pod.node);
  },
  nodesReturn: (s) => s.cluster.nodes.forEach((_, i) => turnOn(s.cluster, i)),
  allNodesReboot: (s) => {
    s.cluster.nodes.forEach((_, i) => shutDown(s, i, "dead"));
    s.cluster.nodes.forEach((_, i) => turnOn(s.cluster, i));
  },
};
