import assert from "node:assert/strict";
import type { TestCluster } from "./etcd-cluster";
import { etcdVersions } from "./lab";

/** The patch versions of these minor versions that the local Kubernetes has images of. */
export async function patches(...minors: string[]): Promise<string[]> {
  const versions = await etcdVersions();
  return minors.map((minor) => {
    const found = versions.find((version) => version.startsWith(`${minor}.`));
    assert.ok(found, `there is no image of etcd ${minor}`);
    return found;
  });
}

/** The version that each member reports. */
export async function runningVersions(cluster: TestCluster): Promise<string[]> {
  const status = await cluster.etcdctl(["endpoint", "status", "--cluster", "-w", "fields"]);
  return [...status.matchAll(/"Version" : "(.*)"/g)].map((match) => match[1] ?? "");
}

export async function assertAllRun(cluster: TestCluster, version: string): Promise<void> {
  assert.deepEqual(
    await runningVersions(cluster),
    Array.from({ length: cluster.members }, () => version),
  );
}
