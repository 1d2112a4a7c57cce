import assert from "node:assert/strict";
import { cpSync, existsSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { etcdVersions, makeAuthority } from "../support/bare-etcd";
import { GatedEtcd } from "../support/gated-etcd";
import { eventually } from "../support/poll";

const versions = etcdVersions();

/** Real etcd restarts in place again and again, after everything that may happen to its directory. */
describe("an order to bootstrap or join that its log uses up", () => {
  it("needs at least one etcd program", function () {
    if (versions.size > 0) return;
    console.log("SKIPPED: no etcd programs here; `make cluster` builds them");
    this.skip();
  });

  for (const [version, programs] of versions) {
    describe(`etcd ${version}`, () => isUsedUp(version, programs));
  }
});

function isUsedUp(version: string, programs: string): void {
  const made: GatedEtcd[] = [];
  let authority: Awaited<ReturnType<typeof makeAuthority>>;
  const make = async (name: string, like?: GatedEtcd) => {
    const member = await GatedEtcd.make(programs, version, name, authority, like);
    made.push(member);
    return member;
  };
  before(async () => {
    authority = await makeAuthority("everybody");
  });
  afterEach(async () => {
    for (const member of made.splice(0)) await member.destroy();
  });

  const birth = (member: GatedEtcd, token = "first") =>
    member.gate({ kind: "birth", token, initialCluster: member.inInitialCluster });
  /** The member and cluster ID, once the member serves. */
  const identity = (member: GatedEtcd) =>
    eventually(`${member.name} serves`, async () => {
      const { stdout, stderr } = await member.etcdctl("get", "key", "-w", "fields");
      const ids = /"ClusterID" : \d+\s+"MemberID" : \d+/.exec(stdout)?.[0];
      if (!ids) throw new Error(stdout + stderr);
      return ids;
    });
  /** The member starts in place, exits by itself, and makes no log. */
  const doesNotStart = async (member: GatedEtcd, why: RegExp) => {
    member.start();
    const { code, said } = await member.ended();
    assert.ok(code !== 0 && code !== null, `it ended with ${code}:\n${said}`);
    assert.match(said, why);
    assert.notEqual(member.disk().state, "wal");
  };
  const noFile = /no such file or directory/;
  const begun = async () => {
    const seed = await make("etcd-0");
    birth(seed);
    assert.ok(lstatSync(join(seed.member, "wal")).isSymbolicLink());
    assert.deepEqual(seed.disk(), { state: "empty" });
    seed.start();
    const ids = await identity(seed);
    assert.equal((await seed.etcdctl("put", "key", "value")).code, 0);
    return { seed, ids };
  };

  it("is replaced by the log, from which the member then always starts", async () => {
    const { seed, ids } = await begun();
    assert.ok(lstatSync(join(seed.member, "wal")).isDirectory());
    assert.equal(seed.disk().state, "wal");
    for (const how of ["in place", "in a new pod"]) {
      await seed.kill();
      if (how === "in a new pod") seed.gate({ kind: "start", dropAside: false, generation: 1, why: "" });
      seed.start();
      assert.equal(await identity(seed), ids, how);
      assert.equal((await seed.etcdctl("get", "key", "--print-value-only")).stdout, "value\n");
    }
    assert.ok(!existsSync(join(seed.member, "order")), "nothing is left of the order");
  });

  it("never bootstraps a second cluster in place, whatever was deleted", async () => {
    const { seed } = await begun();
    await seed.kill();
    const log = join(seed.member, "wal");
    rmSync(log, { recursive: true });
    await doesNotStart(seed, noFile);
    assert.match(JSON.stringify(seed.disk()), /a database and no write-ahead log/);
    // Somebody creates the directory again.
    mkdirSync(log);
    await doesNotStart(
      seed,
      /cannot fetch cluster info from peer urls|could not retrieve cluster information/,
    );
    rmSync(join(seed.member, "snap"), { recursive: true });
    await doesNotStart(
      seed,
      /cannot fetch cluster info from peer urls|could not retrieve cluster information/,
    );
    rmSync(seed.member, { recursive: true });
    await doesNotStart(seed, noFile);
  });

  it("bootstraps the same cluster or none when etcd dies at any moment while it makes the log", async () => {
    const { seed, ids } = await begun();
    await seed.kill();
    // Before there is a log, or with half a log beside it: the member bootstraps as ordered, with the same IDs.
    for (const half of [false, true]) {
      const early = await make("etcd-0", seed);
      birth(early);
      if (half) cpSync(join(seed.member, "wal"), join(early.member, "wal.tmp"), { recursive: true });
      mkdirSync(join(early.member, "snap"), { mode: 0o700 });
      early.start();
      assert.equal(await identity(early), ids);
      await early.kill();
    }
    // The link is removed and the log not yet in place: nothing starts before a gate has read the disk again.
    const late = await make("etcd-0", seed);
    birth(late);
    rmSync(join(late.member, "wal"));
    cpSync(join(seed.member, "wal"), join(late.member, "wal.tmp"), { recursive: true });
    await doesNotStart(late, noFile);
    assert.deepEqual(late.disk(), { state: "empty" });
    birth(late, "second");
    late.start();
    assert.notEqual(await identity(late), ids);
  });

  it("doesn't let a member join again under its ID after its log was deleted in place", async () => {
    const { seed } = await begun();
    const learner = await make("etcd-1");
    await eventually("a learner can be added", async () =>
      (await seed.etcdctl("member", "add", learner.name, "--learner", `--peer-urls=${learner.peerUrl}`))
        .code === 0
        ? true
        : undefined,
    );
    const initialCluster = `${seed.inInitialCluster},${learner.inInitialCluster}`;
    learner.gate({ kind: "join", initialCluster, setAside: false });
    learner.start();
    await eventually("it has joined", async () => {
      const { stdout } = await seed.etcdctl("member", "list");
      return /started, etcd-1, .*true/.test(stdout) || undefined;
    });
    await learner.kill();
    rmSync(join(learner.member, "wal"), { recursive: true });
    await doesNotStart(learner, noFile);
    // The gate of a new pod quarantines it on a new order.
    learner.gate({ kind: "join", initialCluster, setAside: true });
    assert.deepEqual(learner.disk(), { state: "empty" });
    assert.ok(lstatSync(join(learner.member, "wal")).isSymbolicLink());
  });
}
