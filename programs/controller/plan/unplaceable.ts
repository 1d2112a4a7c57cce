/**
 * Whether a pod can't be placed because no node there is has its volume, by the scheduler's words: this controller may not
 * read nodes. It counts only when each node was refused for the volume's sake: one that is full, cordoned or tainted was
 * refused before its volumes were looked at, and may be the one.
 */
import type { ClaimView, PodView } from "../model";

/** In the words of Kubernetes since 1.33, and before. */
const NO_VOLUME_HERE = [
  "node(s) didn't match PersistentVolume's node affinity",
  "node(s) had volume node affinity conflict",
];

/** `0/4 nodes are available: 4 node(s) didn't match PersistentVolume's node affinity. preemption: …` */
export function noNodeHasVolume(message: string): boolean {
  const [, nodes, refused, reason] = /^0\/(\d+) nodes are available: (\d+) ([^.,]+)\./.exec(message) ?? [];
  return nodes !== undefined && nodes === refused && NO_VOLUME_HERE.includes(reason ?? "");
}

/** Of a node that may be the one, and is closed to the pod as a whole: `{node.kubernetes.io/unreachable: }` or none named. */
const TAINTED = /^node\(s\) had untolerated taint(\(s\)| \{[^}]*\})$/;

/** What the pod asks of a node, and some node hasn't: room, a port, a place beside others. */
const ASKED =
  /Insufficient |Too many pods|max volume count|free ports|Pod's node affinity|pod affinity|anti-affinity|topology spread/;

/** Whether its own node may be there and whole, and only not take it as it is declared. */
export const lacksRoom = ({ unschedulable }: PodView): boolean => ASKED.test(unschedulable ?? "");

/**
 * Whether no node takes the pod for reasons of volumes and taints alone, as it is while a node is lost that is still there
 * in name. Of itself that is no proof that nobody gets to its volume.
 */
export function hasNoPlace(world: { readonly claims: readonly ClaimView[] }, pod: PodView): boolean {
  if (isStranded(world, pod)) return true;
  if (pod.deleting || pod.nodeName !== undefined || pod.unschedulable === undefined) return false;
  const claim = world.claims.find((c) => c.uid === pod.claimUid);
  if (claim?.phase !== "Bound" || claim.deleting) return false;
  const [, nodes, said = ""] = /^0\/(\d+) nodes are available: (.*?)\.(?: |$)/.exec(pod.unschedulable) ?? [];
  const reasons = said.split(", ").map((reason) => /^(\d+) (.*)$/.exec(reason) ?? []);
  const refused = reasons.reduce((sum, [, n]) => sum + Number(n), 0);
  const known = reasons.every(([, , why = ""]) => NO_VOLUME_HERE.includes(why) || TAINTED.test(why));
  return known && refused === Number(nodes) && reasons.some(([, , why = ""]) => NO_VOLUME_HERE.includes(why));
}

export function isStranded({ claims }: { readonly claims: readonly ClaimView[] }, pod: PodView): boolean {
  if (pod.deleting || pod.nodeName !== undefined || pod.unschedulable === undefined) return false;
  const claim = claims.find((c) => c.ordinal === pod.ordinal);
  if (!claim || claim.uid !== pod.claimUid || claim.deleting) return false;
  // Of a claim without its volume object nothing can ever come; a pod that runs still has the volume, and isn't asked.
  if (claim.phase === "Lost") return true;
  return claim.phase === "Bound" && noNodeHasVolume(pod.unschedulable);
}
