/**
 * A recreated pod that can't be scheduled because the node of its local volume was deleted: the member is replaced with
 * a new claim. Kubernetes itself removes the pods of a deleted node, so none hangs in deletion.
 *
 * Why it can't lose an acknowledged write: the member is removed like any lost one, only while a quorum of the voters
 * is healthy without it. The same write of the record abandons its claim, so no pod ever starts from it again. The
 * proof comes from the scheduler, because this controller may not read nodes. It counts only if every node was rejected
 * because of the volume, for the whole declared grace. A node that is full, cordoned or tainted is rejected before its
 * volumes are checked, and may be the one.
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
    ? `claim ${pod.claimName} is Lost, its volume no longer exists`
    : "volume is on a node that no longer exists";
}

const byHand = (pod: PodView) =>
  `To replace the member: kubectl delete pvc ${pod.claimName} --wait=false, then the pod`;
