import assert from "node:assert/strict";
import { annotationKeys } from "../../../components/contract/names";
import type { MemberPod } from "../support/etcd-cluster";
import { TestCluster } from "../support/etcd-cluster";
import { Filler } from "../support/fill";
import { Up } from "../support/up";

const tooSmall = { etcd: { quota: "16Mi" } };
const words = /^refused: etcd\.quota is 16Mi.* etcd-\d's database has \d+Mi, .*Raise etcd\.quota/;

interface Annotated {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
}

const configMap = (cluster: TestCluster, of: string) =>
  cluster.json<Annotated>(["get", "configmap", `${cluster.name}-${of}`]);

/** The hash of the declaration that the cluster has. */
async function declaredHash(cluster: TestCluster): Promise<string> {
  const { metadata } = await cluster.json<Annotated>(["get", "statefulset", cluster.name]);
  return (JSON.parse(metadata.annotations?.[annotationKeys.desired] ?? "{}") as { hash: string }).hash;
}

describe("an up that only the living cluster can refuse", () => {
  let cluster: TestCluster;
  let up: Up;
  let pods: MemberPod[];
  let accepted: string;
  before(async () => {
    cluster = await TestCluster.deploy("refused-up", { etcd: { quota: "64Mi" } });
    up = new Up(cluster);
    const { done } = await (await Filler.start(cluster)).fill("kept/#", 20);
    assert.equal(done, 20);
    assert.deepEqual(await up.run({}), { lines: [] });
    pods = await cluster.pods();
    accepted = await declaredHash(cluster);
  });
  after(() => cluster.destroy());

  it("is accepted by the preview, which doesn't know the databases", async () => {
    assert.deepEqual(await up.preview(tooSmall), {
      lines: ["info: restarts all 3 members, one by one, the leader last: etcd.quota"],
    });
  });

  it("ends with the controller's words, before any member restarts", async () => {
    const { error } = await up.run(tooSmall);
    assert.match(error ?? "", words);
    const hash = await declaredHash(cluster);
    assert.notEqual(hash, accepted);
    assert.deepEqual((await configMap(cluster, "verdict")).data, {
      decided: hash,
      refused: error,
      taken: "0",
    });
    const status = await configMap(cluster, "status");
    assert.equal(
      status.metadata.annotations?.[annotationKeys.wanted],
      accepted,
      "the last wait was left out",
    );
    assert.deepEqual(await cluster.pods(), pods);
  });

  it("is taken back by the next one, which restarts nothing", async () => {
    const { error, lines } = await up.run({});
    assert.equal(error, undefined);
    assert.match(lines[0] ?? "", /was not reached \(refused: etcd\.quota is 16Mi/);
    assert.match(lines[1] ?? "", /restarts no member if this is what they run/);
    assert.equal(await declaredHash(cluster), accepted);
    assert.deepEqual((await configMap(cluster, "verdict")).data, {
      ...{ decided: accepted, refused: "" },
      taken: String(pods.length),
    });
    await cluster.waitForVoters(30);
    assert.deepEqual(await cluster.pods(), pods);
  });
});
