import { annotationKeys, objectNames } from "../components/contract/names";
import type { Kubectl } from "./kubectl";
import type { Convergence, DeploymentObject } from "./convergence";
import { convergenceOf, isExchanged } from "./convergence";

interface MemberList {
  members: { ID: number; name: string; isLearner?: boolean }[];
}

/** A refusal counts once it has stood so long: by then a controller that was just exchanged has spoken for itself. */
const REFUSED_MS = 3000;

/**
 * Waits until the controller says that the cluster is as declared, and the declared number of voters answers. Tells
 * what it waits for whenever that changes. Fails with the reason: at once when the controller refuses what is declared,
 * and with the last obstacle if it takes too long.
 */
export async function waitForVoters(
  kubectl: Kubectl,
  namespace: string,
  cluster: string,
  members: number,
  seconds: number,
  tell: (obstacle: string) => void = () => undefined,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let told: string | undefined;
  let refusedSince: number | undefined;
  for (;;) {
    const heard = await readConvergence(kubectl, namespace, cluster);
    refusedSince = heard.kind === "refused" ? (refusedSince ?? Date.now()) : undefined;
    if (heard.kind === "refused" && Date.now() - (refusedSince ?? 0) >= REFUSED_MS) {
      throw new Error(heard.reason);
    }
    const obstacle =
      heard.kind === "reached" ? await missingVoters(kubectl, namespace, cluster, members) : heard.reason;
    if (obstacle === undefined) {
      return;
    }
    if (obstacle !== told) {
      tell(obstacle);
      told = obstacle;
    }
    if (Date.now() > end) {
      const pods = await kubectl.try(["-n", namespace, "get", "pods", "-o", "wide"]);
      const events = await kubectl.try(["-n", namespace, "get", "events", "--sort-by=.lastTimestamp"]);
      throw new Error(
        `after ${seconds} s: ${obstacle}\n${pods.stdout}\n${events.stdout.split("\n").slice(-15).join("\n")}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** The same as the wait at the end of `pulumi up`, which can't tell a refusal from another reason, though. */
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
  const heard = convergenceOf((JSON.parse(desired) as { hash: string }).hash, status.object.data);
  if (heard.kind !== "refused") {
    return heard;
  }
  const controller = await read<DeploymentObject>("deployment", names.controller);
  return controller.object && isExchanged(controller.object)
    ? heard
    : { kind: "waits", reason: heard.reason };
}

async function missingVoters(
  kubectl: Kubectl,
  namespace: string,
  cluster: string,
  members: number,
): Promise<string | undefined> {
  const exec = (...command: string[]) =>
    kubectl.try(["-n", namespace, "exec", `${cluster}-0`, "-c", "etcd", "--", "etcdctl", ...command], {
      // A node that is gone answers nothing at all.
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
