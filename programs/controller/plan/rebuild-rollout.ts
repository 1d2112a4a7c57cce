/**
 * While a generation is made, pods take a changed template at once, so that a mistake in it doesn't need another
 * generation.
 *
 * Why it can't lose an acknowledged write: disks stay as they are, and no pod is forced. All pods of the old generation
 * are gone by then, so only the first member can serve, with the new data. It is left alone once it has a leader, or
 * while it runs and may still get one.
 */
import type { PodView } from "../model";
import { hasJustStarted, isSilentForNow, outdated } from "./rollout";
import type { Step } from "./step";
import { deletePod } from "./step";
import { describePod } from "./describe-pod";
import type { Facts } from "./facts";
import { gateOf, statusOf } from "./view";

export function rollDuringRebuild(f: Facts): Step | undefined {
  const pod = outdated(f).find((p) => !mayServe(f, p));
  if (!pod) return undefined;
  const how = gateOf(f.world, pod) ? "only waits" : describePod(pod, f.world);
  const reason = `${pod.name} ${how}, and has an outdated revision: its pod is replaced, its disk stays`;
  return deletePod(pod, reason);
}

/** Whether its etcd serves, or may do so soon. */
function mayServe(f: Facts, pod: PodView): boolean {
  if (pod.etcd.state !== "running") return false;
  if (pod.ready || hasJustStarted(f, pod)) return true;
  return isSilentForNow(f, pod) || statusOf(f.world, pod)?.leaderId !== undefined;
}
