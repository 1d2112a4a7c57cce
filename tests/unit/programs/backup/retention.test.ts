import { expect } from "chai";
import fc from "fast-check";
import { byAge } from "../../../../programs/backup/catalog";
import type { Manifest } from "../../../../programs/shared/backups/manifest";
import type { RetentionInput } from "../../../../programs/backup/retention";
import { retention } from "../../../../programs/backup/retention";
import { manifest, nowMs } from "./fixtures";

/** By a store's clock that is right, or ahead: each manifest was written when its backup was begun. */
const written = (good: readonly Manifest[], aheadMs = 0) =>
  new Map(good.map((m) => [m.name, Date.parse(m.time) + aheadMs]));
const decide = (good: readonly Manifest[], more: Partial<RetentionInput> = {}) =>
  retention({
    good,
    made: good[0]?.name ?? "",
    settings: { keepLast: 3 },
    nowMs,
    writtenMs: written(good),
    ...more,
  });
const removed = (good: readonly Manifest[], more: Partial<RetentionInput> = {}) => {
  const decided = decide(good, more);
  if ("alert" in decided) throw new Error(decided.alert);
  return decided.remove.map((m) => good.indexOf(m)).sort((a, b) => a - b);
};
const alert = (good: readonly Manifest[], more: Partial<RetentionInput> = {}) => {
  const decided = decide(good, more);
  return "alert" in decided ? decided.alert : "";
};
const hourly = (n: number) => Array.from({ length: n }, (_, i) => manifest(i));

