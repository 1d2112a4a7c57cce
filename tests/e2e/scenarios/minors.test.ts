import assert from "node:assert/strict";
import { leader } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";
import { eventually } from "../support/poll";
import { assertAllRun, patches } from "../support/versions";
import { PodWatch } from "../support/watch";

long("a skipped minor version", () => {
  let cluster: TestCluster;
  let from: string;
  let tooFar: string;
  before(async () => {
    [from = "", tooFar = ""] = await patches("3.5", "3.7");
    cluster = await TestCluster.deploy("skipped", { version: from });
  });
  after(() => cluster.destroy());

  it("is refused at once with the reason, and no member restarts", async () => {
    const before = await cluster.pods();
    await cluster.apply({ version: tooFar });
    const start = Date.now();
    await assert.rejects(
      cluster.waitForVoters(150),
      /^Error: refused: version is .*: etcd .* skips a minor version/,
    );
    assert.ok(Date.now() - start < 60_000, "it was told long before the time-out");
    assert.deepEqual(
      (await cluster.pods()).map((pod) => pod.uid),
      before.map((pod) => pod.uid),
    );
  });

  it("is refused by a recreated pod too, and declaring the old version brings it back", async () => {
    const ids = await cluster.memberIds();
    const load = await Load.start(cluster);
    await cluster.kubectl(["delete", "pod", cluster.pod(2), "--wait=false"]);
    await eventually("the new pod's gate says why it doesn't start etcd", async () => {
      const log = await cluster.kubectl(["logs", cluster.pod(2), "-c", "gate"]);
      return /skips a minor version/.test(log) || undefined;
    });
    const ready = (await cluster.pods()).filter((pod) => pod.ready).map((pod) => pod.name);
    assert.deepEqual(ready, [cluster.pod(0), cluster.pod(1)]);
    await cluster.apply({ version: from });
    await cluster.waitForVoters(120);
    assertNothingLost(await load.stop());
    assert.deepEqual(await cluster.memberIds(), ids);
    await assertAllRun(cluster, from);
  });
});

long("steps between minor versions", function () {
  this.timeout(600_000);
  let cluster: TestCluster;
  let minors: string[];
  let ids: Record<string, string>;
  before(async () => {
    minors = await patches("3.5", "3.6", "3.7");
    cluster = await TestCluster.deploy("minors", { version: minors[0] });
    ids = await cluster.memberIds();
    await cluster.etcdctl(["put", "written", "by the first"]);
  });
  after(() => cluster.destroy());

  /** Rolls to a version under load: each member restarts once, two are always ready, identities and data stay. */
  async function step(version: string, controller: { allowDowngrade?: boolean } = {}): Promise<void> {
    const load = await Load.start(cluster);
    const watch = await PodWatch.start(cluster);
    await cluster.apply({ version, controller });
    await cluster.waitForVoters(240);
    const { order, fewestReady } = await watch.stop();
    assertNothingLost(await load.stop());
    assert.deepEqual(
      [...order].sort(),
      [0, 1, 2].map((ordinal) => cluster.pod(ordinal)),
      "restarts",
    );
    assert.equal(fewestReady, 2, "ready members at the worst time");
    assert.deepEqual(await cluster.memberIds(), ids);
    await assertAllRun(cluster, version);
    assert.equal(await cluster.etcdctl(["get", "written", "--print-value-only"], 2), "by the first\n");
  }

  it("upgrade from 3.5 to 3.6", () => step(minors[1]!));
  it("upgrade directly afterwards to 3.7", () => step(minors[2]!));
  it("downgrade to 3.6 by etcd's own downgrade", () => step(minors[1]!, { allowDowngrade: true }));
  it("upgrade to 3.7 again", () => step(minors[2]!));

  it("can be reversed halfway: only the members that have restarted go back", async () => {
    // A downgrade first, so that there is an upgrade to reverse.
    await step(minors[1]!, { allowDowngrade: true });
    const load = await Load.start(cluster);
    const before = await cluster.pods();
    const leads = await leader(cluster);
    const [first, ...others] = before.filter((pod) => pod.name !== leads);
    // Nobody can evict a pod with two budgets, so the rollout stops after the first member.
    const held = `statefulset.kubernetes.io/pod-name in (${leads}, ${others.map((pod) => pod.name).join()})`;
    await cluster.kubectl(["create", "pdb", "held", `--selector=${held}`, "--max-unavailable=1"]);
    await cluster.apply({ version: minors[2]! });
    assert.ok(first);
    const renewed = await cluster.replacementOf(first, 120);
    await cluster.apply({ version: minors[1]! });
    await cluster.waitForVoters(240);
    assertNothingLost(await load.stop());
    await cluster.kubectl(["delete", "pdb", "held"]);
    await assertAllRun(cluster, minors[1]!);
    const uids = (await cluster.pods()).map((pod) => pod.uid);
    assert.ok(![first.uid, renewed.uid].some((uid) => uids.includes(uid)), "there and back");
    const untouched = before.filter((pod) => pod !== first);
    assert.ok(
      untouched.every((pod) => uids.includes(pod.uid)),
      "the others were never restarted",
    );
    assert.deepEqual(await cluster.memberIds(), ids);
  });

  it("downgrade to 3.5, from where 3.7 is refused", async () => {
    await step(minors[0]!, { allowDowngrade: true });
    await cluster.apply({ version: minors[2]!, controller: { allowDowngrade: true } });
    await assert.rejects(cluster.waitForVoters(60), /skips a minor version/);
  });
});
