import { annotationKeys, objectNames } from "../../components/spec/names";
import type { Kubectl } from "../kubectl";

interface MemberList {
  members: { ID: number; name: string; isLearner?: boolean }[];
}

/**
 * Waits until the controller says that the cluster is as declared, and the declared number of voters answers. Tells
 * what it waits for whenever that changes, and the last obstacle if it takes too long.
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
  for (;;) {
    const obstacle =
      (await whatTheControllerLacks(kubectl, namespace, cluster)) ??
      (await whatIsMissing(kubectl, namespace, cluster, members));
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

/** The same as the wait at the end of `pulumi up`. */
async function whatTheControllerLacks(
  kubectl: Kubectl,
  namespace: string,
  cluster: string,
): Promise<string | undefined> {
  const names = objectNames(cluster);
  const read = async (kind: string, name: string, template: string) => {
    const ran = await kubectl.try(["-n", namespace, "get", kind, name, "-o", `go-template=${template}`]);
    return ran.code === 0 ? { text: ran.stdout } : { obstacle: ran.stderr.trim() };
  };
  const desired = await read(
    "statefulset",
    names.statefulSet,
    `{{index .metadata.annotations "${annotationKeys.desired}"}}`,
  );
  const reached = await read("configmap", names.status, "{{with .data}}{{.converged}}{{end}}");
  if (desired.text === undefined || reached.text === undefined) {
    return desired.obstacle ?? reached.obstacle;
  }
  const { hash } = JSON.parse(desired.text) as { hash: string };
  return reached.text === hash ? undefined : reached.text || "the controller has not said anything yet";
}

async function whatIsMissing(
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
