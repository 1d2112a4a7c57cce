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

/** Rounds with one steady clock, in which each act of `fails` fails for good and all others are done and noted. */
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

describe("an act that fails for good", () => {
  it("is the reason, with the words of whoever refuses it", () => {
    const seen = world(3, { desired: { volumeBytes: GROW } });
    const { decisions, failures } = play(seen, refuses("growClaim"));
    const reasons = new Set(decisions.slice(3).map((d) => d.reason));
    expect([...reasons]).to.deep.equal([`data-etcd-0 grows to 20, which fails: ${noSuchClass}`]);
    expect(decisions.every((d) => d.converged === undefined)).to.equal(true);
    // Ever more rarely: 80 s are 8 tries.
    expect(failures.length).to.be.lessThan(10);
  });

  it("lets the rollout, growing and everything else that doesn't rest on it go on", () => {
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

  it("an eviction lets databases be tidied, and a member join whose pod is there", () => {
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

  it("a pod that can't be deleted lets the next one be", () => {
    const broken = { state: "waiting", waitingReason: "CrashLoopBackOff", restarts: 1 } as const;
    const pods = [1, 2].map((o) => pod(o, { revision: "old", ready: false, etcd: broken }));
    const seen = world(3, { pods, statuses: [silent(1), silent(2)], list: "none" });
    const first = (action: Action): Failure | undefined =>
      action.kind === "deletePod" && action.name === "etcd-1"
        ? { kind: "refused", words: "a webhook" }
        : undefined;
    expect(play(seen, first).done[0]).to.deep.include({ kind: "deletePod", name: "etcd-2" });
  });

  describe("an eviction", () => {
    const only =
      (name: string, kind: Failure["kind"]) =>
      (action: Action): Failure | undefined =>
        action.kind === "evictPod" && action.name === name ? { kind, words: "a webhook" } : undefined;
    const evictions = (done: readonly Action[]) =>
      done.flatMap((a) => (a.kind === "evictPod" ? [a.name] : []));

    for (const kind of ["refused", "not-yet", "changed"] as const) {
      it(`of one follower that fails (${kind}) lets the next follower go`, () => {
        const { done } = play(world(3, { pods: outdated(0, 1, 2) }), only("etcd-1", kind), 20);
        expect(done[0]).to.deep.include({ kind: "evictPod", name: "etcd-2" });
      });
    }

    it("without an answer may have been done: nobody else goes", () => {
      const seen = world(3, { pods: outdated(0, 1, 2) });
      expect(evictions(play(seen, only("etcd-1", "unanswered")).done)).to.deep.equal([]);
    });

    it("lets nobody go while another is down: the conditions are asked for anew", () => {
      const down = world(3, { pods: outdated(0, 1, 2), statuses: [silent(2)] });
      expect(play(down, only("etcd-1", "refused")).done).to.deep.equal([]);
      const stopping = pod(2, { deleting: { graceMs: 60_000 } });
      const next = world(3, { pods: [...outdated(0, 1), stopping] });
      expect(play(next, only("etcd-1", "refused")).done).to.deep.equal([]);
    });

    it("that fails leaves the leader the last: it hands over to one that has been through", () => {
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

    it("of every follower moves no leadership: it would come back with each try", () => {
      const seen = world(3, { pods: outdated(0, 1, 2) });
      for (const kind of ["refused", "not-yet"] as const) {
        const { done } = play(seen, (action) =>
          action.kind === "evictPod" ? { kind, words: "no" } : undefined,
        );
        expect(done).to.deep.equal([]);
      }
    });

    it("of a member that doesn't let the controller in lets the next of them go", () => {
      const pods = outdated(0, 1, 2);
      const ages = Object.fromEntries(pods.map((p) => [age.unheard(p), 200_000]));
      const seen = world(3, { pods, list: "none", statuses: [0, 1, 2].map(silent), ages });
      expect(evictions(play(seen, only("etcd-0", "refused"), 20).done)[0]).to.equal("etcd-1");
      expect(evictions(play(seen, only("etcd-0", "unanswered")).done)).to.deep.equal([]);
    });
  });

  it("leadership that one follower doesn't take is offered to the next", () => {
    const seen = world(3, { pods: outdated(0) });
    const toFirst = (action: Action): Failure | undefined =>
      action.kind === "moveLeader" && action.to === idOf(1)
        ? { kind: "unanswered", words: "timed out" }
        : undefined;
    expect(play(seen, toFirst).done[0]).to.deep.include({ kind: "moveLeader", to: idOf(2) });
  });

  /** What must not happen beside it, whatever the rounds. */
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

  it("a removal holds up every other change of members, restarts and tidying: it may have been done", () => {
    const fragmented = [status(2, { dbBytes: 1e9, dbInUseBytes: 1e8 })];
    const change = { desired: { members: 3, quotaBytes: 2e9 }, record: removal(3) };
    const seen = world(4, { ...change, pods: outdated(0, 1, 2), statuses: fragmented });
    never(seen, "removeMember", ["addLearner", "promote", "evictPod", "moveLeader", "defragment"], /etcd-3/);
  });

  it("a removal lets volumes grow and the alarm be worked on", () => {
    const seen = world(4, { desired: { members: 3, volumeBytes: GROW }, record: removal(3) });
    expect(play(seen, refuses("removeMember")).done[0]).to.deep.include({ kind: "growClaim" });
  });

  it("a step between versions holds up the restarts that rest on it", () => {
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

  it("a learner that can't be added doesn't hold up a rollout, and shrinking leaves its announcement alone", () => {
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

  it("counts nothing that was not done: no record is written while it rests", () => {
    const seen = world(3, { statuses: [status(1, { dbBytes: 1e9, dbInUseBytes: 1e8 })] });
    const tries = failed({ kind: "defragment", ordinal: 1, memberId: idOf(1) });
    const decision = plan({ ...seen, tries });
    expect([decision.action, decision.record]).to.deep.equal([undefined, undefined]);
  });

  it("starts whole members all the same", () => {
    const seen = world(3, { desired: { volumeBytes: GROW }, pods: [gated(2)], gates: [report(2, wal(2))] });
    for (const rests of [true, false])
      expect(plan({ ...seen, tries: failed(grow(0), "no", rests) }).orders["pod-2"]?.kind).to.equal("start");
  });
});
