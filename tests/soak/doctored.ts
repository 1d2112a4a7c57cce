/** Histories in the judge's format, written manually. See clients/history.go. */
import type { Verdict } from "./verdict";

export interface Op {
  readonly client: number;
  readonly key: string;
  readonly kind: "get" | "put" | "cas";
  readonly value?: string;
  readonly expect?: number;
  readonly call: number;
  readonly return: number;
  readonly error?: string;
  readonly applied?: boolean;
  readonly seen?: string;
  readonly seenMod?: number;
  readonly revision?: number;
}
export interface Told {
  readonly watcher: number;
  readonly key: string;
  readonly value: string;
  readonly revision: number;
  readonly at: number;
}
export interface History {
  readonly ops: readonly Op[];
  readonly events: readonly Told[];
  readonly missed?: readonly { watcher: number; from: number; to: number }[];
  /** The clients end early, so the history has no end. */
  readonly cutShort?: boolean;
  readonly restored?: { revision: number; values: Record<string, string> };
}

const key = "soak/1/0/0";
const put = (value: string, call: number, revision: number): Op => ({
  ...{ client: 0, key, kind: "put", value, call, return: call + 5, revision },
});
const get = (seen: string, seenMod: number, call: number, revision: number): Op => ({
  ...{ client: 1, key, kind: "get", seen, seenMod, call, return: call + 5, revision },
});
const told = (watcher: number, value: string, revision: number): Told => ({
  ...{ watcher, key, value, revision, at: revision * 10 },
});
const both = (...events: (readonly [value: string, revision: number])[]) =>
  [0, 1].flatMap((watcher) => events.map(([value, revision]) => told(watcher, value, revision)));

/** Two writes, a compare-and-set after them, a compare-and-set that comes too late, and reads between. */
export const sound: History = {
  ops: [
    put("a", 10, 11),
    get("a", 11, 20, 11),
    put("b", 30, 12),
    get("b", 12, 40, 12),
    {
      ...{ client: 1, key, kind: "cas", value: "c", expect: 12, applied: true },
      ...{ call: 50, return: 55, revision: 13 },
    },
    {
      ...{ client: 0, key, kind: "cas", value: "d", expect: 12, seen: "c", seenMod: 13 },
      ...{ call: 60, return: 65, revision: 13 },
    },
    get("c", 13, 70, 13),
  ],
  events: both(["a", 11], ["b", 12], ["c", 13]),
};

const without = <T>(items: readonly T[], at: number) => items.filter((_, i) => i !== at);
const exchanged = <T>(items: readonly T[], at: number, item: T) =>
  items.map((old, i) => (i === at ? item : old));
const unknown = (value: string, call: number): Op => ({
  ...{ client: 2, key, kind: "put", value, call, return: call + 5, error: "no answer" },
});

