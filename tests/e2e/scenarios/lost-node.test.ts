import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { waitsFor } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import type { MemberPod } from "../support/etcd-cluster";
import { bringUp, cluster as lab, kubectl, nodes } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";
import { eventually } from "../support/poll";

/** The shortest grace that may be declared. */
const grace = 60;

interface Objects {
  readonly ids: Record<string, string>;
  readonly pods: MemberPod[];
  readonly claims: string;
}

/** A cluster on four nodes, so that a free node remains when a member's node is lost. */
class Lost {
  cluster!: TestCluster;
  load!: Load;
  before!: Objects;
  /** The member whose node is lost, and the number of that node. */
  lostPod!: MemberPod;
  node!: number;

  async deploy(purpose: string): Promise<void> {
    await bringUp(4);
    this.cluster = await TestCluster.deploy(purpose, { controller: { nodeLossGraceSeconds: grace } });
    await this.cluster.etcdctl(["put", "kept", "beside a lost node"]);
    const numbers = new Map([...(await nodes())].map(([number, name]) => [name, number] as const));
    this.before = await this.look(0);
    // The tests ask member 0, and the controller is not on the load's node.
    this.lostPod = this.before.pods[2]!;
    this.node = numbers.get(this.lostPod.node ?? "")!;
    const home = numbers.get(this.before.pods[0]!.node ?? "");
    this.load = await Load.start(this.cluster, { node: home });
  }

  async look(ordinal: number): Promise<Objects> {
    const claims = await this.cluster.kubectl([
      ...["get", "pvc", "-o"],
      "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid} {.spec.volumeName}{'\\n'}{end}",
    ]);
    return { ids: await this.cluster.memberIds(ordinal), pods: await this.cluster.pods(), claims };
  }

  /** The new voter has another ID, node and volume, and the other members are unchanged. */
  async assertReplaced(): Promise<Objects> {
    await this.cluster.waitForVoters(120);
    const after = await this.look(0);
    const { name } = this.lostPod;
    const pod = after.pods.find((p) => p.name === name);
    assert.notEqual(pod?.node, this.lostPod.node);
    assert.notEqual(after.ids[name], this.before.ids[name]);
    assert.deepEqual({ ...after.ids, [name]: "" }, { ...this.before.ids, [name]: "" }, "no ghost");
    const claimOf = (objects: Objects) =>
      objects.claims.split("\n").find((line) => line.startsWith(`data-${name} `));
    assert.notEqual(claimOf(after), claimOf(this.before));
    const kept = await this.cluster.etcdctl(["get", "kept", "--print-value-only"], 2);
    assert.equal(kept, "beside a lost node\n");
    return after;
  }

  replaced(seconds: number): Promise<true> {
    return eventually(
      `${this.lostPod.name} is a started voter under another ID`,
      async () => {
        const lines = (await this.cluster.etcdctl(["member", "list"])).trim().split("\n");
        const line = lines.find((text) => text.includes(`started, ${this.lostPod.name},`));
        const [id] = line?.split(", ") ?? [];
        return (id && id !== this.before.ids[this.lostPod.name] && line?.endsWith(" false")) || undefined;
      },
      seconds,
    );
  }

  async end(): Promise<void> {
    await this.cluster?.destroy();
    await bringUp(3);
    for (const number of (await nodes()).keys()) {
      if (number > 3) await lab(["node-remove", String(number)]);
    }
    await this.forgetVolumes();
  }

  /** Nobody can empty a disk on a node that no longer exists. */
  private async forgetVolumes(): Promise<void> {
    const { items } = await kubectl().json<{
      items: { metadata: { name: string }; spec: { claimRef?: { namespace: string } } }[];
    }>(["get", "pv"]);
    for (const { metadata, spec } of items) {
      if (spec.claimRef?.namespace === this.cluster?.namespace) {
        await kubectl().run(["delete", "pv", metadata.name, "--wait=false", "--ignore-not-found"]);
      }
    }
  }
}

