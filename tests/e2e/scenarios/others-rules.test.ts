import assert from "node:assert/strict";
import { waitsFor } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { kubectl } from "../support/lab";
import { long } from "../support/long";

describe("a foreign disruption budget on the members", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.deploy("budgets");
  });
  after(() => cluster.destroy());

  it("is reported in Kubernetes' words, and the rollout continues once it is removed", async () => {
    const before = await cluster.pods();
    const selector = "app.kubernetes.io/component=member";
    await cluster.kubectl(["create", "pdb", "generated", `--selector=${selector}`, "--max-unavailable=1"]);
    await cluster.apply({ etcd: { logLevel: "warn" } });
    const words = /is restarted at the declared revision, which fails: .*more than one PodDisruptionBudget/;
    console.log(`      ${await waitsFor(cluster, words)}`);
    assert.deepEqual(
      (await cluster.pods()).map(({ uid }) => uid),
      before.map(({ uid }) => uid),
    );
    await cluster.kubectl(["delete", "pdb", "generated"]);
    await cluster.waitForVoters(150);
    for (const pod of before) await cluster.replacementOf(pod);
  });
});

long("a namespace with a quota of limits and with a LimitRange", () => {
  let cluster: TestCluster;
  before(async () => {
    const helpers = { cpuRequest: "60m", memoryRequest: "64Mi" };
    cluster = TestCluster.declare("quota", {
      members: 1,
      createNamespace: false,
      resources: { cpuRequest: "60m", cpuLimit: "1", memoryLimit: "512Mi", helpers, tools: helpers },
    });
    await kubectl().run(["create", "namespace", cluster.namespace]);
    await cluster.kubectl([
      ...[
        "create",
        "quota",
        "team",
        "--hard=limits.cpu=8,limits.memory=8Gi,requests.cpu=2,requests.memory=8Gi",
      ],
    ]);
    const range = {
      ...{ apiVersion: "v1", kind: "LimitRange", metadata: { name: "team" } },
      spec: { limits: [{ type: "Container", min: { cpu: "60m", memory: "64Mi" } }] },
    };
    await cluster.kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(range) });
  });
  after(() => cluster.destroy());

  it("admits all pods that set the required resources", async () => {
    await cluster.apply({});
    await cluster.waitForVoters(120);
  });

  it("is named in the status when it keeps a pod out, and the pod starts once there is room", async () => {
    await cluster.kubectl([
      "patch",
      "quota",
      "team",
      "--type=merge",
      "-p",
      '{"spec":{"hard":{"limits.memory":"600Mi"}}}',
    ]);
    await cluster.kubectl(["delete", "pod", "etcd-0"]);
    console.log(`      ${await waitsFor(cluster, /etcd-0.*has no pod.*kubectl describe statefulset/)}`);
    await cluster.kubectl([
      "patch",
      "quota",
      "team",
      "--type=merge",
      "-p",
      '{"spec":{"hard":{"limits.memory":"8Gi"}}}',
    ]);
    await cluster.waitForVoters(120);
  });
});
