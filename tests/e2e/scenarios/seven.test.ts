import assert from "node:assert/strict";
import { Spread } from "../../../components";
import { leader } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";

long("a cluster of up to seven members", function () {
  this.timeout(600_000);
  let cluster: TestCluster;
  before(async () => {
    // There are fewer nodes than members.
    const scheduling = { hostSpread: Spread.None };
    cluster = await TestCluster.deploy("seven", { members: 1, scheduling });
    await cluster.etcdctl(["put", "kept", "through every size"]);
  });
  after(() => cluster.destroy());

  /** Resizes in one `up`, under load. Members that stay keep their identity. */
  async function resize(members: number): Promise<void> {
    const before = await cluster.memberIds();
    const load = await Load.start(cluster);
    const start = performance.now();
    await cluster.apply({ members });
    await cluster.waitForVoters(240);
    console.log(`      ${members} voters after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    assertNothingLost(await load.stop());
    const after = await cluster.memberIds();
    assert.equal(Object.keys(after).length, members);
    for (const [name, id] of Object.entries(after)) {
      assert.ok(before[name] === undefined || before[name] === id, `${name} kept its ID`);
    }
    const last = cluster.pod(members - 1);
    assert.equal(
      await cluster.kubectl([
        "exec",
        last,
        "-c",
        "etcd",
        "--",
        "etcdctl",
        "get",
        "kept",
        "--print-value-only",
      ]),
      "through every size\n",
    );
  }

  for (const members of [3, 5, 7]) {
    it(`grows to ${members}`, () => resize(members));
  }

  it("shrinks to 1 after it has moved leadership to a member that stays", async () => {
    const ids = await cluster.memberIds();
    const led = await leader(cluster);
    if (led !== cluster.pod(6)) {
      const heir = ids[cluster.pod(6)];
      assert.ok(heir);
      await cluster.etcdctl(["move-leader", heir], Number(led.slice(led.lastIndexOf("-") + 1)));
    }
    assert.equal(await leader(cluster), cluster.pod(6));
    await resize(1);
    const told = await cluster.kubectl(["logs", "deployment/etcd-controller"]);
    assert.match(told, /etcd-6 leads and is to be removed: leadership goes to etcd-0/);
    // There may be several, because members may elect another leader on a busy machine.
    const newLeaders = [...told.matchAll(/is to be removed: leadership goes to (etcd-\d)/g)].map(
      (match) => match[1],
    );
    assert.deepEqual([...new Set(newLeaders)], [cluster.pod(0)]);
  });

  it("grows to 7 in one step and quarantines the data on the old volumes", () => resize(7));
});
