/** New members that can't be placed never block their own repair. */
import { expect } from "chai";
import { Attempts } from "../../../../../programs/controller/loop/attempts";
import type {
  Action,
  ControllerRecord,
  Failure,
  PodView,
  World,
} from "../../../../../programs/controller/model";
import { plan } from "../../../../../programs/controller/plan";
import type { Change } from "../../../../support/worlds";
import { EMPTY, gated, listed, pod, remembered, report, status, world } from "../../../../support/worlds";

const BUDGET = "Cannot evict pod as it would violate the pod's disruption budget.";
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

interface Reason {
  /** The status of the newcomer's pod while it can't start, or undefined if there is no pod. */
  readonly looks: (ordinal: number) => Partial<PodView> | undefined;
  readonly words: RegExp;
  /** Whether the declared change lets the pod start once no pod has the old revision. */
  readonly repaired: boolean;
}
const waiting = (container: "gate" | "etcd", waitingReason: string): Partial<PodView> => ({
  gate: { state: "waiting", waitingReason: "PodInitializing", restarts: 0 },
  [container]: { state: "waiting", waitingReason, restarts: 0 },
});
const REASONS: Readonly<Record<string, Reason>> = {
  "the affinity of the voters' old pods": {
    looks: () => ({
      unschedulable: "0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity rules.",
    }),
    words: /etcd-3 can't join yet: it can't be scheduled: .*anti-affinity/,
    repaired: true,
  },
  "a quota of the namespace": {
    looks: () => undefined,
    words: /etcd-3 can't join yet: it has no pod/,
    repaired: true,
  },
  "its image": {
    looks: () => waiting("gate", "ImagePullBackOff"),
    words: /etcd-3 can't join yet: it can't start its gate: ImagePullBackOff/,
    repaired: true,
  },
  "its claim, which stays pending": {
    looks: () => ({ ...waiting("gate", "ContainerCreating"), claimUid: undefined, nodeName: undefined }),
    words: /etcd-3 can't join yet: it hasn't started yet/,
    repaired: false,
  },
};

/** Kubernetes with its real disruption budget, and a cluster in which learners are in sync at once. */
class Namespace {
  replicas = 5;
  readonly revision: string[];
  readonly done: Action[] = [];
  readonly reasons: string[] = [];
  decision = plan(world(3));
  private joined: number[];
  private learner: number | undefined;
  private leader: number;
  private record: ControllerRecord | undefined;
  private readonly attempts: Attempts;
  private now = 0;

  constructor(
    voters: number,
    private readonly reason: Reason,
    private readonly declared: { readonly members: number; readonly changed: boolean },
  ) {
    this.joined = upTo(voters);
    this.leader = 0;
    this.revision = upTo(5).map(() => (declared.changed ? "old" : "new"));
    this.attempts = new Attempts(() => this.now);
  }

  play(rounds = 150): this {
    for (let i = 0; i < rounds; i++, this.now += 400) {
      const decision = plan({ ...this.look(), tries: this.attempts.seen() });
      this.decision = decision;
      this.reasons.push(decision.reason);
      if (decision.record) this.record = decision.record;
      if (!decision.action) continue;
      const failure = this.act(decision.action);
      this.attempts.tried(decision.action, failure, 0);
      if (!failure) this.done.push(decision.action);
    }
    return this;
  }

  get voters(): number {
    return this.joined.length;
  }

  private starts(ordinal: number): boolean {
    if (this.joined.includes(ordinal)) return true;
    return (
      this.reason.repaired && this.declared.changed && this.joined.every((o) => this.revision[o] !== "old")
    );
  }

  private look(): World {
    const members = this.learner === undefined ? this.joined : [...this.joined, this.learner];
    const lists = members.map((o) => listed(o, { isLearner: o === this.learner }));
    const pods: PodView[] = [];
    const asks: number[] = [];
    for (const o of upTo(this.replicas)) {
      const revision = this.revision[o] ?? "new";
      if (members.includes(o)) pods.push(pod(o, { revision }));
      else if (this.starts(o)) {
        pods.push(gated(o, { revision }));
        asks.push(o);
      } else {
        const looks = this.reason.looks(o);
        if (looks) pods.push(gated(o, { revision, ...looks }));
      }
    }
    const leads = status(this.leader).memberId;
    const record = this.record ?? { members: this.joined.map((o) => remembered(o)) };
    const change: Change = {
      desired: { members: this.declared.members },
      replicas: this.replicas,
      pods,
      gates: asks.map((o) => report(o, EMPTY)),
      list: lists,
      statuses: members.map((o) => status(o, { leaderId: leads, isLearner: o === this.learner })),
      record: record,
    };
    return world(0, change);
  }

  private act(action: Action): Failure | undefined {
    switch (action.kind) {
      case "setReplicas":
        this.replicas = action.replicas;
        return undefined;
      case "moveLeader":
        this.leader = this.joined.find((o) => status(o).memberId === action.to) ?? this.leader;
        return undefined;
      case "evictPod": {
        if (this.voters - (this.replicas - 1) < 1) return { kind: "not-yet", words: BUDGET };
        this.revision[ordinalOf(action)] = "new";
        return undefined;
      }
      case "deletePod":
        if (this.joined.includes(ordinalOf(action))) throw new Error("a healthy voter is deleted");
        this.revision[ordinalOf(action)] = "new";
        return undefined;
      case "addLearner":
        this.learner = action.ordinal;
        return undefined;
      case "promote":
        this.joined = [...this.joined, action.ordinal].sort();
        this.learner = undefined;
        return undefined;
      default:
        throw new Error(`not expected: ${JSON.stringify(action)}`);
    }
  }
}

