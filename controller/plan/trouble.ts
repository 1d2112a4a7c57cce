/** Why a pod doesn't run etcd, in words that a person reads: what Kubernetes says of it. */
import type { ContainerView, PodView } from "../model";

/** Volumes are being mounted, the pod gets its network, or an init container is at work: nothing has failed. */
const PREPARING: readonly (string | undefined)[] = [undefined, "ContainerCreating", "PodInitializing"];

/** Whether a container has yet to be started, whatever became of it before (a node's restart begins a pod anew). */
export function isPreparing(container: ContainerView): boolean {
  return container.state === "waiting" && PREPARING.includes(container.waitingReason);
}

/** Of an init container, which is to end, and well. */
function fails(gate: ContainerView): boolean {
  if (gate.state === "terminated") return gate.lastExit !== undefined && gate.lastExit.code !== 0;
  return gate.state === "waiting" && !isPreparing(gate);
}

const OUT_OF_MEMORY = "runs out of memory (OOMKilled)";

/** What keeps a pod from running etcd, in the words of Kubernetes. Absent while it only takes its time. */
export function obstacle(pod: PodView): string | undefined {
  if (pod.deleting) return undefined;
  if (pod.unschedulable) return `can't be scheduled: ${pod.unschedulable}`;
  if (fails(pod.gate)) return notStarted(pod.gate, "can't start its gate");
  if (isPreparing(pod.etcd) || pod.etcd.state === "running") return undefined;
  return pod.etcd.lastExit?.oomKilled ? OUT_OF_MEMORY : notStarted(pod.etcd, "doesn't start");
}

/** Kubernetes' message may be pages long, and tells most at its beginning. */
const LONGEST_MESSAGE = 250;

function notStarted({ waitingReason, waitingMessage, lastExit }: ContainerView, what: string): string {
  const exit = lastExit ? `exit code ${lastExit.code}` : undefined;
  const short = waitingMessage && waitingMessage.length > LONGEST_MESSAGE;
  const message = short ? `${waitingMessage.slice(0, LONGEST_MESSAGE)}…` : waitingMessage;
  // How long the kubelet pauses isn't why it has to.
  const why = waitingReason === "CrashLoopBackOff" ? exit : (message ?? exit);
  return `${what}: ${[waitingReason, why].filter((text) => text).join(", ") || "it has ended"}`;
}

/** The etcd container's trouble in a few words, for reasons that a person reads. */
export function trouble(pod: PodView | undefined): string {
  if (!pod) return "has no pod";
  if (pod.deleting) return "is being stopped";
  const found = obstacle(pod);
  if (found) return found;
  if (pod.etcd.lastExit?.oomKilled) return OUT_OF_MEMORY;
  if (pod.etcd.state === "running") return "doesn't answer";
  return `hasn't started yet${pod.etcd.waitingReason ? ` (${pod.etcd.waitingReason})` : ""}`;
}
