import type { DrillResult } from "../../../programs/backup/drill";
import type { Manifest } from "../../../programs/shared/backups/manifest";
import type { TestCluster } from "./etcd-cluster";
import { eventually } from "./poll";

/** What the ConfigMap tells of a cluster's backups. */
export interface Told {
  readonly reason: string;
  readonly alert: string;
  readonly newest?: Manifest;
  readonly lastRun?: {
    readonly result: string;
    readonly time: string;
    readonly seconds: number;
    readonly reason?: string;
    readonly backup?: string;
    readonly peakMebibytes?: number;
  };
  readonly drill?: DrillResult;
}

/** A schedule on which nothing happens while a test runs. */
export const never = "0 0 29 2 *";

export async function told(cluster: TestCluster): Promise<Told> {
  const { data = {} } = await cluster.json<{ data?: Record<string, string> }>([
    ...["get", "configmap", `${cluster.name}-backups`],
  ]);
  const json = <T>(key: string) => (data[key] ? (JSON.parse(data[key]) as T) : undefined);
  return {
    reason: data.reason ?? "",
    alert: data.alert ?? "",
    newest: json("newest"),
    lastRun: json("lastRun"),
    drill: json("drill"),
  };
}

let count = 0;

/** A job made by hand, as somebody would who doesn't want to wait for the schedule. */
export async function begin(cluster: TestCluster, cronJob: "backup" | "drill" = "backup"): Promise<string> {
  const name = `by-hand-${++count}`;
  await cluster.kubectl(["create", "job", name, `--from=cronjob/${cluster.name}-${cronJob}`]);
  return name;
}

interface JobObject {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Waits for a job's end, and tells how that was. */
export const ended = (cluster: TestCluster, job: string, seconds = 120): Promise<"Complete" | "Failed"> =>
  eventually(
    `the job ${job} has ended`,
    async () => {
      const { status } = await cluster.json<JobObject>(["get", "job", job]);
      const is = (type: string) => status.conditions?.some((c) => c.type === type && c.status === "True");
      return is("Complete") ? "Complete" : is("Failed") ? "Failed" : undefined;
    },
    seconds,
  );

/** All that the job's pods have said, the containers of each in their order. */
export const said = (cluster: TestCluster, job: string): Promise<string> =>
  cluster.kubectl(["logs", `job/${job}`, "--all-containers"]);

/** A backup by hand that has to succeed. */
export async function backUp(cluster: TestCluster, seconds = 120): Promise<Manifest> {
  const job = await begin(cluster);
  const end = await ended(cluster, job, seconds);
  const now = await told(cluster);
  if (end !== "Complete" || now.lastRun?.result !== "succeeded" || !now.newest)
    throw new Error(`the backup ended with ${end}: ${now.reason}\n${await said(cluster, job)}`);
  return now.newest;
}

/** A backup by hand that has to fail for good, and why it did. */
export async function failing(cluster: TestCluster, seconds = 120): Promise<string> {
  const before = (await told(cluster)).lastRun;
  const job = await begin(cluster);
  const reason = await eventually(
    `the job ${job} has told that it failed`,
    async () => {
      const { lastRun } = await told(cluster);
      return lastRun?.result === "failed" && lastRun.time !== before?.time ? lastRun.reason : undefined;
    },
    seconds,
  );
  await cluster.kubectl(["delete", "job", job, "--wait=true"]);
  return reason;
}

/** The notes of the Events about backups. */
export async function events(cluster: TestCluster): Promise<string[]> {
  const { items } = await cluster.json<{ items: { reason: string; note?: string; message?: string }[] }>([
    ...["get", "events.events.k8s.io", "--field-selector", "reportingController=etcd-cluster/backup"],
  ]);
  return items.map((e) => `${e.reason}: ${e.note ?? e.message ?? ""}`);
}
