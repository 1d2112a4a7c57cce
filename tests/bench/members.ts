import { TestCluster } from "../e2e/support/etcd-cluster";
import { Filler } from "../e2e/support/fill";
import { bringUp, cluster as lab, nodes } from "../e2e/support/lab";
import { eventually } from "../e2e/support/poll";
import { repeat, stopwatch } from "./clock";
import type { Row } from "./table";

/** A follower that is no seed. */
const lost = 2;

interface Replacement {
  /** From the pod's start by the kubelet, as the target counts it. */
  readonly fromStart: number;
  readonly fromLoss: number;
}

/** Pod and claim are deleted: until another member is a voter in its place. */
async function replaced(cluster: TestCluster): Promise<Replacement> {
  const name = cluster.pod(lost);
  const old = (await cluster.memberIds())[name];
  const uid = (await cluster.pods()).find((pod) => pod.name === name)?.uid;
  const passed = stopwatch();
  await cluster.kubectl(["delete", "pvc", `data-${name}`, "--wait=false"]);
  await cluster.kubectl(["delete", "pod", name, "--wait=false"]);
  const started = await eventually("a new pod starts", async () => {
    const pod = await cluster.json<{ metadata: { uid: string }; status: { startTime?: string } }>([
      ...["get", "pod", name],
    ]);
    return pod.metadata.uid !== uid && pod.status.startTime ? passed() : undefined;
  });
  await eventually("another voter is in its place", async () => {
    const lines = (await cluster.etcdctl(["member", "list"])).split("\n");
    const now = lines.find((line) => line.includes(`, ${name}, `));
    return (now?.endsWith(", false") && !now.startsWith(old ?? "-")) || undefined;
  });
  const fromLoss = passed();
  await cluster.waitForVoters();
  return { fromStart: fromLoss - started, fromLoss };
}

async function replacements(rounds: number): Promise<Row[]> {
  const cluster = await TestCluster.deploy("bench-members", { storage: { size: "3Gi" } });
  try {
    const empty = await repeat(rounds, () => replaced(cluster));
    const filler = await Filler.start(cluster);
    await filler.fill("bench/#", 100);
    const full = await repeat(rounds, () => replaced(cluster));
    const row = (what: string, of: Replacement[], target: number): Row[] => [
      { what, values: of.map((r) => r.fromStart), unit: "s", target },
      { what: "  from the loss", values: of.map((r) => r.fromLoss), unit: "s" },
    ];
    return [
      ...row("pod and claim lost, empty: pod's start to voter", empty, 15),
      ...row("pod and claim lost, 100 MiB: pod's start to voter", full, 30),
    ];
  } finally {
    await cluster.destroy({ wait: true });
  }
}

async function grown(): Promise<number> {
  const cluster = await TestCluster.deploy("bench-grow");
  try {
    const passed = stopwatch();
    await cluster.apply({ members: 5 });
    await eventually("five voters", async () => {
      const list = await cluster.etcdctl(["member", "list"]);
      return list.match(/, started, .*, false$/gm)?.length === 5 || undefined;
    });
    const voters = passed();
    await cluster.waitForVoters();
    return voters;
  } finally {
    await cluster.destroy({ wait: true });
  }
}

export async function members(rounds: number): Promise<Row[]> {
  const rows = await replacements(rounds);
  const earlier = (await nodes()).size;
  try {
    await bringUp(Math.max(5, earlier));
    // Brings the images onto the new nodes.
    await grown();
    const values = await repeat(rounds, grown);
    return [...rows, { what: "3 to 5: applied to five voters", values, unit: "s", target: 20 }];
  } finally {
    for (let node = (await nodes()).size; node > earlier; node--) {
      await lab(["node-remove", String(node)]);
    }
  }
}
