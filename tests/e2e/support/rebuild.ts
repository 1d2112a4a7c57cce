import assert from "node:assert/strict";
import type { TestCluster } from "./etcd-cluster";
import { kubectl } from "./lab";

/** How the present generation was made, from the controller's status. */
export async function made(cluster: TestCluster): Promise<string> {
  const { data } = await cluster.json<{ data?: Record<string, string> }>([
    ...["get", "configmap", `${cluster.name}-status`],
  ]);
  return data?.made ?? "";
}

/** The longest time for a restore or a recovery of a small database. */
const LONGEST_SECONDS = 180;

export async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const began = Date.now();
  await work();
  const seconds = (Date.now() - began) / 1000;
  console.log(`      ${what}: ${seconds.toFixed(1)} s`);
  assert.ok(seconds < LONGEST_SECONDS, `${what} took ${seconds} s`);
}

interface PersistentVolumes {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly claimRef?: { readonly namespace: string } };
  }[];
}

/** Deletes volumes that nobody can empty, because their node was gone when their claim was deleted. */
export async function forgetVolumes(cluster: TestCluster): Promise<void> {
  const { items } = await kubectl().json<PersistentVolumes>(["get", "pv"]);
  for (const { metadata, spec } of items) {
    if (spec.claimRef?.namespace !== cluster.namespace) continue;
    await kubectl().run(["delete", "pv", metadata.name, "--wait=false", "--ignore-not-found"]);
  }
}

const kept = Array.from({ length: 20 }, (_, i) => [`kept/${i}`, `value ${i}`] as const);

export const keep = (cluster: TestCluster, ordinal = 0): Promise<void> => cluster.putAll(kept, ordinal);

export async function assertKept(cluster: TestCluster, ordinal = 0): Promise<void> {
  const values = await cluster.etcdctl(["get", "kept/", "--prefix", "--print-value-only"], ordinal);
  assert.deepEqual(values.trim().split("\n").sort(), kept.map(([, value]) => value).sort());
}

/** Writes keys, a lease, users and roles, and turns on authentication. */
export async function fill(cluster: TestCluster): Promise<void> {
  await cluster.etcdctl(["put", "kept", "a value"]);
  await cluster.putAll(Array.from({ length: 20 }, (_, i) => [`many/${i}`, "x".repeat(200)]));
  await cluster.etcdctl(["del", "many/0"]);
  const [, lease] = /lease (\S+) granted/.exec(await cluster.etcdctl(["lease", "grant", "36000"])) ?? [];
  assert.ok(lease);
  await cluster.etcdctl(["put", "leased", "for a while", `--lease=${lease}`]);
  await cluster.etcdctl(["role", "add", "reader"]);
  await cluster.etcdctl(["role", "grant-permission", "reader", "read", "many/", "--prefix=true"]);
  await cluster.etcdctl(["user", "add", "app", "--no-password"]);
  await cluster.etcdctl(["user", "grant-role", "app", "reader"]);
  await cluster.etcdctl(["user", "add", "root", "--no-password"]);
  await cluster.etcdctl(["user", "grant-role", "root", "root"]);
  await cluster.etcdctl(["auth", "enable"]);
}

export async function holdsAll(cluster: TestCluster): Promise<void> {
  assert.equal(await cluster.etcdctl(["get", "kept", "--print-value-only"]), "a value\n");
  const many = await cluster.etcdctl(["get", "many/", "--prefix", "--keys-only"]);
  assert.equal(many.split("\n").filter((line) => line.startsWith("many/")).length, 19);
  const [lease] = (await cluster.etcdctl(["lease", "list"])).trim().split("\n").slice(1);
  assert.ok(lease, "there is a lease");
  assert.match(await cluster.etcdctl(["lease", "timetolive", lease, "--keys"]), /granted.*leased/);
  assert.deepEqual((await cluster.etcdctl(["user", "list"])).trim().split("\n").sort(), ["app", "root"]);
  assert.match(await cluster.etcdctl(["role", "get", "reader"]), /many\//);
  assert.match(await cluster.etcdctl(["auth", "status"]), /true/);
}

export async function copySecret(
  from: TestCluster,
  name: string,
  into: TestCluster,
  as = name,
): Promise<void> {
  const { data, type } = await from.json<{ data: Record<string, string>; type: string }>([
    "get",
    "secret",
    name,
  ]);
  const copy = { apiVersion: "v1", kind: "Secret", metadata: { name: as }, type, data };
  await into.kubectl(["apply", "-f", "-"], { input: JSON.stringify(copy) });
}

/** Moves a claim's volume with its data to another namespace. */
export async function moveClaim(
  from: TestCluster,
  name: string,
  into: TestCluster,
  as: string,
): Promise<void> {
  const { spec } = await from.json<{ spec: { volumeName: string; storageClassName: string } }>([
    ...["get", "pvc", name],
  ]);
  const patch = (content: object) =>
    kubectl().run(["patch", "pv", spec.volumeName, "--type=merge", "-p", JSON.stringify(content)]);
  await patch({ spec: { persistentVolumeReclaimPolicy: "Retain" } });
  await from.kubectl(["delete", "pods", "--field-selector=status.phase=Succeeded"]);
  await from.kubectl(["delete", "pvc", name, "--timeout=60s"]);
  await patch({ spec: { claimRef: null } });
  const claim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: as },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: spec.storageClassName,
      volumeName: spec.volumeName,
      resources: { requests: { storage: "1Gi" } },
    },
  };
  await into.kubectl(["apply", "-f", "-"], { input: JSON.stringify(claim) });
}
