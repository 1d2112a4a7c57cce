/**
 * Whether a disk still belongs to the member that the record names.
 *
 * Why it can't lose an acknowledged write: raft relies on what a member ID acknowledged before. A disk that is empty,
 * on another claim, foreign, rolled back, unmarked or unreadable has forgotten some of that. It is never started under
 * that ID.
 */
import type { MemberRecord, PodView } from "../model";
import type { Disk } from "../../shared/disk";
import type { Facts } from "./facts";
import { gateOf, hasRun, isAbandoned, podAt } from "./view";

export type IdentityStatus =
  /** It was seen, and it matches the record. */
  | { readonly kind: "intact" }
  /** It wasn't seen, and nothing speaks against it. */
  | { readonly kind: "unknown" }
  /** This pod may still get the join order: etcd never ran in it. */
  | { readonly kind: "unjoined" }
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "broken"; readonly why: string };

export function identityStatus(f: Facts, m: MemberRecord): IdentityStatus {
  const pod = podAt(f.world, m.ordinal);
  if (isAbandoned(f.record, m.claimUid)) {
    return { kind: "lost", why: "its volume was given up with its node" };
  }
  return pod ? onVolume(f, m, pod) : { kind: "unknown" };
}

/** The same, even if the volume was abandoned. */
export function onVolume(f: Facts, m: MemberRecord, pod: PodView): IdentityStatus {
  if (pod.claimUid && pod.claimUid !== m.claimUid) {
    return { kind: "lost", why: "its volume was replaced by another" };
  }
  const gate = gateOf(f.world, pod);
  if (gate) return onDisk(f, m, pod, gate.disk);
  const answer = f.world.etcd.statuses.find((s) => s.podUid === pod.uid && s.answers);
  if (!answer?.memberId) return { kind: "unknown" };
  if (answer.memberId !== m.memberId && sharesAddress(f, pod)) return { kind: "unknown" };
  if (answer.memberId !== m.memberId) return { kind: "lost", why: "its volume holds another member" };
  return { kind: "intact" };
}

/** Then it isn't known which of the two answered. */
function sharesAddress(f: Facts, pod: PodView): boolean {
  const { address } = pod;
  return address !== undefined && f.world.pods.some((p) => p.uid !== pod.uid && p.address === address);
}

function onDisk(f: Facts, m: MemberRecord, pod: PodView, disk: Disk): IdentityStatus {
  if (disk.state === "wal" && disk.memberId === m.memberId && disk.clusterId === bornClusterId(f)) {
    if (disk.generation < 1) return { kind: "broken", why: "the mark of its data's generation is missing" };
    if (disk.lastIndex >= m.floor) return { kind: "intact" };
    return {
      kind: "lost",
      why: `its disk was rolled back: its log ends at ${disk.lastIndex}, it had reached ${m.floor}`,
    };
  }
  if (m.phase === "ordered") {
    if (m.joinPodUid === pod.uid && !hasRun(pod)) return { kind: "unjoined" };
    return { kind: "lost", why: "its pod was replaced before it joined" };
  }
  if (disk.state === "empty") return { kind: "lost", why: "its disk is empty" };
  if (disk.state === "broken") return { kind: "broken", why: `its disk can't be read: ${disk.reason}` };
  return { kind: "lost", why: "its disk is another member's" };
}

function bornClusterId(f: Facts): string | undefined {
  return f.record.birth.state === "born" ? f.record.birth.clusterId : undefined;
}