describe("retention", () => {
  it("keeps so many of the newest", () => {
    expect(removed(hourly(6))).to.deep.equal([3, 4, 5]);
    expect(removed(hourly(3))).to.deep.equal([]);
    expect(removed(hourly(2), { settings: { keepLast: 1 } })).to.deep.equal([1]);
  });

  it("keeps the younger ones as well, if that is wanted", () => {
    const daily = Array.from({ length: 10 }, (_, i) => manifest(24 * i));
    expect(removed(daily, { settings: { keepLast: 2, keepDays: 5 } })).to.deep.equal([5, 6, 7, 8, 9]);
    expect(removed(daily, { settings: { keepLast: 7, keepDays: 5 } })).to.deep.equal([7, 8, 9]);
  });

  it("keeps a number whatever the age: all clocks are years ahead", () => {
    const good = hourly(6);
    const later = nowMs + 1000 * 24 * 3600_000;
    const writtenMs = new Map(written(good)).set(good[0]!.name, later);
    expect(removed(good, { nowMs: later, writtenMs, settings: { keepLast: 3, keepDays: 30 } })).to.deep.equal(
      [3, 4, 5],
    );
  });

  const dayMs = 24 * 3600_000;
  const settings = { keepLast: 2, keepDays: 5 };
  /** Of the last eight days. Four of them are older than five. */
  const daily = () => Array.from({ length: 9 }, (_, i) => manifest(24 * i));
  const old = [5, 6, 7, 8];

  for (const [what, more] of [
    ["the node's clock is ahead", () => ({ nowMs: nowMs + 300 * dayMs })],
    [
      "the store's clock is ahead, now",
      (good: readonly Manifest[]) => ({
        writtenMs: new Map(written(good)).set(good[0]!.name, nowMs + 300 * dayMs),
      }),
    ],
    [
      "the store's clock is ahead, and always was",
      (good: readonly Manifest[]) => ({ writtenMs: written(good, 300 * dayMs) }),
    ],
  ] as const)
    it(`keeps what is young when ${what}`, () => {
      const good = daily();
      const gone = removed(good, { settings, ...more(good) });
      expect(gone.filter((i) => !old.includes(i))).to.deep.equal([]);
    });

  it("stops when the store's clock is behind: all is from the future", () => {
    const good = daily();
    expect(alert(good, { settings, writtenMs: written(good, -300 * dayMs) })).to.contain("from the future");
  });

  it("keeps what is young when the clock of a node was behind that made it", () => {
    const good = daily();
    good[3] = { ...good[3]!, time: new Date(nowMs - 300 * dayMs).toISOString() };
    const writtenMs = written(daily());
    expect(removed(good, { settings, writtenMs })).to.deep.equal(old);
  });

  it("goes by the nodes' clocks where the store tells no times", () => {
    expect(removed(daily(), { settings, writtenMs: new Map() })).to.deep.equal(old);
    expect(removed(daily(), { settings, writtenMs: written(daily(), NaN) })).to.deep.equal(old);
  });

  it("stops when anything is from the future: a clock went back", () => {
    expect(alert([manifest(0), manifest(-5, { revision: 900 }), ...hourly(5).slice(1)])).to.contain(
      "from the future",
    );
    expect(
      removed([manifest(0), manifest(-0.1, { revision: 900 })]),
      "clocks are never quite the same",
    ).to.deep.equal([]);
  });

  it("stops when the revision went down", () => {
    const good = [manifest(0, { revision: 10 }), manifest(1), manifest(2)];
    expect(alert(good)).to.match(/the revision went down, from 9\d\d in \S+ to 10, as if /);
  });

  it("isn't stopped by one that was begun later and ended before", () => {
    const good = [manifest(0, { revision: 1000 }), manifest(0.1, { revision: 1100 }), ...hourly(5).slice(2)];
    expect(removed(good, { before: new Set(good.slice(2).map((m) => m.name)) })).to.deep.equal([3, 4]);
    expect(alert(good, { before: new Set(good.map((m) => m.name)) })).to.contain("the revision went down");
    expect(alert(good), "nobody knows what was there").to.contain("the revision went down");
  });

  it("goes by the revision where times contradict it", () => {
    const good = [
      manifest(0, { revision: 100 }),
      manifest(1, { revision: 50 }),
      manifest(9, { revision: 99 }),
      manifest(8, { revision: 98 }),
    ];
    expect(removed(good)).to.deep.equal([1]);
  });

  it("stops while a drill says that the newest can't be relied on", () => {
    expect(alert(hourly(6), { drillProblem: "the last drill failed" })).to.equal(
      "no backup is deleted: the last drill failed",
    );
  });

  it("stops when the one that was just made isn't to be seen", () => {
    expect(alert(hourly(6), { made: "another" })).to.contain("isn't in the store's list");
  });

  const backups = fc
    .array(
      fc.record({ hours: fc.integer({ min: -100, max: 5000 }), revision: fc.integer({ min: 1, max: 50 }) }),
      {
        minLength: 1,
        maxLength: 60,
      },
    )
    .map((list) => list.map(({ hours, revision }, i) => manifest(hours, { revision, name: `b${i}` })));

  it("never takes the one just made, nor any that either wish wants, whatever the clocks", () => {
    fc.assert(
      fc.property(
        backups,
        fc.integer({ min: 1, max: 20 }),
        fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
        fc.integer({ min: -1000, max: 100_000 }),
        fc.option(fc.integer({ min: -1000, max: 100_000 }), { nil: undefined }),
        (good, keepLast, keepDays, ahead, storeAhead) => {
          const clock = nowMs + ahead * 3600_000;
          const writtenMs =
            storeAhead === undefined
              ? new Map<string, number>()
              : new Map(written(good)).set("b0", nowMs + storeAhead * 3600_000);
          const decided = retention({
            good,
            made: "b0",
            settings: { keepLast, keepDays },
            nowMs: clock,
            writtenMs,
          });
          if ("alert" in decided) return;
          const kept = good.filter((m) => !decided.remove.includes(m));
          expect(kept).to.include(good[0]);
          expect(kept.length).to.be.at.least(Math.min(keepLast, good.length));
          const highest = Math.max(...good.map((m) => m.revision));
          expect(kept.some((m) => m.revision === highest)).to.equal(true);
          for (const newest of [...good].sort(byAge).slice(-keepLast)) expect(kept).to.include(newest);
          const behind = Math.min(clock, writtenMs.get("b0") ?? clock);
          for (const m of decided.remove)
            if (keepDays !== undefined)
              expect(behind - Date.parse(m.time)).to.be.at.least(keepDays * 24 * 3600_000);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
