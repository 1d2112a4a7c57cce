import assert from "node:assert/strict";
import { statusMessage, waitsFor } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { longOne } from "../support/long";
import { eventually } from "../support/poll";

interface Written {
  readonly birth: { readonly state: string };
  readonly members: readonly { readonly memberId: string }[];
  readonly minReader?: number;
}

describe("an outdated record", () => {
  let cluster: TestCluster;
  let early: Written;
  let ids: Record<string, string>;

  const read = async (): Promise<Written> => {
    const text = await cluster.kubectl(["get", "configmap", "etcd-record", "-o", "jsonpath={.data.record}"]);
    return JSON.parse(text) as Written;
  };
  const put = (record: object) => {
    const patch = JSON.stringify({ data: { record: JSON.stringify(record) } });
    return cluster.kubectl(["patch", "configmap", "etcd-record", "--type=merge", "-p", patch]);
  };
  /** Deletes all pods at once. When this returns, no member answers. */
  const restartAll = async (meanwhile: () => Promise<unknown>) => {
    const before = await cluster.pods();
    const all = ["-l", "app.kubernetes.io/component=member"];
    await cluster.kubectl(["delete", "pods", ...all, "--force", "--grace-period=0", "--wait=false"]);
    await meanwhile();
    await Promise.all(before.map((pod) => cluster.replacementOf(pod, 150)));
  };
  const isAsBefore = async () => {
    await cluster.waitForVoters(150);
    assert.deepEqual(await cluster.memberIds(), ids);
    assert.equal(await cluster.etcdctl(["get", "kept", "--print-value-only"]), "since then\n");
    const { birth, members } = await read();
    assert.equal(birth.state, "born");
    assert.equal(members.length, 3);
  };

  before(async () => {
    cluster = await TestCluster.deploy("old-record", { members: 1 });
    early = await read();
    await cluster.apply({ members: 3 });
    await cluster.waitForVoters(150);
    await cluster.etcdctl(["put", "kept", "since then"]);
    ids = await cluster.memberIds();
  });
  after(() => cluster.destroy());

  longOne("from before a growth does no harm beside running members", async () => {
    assert.equal(early.members.length, 1);
    await put(early);
    await eventually(
      "the members are known again",
      async () => (await read()).members.length === 3 || undefined,
    );
    await isAsBefore();
  });

  it("from before a growth does no harm while all members restart", async () => {
    await restartAll(() => put(early));
    await isAsBefore();
  });

  longOne("from the first seconds does no harm while all members restart", async () => {
    const birth = { state: "seeding", token: "birth-of-old", podUid: "of-old", claimUid: "of-old" };
    await restartAll(() => put({ ...early, birth, members: [] }));
    await isAsBefore();
  });

  it("from a later release stays unchanged while all members restart, and keeps its unknown fields", async () => {
    const record = await read();
    await put({ ...record, minReader: 99, unheard: { of: "it" } });
    await waitsFor(cluster, /later release/);
    await restartAll(() => Promise.resolve());
    assert.match(await statusMessage(cluster), /later release/);
    assert.equal(await cluster.etcdctl(["get", "kept", "--print-value-only"]), "since then\n");
    assert.equal((await read()).minReader, 99);
    await put({ ...record, minReader: 1, unheard: { of: "it" } });
    await isAsBefore();
    // The controller records the applied indexes of the restarted members within a minute.
    await eventually(
      "the record is written again, with what it doesn't know",
      async () => {
        const now = (await read()) as Written & { sequence: number; unheard?: object };
        const old = record as Written & { sequence: number };
        return (now.sequence > old.sequence && now.unheard !== undefined) || undefined;
      },
      120,
    );
  });
});
