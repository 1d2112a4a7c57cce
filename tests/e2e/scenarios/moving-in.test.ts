import assert from "node:assert/strict";
import type { EtcdClusterArgs } from "../../../components";
import { ChartEtcd } from "../support/chart-etcd";
import { waitsFor } from "../support/controller";
import { TestCluster } from "../support/etcd-cluster";
import { etcdVersions } from "../support/lab";
import { etcdctlPod } from "../support/pods";
import { made, timed } from "../support/rebuild";

/** The revision offset of a restore. */
const bump = 1_000_000_000;
const many = Array.from({ length: 3000 }, (_, i) => [`many/${String(i).padStart(4, "0")}`, `value ${i}`]);

describe("moving in from an etcd with plain HTTP and a root password, as charts install it", () => {
  let old: ChartEtcd;
  let cluster: TestCluster;
  let source: { readonly data: string; readonly revision: number };

  const everything = ["get", "", "--from-key"];
  const revisionIn = (fields: string) => Number(/"Revision" : (\d+)/.exec(fields)?.[1]);
  const endpoints = (more: { passwordSecret?: string } = {}): EtcdClusterArgs["restore"] => ({
    endpoints: { urls: [old.url], allowPlainHttp: true, ...more },
  });

  before(async () => {
    const [oldest] = await etcdVersions();
    old = await ChartEtcd.start(`gcr.io/etcd-development/etcd:v${oldest}`);
    await old.enableAuthentication();
    await old.etcdctl(["txn"], `\n${many.map(([k, v]) => `put ${k} "${v}"`).join("\n")}\n\n\n`);
    await old.etcdctl(["put", "with\nline breaks", "and a\nvalue of two lines"]);
    await old.etcdctl(["del", "many/0000"]);
    const [, lease] = /lease (\S+) granted/.exec(await old.etcdctl(["lease", "grant", "36000"])) ?? [];
    await old.etcdctl(["put", "leased", "for ten hours", `--lease=${lease}`]);
    const revision = revisionIn(await old.etcdctl(["get", "leased", "-w", "fields"]));
    source = { data: await old.etcdctl(everything), revision };
    assert.equal(source.data.match(/^many\//gm)?.length, many.length - 1);
  });
  after(async () => {
    await old.destroy();
    await cluster.destroy();
  });

  it("is refused without a user, and the reason says which argument is missing", async () => {
    cluster = TestCluster.declare("moved", { members: 3, restore: endpoints() });
    await cluster.apply({});
    const reason = await waitsFor(cluster, /nobody logged in. Give restore\.endpoints\.passwordSecret/, 120);
    console.log(`      ${reason}`);
    assert.match(reason, /^refused: .*hasn't touched anything.* Declare what is right with generation 2$/);
  });

  it("brings every key, lease and user under the next generation, with root's password", async () => {
    const secret = {
      ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "old-root" } },
      ...{ type: "kubernetes.io/basic-auth", stringData: old.root },
    };
    await timed("a new cluster of 3 from an etcd with plain HTTP and a password", async () => {
      await cluster.apply({ generation: 2, restore: endpoints({ passwordSecret: "old-root" }) });
      await waitsFor(cluster, /one of them is missing: .*Secret old-root/, 60);
      await cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(secret) });
      await cluster.waitForVoters(180);
    });
    const words = await made(cluster);
    console.log(`      ${words}`);
    assert.ok(words.includes(`from the etcd at ${old.url}, revision ${source.revision}, `), words);
    assert.equal(await cluster.etcdctl(everything), source.data);
    assert.ok(revisionIn(await cluster.etcdctl(["get", "leased", "-w", "fields"])) >= source.revision + bump);
    assert.equal(await cluster.etcdctl(["lease", "list"]), await old.etcdctl(["lease", "list"]));
    assert.equal(await cluster.etcdctl(["user", "list"]), "root\n");
    assert.match(await cluster.etcdctl(["auth", "status"]), /true/);
  });

  it("has only read the old etcd", async () => {
    assert.equal(await old.etcdctl(everything), source.data);
    assert.equal(revisionIn(await old.etcdctl(["get", "leased", "-w", "fields"])), source.revision);
  });

  it("lets a client in by certificate and root's password, and by certificate alone once it has a user", async () => {
    const client = (...args: string[]) =>
      etcdctlPod(
        cluster,
        [`--endpoints=${cluster.clientUrls.join(",")}`, ...args],
        `${cluster.name}-client-app`,
      );
    const { username, password } = old.root;
    const both = await client(
      "--user",
      username,
      "--password",
      password,
      "get",
      "many/0001",
      "--print-value-only",
    );
    assert.deepEqual(both, { code: 0, output: "value 1\n" });
    const alone = ["get", "many/0001", "--print-value-only"];
    const denied = await client(...alone);
    assert.notEqual(denied.code, 0, denied.output);
    assert.match(denied.output, /permission denied/);
    await cluster.etcdctl(["user", "add", "app", "--no-password"]);
    await cluster.etcdctl(["role", "add", "app"]);
    await cluster.etcdctl(["role", "grant-permission", "app", "readwrite", "many/", "--prefix=true"]);
    await cluster.etcdctl(["user", "grant-role", "app", "app"]);
    assert.deepEqual(await client(...alone), { code: 0, output: "value 1\n" });
  });
});