const ordinalOf = ({ name }: { readonly name: string }) => Number(name.split("-")[1]);

describe("plan: newcomers that can't start", () => {
  for (const [name, reason] of Object.entries(REASONS)) {
    describe(`because of ${name}`, () => {
      it("are waited for with a stable reason, and no voter is restarted", () => {
        const seen = new Namespace(3, reason, { members: 5, changed: false }).play();
        expect(seen.decision.reason).to.match(reason.words);
        expect(seen.done).to.deep.equal([]);
        expect(seen.replicas).to.equal(5);
      });

      it("are removed when 3 members are declared again", () => {
        const seen = new Namespace(3, reason, { members: 3, changed: false }).play();
        expect([seen.replicas, seen.decision.converged]).to.deep.equal([3, "h"]);
      });

      it("are scaled away while another template reaches the voters, and return", () => {
        const seen = new Namespace(3, reason, { members: 5, changed: true }).play();
        const back = seen.reasons.find((text) => text.includes("before the cluster grows"));
        expect(back).to.contain("no pods for etcd-3, etcd-4 meanwhile: 3 pods");
        expect(seen.revision.slice(0, 3)).to.deep.equal(["new", "new", "new"]);
        // Once down and once up, without repetition.
        expect(seen.done.filter((a) => a.kind === "setReplicas")).to.have.length(2);
        expect(seen.done.filter((a) => a.kind === "moveLeader")).to.have.length(1);
        if (reason.repaired) expect([seen.voters, seen.decision.converged]).to.deep.equal([5, "h"]);
        else expect(seen.decision.reason).to.match(reason.words);
      });

      it("are removed when size and template are both reverted", () => {
        const seen = new Namespace(3, reason, { members: 3, changed: true }).play();
        expect([seen.replicas, seen.decision.converged]).to.deep.equal([3, "h"]);
        expect(seen.revision.slice(0, 3)).to.deep.equal(["new", "new", "new"]);
      });

      it("let a single voter restart, because there is no other way", () => {
        const seen = new Namespace(1, reason, { members: 3, changed: true }).play();
        expect(seen.revision[0]).to.equal("new");
        expect(seen.voters).to.equal(reason.repaired ? 3 : 1);
      });

      it("keep two voters from a restart that would cost the quorum, and the reason says what to declare", () => {
        const seen = new Namespace(2, reason, { members: 3, changed: true });
        seen.replicas = 3;
        seen.play();
        expect(seen.done.filter((a) => a.kind !== "deletePod")).to.deep.equal([]);
        expect(seen.decision.reason).to.match(/^etcd-2 can't join yet/);
        expect(seen.decision.warnings.join()).to.match(/waits for a third voter.*delete their pods manually/);
      });
    });
  }

  const outdated = upTo(3).map((o) => pod(o, { revision: "old" }));
  const bar = gated(3, { unschedulable: "no room" });
  const base: Change = { desired: { members: 5 }, replicas: 5, pods: [...outdated, bar] };
  for (const [name, change] of Object.entries<Change>({
    "a voter is unwell": { ...base, statuses: [status(2, { linearizableRead: false })] },
    "no list is there": { ...base, list: "none" },
    "a learner is under way": {
      ...base,
      list: [...upTo(3).map((o) => listed(o)), listed(3, { isLearner: true, name: "" })],
      record: { members: [...upTo(3).map((o) => remembered(o)), remembered(3, { phase: "ordered" })] },
    },
    "a change of members is under way that isn't known": {
      ...base,
      record: { intent: { kind: "unread", written: {} } },
    },
    "the template wasn't seen yet": base,
  })) {
    it(`stay while ${name}`, () => {
      const seen = world(3, change);
      const observed = !name.includes("template");
      const { action } = plan({ ...seen, statefulSet: { ...seen.statefulSet!, observed } });
      expect(action?.kind).to.not.equal("setReplicas");
    });
  }

  it("aren't created before the voters are restarted, whatever delays that", () => {
    const tries = new Attempts(() => 0);
    for (const o of upTo(3))
      tries.tried(
        { kind: "evictPod", name: `etcd-${o}`, uid: `pod-${o}` },
        { kind: "refused", words: "no" },
        0,
      );
    const seen = { ...world(3, { desired: { members: 5 }, pods: outdated }), tries: tries.seen() };
    const d = plan(seen);
    expect(d.action).to.equal(undefined);
    expect(d.reason).to.contain("is restarted at the declared revision, which fails: no");
    const unseen = { ...seen, statefulSet: { ...seen.statefulSet!, observed: false } };
    expect(plan(unseen).action).to.equal(undefined);
  });

  it("are created before the restart of two voters if a third is declared", () => {
    const pods = upTo(2).map((o) => pod(o, { revision: "old" }));
    const d = plan(world(2, { desired: { members: 3 }, pods }));
    expect(d.action).to.include({ kind: "setReplicas", replicas: 3 });
  });
});
