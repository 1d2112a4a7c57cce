import assert from "node:assert/strict";
import type { TestCluster } from "./etcd-cluster";

/** How the present generation was made, in the words of the controller's status. */
export async function made(cluster: TestCluster): Promise<string> {
  const { data } = await cluster.json<{ data?: Record<string, string> }>([
    ...["get", "configmap", `${cluster.name}-status`],
  ]);
  return data?.made ?? "";
}

/** What a restore or a recovery of a small database may take. */
const LONGEST_SECONDS = 180;

export async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const began = Date.now();
  await work();
  const seconds = (Date.now() - began) / 1000;
  console.log(`      ${what}: ${seconds.toFixed(1)} s`);
  assert.ok(seconds < LONGEST_SECONDS, `${what} took ${seconds} s`);
}
