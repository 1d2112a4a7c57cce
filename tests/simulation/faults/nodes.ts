import type { Cluster } from "../cluster";
import { deletePod } from "../kubernetes";
import { emptyVolume } from "../volume";
import type { Faults, Stage } from "./stage";
import { exchangePod, podOf, spoil, stop } from "./stage";

function off(s: Stage, index: number, how: "dead" | "cut"): void {
  const { cluster } = s;
  const node = cluster.nodes[index];
  if (node?.state !== "up") return;
  node.state = how;
  node.downSinceMs = cluster.nowMs;
  if (how === "cut") return;
  for (const pod of cluster.pods) {
    if (pod.node !== index) continue;
    const { volume } = cluster.claimOf(pod) ?? {};
    // What is committed is written down without waiting for the disk: power takes the last of it.
    const { dir } = volume ?? {};
    // One without its snapshot yet has nothing to lose.
    if (dir && cluster.processOf(pod)) dir.commit = Math.min(dir.commit, Math.max(1, dir.commit - 2));
    stop(s, pod);
  }
}

/** Kubernetes forgets the node, and removes its pods without asking it; what is on its disk stays there for good. */
function gone(s: Stage, index: number): void {
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

export function on(cluster: Cluster, index: number): void {
  const node = cluster.nodes[index];
  if (!node || node.state === "gone") return;
  const was = node.state;
  node.cordoned = false;
  node.state = "up";
  node.downSinceMs = undefined;
  if (was !== "dead") return;
  // A restarted node runs the init containers of the same pods again.
  for (const pod of cluster.pods) if (pod.node === index && pod.gate === "done") pod.gate = "pending";
}

const nodeOf = (s: Stage, a: number) => podOf(s, a)?.node ?? a % s.cluster.nodes.length;

export const NODES: Faults = {
  nodeDies: (s, a) => off(s, nodeOf(s, a), "dead"),
  nodeCut: (s, a) => off(s, nodeOf(s, a), "cut"),
  nodeDeleted: (s, a) => gone(s, nodeOf(s, a)),
  drain: (s, a) => {
    const pod = podOf(s, a);
    const node = s.cluster.nodes[pod?.node ?? -1];
    if (!pod || !node) return;
    node.cordoned = true;
    deletePod(pod);
  },
  /** What was on its local disk is gone, and the gates of the same pods look at what is left. */
  nodeReturnsEmpty: (s, a) => {
    const pod = podOf(s, a);
    const volume = pod && s.cluster.claimOf(pod)?.volume;
    if (pod?.node === undefined || !volume) return;
    off(s, pod.node, "dead");
    spoil(s, pod);
    Object.assign(volume, { ...emptyVolume(), dir: undefined, yaml: undefined });
    on(s.cluster, pod.node);
  },
  nodesReturn: (s) => s.cluster.nodes.forEach((_, i) => on(s.cluster, i)),
  allNodesReboot: (s) => {
    s.cluster.nodes.forEach((_, i) => off(s, i, "dead"));
    s.cluster.nodes.forEach((_, i) => on(s.cluster, i));
  },
};
