import { create, toJsonString } from "@bufbuild/protobuf";
import type { DescMessage, DescMethod, MessageInitShape } from "@bufbuild/protobuf";
import { expect } from "chai";
import { execute } from "../../../../../programs/controller/act";
import { MemberListResponseSchema } from "../../../../../programs/shared/etcd/rpc_pb";
import { EtcdError } from "../../../../../programs/shared/etcd/error";
import { ApiError } from "../../../../../programs/shared/kubernetes/api";
import type { Action, EtcdView, MemberStatus } from "../../../../../programs/controller/model";
import { listKey } from "../../../../../programs/shared/etcd/members";

const URL = "https://etcd-3:2380";
const listed = (ID: string) => ({ ID, name: `m${ID}`, peerURLs: [`https://${ID}`] });
const answer = create(MemberListResponseSchema, {
  header: { clusterId: "9", memberId: "1" },
  members: [listed("1"), listed("2")],
});
const list = {
  clusterId: "9",
  members: answer.members.map(({ ID: memberId, name, peerURLs: peerUrls, isLearner }) => ({
    memberId,
    name,
    peerUrls,
    isLearner,
  })),
};
const status = (ordinal: number, more: Partial<MemberStatus> = {}): MemberStatus => ({
  ordinal,
  podUid: `pod-${ordinal}`,
  answers: true,
  memberId: String(ordinal + 1),
  clusterId: "9",
  leaderId: "2",
  linearizableRead: true,
  ...more,
});
const etcd: EtcdView = { list, statuses: [status(0), status(1)], alarms: [] };

