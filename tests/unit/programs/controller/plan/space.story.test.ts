import { expect } from "chai";
import fc from "fast-check";
import type { Action, World } from "../../../../../programs/controller/model";
import { Attempts } from "../../../../../programs/controller/loop/attempts";
import { plan } from "../../../../../programs/controller/plan";
import { age } from "../../../../../programs/controller/plan/age";
import { idOf, NOW, silent, status, world } from "../../../../support/worlds";

const MIB = 2 ** 20;
const NEVER = 1000;
const QUOTA = 1000;

/** Databases under NOSPACE, in mebibytes. A compaction frees space that a member reports late, and a copy may fail. */
class Databases {
  readonly sizes: number[];
  private readonly counted: number[];
  private history: number;
  private compactedAt = -1;
  private round = 0;
  alarm = true;
  busy: number | undefined;
  readonly order: number[] = [];
  private leader: number;
  /** Defragmentations of a member that was the leader. */
  ledMeanwhile = 0;

  constructor(private readonly story: Story) {
    this.leader = story.leader;
    this.sizes = story.sizes.map((size) => Math.max(size, story.live));
    this.counted = [...this.sizes];
    this.history = Math.max(...this.sizes) - story.live;
  }

  seen(record: World["record"], tries: World["tries"]): World {
    this.round++;
    const { lateRounds } = this.story;
    if (this.compactedAt >= 0 && this.round - this.compactedAt > lateRounds)
      this.counted.fill(this.story.live);
    const statuses = this.sizes.map((mib, o) =>
      o === this.busy
        ? silent(o)
        : status(o, { leaderId: idOf(this.leader), dbBytes: mib * MIB, dbInUseBytes: this.inUse(o) * MIB }),
    );
    this.busy = undefined;
    const alarms = this.alarm ? [{ memberId: idOf(1), type: "NOSPACE" as const }] : [];
    const desired = { quotaBytes: QUOTA * MIB };
    // A round of this simulation takes longer than a controller's round.
    const ages = { [age.compacting(500)]: this.round * 10_000 };
    const seen = world(3, { desired, statuses, etcd: { alarms }, ages });
    return { ...seen, nowMs: this.nowMs, record: record ?? seen.record, tries };
  }

  get nowMs(): number {
    return NOW + this.round * 400;
  }

  private inUse(o: number): number {
    return Math.min(this.sizes[o] ?? 0, this.counted[o] ?? 0);
  }

  /** What etcd does on the action, or an error, after which the action may have been executed all the same. */
  act(action: Action, fails: "no" | "before" | "after"): string | undefined {
    if (action.kind === "compact" && this.compactedAt >= 0) return "required revision has been compacted";
    if (fails !== "before") this.carryOut(action);
    return fails === "no" ? undefined : "UNAVAILABLE";
  }

  private carryOut(action: Action): void {
    switch (action.kind) {
      case "compact":
        this.history = 0;
        if (this.compactedAt < 0) this.compactedAt = this.round;
        return;
      case "moveLeader":
        this.leader = [0, 1, 2].find((o) => idOf(o) === action.to) ?? this.leader;
        return;
      case "defragment":
        this.order.push(action.ordinal);
        if (action.ordinal === this.leader) this.ledMeanwhile++;
        this.sizes[action.ordinal] = this.story.live + this.history;
        this.busy = action.ordinal;
        return;
      case "disarm":
        this.alarm = false;
        return;
      default:
        throw new Error(`under the alarm it did ${action.kind}`);
    }
  }
}

interface Story {
  readonly live: number;
  readonly sizes: readonly number[];
  readonly lateRounds: number;
  readonly leader: number;
  readonly fails: readonly ("no" | "before" | "after")[];
}

function play(story: Story) {
  const databases = new Databases(story);
  let record: World["record"];
  const attempts = new Attempts(() => databases.nowMs);
  let acts = 0;
  let reason = "";
  for (let round = 0; round < 45 && databases.alarm; round++) {
    const seen = databases.seen(record, attempts.seen());
    const decision = plan(seen);
    reason = decision.reason;
    record = decision.record ?? seen.record;
    const { action } = decision;
    if (!action) continue;
    const unwell = seen.etcd.statuses.some((s) => !s.answers);
    if (action.kind === "defragment" && unwell) throw new Error(`${reason}, while another is at it`);
    const words = databases.act(action, story.fails[acts++] ?? "no");
    attempts.tried(action, words === undefined ? undefined : { kind: "unanswered", words }, 0);
  }
  return { databases, reason };
}

const stories = (fails: fc.Arbitrary<Story["fails"]>): fc.Arbitrary<Story> =>
  fc.record({
    live: fc.integer({ min: 1, max: 1000 }),
    sizes: fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 3, maxLength: 3 }),
    lateRounds: fc.constantFrom(0, 1, 3, 10, 25, NEVER),
    leader: fc.integer({ min: 0, max: 2 }),
    fails,
  });

const few = fc.array(fc.constantFrom("no", "before", "after" as const), { maxLength: 2 });

describe("plan: databases under NOSPACE", () => {
  it("are freed as far as possible, whatever fails and however late etcd counts the free pages", () => {
    fc.assert(
      fc.property(stories(few), (story) => {
        const { databases, reason } = play(story);
        const fits = story.live < QUOTA * 0.8;
        expect(databases.alarm, `${reason} ${JSON.stringify(story)}`).to.equal(!fits);
        if (!fits) expect(reason).to.contain("raise the quota");
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  it("are each defragmented a few times at most, one at a time", () => {
    const many = fc.array(fc.constantFrom("no", "before", "after" as const), { maxLength: 60 });
    fc.assert(
      fc.property(stories(many), (story) => {
        const { order } = play(story).databases;
        for (const o of [0, 1, 2]) expect(order.filter((x) => x === o).length).to.be.at.most(3);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it("are defragmented followers first if nothing fails", () => {
    fc.assert(
      fc.property(stories(fc.constant([])), (story) => {
        const { order, ledMeanwhile } = play(story).databases;
        expect(ledMeanwhile, "the leader was at it").to.equal(0);
        const led = order.indexOf(story.leader);
        if (led >= 0) expect(order.slice(led).every((o) => o === story.leader)).to.equal(true);
      }),
      { numRuns: 60, seed: 6 },
    );
  });
});
