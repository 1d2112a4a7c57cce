import { setTimeout as sleep } from "node:timers/promises";
import { statusMessage } from "../e2e/support/controller";
import { TestCluster } from "../e2e/support/etcd-cluster";
import { kubectl } from "../e2e/support/lab";
import { eventually } from "../e2e/support/poll";
import { repeat, stopwatch } from "./clock";
import type { Row } from "./table";

const minute = 60;
const controller = "deployment/etcd-controller";

/** All that the API server has answered, by anybody. Watches count when they end. */
async function requests(): Promise<number> {
  const metrics = await kubectl().run(["get", "--raw", "/metrics"]);
  const counts = metrics.matchAll(/^apiserver_request_total\{[^}]*\} ([\d.e+]+)$/gm);
  return [...counts].reduce((sum, match) => sum + Number(match[1]), 0);
}

async function requestsInAMinute(): Promise<number> {
  const before = await requests();
  const passed = stopwatch();
  await sleep(minute * 1000);
  // The question itself counts, too.
  return ((await requests()) - before - 1) * (minute / passed());
}

/** Of the controller's process, in MiB. */
async function resident(cluster: TestCluster): Promise<number> {
  const read = 'process.stdout.write(require("node:fs").readFileSync("/proc/1/status"))';
  const status = await cluster.kubectl(["exec", controller, "--", "node", "-e", read]);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** A pod is gone at once; until the status says something else than that all is as declared. */
async function reaction(cluster: TestCluster): Promise<number> {
  const converged = await statusMessage(cluster);
  const pod = cluster.pod(2);
  const passed = stopwatch();
  await cluster.kubectl(["delete", "pod", pod, "--grace-period=0", "--force", "--wait=false"]);
  await eventually(
    "the controller has seen it",
    async () => (await statusMessage(cluster)) !== converged || undefined,
  );
  const seconds = passed();
  await cluster.waitForVoters();
  return seconds;
}

export async function idle(rounds: number): Promise<Row[]> {
  const cluster = await TestCluster.deploy("bench-idle");
  try {
    const reactions = await repeat(rounds, () => reaction(cluster));
    await sleep(30_000);
    const withIt = await requestsInAMinute();
    const memory = await resident(cluster);
    await cluster.kubectl(["scale", controller, "--replicas=0"]);
    await sleep(20_000);
    const withoutIt = await requestsInAMinute();
    await cluster.kubectl(["scale", controller, "--replicas=1"]);
    await cluster.waitForVoters();
    return [
      { what: "controller's resident memory, idle", values: [memory], unit: "MiB", target: 64, digits: 0 },
      {
        what: "controller's API requests a minute, idle",
        values: [withIt - withoutIt],
        unit: "",
        target: 30,
        digits: 0,
      },
      { what: "a pod lost, to the status that says so", values: reactions, unit: "s", target: 2 },
    ];
  } finally {
    await cluster.destroy({ wait: true });
  }
}
