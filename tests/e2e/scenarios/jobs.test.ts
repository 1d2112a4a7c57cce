import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import { readCatalog } from "../../../programs/backup/catalog";
import type { S3Store } from "../../../programs/backup/store/s3";
import { backUp, never, backupStatus } from "../support/backups";
import { TestCluster } from "../support/etcd-cluster";
import { bringUp, cluster as lab, kubectl, numberOf } from "../support/lab";
import { long } from "../support/long";
import { eventually } from "../support/poll";
import { made, timed } from "../support/rebuild";
import { S3Server } from "../support/s3";

interface JobPod {
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly initContainerStatuses?: readonly { readonly state?: { readonly running?: object } }[];
  };
}

const jobOf = ({ metadata }: JobPod) => metadata.labels["batch.kubernetes.io/job-name"] ?? "";
const works = ({ status }: JobPod) =>
  status.phase === "Running" || status.initContainerStatuses?.some((c) => c.state?.running) === true;

long("a backup or restore job", () => {
  let cluster: TestCluster;
  let s3: S3Server;
  let store: S3Store;
  const declared = (schedule: string) => ({ backup: { schedule, s3: s3.args() } });
  before(async () => {
    await bringUp(3);
    cluster = await TestCluster.deploy("jobs", { members: 1 });
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

  /** The job hangs and its node loses power. Afterwards nothing can make a job hang. */
  async function itsNodeDies(begin: () => Promise<unknown>, meanwhile: () => Promise<unknown>) {
    // No job may run where the store or the member is, because those nodes must stay up.
    const { spec } = await cluster.json<JobPod>(["get", "pod", "s3"]);
    const kept = new Set([spec.nodeName ?? "", (await cluster.pods())[0]?.node ?? ""]);
    for (const node of kept) await kubectl().run(["cordon", node]);
    const before = new Set((await jobPods()).map(jobOf));
    const release = async () => {
      for (const node of kept) await kubectl().run(["uncordon", node]);
      await s3.signal("CONT");
    };
    await s3.signal("STOP");
    try {
      await begin();
      const hung = await eventually(
        "it has begun, and hangs",
        async () => (await jobPods()).find((pod) => !before.has(jobOf(pod)) && works(pod)),
        120,
      );
      await lab(["node-stop", String(await numberOf(hung.spec.nodeName))]);
      await release();
      await meanwhile();
      const still = (await jobPods()).find(({ metadata }) => metadata.name === hung.metadata.name);
      assert.ok(still && works(still), "nobody knows what became of the one that hung");
    } finally {
      await release();
      await bringUp(3);
    }
  }

  it("starts on schedule", async () => {
    await cluster.apply(declared("* * * * *"));
    const { newest } = await eventually(
      "one is made",
      async () => {
        const now = await backupStatus(cluster);
        return now.lastRun?.result === "succeeded" ? now : undefined;
      },
      120,
    );
    await cluster.apply(declared(never));
    assert.ok((await readCatalog(store)).good.some((m) => m.name === newest?.name));
  });

  it("doesn't prevent the next backup when its node dies", async () => {
    const good = (await readCatalog(store)).good.length;
    await itsNodeDies(
      () => cluster.apply(declared("* * * * *")),
      () =>
        eventually(
          "another one is made",
          async () => (await readCatalog(store)).good.length > good || undefined,
          200,
        ),
    );
    await cluster.apply(declared(never));
    assert.equal((await backupStatus(cluster)).lastRun?.result, "succeeded");
    const { orphans } = await readCatalog(store);
    assert.deepEqual(orphans, [], "nothing counts but what is whole");
  });

  it("is replaced by another pod, which makes the generation once, when a restore's node dies", async () => {
    await cluster.etcdctl(["put", "kept", "a value"]);
    const { name } = await backUp(cluster);
    await itsNodeDies(
      () => cluster.apply({ ...declared(never), generation: 2, restore: { backup: { name } } }),
      () => timed("a restore whose node has died", () => cluster.waitForVoters(180)),
    );
    assert.match(await made(cluster), new RegExp(`generation 2.*${name}`));
    assert.equal(await cluster.etcdctl(["get", "kept", "--print-value-only"]), "a value\n");
    const ids = await cluster.memberIds();
    await sleep(30_000);
    assert.deepEqual(await cluster.memberIds(), ids, "the old pod has come back, and changes nothing");
  });
});