/** Histories with one fault each, which the judge must find. */
export const doctored: readonly (readonly [
  what: string,
  history: History,
  found: (v: Verdict) => boolean,
])[] = [
  [
    "an acknowledged write is lost",
    { ...sound, ops: exchanged(sound.ops, 3, get("a", 11, 40, 12)) },
    (v) => v.violations.includes(key),
  ],
  [
    "a read is stale, and only its revision shows it",
    { ...sound, ops: exchanged(sound.ops, 6, get("c", 13, 70, 12)) },
    (v) => v.violations.length === 0 && v.backwards.length === 1,
  ],
  [
    "a read of another key returns an older revision",
    {
      ...sound,
      ops: [...sound.ops, { client: 1, key: "soak/1/0/1", kind: "get", call: 80, return: 85, revision: 12 }],
    },
    (v) => v.violations.length === 0 && v.backwards.length === 1,
  ],
  [
    "an overwritten value comes back",
    { ...sound, ops: [...sound.ops, get("b", 12, 80, 13)] },
    (v) => v.violations.includes(key),
  ],
  [
    "two compare-and-sets with the same expectation both succeed",
    {
      ops: [
        ...sound.ops.slice(0, 5),
        {
          ...{ client: 0, key, kind: "cas", value: "d", expect: 12, applied: true },
          ...{ call: 60, return: 65, revision: 14 },
        },
      ],
      events: both(["a", 11], ["b", 12], ["c", 13], ["d", 14]),
    },
    (v) => v.violations.includes(key),
  ],
  [
    "a compare-and-set fails although its expectation holds",
    {
      ...sound,
      ops: exchanged(sound.ops, 5, {
        ...{ client: 0, key, kind: "cas", value: "d", expect: 13, seen: "c", seenMod: 13 },
        ...{ call: 60, return: 65, revision: 13 },
      }),
    },
    (v) => v.violations.includes(key),
  ],
  [
    "an unanswered write appears, disappears and appears again",
    {
      ops: [unknown("u", 5), ...sound.ops, get("u", 10, 80, 13), put("e", 90, 14), get("u", 10, 100, 14)],
      events: both(["u", 10], ["a", 11], ["b", 12], ["c", 13], ["e", 14]),
    },
    (v) => v.violations.includes(key) && v.unknownOutcomes === 1 && v.tookEffect === 1,
  ],
  [
    "two writes have the same revision",
    { ...sound, ops: exchanged(sound.ops, 2, put("b", 30, 11)), events: both(["a", 11], ["c", 13]) },
    (v) => v.violations.includes(key) && v.backwards.length > 0,
  ],
  [
    "one watcher misses an event",
    { ...sound, events: without(sound.events, 4) },
    (v) => v.linearizable && v.watch.lost.length === 1,
  ],
  [
    "all watchers miss an event",
    { ...sound, events: both(["a", 11], ["c", 13]) },
    (v) => v.linearizable && v.watch.lost.length === 2,
  ],
  [
    "a watcher gets an event twice",
    { ...sound, events: [...sound.events, told(1, "c", 13)] },
    (v) => v.linearizable && v.watch.twice.length === 1,
  ],
  [
    "a watcher gets two events in the wrong order",
    { ...sound, events: [told(0, "b", 12), told(0, "a", 11), ...sound.events.slice(2)] },
    (v) => v.linearizable && v.watch.disorder.length === 1,
  ],
  [
    "an event shows a value that nobody wrote",
    { ...sound, events: exchanged(sound.events, 1, told(0, "x", 12)) },
    (v) => v.linearizable && v.watch.wrong.length === 1,
  ],
  [
    "a watcher misses more than a compaction explains",
    {
      ...sound,
      events: sound.events.filter((e) => e.watcher === 0 || e.revision === 13),
      missed: [{ watcher: 1, from: 11, to: 12 }],
    },
    (v) => v.linearizable && v.watch.lost.length === 1,
  ],
  ["the history has no end", { ...sound, cutShort: true }, (v) => v.linearizable && v.unfinished === 1],
  [
    "an event is missing in a history that has no end",
    { ...sound, events: without(sound.events, 4), cutShort: true },
    (v) => v.watch.lost.length === 1,
  ],
  [
    "a restore returns less than was backed up",
    { ...sound, restored: { revision: 12, values: { [key]: "a" } } },
    (v) => v.linearizable && v.restored.length === 1,
  ],
  [
    "a restore returns more than there was",
    { ...sound, restored: { revision: 12, values: { [key]: "b", "soak/1/0/9": "x" } } },
    (v) => v.linearizable && v.restored.length === 1,
  ],
];

/** Histories that look faulty and are not. */
export const harmless: readonly (readonly [what: string, history: History])[] = [
  ["all as it should be", sound],
  ["a write without an answer that nobody ever saw", { ...sound, ops: [unknown("u", 5), ...sound.ops] }],
  [
    "an unanswered write takes effect much later",
    {
      ops: [unknown("u", 5), ...sound.ops, get("u", 14, 80, 14)],
      events: both(["a", 11], ["b", 12], ["c", 13], ["u", 14]),
    },
  ],
  [
    "a watcher comes too late for compacted revisions",
    {
      ...sound,
      events: sound.events.filter((e) => e.watcher === 0 || e.revision === 13),
      missed: [{ watcher: 1, from: 11, to: 13 }],
    },
  ],
  ["a restore of an earlier revision", { ...sound, restored: { revision: 12, values: { [key]: "b" } } }],
];

/** The lines that the judge reads. */
export function lines(history: History): string {
  const epoch = 1;
  const revisions = history.events.map((event) => event.revision);
  const began = { epoch, revision: Math.min(...revisions), watchers: ["one", "two"], at: 0 };
  const all = [
    { began: { ...began, time: "2026-01-01T00:00:00Z" } },
    ...history.ops.map((op) => ({ op: { ...op, epoch } })),
    ...history.events.map((event) => ({ event: { ...event, epoch } })),
    ...(history.missed ?? []).map((missed) => ({ missed: { ...missed, epoch } })),
    ...(history.cutShort ? [] : [{ ended: { epoch, revision: Math.max(...revisions), at: 1000 } }]),
    ...(history.restored ? [{ restored: { ...history.restored, epoch } }] : []),
  ];
  return all.map((line) => `${JSON.stringify(line)}\n`).join("");
}
