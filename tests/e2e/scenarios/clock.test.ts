import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { TestCluster } from "../support/etcd-cluster";
import { eventually } from "../support/poll";
import { leaseHolder } from "../support/process";

const AHEAD_MS = 3 * 24 * 3_600_000;
/** Node.js loads this first. It puts the wall clock ahead, as on a node whose clock is wrong. */
const PRELOAD = `--import=data:text/javascript,const%20n=Date.now;Date.now=()=>n()+${AHEAD_MS}`;

interface Record {
  readonly members: readonly { readonly floor: number; readonly floorMs: number }[];
}

describe("a controller whose clock is days ahead", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("clock", { controller: { nodeLossGraceSeconds: 60 } });
  });
  after(() => cluster.destroy());

  const claims = () =>
    cluster.kubectl([
      ...["get", "pvc", "-o"],
      "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{'\\n'}{end}",
    ]);
  async function record(): Promise<Record> {
    const { data } = await cluster.json<{ data: { record: string } }>(["get", "configmap", "etcd-record"]);
    return JSON.parse(data.record) as Record;
  }
  /** Replaces the controller by one with that clock or a correct one. */
  async function exchange(options: string): Promise<void> {
    const old = await leaseHolder(cluster);
    await cluster.kubectl(["set", "env", "deployment/etcd-controller", `NODE_OPTIONS=${options}`]);
    await eventually(
      "another controller holds the lease",
      async () => {
        const holder = await leaseHolder(cluster);
        return (holder && holder !== old) || undefined;
      },
      120,
    );
  }

  it("waits for a pod that stops slowly, and keeps its member and volume", async () => {
    const before = { ids: await cluster.memberIds(), claims: await claims() };
    await exchange(PRELOAD);
    const finalizers = (value: readonly string[] | null) =>
      cluster.kubectl([
        ...["patch", "pod", "etcd-2", "--type=merge", "-p"],
        JSON.stringify({ metadata: { finalizers: value } }),
      ]);
    await finalizers(["example.com/slow"]);
    try {
      await cluster.kubectl(["delete", "pod", "etcd-2", "--wait=false"]);
      await sleep(20_000);
    } finally {
      await finalizers(null);
    }
    await cluster.waitForVoters(120);
    assert.deepEqual({ ids: await cluster.memberIds(), claims: await claims() }, before);
  });

  it("leaves no timestamp that keeps the next controller from recording the members' progress", async () => {
    await eventually(
      "a floor was written by the clock that is ahead",
      async () => (await record()).members.some((m) => m.floorMs > Date.now() + AHEAD_MS / 2) || undefined,
      150,
    );
    await exchange("");
    for (let i = 0; i < 5; i++) await cluster.etcdctl(["put", "after", String(i)]);
    await eventually(
      "every floor is by a right clock",
      async () => (await record()).members.every((m) => m.floorMs < Date.now() + 60_000) || undefined,
      60,
    );
  });
});
