/**
 * While a generation is made, pods come to the declared template as soon as that is another one: what was wrong in it is
 * put right without another generation.
 *
 * Why it can't lose an acknowledged write: disks stay as they are, and no pod is forced. All pods of the old generation
 * are gone by then, so that nobody serves but the first member with the new data; that one is left alone from when it
 * answers with a leader, or runs and has yet to show whether it will.
 */
import type { PodView } from "../model";
import { hasJustStarted, isSilentForNow, outdated } from "./rollout";
import type { Step } from "./step";
import { act } from "./step";
import { trouble } from "./trouble";
import type { Facts } from "./view";
import { gateOf, statusOf } from "./view";

export function exchange(f: Facts): Step | undefined {
  const pod = outdated(f).find((p) => !mayServe(f, p));
  if (!pod) return undefined;
  const how = gateOf(f.world, pod) ? "only waits" : trouble(pod, f.world);
  const reason = `${pod.name} ${how}, and has an outdated revision: exchanged, its disk stays`;
  return act({ kind: "deletePod", name: pod.name, uid: pod.uid, force: false }, reason);
}

/** Whether its etcd serves, or may be about to. */
function mayServe(f: Facts, pod: PodView): boolean {
  if (pod.etcd.state !== "running") return false;
  if (pod.ready || hasJustStarted(f, pod)) return true;
  return isSilentForNow(f, pod) || statusOf(f.world, pod)?.leaderId !== undefined;
}
