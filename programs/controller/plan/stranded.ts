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
import type { PodView } from "../model";
import { age, ageOf } from "./age";
import { giveUpVolume, remove } from "./repair";
import type { Step } from "./step";
import { mention } from "./step";
import type { Facts } from "./facts";
import { isStranded } from "./unplaceable";
import { claimAt, isAbandoned, recordOf } from "./view";

export function replaceStranded(f: Facts): Step | undefined {
  if (f.record.birth.state !== "born" || !f.list) return undefined;
  for (const pod of f.world.pods) {
    if (!isStranded(f.world, pod) || isAbandoned(f.record, pod.claimUid)) continue;
    const grace = f.desired.nodeLossGraceSeconds;
    if (grace === undefined) {
      const way = isLost(f, pod) ? `. ${byHand(pod)}` : "";
      return mention(`${pod.name} can't be placed: its ${whereItIs(f, pod)}${way}`);
    }
    const left = Math.ceil((grace * 1000 - ageOf(f.world, age.stranded(pod))) / 1000);
    if (left > 0) {
      return mention(`${pod.name}'s ${whereItIs(f, pod)}: replaced in ${left} s`);
    }
    const words = `for ${grace} s no node has had its volume`;
    const m = recordOf(f.record, pod.ordinal);
    if (m) return remove(f, m, "lost-node", words);
    const given = giveUpVolume(f, pod, words);
    if (given) return given;
  }
  return undefined;
}

const isLost = (f: Facts, pod: PodView) => claimAt(f.world, pod.ordinal)?.phase === "Lost";

function whereItIs(f: Facts, pod: PodView): string {
  return isLost(f, pod)
    ? `claim ${pod.claimName} is Lost, Kubernetes has no volume for it any more`
    : "volume is on a node that isn't there any more";
}

const byHand = (pod: PodView) =>
  `To replace the member: kubectl delete pvc ${pod.claimName} --wait=false, then the pod`;