describe("an act", () => {
  let calls: string[];
  let left: number;
  let fails: Error | undefined;
  beforeEach(() => {
    calls = [];
    left = 10_000;
    fails = undefined;
  });

  const member = (podUid: string) => ({
    call: ({ name, input }: DescMethod, request: MessageInitShape<DescMessage>, timeoutMs: number) => {
      calls.push(`${podUid} ${name} ${toJsonString(input, create(input, request))} ${timeoutMs}`);
      if (fails && name !== "MemberList") return Promise.reject(fails);
      return Promise.resolve(answer);
    },
  });
  const done =
    (name: string) =>
    (...given: unknown[]) => {
      calls.push(`${name} ${JSON.stringify(given)}`);
      return fails ? Promise.reject(fails) : Promise.resolve();
    };
  const run = (action: Action, seen: Partial<EtcdView> = {}) =>
    execute(
      action,
      { etcd: { ...etcd, ...seen } },
      {
        cluster: {
          scale: done("scale"),
          deletePod: done("deletePod"),
          evictPod: done("evictPod"),
          deleteClaim: done("deleteClaim"),
          growClaim: done("growClaim"),
        },
        fleet: { member: (podUid: string) => member(podUid) as never },
        leftMs: () => left,
      },
    );
  const add: Action = { kind: "addLearner", ordinal: 3, peerUrl: URL, listKey: listKey(list) };

  it("asks the leader, and adds a learner to the list that was decided on", async () => {
    expect(await run(add)).to.equal(undefined);
    expect(calls).to.deep.equal([
      `pod-1 MemberList {"linearizable":true} 8000`,
      `pod-1 MemberAdd {"peerURLs":["${URL}"],"isLearner":true} 8000`,
    ]);
  });

  it("adds nothing to another list", async () => {
    expect(await run({ ...add, listKey: "1@https://1" })).to.deep.equal({
      kind: "changed",
      words: "the member list has changed: nothing was added",
    });
    expect(calls).to.have.length(1);
  });

  it("begins nothing with too little of the lease, and asks for no longer than there is", async () => {
    left = 1999;
    expect((await run(add))?.words).to.match(/the lease is about to expire/);
    expect((await run({ kind: "deletePod", name: "etcd-0", uid: "u", force: false }))?.words).to.match(
      /the lease is about to expire/,
    );
    expect(calls).to.deep.equal([]);
    left = 3000;
    await run({ kind: "promote", ordinal: 1, memberId: "2" });
    expect(calls).to.deep.equal([`pod-1 MemberPromote {"ID":"2"} 3000`]);
  });

  it("stops between two requests when the process stood still", async () => {
    const promise = run(add);
    left = 0;
    expect((await promise)?.words).to.match(/the lease is about to expire/);
    expect(calls).to.have.length(1);
  });

  it("removes a member through another one, and one that is gone is removed", async () => {
    fails = new EtcdError("NOT_FOUND", "etcdserver: member not found");
    expect(await run({ kind: "removeMember", ordinal: 1, memberId: "2" })).to.equal(undefined);
    expect(calls).to.deep.equal([`pod-0 MemberRemove {"ID":"2"} 8000`]);
    fails = new EtcdError("UNAVAILABLE", "etcdserver: unhealthy cluster");
    const failure = await run({ kind: "removeMember", ordinal: 1, memberId: "2" });
    expect(failure?.kind).to.equal("moment");
    expect(failure?.words).to.match(/connected for 5 s .*unhealthy cluster/);
  });

  it("fills the log with questions that change nothing, as many as are missing", async () => {
    expect(await run({ kind: "fillLog", entries: 100 })).to.equal(undefined);
    expect(calls).to.have.length(100);
    expect(new Set(calls)).to.deep.equal(new Set([`pod-1 Alarm {} 8000`]));
  });

  it("asks no member of another cluster, and none without a quorum", async () => {
    const foreign = [status(0, { clusterId: "8" }), status(1, { linearizableRead: false })];
    expect((await run(add, { statuses: foreign }))?.words).to.match(/a healthy member doesn't answer/);
    expect((await run(add, { list: { problem: "no quorum" } }))?.words).to.match(/doesn't answer/);
    expect(calls).to.deep.equal([]);
  });

  it("moves the leadership and defragments at the very member", async () => {
    await run({ kind: "moveLeader", from: "1", to: "2" });
    await run({ kind: "defragment", ordinal: 0, memberId: "1" });
    expect(calls.map((c) => c.split(" ").slice(0, 2).join(" "))).to.deep.equal([
      "pod-0 MoveLeader",
      "pod-0 Defragment",
    ]);
    expect((await run({ kind: "defragment", ordinal: 2, memberId: "3" }))?.words).to.match(
      /member 3 doesn't answer/,
    );
  });

  it("takes a defragmentation that goes on for done, and no compaction", async () => {
    fails = new EtcdError("OUT_OF_RANGE", "etcdserver: mvcc: required revision has been compacted");
    expect((await run({ kind: "compact", revision: 5 }))?.words).to.contain("has been compacted");
    fails = new EtcdError("DEADLINE_EXCEEDED", "too slow");
    expect(await run({ kind: "defragment", ordinal: 0, memberId: "1" })).to.equal(undefined);
    expect((await run({ kind: "compact", revision: 5 }))?.words).to.match(/too slow/);
  });

  it("passes each precondition on", async () => {
    await run({ kind: "setReplicas", replicas: 3, statefulSetUid: "s", resourceVersion: "7" });
    await run({ kind: "deletePod", name: "p", uid: "u", force: true });
    await run({ kind: "evictPod", name: "p", uid: "u" });
    await run({ kind: "deleteClaim", name: "c", uid: "u" });
    await run({ kind: "growClaim", name: "c", uid: "u", resourceVersion: "7", bytes: 5 });
    expect(calls).to.deep.equal([
      `scale [3,"s","7",8000]`,
      `deletePod ["p","u",true,8000]`,
      `evictPod ["p","u",8000]`,
      `deleteClaim ["c","u",8000]`,
      `growClaim ["c","u","7",5,8000]`,
    ]);
  });

  const answers: [Error, string, string][] = [
    [new ApiError(429, "TooManyRequests", "Cannot evict pod"), "not-yet", "Cannot evict pod"],
    [
      new ApiError(409, "Conflict", "the UID differs"),
      "changed",
      "the object has changed meanwhile: the UID differs",
    ],
    [new ApiError(403, "Forbidden", "quota"), "refused", "quota"],
    [new ApiError(422, "Invalid", "one\n\ttwo"), "refused", "one two"],
    [
      new ApiError(500, "", "more than one PodDisruptionBudget"),
      "refused",
      "more than one PodDisruptionBudget",
    ],
    [new ApiError(503, "", "apiserver is shutting down"), "unanswered", "apiserver is shutting down"],
    [new ApiError(0, "Unreachable", "no answer in time"), "unanswered", "no answer in time"],
    [new ApiError(403, "", "x".repeat(5000)), "refused", `${"x".repeat(300)}…`],
    [new EtcdError("DEADLINE_EXCEEDED", "too slow"), "unanswered", "DEADLINE_EXCEEDED: too slow"],
    [new EtcdError("PERMISSION_DENIED", "no"), "refused", "PERMISSION_DENIED: no"],
    [
      new EtcdError("FAILED_PRECONDITION", "can only promote a learner member which is in sync with leader"),
      "moment",
      "can only promote a learner member which is in sync with leader",
    ],
  ];
  for (const [error, kind, words] of answers) {
    it(`tells ${kind} from other failures: ${error.message.slice(0, 40)}`, async () => {
      fails = error;
      const action: Action =
        error instanceof EtcdError
          ? { kind: "promote", ordinal: 1, memberId: "2" }
          : { kind: "evictPod", name: "p", uid: "u" };
      expect(await run(action)).to.deep.equal({ kind, words });
    });
  }
});
