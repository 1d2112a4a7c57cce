import assert from "node:assert/strict";
import { leader, ordinalOf, waitUntilReported } from "../support/controller";
import { Disk } from "../support/disk";
import { TestCluster } from "../support/etcd-cluster";
import { kubectl } from "../support/lab";
import { assertNothingLost, Load } from "../support/load";
import { eventually } from "../support/poll";

/** As long as the other value, so that nothing moves in the database. */
const good = "value-that-all-members-agree-on";
const bad = "value-that-one-member-has-alone";

describe("a member whose data differs", () => {
  let cluster: TestCluster;
  let target: number;
  let node: string;
  before(async () => {
    cluster = await TestCluster.deploy("corrupt", { etcd: { compactHashCheckInterval: "5s" } });
    target = ordinalOf(await leader(cluster)) === 2 ? 1 : 2;
    node = (await cluster.pods())[target]?.node ?? "";
  });
  after(async () => {
    await kubectl().run(["uncordon", node]);
    await cluster.destroy();
  });

  it("is found by etcd's own check and replaced, and the alarm is cleared", async () => {
    const name = cluster.pod(target);
    await cluster.etcdctl(["put", "agreed", good]);
    const before = await cluster.memberIds();
    const load = await Load.start(cluster);

    const disk = await Disk.of(cluster, target);
    // The pod must not return to its volume's node while the database is changed.
    await kubectl().run(["cordon", node]);
    await cluster.kubectl(["delete", "pod", name, "--timeout=60s"]);
    const db = "data/member/snap/db";
    const changed = await disk.sh(
      `export LC_ALL=C; grep -q ${good} ${db} && sed s/${good}/${bad}/g ${db} >../edited && ` +
        `cmp -s ../edited ${db} || cat ../edited >${db}; rm ../edited; grep -c ${bad} ${db}`,
    );
    assert.notEqual(changed.trim(), "0");
    await kubectl().run(["uncordon", node]);
    await eventually(
      `${name} answers, and lies`,
      async () => {
        const get = await cluster.etcdctl(["get", "agreed", "--consistency=s", "--print-value-only"], target);
        return get === `${bad}\n` || undefined;
      },
      90,
    );
    await cluster.waitForVoters(60);

    // etcd compares the members' hashes at compactions.
    const status = await cluster.etcdctl(["endpoint", "status", "-w", "fields"]);
    await cluster.etcdctl(["compact", /"Revision" : (\d+)/.exec(status)?.[1] ?? ""]);
    await eventually(
      `${name} is a voter under another ID`,
      async () => {
        const ids = await cluster.memberIds();
        return (ids[name] && ids[name] !== before[name]) || undefined;
      },
      90,
    );
    await waitUntilReported(cluster, new RegExp(`${name}: its data differs from the majority's`));
    await cluster.waitForVoters(90);
    assertNothingLost(await load.stop());

    const after = await cluster.memberIds();
    assert.deepEqual(
      Object.entries(after).filter(([member]) => member !== name),
      Object.entries(before).filter(([member]) => member !== name),
      "the others are who they were",
    );
    assert.equal(await cluster.etcdctl(["alarm", "list"]), "");
    for (const ordinal of [0, 1, 2]) {
      const get = ["get", "agreed", "--consistency=s", "--print-value-only"];
      assert.equal(await cluster.etcdctl(get, ordinal), `${good}\n`, cluster.pod(ordinal));
    }
    const hashes = await cluster.etcdctl(["endpoint", "hashkv", "--cluster", "-w", "fields"]);
    const seen = [...hashes.matchAll(/"Hash" : (\d+)/g)].map((match) => match[1]);
    assert.equal(seen.length, 3, hashes);
    assert.equal(new Set(seen).size, 1, hashes);
  });
});
