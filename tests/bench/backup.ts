import { backupStatus, jobResult, never, startJob } from "../e2e/support/backups";
import { TestCluster } from "../e2e/support/etcd-cluster";
import { Filler } from "../e2e/support/fill";
import { etcdImage } from "../e2e/support/pods";
import { repeat } from "./clock";
import type { Row } from "./table";

const mebibytes = 1024;

/** Seconds between two lines of a pod's log, by the node's clock. */
async function between(cluster: TestCluster, pod: string, first: RegExp, last: RegExp): Promise<number> {
  const lines = (await cluster.kubectl(["logs", pod, "--timestamps"])).split("\n");
  const at = (words: RegExp) => Date.parse(lines.find((line) => words.test(line))?.split(" ")[0] ?? "");
  return (at(last) - at(first)) / 1000;
}

async function podOf(cluster: TestCluster, job: string): Promise<string> {
  return cluster.kubectl([
    "get",
    "pods",
    "-l",
    `job-name=${job}`,
    "-o",
    "jsonpath={.items[0].metadata.name}",
  ]);
}

/** From the member that is asked to the claim, by our job. */
async function ours(cluster: TestCluster): Promise<{ seconds: number; peak: number }> {
  const job = await startJob(cluster);
  if ((await jobResult(cluster, job, 600)) !== "Complete")
    throw new Error((await backupStatus(cluster)).reason);
  const seconds = await between(
    cluster,
    await podOf(cluster, job),
    /takes a snapshot from/,
    /is complete: revision/,
  );
  const peak = (await backupStatus(cluster)).lastRun?.peakMebibytes ?? NaN;
  await cluster.kubectl(["delete", "job", job, "--wait=true"]);
  return { seconds, peak };
}

/** The same by etcdctl, to the same claim. */
async function theirs(cluster: TestCluster): Promise<number> {
  const pair = (name: string) => `/tls/${name}`;
  const spec = {
    automountServiceAccountToken: false,
    restartPolicy: "Never",
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: "save",
        image: etcdImage,
        command: [
          "etcdctl",
          `--endpoints=${cluster.clientUrls[0]}`,
          `--cacert=${pair("ca.crt")}`,
          `--cert=${pair("tls.crt")}`,
          `--key=${pair("tls.key")}`,
          ...["snapshot", "save", "/backups/by-etcdctl.db"],
        ],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        volumeMounts: [
          { name: "backups", mountPath: "/backups" },
          { name: "tls", mountPath: "/tls" },
        ],
      },
    ],
    volumes: [
      { name: "backups", persistentVolumeClaim: { claimName: `${cluster.name}-backups` } },
      { name: "tls", secret: { secretName: `${cluster.name}-root`, defaultMode: 0o440 } },
    ],
  };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "save" }, spec };
  await cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(pod) });
  await cluster.kubectl(["wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/save", "--timeout=600s"]);
  const seconds = await between(cluster, "save", /fetching snapshot/, /Snapshot saved|"saved"/);
  await cluster.kubectl(["delete", "pod", "save", "--wait=true"]);
  return seconds;
}

/** Ours and etcdctl's in turn, so that what else the machine does falls on both. */
export async function backup(rounds: number): Promise<Row[]> {
  const cluster = await TestCluster.deploy("bench-backup", {
    members: 1,
    storage: { size: "4Gi" },
    resources: { cpuRequest: "50m", memoryLimit: "2Gi" },
    backup: { schedule: never, claim: { size: "16Gi" }, retention: { keepLast: 1 } },
  });
  try {
    await (await Filler.start(cluster)).fill("large-#", mebibytes);
    await ours(cluster);
    const pairs = await repeat(rounds, async () => ({
      ours: await ours(cluster),
      theirs: await theirs(cluster),
    }));
    return [
      { what: "etcdctl snapshot save, to a claim", values: pairs.map((p) => p.theirs), unit: "s" },
      { what: "a backup, to the same claim", values: pairs.map((p) => p.ours.seconds), unit: "s" },
      {
        what: "a backup, in etcdctl's time",
        values: pairs.map((p) => p.ours.seconds / p.theirs),
        unit: "x",
        target: 1.25,
        digits: 2,
      },
      {
        what: "a backup's resident memory, at most",
        values: pairs.map((p) => p.ours.peak),
        unit: "MiB",
        target: 128,
        digits: 0,
      },
    ];
  } finally {
    await cluster.destroy({ wait: true });
  }
}
