import assert from "node:assert/strict";
import { readCatalog } from "../../../controller/backup/catalog";
import type { S3Store } from "../../../controller/backup/store/s3";
import { never, told } from "../support/backups";
import { TestCluster } from "../support/etcd-cluster";
import { bringUp, cluster as lab, kubectl, numberOf } from "../support/lab";
import { long } from "../support/long";
import { eventually } from "../support/poll";
import { S3Server } from "../support/s3";

interface JobPod {
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly phase: string; readonly startTime?: string };
}

const jobOf = ({ metadata }: JobPod) => metadata.labels["batch.kubernetes.io/job-name"] ?? "";

long("backups by their schedule", () => {
  let cluster: TestCluster;
  let s3: S3Server;
  let store: S3Store;
  const declare = (schedule: string) => cluster.apply({ backup: { schedule, s3: s3.args() } });
  before(async () => {
    await bringUp(3);
    cluster = await TestCluster.deploy("schedule", { members: 1 });
    s3 = await S3Server.start(cluster);
    store = await s3.store();
    await cluster.etcdctl(["put", "greeting", "hello"]);
  });
  after(async () => {
    await bringUp(3);
    s3?.close();
    await cluster.destroy();
  });

  const jobPods = async (): Promise<JobPod[]> =>
    (await cluster.json<{ items: JobPod[] }>(["get", "pods", "-l", "batch.kubernetes.io/job-name"])).items;

  it("are begun by nobody's hand", async () => {
    await declare("* * * * *");
    const { newest } = await eventually(
      "one is made",
      async () => {
        const now = await told(cluster);
        return now.lastRun?.result === "succeeded" ? now : undefined;
      },
      120,
    );
    assert.deepEqual((await readCatalog(store)).good, [newest]);
    await declare(never);
  });

  it("the node of one dies in the middle: the next is begun and made all the same", async () => {
    // Where the store and the member are, nothing else is put: those have to live on.
    const { spec } = await cluster.json<JobPod>(["get", "pod", "s3"]);
    const kept = new Set([spec.nodeName ?? "", (await cluster.pods())[0]?.node ?? ""]);
    for (const node of kept) await kubectl().run(["cordon", node]);
    await s3.signal("STOP");
    let dead: number | undefined;
    try {
      const before = new Set((await jobPods()).map(jobOf));
      await declare("* * * * *");
      const hung = await eventually(
        "one has begun, and hangs",
        async () =>
          (await jobPods()).find((pod) => !before.has(jobOf(pod)) && pod.status.phase === "Running"),
        120,
      );
      dead = await numberOf(hung.spec.nodeName);
      await lab(["node-stop", String(dead)]);
      for (const node of kept) await kubectl().run(["uncordon", node]);
      await s3.signal("CONT");
      const good = (await readCatalog(store)).good.length;
      await eventually(
        "another one is made",
        async () => (await readCatalog(store)).good.length > good || undefined,
        200,
      );
      const still = (await jobPods()).find((pod) => pod.metadata.name === hung.metadata.name);
      assert.equal(still?.status.phase, "Running", "nobody knows what became of the one that hung");
      assert.equal((await told(cluster)).lastRun?.result, "succeeded");
    } finally {
      await declare(never);
      for (const node of kept) await kubectl().run(["uncordon", node]);
      await s3.signal("CONT");
      if (dead !== undefined) await bringUp(3);
    }
    const { good, loose } = await readCatalog(store);
    assert.deepEqual(loose, [], "nothing counts but what is whole");
    assert.ok(good.length >= 2);
  });
});
