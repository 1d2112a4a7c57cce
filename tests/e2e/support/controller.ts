import type { TestCluster } from "./etcd-cluster";
import { eventually } from "./poll";

/** The controller's status: the hash of the declared state that is reached, or the reason that it isn't. */
export async function statusMessage(cluster: TestCluster): Promise<string> {
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
      const text = await statusMessage(cluster);
      return words.test(text) ? text : undefined;
    },
    seconds,
  );

/** Kills the controller without warning. Its Deployment starts another one. */
export const killController = (cluster: TestCluster) =>
  cluster.kubectl([
    ...["delete", "pod", "-l", "app.kubernetes.io/component=controller"],
    ...["--grace-period=0", "--force", "--wait=false"],
  ]);

/** The name of the leader's pod, by the first member that knows one: another may still be coming back. */
export async function leader(cluster: TestCluster): Promise<string> {
  const { stdout, stderr } = await cluster.tryEtcdctl(["endpoint", "status", "--cluster", "-w", "fields"]);
  const ids = await cluster.memberIds();
  const id = /"Leader" : ([1-9]\d*)/.exec(stdout)?.[1];
  const found = Object.entries(ids).find(([, hex]) => BigInt(`0x${hex}`) === BigInt(id ?? 0));
  if (!found) {
    throw new Error(`no leader among ${JSON.stringify(ids)}:\n${stdout}${stderr}`);
  }
  return found[0];
}

export const ordinalOf = (member: string) => Number(member.slice(member.lastIndexOf("-") + 1));

/** One line of a controller's log. */
export interface LoggedDecision {
  readonly time: string;
  readonly msg: string;
  /** The version of the record that was written before. */
  readonly record?: number;
  readonly action?: { readonly kind: string; readonly ordinal?: number; readonly name?: string };
  readonly error?: string;
}

/** The decisions in a controller's log. A decision is logged when it differs from the one before. */
export async function controllerLog(
  cluster: TestCluster,
  from = `deployment/${cluster.name}-controller`,
): Promise<LoggedDecision[]> {
  const log = await cluster.kubectl(["logs", from]);
  return log
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as LoggedDecision);
}

/** The decisions of a controller's pod that it recorded or executed. */
export async function decisions(cluster: TestCluster, pod: string): Promise<LoggedDecision[]> {
  const lines = await controllerLog(cluster, pod);
  return lines.filter((line) => line.record !== undefined || line.action !== undefined);
}

/** Waits for the log and an Event, which keep a decision that may have been in the status for a short time only. */
export async function waitUntilReported(cluster: TestCluster, words: RegExp, seconds = 60): Promise<void> {
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
      return notes.split("\n").some((note) => words.test(note)) || undefined;
    },
    seconds,
  );
}

/** Waits until the reason is in the status, in an Event and in the log. */
export async function waitUntilReportedEverywhere(
  cluster: TestCluster,
  words: RegExp,
  seconds = 90,
): Promise<string> {
  const reason = await waitsFor(cluster, words, seconds);
  await waitUntilReported(cluster, words);
  return reason;
}

/** The number of members that were ever added, with the first one, from the log of a member's etcd. */
export async function membersAdded(cluster: TestCluster, ordinal = 0): Promise<number> {
  const log = await cluster.kubectl(["logs", cluster.pod(ordinal), "-c", "etcd"]);
  const added = log.split("\n").flatMap((line) => {
    const id = /"msg":"added member".*"added-peer-id":"([0-9a-f]+)"/.exec(line)?.[1];
    return id === undefined ? [] : [id];
  });
  return new Set(added).size;
}

/** A second Deployment with the same pods beside the declared one. */
export async function secondController(cluster: TestCluster): Promise<void> {
  interface Deployment {
    apiVersion: string;
    kind: string;
    metadata: { name: string };
    spec: {
      selector: { matchLabels: Record<string, string> };
      template: { metadata: { labels: Record<string, string> } };
    };
  }
  const name = `${cluster.name}-controller`;
  const first = await cluster.json<Deployment>(["get", "deployment", name]);
  const { apiVersion, kind, spec } = first;
  const own = { "e2e/controller": "second" };
  spec.selector.matchLabels = { ...spec.selector.matchLabels, ...own };
  spec.template.metadata.labels = { ...spec.template.metadata.labels, ...own };
  const second = { apiVersion, kind, metadata: { name: `${name}-2` }, spec };
  await cluster.kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(second) });
  await cluster.kubectl(["rollout", "status", `deployment/${name}-2`, "--timeout=60s"]);
}
