import { expect } from "chai";
import { execute } from "../../../programs/controller/act";
import { Fleet } from "../../../programs/shared/etcd/fleet";
import {
  AlarmRequest_AlarmAction as AlarmAction,
  AlarmType,
  Maintenance,
} from "../../../programs/shared/etcd/rpc_pb";
import { pairReader } from "../../../programs/shared/etcd/pair";
import { clusterVersion } from "../../../programs/shared/etcd/version";
import type { Action, EtcdView, MemberStatus } from "../../../programs/controller/model";
import { ownClock } from "../../../programs/shared/clock";
import { etcdView } from "../../../programs/controller/observe/etcd";
import { Hashes } from "../../../programs/controller/observe/hashes";
import { listKey } from "../../../programs/shared/etcd/members";
import { BareCluster, etcdVersions, issue, makeAuthority } from "../support/bare-etcd";
import { eventually } from "../support/poll";

const versions = etcdVersions();

describe("the controller's etcd client, against real processes over mutual TLS", function () {
  this.timeout(120_000);

  it("needs at least one etcd program", function () {
    if (versions.size > 0) return;
    console.log("SKIPPED: no etcd programs here; `make cluster` builds them");
    this.skip();
  });

  for (const [version, programs] of versions)
    describe(`etcd ${version}`, () => speaksWith(version, programs));
});

const raise = (memberID: string, alarm: AlarmType) => ({ action: AlarmAction.ACTIVATE, memberID, alarm });

