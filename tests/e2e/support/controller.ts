import type { TestCluster } from "./etcd-cluster";
import { eventually } from "./poll";

/** What the controller says in its status: the hash of what is reached, or what it waits for. */
export async function said(cluster: TestCluster): Promise<string> {
  const { data } = await cluster.json<{ data?: Record<string, string> }>([
    "get",
    "configmap",
    `${cluster.name}-status`,
  ]);
  return data?.converged ?? "";
}

export const waitsFor = (cluster: TestCluster, words: RegExp, seconds = 90) =>
  eventually(
    `the controller says ${words}`,
    async () => {
      const text = await said(cluster);
      return words.test(text) ? text : undefined;
    },
    seconds,
  );

/** Ends the controller without a warning; its Deployment makes another. */
export const killController = (cluster: TestCluster) =>
  cluster.kubectl([
    ...["delete", "pod", "-l", "app.kubernetes.io/component=controller"],
    ...["--grace-period=0", "--force", "--wait=false"],
  ]);

/** The name of the member that leads. */
export async function leader(cluster: TestCluster): Promise<string> {
  const json = await cluster.etcdctl(["endpoint", "status", "--cluster", "-w", "fields"]);
  const ids = await cluster.memberIds();
  const id = /"Leader" : (\d+)/.exec(json)?.[1];
  const found = Object.entries(ids).find(([, hex]) => BigInt(`0x${hex}`) === BigInt(id ?? 0));
  if (!found) {
    throw new Error(`no leader among ${JSON.stringify(ids)}:\n${json}`);
  }
  return found[0];
}

export const ordinalOf = (member: string) => Number(member.slice(member.lastIndexOf("-") + 1));

interface LogLine {
  readonly msg: string;
  readonly action?: { readonly kind: string; readonly ordinal?: number; readonly name?: string };
}

/** What the controller that runs now has decided, line by line. */
export async function controllerLog(cluster: TestCluster): Promise<LogLine[]> {
  const log = await cluster.kubectl(["logs", `deployment/${cluster.name}-controller`]);
  return log
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as LogLine);
}

/** What was decided stands in the log and in an Event, however short it was in the status. */
export async function toldOf(cluster: TestCluster, words: RegExp, seconds = 60): Promise<void> {
  await eventually(
    `the log says ${words}`,
    async () => (await controllerLog(cluster)).some((line) => words.test(line.msg)) || undefined,
    seconds,
  );
  await eventually(
    `an Event says ${words}`,
    async () => {
      const notes = await cluster.kubectl([
        ...["get", "events.events.k8s.io", "-o", 'go-template={{range .items}}{{.note}}{{"\\n"}}{{end}}'],
        ...["--field-selector", "reportingController=etcd-cluster/controller"],
      ]);
      return words.test(notes) || undefined;
    },
    seconds,
  );
}

/** What it waits for stands in the status, in an Event and in the log. */
export async function toldEverywhere(cluster: TestCluster, words: RegExp, seconds = 90): Promise<string> {
  const reason = await waitsFor(cluster, words, seconds);
  await toldOf(cluster, words);
  return reason;
}
