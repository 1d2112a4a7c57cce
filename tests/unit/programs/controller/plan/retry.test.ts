import { expect } from "chai";
import type { Action, Decision, Failure, World } from "../../../../../programs/controller/model";
import { Attempts } from "../../../../../programs/controller/loop/attempts";
import { plan } from "../../../../../programs/controller/plan";
import { age } from "../../../../../programs/controller/plan/age";
import type { Change } from "../../../../support/worlds";
import {
  failed,
  gated,
  idOf,
  listed,
  NOW,
  pod,
  remembered,
  report,
  silent,
  status,
  wal,
  world,
} from "../../../../support/worlds";
import { EMPTY } from "../../../../support/worlds";

const GROW = 20;
const grow = (ordinal: number): Action => ({
  kind: "growClaim",
  name: `data-etcd-${ordinal}`,
  uid: `claim-${ordinal}`,
  resourceVersion: "1",
  bytes: GROW,
});
const outdated = (...ordinals: number[]) => ordinals.map((o) => pod(o, { revision: "old" }));
const noSuchClass = "only dynamically provisioned pvc can be resized";

/** Rounds with one monotonic clock. The actions of `fails` always fail, and all others are executed and recorded. */
function play(seen: World, fails: (action: Action) => Failure | undefined, rounds = 200) {
  let now = 0;
  const attempts = new Attempts(() => now);
  const done: Action[] = [];
  const failures: Action[] = [];
  const decisions: Decision[] = [];
  for (let i = 0; i < rounds; i++, now += 400) {
    const decision = plan({ ...seen, tries: attempts.seen() });
    decisions.push(decision);
    const { action } = decision;
    if (!action) continue;
    const failure = fails(action);
    attempts.tried(action, failure, 0);
    (failure ? failures : done).push(action);
  }
  return { done, failures, decisions };
}
const refuses =
  (...kinds: Action["kind"][]) =>
  ({ kind }: Action): Failure | undefined =>
    kinds.includes(kind) ? { kind: "refused", words: noSuchClass } : undefined;