long("a node that loses power for good", () => {
  const lost = new Lost();
  let replaced: Objects;
  before(() => lost.deploy("lost-node"));
  after(() => lost.end());

  it("has its member replaced elsewhere within 90 s after the grace", async () => {
    const { cluster, lostPod } = lost;
    await lab(["node-stop", String(lost.node)]);
    const cut = Date.now();
    const dueAt = await eventually(
      "Kubernetes gives up the pod",
      async () => {
        const { metadata } = await cluster.json<{ metadata: { uid: string; deletionTimestamp?: string } }>([
          ...["get", "pod", lostPod.name],
        ]);
        assert.equal(metadata.uid, lostPod.uid);
        const { deletionTimestamp } = metadata;
        return deletionTimestamp ? Date.parse(deletionTimestamp) + grace * 1000 : undefined;
      },
      120,
    );
    await waitsFor(cluster, /etcd-2's node doesn't answer: replaced in \d+ s/, 120);
    await lost.replaced((dueAt - Date.now()) / 1000 + 90);
    const seconds = (from: number) => Math.round((Date.now() - from) / 1000);
    console.log(
      `      replaced ${seconds(cut)} s after the cut, ${seconds(dueAt)} s after the grace was over`,
    );
    replaced = await lost.assertReplaced();
  });

  it("changes nothing when it comes back, and the old member doesn't run", async () => {
    await lab(["node-start", String(lost.node)]);
    await kubectl().run(["wait", "--for=condition=Ready", `node/${lost.lostPod.node}`, "--timeout=120s"]);
    await eventually(
      "its kubelet has ended the old pod",
      async () => {
        const uid = lost.lostPod.uid.replaceAll("-", "[-_]");
        const script = `grep -lE 'pod${uid}' /proc/[0-9]*/cgroup 2>/dev/null | wc -l`;
        return (await lab(["node", String(lost.node), "bash", "-c", script])).trim() === "0" || undefined;
      },
      120,
    );
    await sleep(20_000);
    assert.deepEqual(await lost.look(0), replaced);
    await lost.cluster.waitForVoters(30);
    assertNothingLost(await lost.load.stop());
  });
});

/** The scheduler checks volumes only on nodes that pass the other filters, which kind's control plane doesn't. */
async function openAllNodes(): Promise<() => Promise<void>> {
  interface Node {
    metadata: { name: string };
    spec: { unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] };
  }
  const { items } = await kubectl().json<{ items: Node[] }>(["get", "nodes"]);
  const undo: string[][] = [];
  for (const { metadata, spec } of items) {
    if (spec.unschedulable) {
      await kubectl().run(["uncordon", metadata.name]);
      undo.push(["cordon", metadata.name]);
      continue;
    }
    for (const { key, value, effect } of spec.taints ?? []) {
      await kubectl().run(["taint", "nodes", metadata.name, `${key}:${effect}-`]);
      undo.push(["taint", "nodes", metadata.name, `${key}=${value ?? ""}:${effect}`]);
    }
  }
  return async () => {
    for (const args of undo) await kubectl().run(args);
  };
}

long("a node that is deleted", () => {
  const lost = new Lost();
  let close = async () => {};
  before(async () => {
    await lost.deploy("deleted-node");
    close = await openAllNodes();
  });
  after(async () => {
    await close();
    await lost.end();
  });

  /** Waits for the scheduler's message about the new pod. */
  const schedulerSays = (words: RegExp) =>
    eventually(
      `the scheduler says ${words}`,
      async () => {
        const text = await lost.cluster.kubectl([
          ...["get", "pod", lost.lostPod.name, "-o"],
          'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}',
        ]);
        return words.test(text) ? text : undefined;
      },
      60,
    );
  const record = () =>
    lost.cluster.kubectl(["get", "configmap", "etcd-record", "-o", "jsonpath={.data.record}"]);

  it("costs no member while a cordoned node might hold the volume", async () => {
    const { cluster, lostPod } = lost;
    const used = lost.before.pods.map((pod) => pod.node);
    const free = [...(await nodes()).values()].find((name) => !used.includes(name));
    assert.ok(free);
    await kubectl().run(["cordon", free]);
    try {
      await lab(["node-remove", String(lost.node)]);
      await schedulerSays(/1 node\(s\) were unschedulable/);
      await waitsFor(cluster, new RegExp(`${lostPod.name} can't be scheduled`));
      await sleep(5000);
      assert.doesNotMatch(await record(), /stranded/);
    } finally {
      await kubectl().run(["uncordon", free]);
    }
  });

  it("has its member replaced within 90 s after the grace", async () => {
    const { cluster } = lost;
    console.log(`      ${await schedulerSays(/^0\/(\d+) nodes are available: \1 /)}`);
    await waitsFor(cluster, /etcd-2's volume is on a node that no longer exists: replaced in \d+ s/);
    const dueAt = Date.now() + grace * 1000;
    await lost.replaced(grace + 90);
    console.log(`      replaced ${Math.round((Date.now() - dueAt) / 1000)} s after the grace was over`);
    await lost.assertReplaced();
    assert.doesNotMatch(await record(), /stranded/);
    assertNothingLost(await lost.load.stop());
  });
});
