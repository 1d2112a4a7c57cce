/** Describes for users why a pod doesn't run etcd, by what Kubernetes says of it. */
import type { ContainerView, PodView, World } from "../model";
import { age, ageOf } from "./age";
import { inShort } from "../../shared/errors";

/** Volumes are being mounted, the pod gets its network, or an init container runs: nothing has failed. */
const PREPARING: readonly (string | undefined)[] = [undefined, "ContainerCreating", "PodInitializing"];

/** Whether a container has yet to start, whatever happened before (after a node's restart the pod starts anew). */
export function isPreparing(container: ContainerView): boolean {
  return container.state === "waiting" && PREPARING.includes(container.waitingReason);
}

/** For this long after a restart, a container that failed before is expected to fail again. */
const STARTING_OVER_MS = 30_000;

/** Whether it failed and hasn't run well since. The description is the same during back-off and during a retry. */
function failed({ state, restarts, lastExit }: ContainerView, runningMs: number): boolean {
  if (!lastExit) return false;
  if (state === "terminated") return lastExit.code !== 0;
  return state === "running" && restarts > 0 && runningMs < STARTING_OVER_MS;
}

/** What keeps a pod from running etcd, as Kubernetes says it. Absent while it only takes its time. */
export function startupProblem(pod: PodView, world: Pick<World, "ages">): string | undefined {
  if (pod.deleting) return undefined;
  if (pod.unschedulable) return `can't be scheduled: ${pod.unschedulable}`;
  if (pod.words) {
    return `${pod.phase === "Failed" ? "was terminated by Kubernetes" : "can't be scheduled"}: ${pod.words}`;
  }
  if (pod.gateProblem) return `can't use its volume: ${pod.gateProblem}`;
  const running = (container: "gate" | "etcd") => ageOf(world, age.running(pod, container));
  return (
    containerProblem(pod.gate, "can't start its gate", running("gate")) ??
    containerProblem(pod.etcd, "doesn't start", running("etcd"))
  );
}

function containerProblem(container: ContainerView, what: string, runningMs: number): string | undefined {
  const { state, waitingReason, lastExit, restarts } = container;
  if (state === "waiting" && isPreparing(container)) return undefined;
  if (state !== "waiting" && !failed(container, runningMs)) return undefined;
  if (lastExit?.oomKilled) return OUT_OF_MEMORY;
  if (state !== "waiting" || waitingReason === CRASH_LOOP) {
    const loop = restarts > 0 ? `${CRASH_LOOP}, ` : "";
    const code = `exit code ${lastExit?.code ?? "?"}`;
    return `${what}: ${loop}${code}${lastExit?.words ? `: ${inShort(lastExit.words, LONGEST)}` : ""}`;
  }
  const message = inShort(container.waitingMessage ?? "", LONGEST);
  return `${what}: ${[waitingReason, message].filter((text) => text).join(", ")}`;
}

const OUT_OF_MEMORY = "runs out of memory (OOMKilled)";
const CRASH_LOOP = "CrashLoopBackOff";
/** One reason may contain several of these messages. */
const LONGEST = 250;

/** A short description of the etcd container's problem, for a reason. */
export function describePod(pod: PodView | undefined, world: Pick<World, "ages">): string {
  // Only the StatefulSet's Events tell of quotas and policies, and this controller may not read them.
  if (!pod) return "has no pod (if it stays so: kubectl describe statefulset tells why)";
  if (pod.deleting) return "is being stopped";
  const found = startupProblem(pod, world);
  if (found) return found;
  if (pod.etcd.state === "running") return "doesn't answer";
  if (pod.etcd.state === "terminated") return "has ended";
  return `hasn't started yet${pod.etcd.waitingReason ? ` (${pod.etcd.waitingReason})` : ""}`;
}
