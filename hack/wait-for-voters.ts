import { setTimeout as sleep } from "node:timers/promises";
import { annotationKeys, objectNames } from "../components/contract/names";
import type { Kubectl } from "./kubectl";
import type { Convergence, DeploymentObject } from "./convergence";
import { convergenceOf, isRolledOut } from "./convergence";

interface MemberList {
  members: { ID: number; name: string; isLearner?: boolean }[];
}

/** A refusal counts only after this long: by then a controller that was just updated has published its own status. */
const REFUSED_MS = 3000;

/**
 * Waits until the controller reports that the cluster is as declared, and the declared number of voters is healthy.
 * Calls `report` whenever the obstacle changes. Fails at once if the controller refuses the declared state, and with
 * the last obstacle after `seconds`.
 */
export async function waitForVoters(
  kubectl: Kubectl,
  namespace: string,
  cluster: string,
  members: number,
  seconds: number,
  report: (obstacle: string) => void = () => undefined,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let reported: string | undefined;
  let refusedSince: number | undefined;
  for (;;) {
    const convergence = await readConvergence(kubectl, namespace, cluster);
    refusedSince = convergence.kind === "refused" ? (refusedSince ?? Date.now()) : undefined;
    if (convergence.kind === "refused" && Date.now() - (refusedSince ?? 0) >= REFUSED_MS) {
      throw new Error(convergence.reason);
    }
    const obstacle =
      convergence.kind === "reached"
        ? await missingVoters(kubectl, namespace, cluster, members)
        : convergence.reason;
    if (obstacle === undefined) {
      return;
    }
    if (obstacle !== reported) {
      report(obstacle);
      reported = obstacle;
    }
    if (Date.now() > end) {
      const pods = await kubectl.try(["-n", namespace, "get", "pods", "-o", "wide"]);
      const events = await kubectl.try(["-n", namespace, "get", "events", "--sort-by=.lastTimestamp"]);
      throw new Error(
        `after ${seconds} s: ${obstacle}\n${pods.stdout}\n${events.stdout.split("\n").slice(-15).join("\n")}`,
      );
    }
    await sleep(250);
  }
}

/** The condition at the end of `pulumi up`. In addition, this distinguishes a refusal from other reasons. */
async function readConvergence(kubectl: Kubectl, namespace: string, cluster: string): Promise<Convergence> {
  const names = objectNames(cluster);
  const read = <T>(kind: string, name: string) => kubectl.tryJson<T>(["-n", namespace, "get", kind, name]);
  const sts = await read<{ metadata: { annotations: Record<string, string> } }>(
    "statefulset",
    names.statefulSet,
  );
  const status = await read<{ data?: Record<string, string> }>("configmap", names.status);
  if (!sts.object || !status.object) {
    return { kind: "waits", reason: sts.problem ?? status.problem ?? "" };
  }
  const desired = sts.object.metadata.annotations[annotationKeys.desired] ?? "{}";
  const convergence = convergenceOf((JSON.parse(desired) as { hash: string }).hash, status.object.data);
  if (convergence.kind !== "refused") {
    return convergence;
  }
  const controller = await read<DeploymentObject>("deployment", names.controller);
  return controller.object && isRolledOut(controller.object)
    ? convergence
    : { kind: "waits", reason: convergence.reason };
}

async function missingVoters(
  kubectl: Kubectl,
  namespace: string,
  cluster: string,
  members: number,
): Promise<string | undefined> {
  const exec = (...command: string[]) =>
    kubectl.try(["-n", namespace, "exec", `${cluster}-0`, "-c", "etcd", "--", "etcdctl", ...command], {
      // A node that is gone never answers.
      timeoutMs: 20_000,
    });
  const list = await exec("member", "list", "-w", "json");
  if (list.code !== 0) {
    return list.stderr.trim();
  }
  const voters = (JSON.parse(list.stdout) as MemberList).members.filter((m) => !m.isLearner).length;
  if (voters !== members) {
    return `${voters} of ${members} members are voters`;
  }
  const health = await exec("endpoint", "health", "--cluster");
  return health.code === 0 ? undefined : health.stderr.trim();
}