describe("plan: an action that always fails", () => {
  it("becomes the reason, with the error's text", () => {
    const seen = world(3, { desired: { volumeBytes: GROW } });
    const { decisions, failures } = play(seen, refuses("growClaim"));
    const reasons = new Set(decisions.slice(3).map((d) => d.reason));
    expect([...reasons]).to.deep.equal([`data-etcd-0 grows to 20, which fails: ${noSuchClass}`]);
    expect(decisions.every((d) => d.converged === undefined)).to.equal(true);
    // Attempts become rarer: 8 of them take 80 s.
    expect(failures.length).to.be.lessThan(10);
  });

  it("doesn't block the rollout, growth or anything else that doesn't depend on it", () => {
    const desired = { volumeBytes: GROW };
    const rolls = play(world(3, { desired, pods: outdated(0, 1, 2) }), refuses("growClaim"));
    expect(rolls.done[0]).to.deep.include({ kind: "evictPod", name: "etcd-1" });
    const grows = play(world(3, { desired: { ...desired, members: 5 } }), refuses("growClaim"));
    expect(grows.done[0]).to.deep.include({ kind: "setReplicas", replicas: 5 });
    const tidies = play(
      world(3, { desired, statuses: [status(1, { dbBytes: 1e9, dbInUseBytes: 1e8 })] }),
      refuses("growClaim"),
    );
    expect(tidies.done[0]).to.deep.include({ kind: "defragment", ordinal: 1 });
  });

  it("doesn't block defragmentation and the join of an existing pod if it is an eviction", () => {
    const fragmented = world(3, {
      pods: outdated(1),
      statuses: [status(2, { dbBytes: 1e9, dbInUseBytes: 1e8 })],
    });
    const tidies = play(fragmented, refuses("evictPod"));
    expect(tidies.done[0]).to.deep.include({ kind: "defragment", ordinal: 2 });
    expect(tidies.decisions.at(-1)?.warnings).to.deep.equal([
      `etcd-1 is restarted at the declared revision, which fails: ${noSuchClass}`,
    ]);
    const newcomer = { pods: [...outdated(0, 1, 2), gated(3)], gates: [report(3, EMPTY)], replicas: 4 };
    const joins = world(3, { ...newcomer, desired: { members: 4, allowEvenSize: true } });
    expect(play(joins, refuses("evictPod")).done[0]).to.deep.include({ kind: "addLearner", ordinal: 3 });
  });

  it("doesn't block the deletion of the next pod", () => {
    const broken = { state: "waiting", waitingReason: "CrashLoopBackOff", restarts: 1 } as const;
    const pods = [1, 2].map((o) => pod(o, { revision: "old", ready: false, etcd: broken }));
    const seen = world(3, { pods, statuses: [silent(1), silent(2)], list: "none" });
    const first = (action: Action): Failure | undefined =>
      action.kind === "deletePod" && action.name === "etcd-1"
        ? { kind: "refused", words: "a webhook" }
        : undefined;
    expect(play(seen, first).done[0]).to.deep.include({ kind: "deletePod", name: "etcd-2" });
  });

  describe("and is an eviction", () => {
    const only =
      (name: string, kind: Failure["kind"]) =>
      (action: Action): Failure | undefined =>
        action.kind === "evictPod" && action.name === name ? { kind, words: "a webhook" } : undefined;
    const evictions = (done: readonly Action[]) =>
      done.flatMap((a) => (a.kind === "evictPod" ? [a.name] : []));

    for (const kind of ["refused", "not-yet", "changed"] as const) {
      it(`of one follower (${kind}) lets the next follower be evicted`, () => {
        const { done } = play(world(3, { pods: outdated(0, 1, 2) }), only("etcd-1", kind), 20);
        expect(done[0]).to.deep.include({ kind: "evictPod", name: "etcd-2" });
      });
    }

    it("without an answer may have been executed, so no other pod is evicted", () => {
      const seen = world(3, { pods: outdated(0, 1, 2) });
      expect(evictions(play(seen, only("etcd-1", "unanswered")).done)).to.deep.equal([]);
    });

    it("evicts no other pod while a member is down, because the conditions are checked again", () => {
      const down = world(3, { pods: outdated(0, 1, 2), statuses: [silent(2)] });
      expect(play(down, only("etcd-1", "refused")).done).to.deep.equal([]);
      const stopping = pod(2, { deleting: { graceMs: 60_000 } });
      const next = world(3, { pods: [...outdated(0, 1), stopping] });
      expect(play(next, only("etcd-1", "refused")).done).to.deep.equal([]);
    });

    it("leaves the leader for last, which moves leadership to a restarted member", () => {
      const through = world(3, { pods: outdated(0, 1) });
      expect(play(through, only("etcd-1", "refused")).done[0]).to.deep.include({
        kind: "moveLeader",
        from: idOf(0),
        to: idOf(2),
      });
      const follows = world(3, {
        pods: outdated(0, 1),
        statuses: [0, 1, 2].map((o) => status(o, { leaderId: idOf(2) })),
      });
      const { done, decisions } = play(follows, only("etcd-1", "refused"), 20);
      expect(new Set(evictions(done))).to.deep.equal(new Set(["etcd-0"]));
      expect(decisions.at(-1)?.warnings.join()).to.not.contain("leadership");
    });

    it("of every follower moves no leadership, which would return with each attempt", () => {
      const seen = world(3, { pods: outdated(0, 1, 2) });
      for (const kind of ["refused", "not-yet"] as const) {
        const { done } = play(seen, (action) =>
          action.kind === "evictPod" ? { kind, words: "no" } : undefined,
        );
        expect(done).to.deep.equal([]);
      }
    });

    it("of a member that rejects the controller lets the next such member be evicted", () => {
      const pods = outdated(0, 1, 2);
      const ages = Object.fromEntries(pods.map((p) => [age.unheard(p), 200_000]));
      const seen = world(3, { pods, list: "none", statuses: [0, 1, 2].map(silent), ages });
      expect(evictions(play(seen, only("etcd-0", "refused"), 20).done)[0]).to.equal("etcd-1");
      expect(evictions(play(seen, only("etcd-0", "unanswered")).done)).to.deep.equal([]);
    });
  });

  it("offers leadership to the next follower if one doesn't take it", () => {
    const seen = world(3, { pods: outdated(0) });
    const toFirst = (action: Action): Failure | undefined =>
      action.kind === "moveLeader" && action.to === idOf(1)
        ? { kind: "unanswered", words: "timed out" }
        : undefined;
    expect(play(seen, toFirst).done[0]).to.deep.include({ kind: "moveLeader", to: idOf(2) });
  });

  /** The actions that must not happen beside the failing one in any round. */
  function never(seen: World, failing: Action["kind"], kinds: Action["kind"][], words: RegExp): void {
    const { done, decisions } = play(seen, refuses(failing));
    expect(done.filter((a) => kinds.includes(a.kind))).to.deep.equal([]);
    expect(decisions.at(-1)?.reason).to.match(words);
  }
  const removal = (ordinal: number): Change["record"] => ({
    intent: {
      kind: "remove",
      ordinal,
      memberId: idOf(ordinal),
      claimUid: `claim-${ordinal}`,
      why: "shrink",
      atMs: NOW,
    },
  });

  it("blocks other changes of members, restarts and defragmentation if it is a removal, which may have been executed", () => {
    const fragmented = [status(2, { dbBytes: 1e9, dbInUseBytes: 1e8 })];
    const change = { desired: { members: 3, quotaBytes: 2e9 }, record: removal(3) };
    const seen = world(4, { ...change, pods: outdated(0, 1, 2), statuses: fragmented });
    never(seen, "removeMember", ["addLearner", "promote", "evictPod", "moveLeader", "defragment"], /etcd-3/);
  });

  it("doesn't block volume growth and the handling of alarms if it is a removal", () => {
    const seen = world(4, { desired: { members: 3, volumeBytes: GROW }, record: removal(3) });
    expect(play(seen, refuses("removeMember")).done[0]).to.deep.include({ kind: "growClaim" });
  });

  it("blocks the restarts that depend on it if it is a version step", () => {
    const seen = world(3, {
      desired: { etcdVersion: "3.5.33", allowDowngrade: true },
      pods: outdated(0, 1, 2),
      etcd: { clusterVersion: "3.6.0" },
    });
    never(
      seen,
      "enableDowngrade",
      ["evictPod", "deletePod", "moveLeader"],
      /downgrade to 3\.5\.0.*which fails/,
    );
  });

  it("doesn't block a rollout if it adds a learner, and shrinking keeps the learner's record", () => {
    const pods = [...outdated(0, 1, 2), gated(3)];
    const add = {
      kind: "add",
      ordinal: 3,
      claimUid: "claim-3",
      podUid: "pod-3",
      peerUrl: "",
      atMs: NOW,
    } as const;
    const record: Change["record"] = { members: [0, 1, 2].map((o) => remembered(o)), intent: add };
    const change: Change = {
      pods,
      list: [0, 1, 2].map((o) => listed(o)),
      gates: [report(3, EMPTY)],
      record,
      replicas: 4,
    };
    const seen = world(4, { ...change, desired: { allowEvenSize: true } });
    expect(play(seen, refuses("addLearner")).done[0]).to.deep.include({ kind: "evictPod" });
    const smaller = world(4, { ...change, desired: { members: 1 } });
    expect(play(smaller, refuses("addLearner")).done.map((a) => a.kind)).to.not.include("removeMember");
  });

  it("isn't counted before it is executed: no record is written during the back-off", () => {
    const seen = world(3, { statuses: [status(1, { dbBytes: 1e9, dbInUseBytes: 1e8 })] });
    const tries = failed({ kind: "defragment", ordinal: 1, memberId: idOf(1) });
    const decision = plan({ ...seen, tries });
    expect([decision.action, decision.record]).to.deep.equal([undefined, undefined]);
  });

  it("doesn't keep intact members from starting", () => {
    const seen = world(3, { desired: { volumeBytes: GROW }, pods: [gated(2)], gates: [report(2, wal(2))] });
    for (const rests of [true, false])
      expect(plan({ ...seen, tries: failed(grow(0), "no", rests) }).orders["pod-2"]?.kind).to.equal("start");
  });
});
