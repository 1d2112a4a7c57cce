/** What Kubernetes does by itself: the StatefulSet's pods and claims, the scheduler, the kubelets. */
import type { Cluster } from "./cluster";
import { runEtcd } from "./etcd";
import { askController } from "./gate";
import type { Volume } from "./volume";
import { emptyVolume } from "./volume";

export interface Claim {
  readonly uid: string;
  readonly ordinal: number;
  node?: number;
  bound: boolean;
  /** The existing volume that the claim is meant for. The claim may not be bound to it yet. */
  readonly volumeName?: string;
  bytes: number;
  deleting: boolean;
  volume: Volume;
}

export interface Pod {
  readonly uid: string;
  readonly name: string;
  readonly ordinal: number;
  readonly revision: string;
  /** The generation in the pod's template, which is the only one that its gate starts by itself. */
  readonly generation: number;
  claimUid: string;
  node?: number;
  gate: "pending" | "asking" | "done";
  etcd: "waiting" | "running";
  restarts: number;
  /** `atMs` is the time by the node's clock. */
  lastExit?: { code: number; oomKilled: boolean; atMs: number };
  nextStartMs: number;
  /** Since when the gate has got no answer. */
  silentSinceMs?: number;
  /** Since when the gate asks about an intact disk. */
  intactSinceMs?: number;
  unschedulable?: string;
  deleting: boolean;
}

export const GRACE_MS = 10_000;
/** How long Kubernetes leaves pods on a node that doesn't answer. */
const TOLERATED_MS = 40_000;
/** The chance per tick that a claim with a given volume gets bound. */
const BINDING_CHANCE = 0.2;

export function statefulSet(c: Cluster): void {
  for (let ordinal = 0; ordinal < c.replicas; ordinal++) {
    if (!c.pods.some((p) => p.ordinal === ordinal)) createPod(c, ordinal);
  }
  for (const pod of c.pods) if (pod.ordinal >= c.replicas) deletePod(pod);
  for (const pod of c.pods) {
    const since = pod.node === undefined ? undefined : c.nodes[pod.node]?.downSinceMs;
    if (since !== undefined && c.nowMs - since > TOLERATED_MS) deletePod(pod);
  }
  // A claim stays for pods that have a node, and one that waits for a node gets another claim.
  c.claims = c.claims.filter(
    (x) => !x.deleting || c.pods.some((p) => p.claimUid === x.uid && p.node !== undefined),
  );
  for (const pod of c.pods) {
    if (pod.node === undefined && !pod.deleting) pod.claimUid = claimFor(c, pod.ordinal).uid;
  }
}

function claimFor(c: Cluster, ordinal: number): Claim {
  const found = c.claims.find((x) => x.ordinal === ordinal);
  if (found) return found;
  const claim: Claim = {
    uid: c.uid("claim"),
    ordinal,
    bound: false,
    bytes: c.desired.volumeBytes,
    deleting: false,
    volume: emptyVolume(),
  };
  c.claims.push(claim);
  return claim;
}

function createPod(c: Cluster, ordinal: number): void {
  const claim = claimFor(c, ordinal);
  if (claim.deleting) return;
  c.pods.push({
    uid: c.uid("pod"),
    name: `etcd-${ordinal}`,
    ordinal,
    revision: c.revision,
    generation: c.desired.generation,
    claimUid: claim.uid,
    gate: "pending",
    etcd: "waiting",
    deleting: false,
    restarts: 0,
    nextStartMs: 0,
  });
}

export function deletePod(pod: Pod): void {
  pod.deleting = true;
}

export function removePod(c: Cluster, pod: Pod): void {
  c.pods = c.pods.filter((p) => p !== pod);
  const p = c.processOf(pod);
  if (p) c.processes.splice(c.processes.indexOf(p), 1);
}

export function kubelet(c: Cluster, pod: Pod): void {
  const claim = c.claimOf(pod);
  if (pod.node === undefined) {
    if (pod.deleting) return removePod(c, pod);
    schedule(c, pod, claim);
  }
  if (pod.node === undefined || c.nodes[pod.node]?.state !== "up" || !claim) return;
  if (pod.deleting) return removePod(c, pod);
  if (pod.gate === "pending") pod.gate = "asking";
  if (pod.gate === "asking") askController(c, pod, claim.volume);
  else if (pod.etcd === "waiting" && c.nowMs >= pod.nextStartMs) runEtcd(c, pod, claim.volume);
}

function schedule(c: Cluster, pod: Pod, claim: Claim | undefined): void {
  if (!claim || claim.deleting) return;
  if (!claim.bound && claim.volumeName !== undefined && c.random() > BINDING_CHANCE) return;
  const taken = new Set(c.pods.map((p) => p.node));
  const open = c.nodes.flatMap((node, i) => (node.state === "up" && !node.cordoned ? [i] : []));
  const free = open.filter((i) => !taken.has(i));
  const node = claim.node ?? free[Math.floor(c.random() * free.length)];
  pod.unschedulable = undefined;
  if (node === undefined || !open.includes(node)) {
    pod.unschedulable = unschedulableReason(c, open, claim.node !== undefined);
    return;
  }
  claim.node = node;
  claim.bound = true;
  pod.node = node;
}

/** In the scheduler's words. The scheduler checks volumes only on nodes that pass the other filters. */
function unschedulableReason(c: Cluster, open: readonly number[], bound: boolean): string {
  const there = c.nodes.filter(({ state }) => state !== "gone").length;
  const why = bound
    ? "node(s) didn't match PersistentVolume's node affinity"
    : "node(s) didn't match pod anti-affinity rules";
  const reasons = [
    [there - open.length, "node(s) had untolerated taint(s)"] as const,
    [open.length, why] as const,
  ];
  const said = reasons.filter(([n]) => n > 0).map(([n, reason]) => `${n} ${reason}`);
  return `0/${there} nodes are available: ${said.join(", ")}. preemption: not helpful.`;
}
