import assert from "node:assert/strict";
import type { CaRotation, EtcdClusterArgs } from "../../../components";
import { CaRotationStep } from "../../../components";
import { statusMessage, waitsFor } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";
import { ClientPod, etcdctlPod } from "../support/pods";
import { eventually } from "../support/poll";
import type { Dialled } from "../support/probe";
import { dial, http } from "../support/probe";

const app = "etcd-client-app";
const pairs = ["controller", "controller-server", "peer", "peer-client", "root", "server"];
const secretsOf = (suffix: string) => pairs.map((pair) => `Secret etcd-${pair}${suffix}`);
const to = (step: CaRotationStep, revision = 2): EtcdClusterArgs => ({
  tls: { caRotation: { revision, step } satisfies CaRotation },
});

long("a rotation of the CAs", () => {
  let cluster: TestCluster;
  /** Mounts a client's first certificate, whatever happens to its Secret. */
  let old: ClientPod;
  let firstKey: string;
  before(async () => {
    cluster = await TestCluster.deploy("rotation");
    for (const pair of [app, "etcd-peer-client"]) {
      await keep(cluster, pair, `old-${pair}`);
    }
    old = await ClientPod.idle(cluster, "old", { secrets: [`old-${app}`, "old-etcd-peer-client"] });
  });
  after(() => cluster.destroy());

  const ports = { server: 2379, peer: 2380 };
  /** What a member answers to the first certificates. The member's own certificate is not checked. */
  const asOnTheFirstDay = async (port: keyof typeof ports): Promise<Dialled> =>
    dial(old, {
      host: cluster.host(0),
      port: ports[port],
      certificate: port === "server" ? `old-${app}` : "old-etcd-peer-client",
      send: http("/version"),
    });

  /** Expects nothing but a message: the state before and after must be the same. */
  async function refuses(args: EtcdClusterArgs, reason: RegExp): Promise<void> {
    const before = { pods: await cluster.pods(), secret: await cluster.secret(app) };
    const changed = await cluster.apply(args);
    assert.ok(changed.includes("changed StatefulSet etcd"), changed.join("\n"));
    assert.ok(!changed.includes(`changed Secret ${app}`), changed.join("\n"));
    await assert.rejects(cluster.waitForVoters(60), reason);
    assert.match(await statusMessage(cluster), reason);
    const { data } = await cluster.json<{ data: { agreed: string } }>(["get", "configmap", "etcd-trust"]);
    assert.match(data.agreed, reason);
    await eventually("an event tells it", async () => {
      const events = await cluster.kubectl(["get", "events", "-o", "yaml"]);
      return events.includes("The steps of tls.caRotation") || undefined;
    });
    assert.deepEqual(await cluster.pods(), before.pods, "no member was restarted");
    assert.deepEqual(await cluster.secret(app), before.secret, "the client keeps what works");
    const endpoints = ["--endpoints", `https://${cluster.serviceHost}:2379`];
    assert.deepEqual(await etcdctlPod(cluster, [...endpoints, "put", "refused", "served"], app), {
      code: 0,
      output: "OK\n",
    });
  }

  /** Takes one step under load, starting from the pods' present certificates. */
  async function takes(args: EtcdClusterArgs, suffixes: { gone: string; now: string }): Promise<void> {
    const ids = await cluster.memberIds();
    const before = await cluster.pods();
    const load = await Load.start(cluster);
    firstKey ??= load.firstKey;
    await cluster.apply(args);
    let fewest = before.length;
    await eventually(
      "every member is a new pod, and ready",
      async () => {
        const pods = await cluster.pods();
        const ready = pods.filter((pod) => pod.ready).length;
        fewest = Math.min(fewest, ready);
        const anew = pods.every((pod) => before.every((was) => was.uid !== pod.uid));
        return (anew && ready === before.length) || undefined;
      },
      180,
    );
    const late = await cluster.waitForVoters();
    assertNothingLost(await load.stop());
    assert.equal(fewest, 2, "ready members at the worst time");
    assert.deepEqual(await cluster.memberIds(), ids);
    for (const secret of secretsOf(suffixes.gone)) {
      assert.ok(late.includes(`deleted ${secret}`), `${secret} is gone: ${late.join(", ")}`);
    }
    const left = await cluster.kubectl(["get", "secrets", "-o", "name"]);
    for (const pair of pairs) {
      assert.ok(left.split("\n").includes(`secret/etcd-${pair}${suffixes.now}`), left);
    }
    assert.deepEqual(await cluster.apply(args), [], "a second run changes nothing");
  }

  it("refuses to sign with new CAs that nobody trusts yet, without harm", () =>
    refuses(
      to(CaRotationStep.SignWithNew),
      /refused: the peer authority \w+ is declared to sign, but not trusted by etcd-0, etcd-1, etcd-2\./,
    ));

  it("keeps a pod that is recreated meanwhile out of the quorum until the refused step is reverted", async () => {
    const ids = await cluster.memberIds();
    const load = await Load.start(cluster);
    firstKey = load.firstKey;
    const [, , before] = await cluster.pods();
    await cluster.kubectl(["delete", "pod", cluster.pod(2), "--wait=false"]);
    await eventually("etcd-2 is another pod", async () => {
      const now = (await cluster.pods()).find((pod) => pod.name === before!.name);
      return (now && now.uid !== before!.uid) || undefined;
    });
    await waitsFor(cluster, /refused: .* not trusted by etcd-0, etcd-1\./);
    await cluster.apply({});
    await cluster.waitForVoters(240);
    assertNothingLost(await load.stop());
    assert.deepEqual(await cluster.memberIds(), ids);
  });

  it("step 1 makes all trust both CAs", async () => {
    await takes(to(CaRotationStep.TrustBoth), { gone: "", now: ".ca2-trust" });
    assert.equal(authoritiesIn((await cluster.secret(app))["ca.crt"]), 2);
  });

  it("refuses to drop the old CAs while they still sign", () =>
    refuses(
      to(CaRotationStep.DropOld),
      /refused: the peer authority \w+ is declared as no longer trusted, but signed what is shown by etcd-0, etcd-1, etcd-2\./,
    ));

  it("step 2 signs with the new CAs and still accepts the old certificates", async () => {
    const before = await cluster.secret(app);
    await takes(to(CaRotationStep.SignWithNew), { gone: ".ca2-trust", now: ".ca2-sign" });
    const now = await cluster.secret(app);
    assert.notEqual(now["tls.crt"], before["tls.crt"]);
    assert.equal(authoritiesIn(now["ca.crt"]), 2);
    assert.match((await asOnTheFirstDay("server")).answer, /etcdserver/);
    assert.match((await asOnTheFirstDay("peer")).answer, /etcdserver/);
  });

  it("step 3 drops the old CAs, whose certificates are then rejected", async () => {
    await takes(to(CaRotationStep.DropOld), { gone: ".ca2-sign", now: ".ca2" });
    assert.equal(authoritiesIn((await cluster.secret(app))["ca.crt"]), 1);
    for (const port of ["server", "peer"] as const) {
      const { answer, error } = await asOnTheFirstDay(port);
      assert.equal(answer, "");
      assert.match(error ?? "", /ALERT|ECONNRESET/);
    }
    const endpoints = ["--endpoints", `https://${cluster.serviceHost}:2379`];
    const { code, output } = await etcdctlPod(cluster, [...endpoints, "get", firstKey], app);
    assert.equal(code, 0);
    assert.ok(output.startsWith(firstKey), "what was acknowledged before the first step is there");
  });

  it("refuses to remove the argument afterwards, because it names the cluster's CAs", () =>
    refuses(
      {},
      /refused: the peer authority \w+ is declared to sign, but not trusted by etcd-0, etcd-1, etcd-2\./,
    ));

  it("converges without a restart once the argument is declared again", async () => {
    const before = await cluster.pods();
    await cluster.apply(to(CaRotationStep.DropOld));
    await cluster.waitForVoters();
    assert.deepEqual(await cluster.pods(), before);
  });
});

const authoritiesIn = (pem: string | undefined) => (pem ?? "").split("BEGIN CERTIFICATE").length - 1;

async function keep(cluster: TestCluster, secret: string, as: string): Promise<void> {
  const { data, type } = await cluster.json<{ data: object; type: string }>(["get", "secret", secret]);
  const copy = { apiVersion: "v1", kind: "Secret", metadata: { name: as }, type, data };
  await cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(copy) });
}
