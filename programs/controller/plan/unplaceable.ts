/**
 * Whether a pod can't be scheduled because no node has its volume. It is read from the scheduler's message, because
 * this controller may not read nodes. It counts only if every node was rejected because of the volume. A node that is
 * full, cordoned or tainted is rejected before its volumes are checked, and may be the one.
 */
import type { ClaimView, PodView } from "../model";

/** The message since Kubernetes 1.33, and before. */
const NO_VOLUME_HERE = [
  "node(s) didn't match PersistentVolume's node affinity",
  "node(s) had volume node affinity conflict",
];

/** `0/4 nodes are available: 4 node(s) didn't match PersistentVolume's node affinity. preemption: …` */
export function noNodeHasVolume(message: string): boolean {
  const [, nodes, refused, reason] = /^0\/(\d+) nodes are available: (\d+) ([^.,]+)\./.exec(message) ?? [];
  return nodes !== undefined && nodes === refused && NO_VOLUME_HERE.includes(reason ?? "");
}

/** A node that may be the one, but is closed to the pod: `{node.kubernetes.io/unreachable: }`, or no taint named. */
const TAINTED = /^node\(s\) had untolerated taint(\(s\)| \{[^}]*\})$/;

/** What the pod asks for and some node lacks: room, a port, a place beside others. */
const ASKED =
  /Insufficient |Too many pods|max volume count|free ports|Pod's node affinity|pod affinity|anti-affinity|topology spread/;

/** Whether its own node may be there and intact, but can't take the pod as it is declared. */
export const lacksRoom = ({ unschedulable }: PodView): boolean => ASKED.test(unschedulable ?? "");

/**
 * Whether every node rejects the pod because of volumes and taints alone. That is so while a lost node's object still
 * exists. It is no proof by itself that the volume is out of reach.
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
  // A claim that lost its volume object never gets data again. A running pod still has the volume, and isn't checked.
  if (claim.phase === "Lost") return true;
  return claim.phase === "Bound" && noNodeHasVolume(pod.unschedulable);
}
