import assert from "node:assert/strict";
import { Spread } from "../../../components";
import { leader } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { assertNothingLost, Load } from "../support/load";
import { long } from "../support/long";

long("up to seven members", function () {
  this.timeout(600_000);
  let cluster: TestCluster;
  before(async () => {
    // There are fewer nodes than members.
    const scheduling = { hostSpread: Spread.None };
    cluster = await TestCluster.deploy("seven", { members: 1, scheduling });
    await cluster.etcdctl(["put", "kept", "through every size"]);
  });
  after(() => cluster.destroy());

  /** In one `up`, under load. Members that stay keep their identity. */
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

  it("shrinks to 1, after leadership has gone to a member that stays", async () => {
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
    // More than one where members have elected another leader meanwhile, which a busy machine makes them do.
    const heirs = [...told.matchAll(/is to be removed: leadership goes to (etcd-\d)/g)].map(
      (match) => match[1],
    );
    assert.deepEqual([...new Set(heirs)], [cluster.pod(0)]);
  });

  it("and grows to 7 at once: what the old volumes hold is set aside", () => resize(7));
});
