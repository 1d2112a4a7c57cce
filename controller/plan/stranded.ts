/**
 * A pod that was made anew and can't be placed, because the node of its local volume was deleted: the member is replaced
 * with a new claim. Kubernetes removes the pods of a deleted node by itself, so nothing hangs in deletion there.
 *
 * Why it can't lose an acknowledged write: the member goes as any lost one does, only while a quorum of the voters is
 * healthy without it, and its claim is given up in the same write of the record, so that no pod ever starts from it
 * again. The proof is the scheduler's: this controller may not read nodes. It counts only when each node there is was
 * refused for the volume's sake, for the whole declared grace: a node that is full, cordoned or tainted was refused
 * before its volumes were looked at, and may be the one.
 */
import type { ControllerRecord, OrdinalNotes, PodView } from "../model";
import { withAbandoned, withNote } from "./record";
import { remove } from "./repair";
import type { Step } from "./step";
import { mention, remember } from "./step";
import type { Facts } from "./view";
import { claimAt, isAbandoned, label, noteOf, podAt, recordOf } from "./view";

/** In the words of Kubernetes since 1.33, and before. */
const NO_VOLUME_HERE = [
  "node(s) didn't match PersistentVolume's node affinity",
  "node(s) had volume node affinity conflict",
];
/** How often the record says that it still is so. */
const SEEN_EVERY_MS = 20_000;
/** Nobody looked for so long (or the clock was set): what was in between isn't known. */
const UNSEEN_MS = 90_000;

/** `0/4 nodes are available: 4 node(s) didn't match PersistentVolume's node affinity. preemption: …` */
export function noNodeHasVolume(message: string): boolean {
  const [, nodes, refused, reason] = /^0\/(\d+) nodes are available: (\d+) ([^.,]+)\./.exec(message) ?? [];
  return nodes !== undefined && nodes === refused && NO_VOLUME_HERE.includes(reason ?? "");
}

function isStranded(f: Facts, pod: PodView): boolean {
  if (pod.deleting || pod.nodeName !== undefined || pod.unschedulable === undefined) return false;
  const claim = claimAt(f.world, pod.ordinal);
  if (!claim || claim.uid !== pod.claimUid || claim.phase !== "Bound" || claim.deleting) return false;
  return noNodeHasVolume(pod.unschedulable);
}

/**
 * Since when it is so stands in the record, and when it was last seen to be. Another word of the scheduler, another claim,
 * or a time in which nobody looked begins the grace anew; a pod that it hasn't looked at yet changes nothing.
 */
export function noteStranded(f: Facts, before: ControllerRecord): ControllerRecord {
  let record = before;
  const noted = before.notes.flatMap((n) => (n.stranded ? [n.ordinal] : []));
  for (const ordinal of new Set([...noted, ...f.world.pods.map((p) => p.ordinal)])) {
    const old = noteOf(record, ordinal)?.stranded;
    const stranded = f.desired.nodeLossGraceSeconds === undefined ? undefined : sinceWhen(f, ordinal, old);
    if (stranded !== old) record = withNote(record, ordinal, { stranded });
  }
  return record;
}

type Stranded = NonNullable<OrdinalNotes["stranded"]>;

function sinceWhen(f: Facts, ordinal: number, old: Stranded | undefined): Stranded | undefined {
  const pod = podAt(f.world, ordinal);
  const age = f.now - (old?.seenMs ?? 0);
  const watched = old !== undefined && age >= 0 && age <= UNSEEN_MS;
  if (!pod) return watched ? old : undefined;
  const same = watched && old.claimUid === pod.claimUid;
  const unasked = pod.nodeName === undefined && pod.unschedulable === undefined;
  if (unasked) return same ? old : undefined;
  if (!isStranded(f, pod) || !pod.claimUid) return undefined;
  if (same && age < SEEN_EVERY_MS) return old;
  return { claimUid: pod.claimUid, sinceMs: same ? old.sinceMs : f.now, seenMs: f.now };
}

export function replaceStranded(f: Facts): Step | undefined {
  if (f.record.birth.state !== "born" || !f.list) return undefined;
  for (const pod of f.world.pods) {
    if (!isStranded(f, pod) || isAbandoned(f.record, pod.claimUid)) continue;
    const grace = f.desired.nodeLossGraceSeconds;
    if (grace === undefined) {
      return mention(`${pod.name} can't be placed: its volume is on a node that isn't there any more`);
    }
    const since = noteOf(f.record, pod.ordinal)?.stranded?.sinceMs ?? f.now;
    const left = since + grace * 1000 - f.now;
    if (left > 0) {
      const seconds = Math.ceil(left / 1000);
      return mention(`${pod.name}'s volume is on a node that isn't there any more: replaced in ${seconds} s`);
    }
    const words = `for ${grace} s no node has had its volume`;
    const m = recordOf(f.record, pod.ordinal);
    if (m) return remove(f, m, "lost-node", words);
    if (!pod.claimUid || pod.ordinal >= f.desired.members) continue;
    const record = withAbandoned(f.record, pod.ordinal, pod.claimUid);
    return remember(record, `${label(f, pod.ordinal)}: ${words}. It holds no member: its volume is given up`);
  }
  return undefined;
}
