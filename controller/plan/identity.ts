/**
 * Whether a disk still is the member that the record says.
 *
 * Why it can't lose an acknowledged write: raft counts what a member ID acknowledged before. A disk that is empty, on
 * another claim, foreign, rolled back, unmarked or unreadable has forgotten some of it, and is never let start under
 * that ID.
 */
import type { Disk, MemberRecord, PodView } from "../model";
import type { Facts } from "./view";
import { gateOf, hasRun, isAbandoned, podAt } from "./view";

export type Standing =
  /** Seen to be what the record says. */
  | { readonly kind: "intact" }
  /** Nothing against it, and nothing seen. */
  | { readonly kind: "unknown" }
  /** The join order may still be given to this pod: etcd never ran with it. */
  | { readonly kind: "unjoined" }
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "broken"; readonly why: string };

export function standing(f: Facts, m: MemberRecord): Standing {
  const pod = podAt(f.world, m.ordinal);
  if (isAbandoned(f.record, m.claimUid)) {
    return { kind: "lost", why: "its volume was given up with its node" };
  }
  return pod ? onVolume(f, m, pod) : { kind: "unknown" };
}

/** The same, whatever was given up. */
export function onVolume(f: Facts, m: MemberRecord, pod: PodView): Standing {
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

/** Then it isn't known which of the two has answered. */
function sharesAddress(f: Facts, pod: PodView): boolean {
  const { address } = pod;
  return address !== undefined && f.world.pods.some((p) => p.uid !== pod.uid && p.address === address);
}

function onDisk(f: Facts, m: MemberRecord, pod: PodView, disk: Disk): Standing {
  if (disk.state === "wal" && disk.memberId === m.memberId && disk.clusterId === bornClusterId(f)) {
    if (disk.generation < 1) return { kind: "broken", why: "what marks its data's generation is gone" };
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
