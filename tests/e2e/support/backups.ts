import type { DrillResult } from "../../../programs/backup/drill";
import type { Manifest } from "../../../programs/shared/backups/manifest";
import type { TestCluster } from "./etcd-cluster";
import { eventually } from "./poll";

/** What the ConfigMap reports of a cluster's backups. */
export interface BackupStatus {
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

/** A schedule that never fires during a test. */
export const never = "0 0 29 2 *";

export async function backupStatus(cluster: TestCluster): Promise<BackupStatus> {
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

/** Starts a manual job, as somebody does who doesn't want to wait for the schedule. */
export async function startJob(
  cluster: TestCluster,
  cronJob: "backup" | "drill" = "backup",
): Promise<string> {
  const name = `by-hand-${++count}`;
  await cluster.kubectl(["create", "job", name, `--from=cronjob/${cluster.name}-${cronJob}`]);
  return name;
}

interface JobObject {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Waits for the job's end and returns its result. */
export const jobResult = (cluster: TestCluster, job: string, seconds = 120): Promise<"Complete" | "Failed"> =>
  eventually(
    `the job ${job} has ended`,
    async () => {
      const { status } = await cluster.json<JobObject>(["get", "job", job]);
      const is = (type: string) => status.conditions?.some((c) => c.type === type && c.status === "True");
      return is("Complete") ? "Complete" : is("Failed") ? "Failed" : undefined;
    },
    seconds,
  );

/** The logs of all containers of the job's pods, in order. */
export const jobLogs = (cluster: TestCluster, job: string): Promise<string> =>
  cluster.kubectl(["logs", `job/${job}`, "--all-containers"]);

/** Makes a manual backup, which must succeed. */
export async function backUp(cluster: TestCluster, seconds = 120): Promise<Manifest> {
  const job = await startJob(cluster);
  const end = await jobResult(cluster, job, seconds);
  const now = await backupStatus(cluster);
  if (end !== "Complete" || now.lastRun?.result !== "succeeded" || !now.newest)
    throw new Error(`the backup ended with ${end}: ${now.reason}\n${await jobLogs(cluster, job)}`);
  return now.newest;
}

/** Makes a manual backup, which must fail permanently, and returns the reason. */
export async function failBackup(cluster: TestCluster, seconds = 120): Promise<string> {
  const before = (await backupStatus(cluster)).lastRun;
  const job = await startJob(cluster);
  const reason = await eventually(
    `the job ${job} has told that it failed`,
    async () => {
      const { lastRun } = await backupStatus(cluster);
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
