import assert from "node:assert/strict";
import type { EtcdClusterArgs } from "../../../components";
import { Spread } from "../../../components/args/enums";
import { waitsFor } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { bringUp, nodes } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";

/** Restricts the pods to three nodes, however many there are. */
async function onThree(hostSpread: Spread): Promise<EtcdClusterArgs["scheduling"]> {
  const values = [...(await nodes()).values()].slice(0, 3);
  const term = { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values }] };
  return {
    hostSpread,
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
  };
}

describe("members that can't be placed", () => {
  let cluster: TestCluster;
  before(async () => {
    await bringUp(3);
    cluster = await TestCluster.deploy("newcomers", { scheduling: await onThree(Spread.Required) });
  });
  after(() => cluster.destroy());

  it("are named in the status, and join after a spread that admits them has restarted every voter", async () => {
    const ids = await cluster.memberIds();
    const load = await Load.start(cluster, { node: 1 });
    await cluster.apply({ members: 5 });
    console.log(`      ${await waitsFor(cluster, /etcd-3 can't join yet: it can't be scheduled/)}`);
    await cluster.apply({ members: 5, scheduling: await onThree(Spread.Preferred) });
    await cluster.waitForVoters(200);
    assertNothingLost(await load.stop());
    const after = await cluster.memberIds();
    for (const [name, id] of Object.entries(ids)) assert.equal(after[name], id, `${name} kept its ID`);
    assert.equal(new Set((await cluster.pods()).map((pod) => pod.revision)).size, 1);
  });
});
