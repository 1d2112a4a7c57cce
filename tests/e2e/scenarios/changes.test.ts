import assert from "node:assert/strict";
import type { EtcdClusterArgs } from "../../../components";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { longOne } from "../support/long";
import { ClientPod, etcdctlPod } from "../support/pods";
import { eventually } from "../support/poll";
import { dial, http } from "../support/probe";

describe("changed arguments", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("changes");
  });
  after(() => cluster.destroy());

  it("change no object if none of them differs", async () => {
    const before = await cluster.pods();
    assert.deepEqual(await cluster.apply({}), []);
    assert.deepEqual(await cluster.pods(), before);
  });

  it("add or remove only a Secret for a client, without a restart", async () => {
    const before = await cluster.pods();
    assert.deepEqual(await cluster.apply({ clients: [{ name: "app" }, { name: "second" }] }), [
      "created Secret etcd-client-second",
    ]);
    const endpoints = ["--endpoints", `https://${cluster.serviceHost}:2379`];
    const put = await etcdctlPod(cluster, [...endpoints, "put", "by", "second"], "etcd-client-second");
    assert.deepEqual(put, { code: 0, output: "OK\n" });
    assert.deepEqual(await cluster.apply({}), []);
    assert.deepEqual(await cluster.waitForVoters(), ["deleted Secret etcd-client-second"]);
    assert.deepEqual(await cluster.pods(), before);
  });

  it("change only a Secret for a new server name, and the next handshake shows it without a restart", async () => {
    const before = await cluster.pods();
    const name = "etcd.example.com";
    assert.deepEqual(await cluster.apply({ tls: { extraServerNames: [name] } }), [
      "changed Secret etcd-server",
    ]);
    // The kubelet checks a pod's Secrets when the pod changes, and otherwise about once a minute.
    await cluster.kubectl(["annotate", "pods", "-l", "app.kubernetes.io/component=member", "e2e/look=now"]);
    const pod = await ClientPod.idle(cluster, "client", { secrets: ["etcd-client-app"] });
    for (const ordinal of before.keys()) {
      await eventually(
        `${cluster.pod(ordinal)} is trusted as ${name}`,
        async () => {
          const secret = "etcd-client-app";
          const { trusted } = await dial(pod, {
            host: cluster.host(ordinal),
            port: 2379,
            certificate: secret,
            ca: secret,
            servername: name,
            send: http("/version"),
          });
          return trusted || undefined;
        },
        150,
      );
    }
    assert.deepEqual(await cluster.pods(), before);
    await cluster.apply({});
  });

  const rollings: [typeof longOne, string, EtcdClusterArgs, string[]][] = [
    [
      it,
      "a setting of etcd",
      { etcd: { snapshotCount: 5000 } },
      ["changed ConfigMap etcd-declared-members", "changed StatefulSet etcd"],
    ],
    [
      longOne,
      "a renewed CA",
      { etcd: { snapshotCount: 5000 }, tls: { caValidityDays: 3000 } },
      [
        ...["peer", "peer-client", "server", "root", "controller", "controller-server", "client-app"].map(
          (pair) => `changed Secret etcd-${pair}`,
        ),
        // The controller also reads the CAs when it starts.
        "changed ConfigMap etcd-declared-controller",
        "changed Deployment etcd-controller",
        "changed ConfigMap etcd-declared-members",
        "changed StatefulSet etcd",
      ],
    ],
  ];
  for (const [runs, what, args, changes] of rollings) {
    runs(`restart the members one by one without a lost write: ${what}`, async () => {
      const ids = await cluster.memberIds();
      const before = await cluster.pods();
      const load = await Load.start(cluster);
      assert.deepEqual((await cluster.apply(args)).sort(), changes.sort());
      const fewest = await eventually(
        "every member is a new pod, and ready",
        restarted(cluster, before),
        180,
      );
      await cluster.waitForVoters();
      assertNothingLost(await load.stop(), 300);
      assert.equal(fewest, 2, "the fewest ready members");
      assert.deepEqual(await cluster.memberIds(), ids);
      for (const pod of await cluster.pods()) {
        assert.match(await cluster.kubectl(["logs", pod.name]), /"snapshot-count":5000,/);
      }
    });
  }
});

/** Resolves once all pods are replaced, with the lowest number of ready pods meanwhile. */
function restarted(cluster: TestCluster, before: { uid: string }[]) {
  let fewest = before.length;
  return async () => {
    const pods = await cluster.pods();
    const ready = pods.filter((pod) => pod.ready).length;
    fewest = Math.min(fewest, ready);
    const anew = pods.every((pod) => before.every((old) => old.uid !== pod.uid));
    return anew && ready === before.length ? fewest : undefined;
  };
}
