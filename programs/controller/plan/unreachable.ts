/**
 * Members that serve but reject this controller's certificate. Members read their trusted authorities at start. If the
 * authorities were renewed only after they had expired, all members reject it until they are restarted, while
 * connections among them live on.
 *
 * Why it can't lose an acknowledged write: disks stay as they are. A pod is restarted only for a declared revision that
 * it doesn't have, one at a time, and the next only when the restarted one answers. Before the first restart the
 * kubelet's probe counts, which is a linearizable read: all pods are ready, and the disruption budget decides.
 */
import { age, ageOf } from "./age";
import { outdated } from "./rollout";
import type { Step } from "./step";
import { doAction, wait } from "./step";
import type { Facts } from "./facts";
import { isUnanswered } from "./retry";
import { healthyWithout, quorum, statusOf } from "./view";

const UNREACHABLE_MS = 180_000;

export function* rollUnreachable(f: Facts): Iterable<Step> {
  const unreachable = outdated(f).filter((p) => p.ready && ageOf(f.world, age.unheard(p)) >= UNREACHABLE_MS);
  const open = f.world.pods.find((p) => !unreachable.includes(p) && !statusOf(f.world, p));
  // Once a pod can't be ready before the next one is restarted, the budget would allow no eviction.
  const first = unreachable.length === f.world.pods.length;
  for (const { name, uid, ordinal } of unreachable) {
    const why = `${name} is ready, but hasn't let this controller connect for minutes`;
    if (open) {
      yield wait(`${why}: its restart at the declared revision waits for ${open.name}`);
      return;
    }
    const member = f.members.find((m) => m.ordinal === ordinal);
    if (f.list && healthyWithout(f, member?.memberId ?? "") < quorum(f.voters.length)) continue;
    const action = first ? ({ kind: "evictPod", name, uid } as const) : remove(name, uid);
    const step = doAction(action, `${why}: it is restarted at the declared revision`);
    yield step;
    if (isUnanswered(f.world, step)) return;
  }
}

const remove = (name: string, uid: string) => ({ kind: "deletePod", name, uid, force: false }) as const;