function speaksWith(version: string, programs: string): void {
  const bare = new BareCluster(programs);
  let fleet: Fleet;
  let asking: number[] = [];

  before(async () => {
    await bare.prepare(3);
    fleet = new Fleet(pairReader(bare.clientTls, 0, Date.now));
    bare.start(0, "new", [0]);
    ask(0);
    await until(async () => statusOf(await look(), 0)?.linearizableRead === true);
  });
  after(async () => {
    fleet.close();
    await bare.destroy();
  });

  const placeOf = (i: number) => {
    const { clientPort: port, serverName } = bare.at(i);
    return { ip: "127.0.0.1", port, serverName };
  };
  function ask(...ordinals: number[]): void {
    asking = ordinals;
    fleet.keep(new Map(ordinals.map((i) => [`pod-${i}`, placeOf(i)])));
  }
  const hashes = new Hashes(ownClock);
  const look = (clusterId?: string): Promise<EtcdView> =>
    etcdView(
      asking.map((ordinal) => {
        const podUid = `pod-${ordinal}`;
        const member = fleet.member(podUid);
        if (!member) throw new Error("not asked");
        return { ordinal, podUid, name: `etcd-${ordinal}`, member };
      }),
      clusterId,
      () => Promise.resolve(undefined),
      hashes,
    );
  const doing = async (action: Action, etcd?: EtcdView) =>
    execute(action, { etcd: etcd ?? (await look()) }, { cluster: {} as never, fleet, leftMs: () => 10_000 });
  const idOf = async (i: number): Promise<string> => statusOf(await look(), i)?.memberId ?? "";

  async function join(i: number, others: number[]): Promise<void> {
    const before = await look();
    const key = listKey(listOf(before));
    const peerUrl = bare.at(i).peerUrl;
    await until(
      async () => (await doing({ kind: "addLearner", ordinal: i, peerUrl, listKey: key })) === undefined,
    );
    bare.start(i, "existing", [...others, i]);
    ask(...others, i);
    await until(async () => statusOf(await look(), i)?.isLearner === true);
  }

  it("sees one leading voter with the 64-bit IDs that etcdctl prints", async () => {
    const view = await look();
    const status = statusOf(view, 0);
    expect(status).to.deep.include({ answers: true, version, isLearner: false, linearizableRead: true });
    expect(status?.leaderId).to.equal(status?.memberId);
    const [member] = listOf(view).members;
    expect(member).to.deep.include({ name: "etcd-0", isLearner: false, peerUrls: [bare.at(0).peerUrl] });
    expect(listOf(view).clusterId).to.equal(status?.clusterId);
    const printed = bare.etcdctl(0, "member", "list").split(",")[0];
    expect(BigInt(member?.memberId ?? 0).toString(16)).to.equal(printed);
    expect(view.revision).to.be.greaterThan(0);
    expect(view.alarms).to.deep.equal([]);
  });

  it("reads the cluster's version", async () => {
    const pair = pairReader(bare.clientTls, 0, Date.now)();
    let seen: string | undefined;
    await until(async () => (seen = await clusterVersion(placeOf(0), pair)) !== undefined);
    expect(seen).to.equal(version.replace(/\d+$/, "0"));
  });

  it("adds a learner only to the member list that it was decided from, and promotes it once it is in sync", async () => {
    const peerUrl = bare.at(1).peerUrl;
    const refused = await doing({ kind: "addLearner", ordinal: 1, peerUrl, listKey: "another" });
    expect(refused).to.deep.include({ kind: "changed" });
    expect(refused?.words).to.match(/the member list has changed/);
    await join(1, [0]);
    const memberId = await idOf(1);
    expect(statusOf(await look(), 1)?.linearizableRead).to.equal(false);
    await until(async () => (await doing({ kind: "promote", ordinal: 1, memberId })) === undefined);
    await until(async () => statusOf(await look(), 1)?.linearizableRead === true);
    const again = await doing({ kind: "promote", ordinal: 1, memberId });
    expect(again?.words).to.match(/FAILED_PRECONDITION|learner/);
    await join(2, [0, 1]);
    const third = await idOf(2);
    await until(async () => (await doing({ kind: "promote", ordinal: 2, memberId: third })) === undefined);
    expect(listOf(await look()).members.map((m) => m.isLearner)).to.deep.equal([false, false, false]);
  });

  it("moves leadership", async () => {
    const view = await look();
    const from = statusOf(view, 0)?.leaderId ?? "";
    const to = view.statuses.find((s) => s.memberId !== from)?.memberId ?? "";
    expect(await doing({ kind: "moveLeader", from, to }, view)).to.equal(undefined);
    await until(async () => (await look()).statuses.every((s) => s.leaderId === to));
    expect((await doing({ kind: "moveLeader", from, to }, view))?.words).to.match(/not leader/);
  });

  it("sees an alarm, compacts, defragments and disarms the alarm", async () => {
    for (let i = 0; i < 50; i++) bare.etcdctl(0, "put", "key", "x".repeat(1000 + i));
    const memberId = await idOf(0);
    const first = fleet.member("pod-0");
    if (!first) throw new Error("not asked");
    await first.call(Maintenance.method.alarm, raise(memberId, AlarmType.NOSPACE), 2000);
    const view = await look();
    expect(view.alarms).to.deep.equal([{ memberId, type: "NOSPACE" }]);
    const revision = view.revision ?? 0;
    expect(await doing({ kind: "compact", revision })).to.equal(undefined);
    // The answer may belong to a request that is still executing, so the plan decides what it means.
    expect((await doing({ kind: "compact", revision }))?.words).to.match(/has been compacted/);
    expect(await doing({ kind: "defragment", ordinal: 0, memberId })).to.equal(undefined);
    expect(await doing({ kind: "disarm", memberId, alarm: "NOSPACE" })).to.equal(undefined);
    expect((await look()).alarms).to.deep.equal([]);
  });

  it("compares hashes during a corruption alarm", async () => {
    const memberId = await idOf(0);
    const first = fleet.member("pod-0");
    if (!first) throw new Error("not asked");
    await first.call(Maintenance.method.alarm, raise(memberId, AlarmType.CORRUPT), 2000);
    await until(async () => (await look()).hashes?.length === 3);
    const view = await look();
    expect(new Set(view.hashes?.map((h) => h.hash)).size).to.equal(1);
    expect(new Set(view.hashes?.map((h) => h.compactRevision)).size).to.equal(1);
    expect(view.hashes?.[0]?.hash).to.be.greaterThan(0);
    expect(
      view.statuses.every((s) => s.linearizableRead),
      "reads go on",
    ).to.equal(true);
    expect(await doing({ kind: "disarm", memberId, alarm: "CORRUPT" })).to.equal(undefined);
    expect((await look()).hashes).to.equal(undefined);
  });

  it("announces a downgrade and cancels it", async function () {
    if (version.startsWith("3.5.")) return this.skip();
    const [major = 0, minor = 0] = version.split(".").map(Number);
    const targetVersion = `${major}.${minor - 1}.0`;
    expect(await doing({ kind: "enableDowngrade", targetVersion })).to.equal(undefined);
    await until(async () => (await look()).downgrade?.enabled === true);
    expect((await look()).downgrade?.targetVersion).to.match(new RegExp(`^${major}\\.${minor - 1}`));
    expect(await doing({ kind: "cancelDowngrade" })).to.equal(undefined);
    await until(async () => (await look()).downgrade === undefined);
  });

  it("uses the client's new certificate once it is replaced", async () => {
    const clusterId = listOf(await look()).clusterId;
    await issue(bare.clientTls, await makeAuthority("others"), "root", []);
    ask(0, 1, 2);
    expect((await look()).statuses.map((s) => s.answers)).to.deep.equal([false, false, false]);
    await bare.reissue();
    ask(0, 1, 2);
    await until(async () => (await look()).statuses.every((s) => s.answers));
    expect(listOf(await look(clusterId)).clusterId).to.equal(clusterId);
  });

  it("isn't blocked by a member that hangs, and reconnects when it is back", async () => {
    const view = await look();
    const follower = view.statuses.find((s) => s.memberId !== s.leaderId)?.ordinal ?? 0;
    try {
      await bare.kill(follower, "SIGSTOP");
      await until(async () => statusOf(await look(), follower)?.answers === false, 4);
      const from = Date.now();
      const hung = await look();
      expect(Date.now() - from).to.be.lessThan(2500);
      expect(statusOf(hung, follower)?.answers).to.equal(false);
      expect("members" in hung.list).to.equal(true);
    } finally {
      bare.at(follower).process?.kill("SIGCONT");
    }
    await until(async () => statusOf(await look(), follower)?.answers === true, 4);
  });

  it("removes a running or lost member, and only once", async () => {
    const memberId = await idOf(2);
    await bare.kill(2);
    const view = await look();
    expect(statusOf(view, 2)).to.deep.include({ answers: false });
    await until(async () => (await doing({ kind: "removeMember", ordinal: 2, memberId })) === undefined);
    expect(listOf(await look()).members).to.have.length(2);
    expect(await doing({ kind: "removeMember", ordinal: 2, memberId })).to.equal(undefined);
    ask(0, 1);
  });

  it("recognizes a lost quorum because no member returns the member list", async () => {
    await bare.kill(1);
    await until(async () => "problem" in (await look()).list);
    const view = await look();
    expect(view.list)
      .to.have.property("problem")
      .that.matches(/etcd-0: .*; etcd-1: /);
    expect(statusOf(view, 0)).to.deep.include({ answers: true, linearizableRead: false });
    const memberId = statusOf(view, 0)?.memberId ?? "";
    const error = await doing({ kind: "removeMember", ordinal: 0, memberId });
    expect(error?.words).to.be.a("string");
  });
}

function listOf(view: EtcdView) {
  if ("problem" in view.list) throw new Error(view.list.problem);
  return view.list;
}

function statusOf(view: EtcdView, ordinal: number): MemberStatus | undefined {
  return view.statuses.find((s) => s.ordinal === ordinal);
}

const until = (holds: () => Promise<boolean>, seconds = 20): Promise<true> =>
  eventually(holds.toString(), async () => (await holds()) || undefined, seconds);
