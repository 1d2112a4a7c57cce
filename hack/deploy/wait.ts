import type { Kubectl } from "../kubectl";

interface MemberList {
  members: { ID: number; name: string; isLearner?: boolean }[];
}

/** Waits until the declared number of voters answers, and tells the last obstacle if that takes too long. */
export async function waitForVoters(
  kubectl: Kubectl,
  namespace: string,
  cluster: string,
  members: number,
  seconds: number,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const obstacle = await whatIsMissing(kubectl, namespace, cluster, members);
    if (obstacle === undefined) {
      return;
    }
    if (Date.now() > end) {
      const pods = await kubectl.try(["-n", namespace, "get", "pods", "-o", "wide"]);
      const events = await kubectl.try(["-n", namespace, "get", "events", "--sort-by=.lastTimestamp"]);
      throw new Error(
        `after ${seconds} s: ${obstacle}\n${pods.stdout}\n${events.stdout.split("\n").slice(-15).join("\n")}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function whatIsMissing(
  kubectl: Kubectl,
  namespace: string,
  cluster: string,
  members: number,
): Promise<string | undefined> {
  const rollout = await kubectl.try([
    "-n",
    namespace,
    "rollout",
    "status",
    `statefulset/${cluster}`,
    "--watch=false",
  ]);
  if (!/roll out complete|rolling update complete/.test(rollout.stdout)) {
    return (rollout.stdout || rollout.stderr).trim();
  }
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
