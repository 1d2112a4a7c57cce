import { median } from "../bench/table";
import type { Verdict } from "./verdict";

/** One fault that was injected. */
export interface Injected {
  readonly kind: string;
  readonly how: string;
  /** Earlier faults prevented its completion. */
  readonly half?: boolean;
}

/** How long the cluster took to be as declared again after the last fault ended. */
export interface Recovery {
  readonly seconds: number;
  readonly after: string;
}

export interface Summary {
  readonly seed: number;
  readonly minutes: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly wholeAgain: { readonly median: number; readonly longest: number; readonly after: string };
  readonly verdict: Verdict;
  /** Why the soak ended early. */
  readonly failure?: string;
  /** Nothing was lost, every answer was correct, and the cluster was as declared at the end. */
  readonly passed: boolean;
}

export function byKind(injected: readonly Injected[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of injected) counts[kind] = (counts[kind] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([, a], [, b]) => b - a));
}

export function wholeAgain(whole: readonly Recovery[]): Summary["wholeAgain"] {
  const longest = whole.reduce((a, b) => (b.seconds > a.seconds ? b : a), { seconds: 0, after: "nothing" });
  const round = (seconds: number) => Math.round(seconds * 10) / 10;
  return {
    median: round(median(whole.map(({ seconds }) => seconds))),
    longest: round(longest.seconds),
    after: longest.after,
  };
}

export function inWords(summary: Summary): string {
  const { verdict: v } = summary;
  const count = Object.values(summary.faults).reduce((a, b) => a + b, 0);
  const lines: [string, string][] = [
    ["run", `seed ${summary.seed}, ${summary.minutes.toFixed(1)} minutes, ${list(summary.versions)}`],
    [
      "operations",
      `${v.operations}: ${v.reads} reads, ${v.writes} writes, ${v.compareAndSets} compare-and-sets; ` +
        `${v.unknownOutcomes} writes without an answer, of which ${v.tookEffect} took effect; ` +
        `${v.unansweredReads} reads without an answer`,
    ],
    [
      "linearizable",
      v.linearizable
        ? `yes: ${v.keys} keys in ${v.epochs} histories, each with an order`
        : `NO: ${[...v.violations, ...v.undecided.map((key) => `${key} undecided`), ...v.backwards].slice(0, 5).join("; ")}`,
    ],
    [
      "watch events",
      `${v.watch.events} by ${v.watch.watchers} watchers: ${v.watch.lost.length} lost, ${v.watch.twice.length} twice, ` +
        `${v.watch.disorder.length} out of order, ${v.watch.wrong.length} of what nobody wrote; ` +
        `${v.watch.compacted} revisions compacted away before a watcher came`,
    ],
    ["restored", v.restored.length === 0 ? "as it was backed up" : `NOT as backed up: ${v.restored[0]}`],
    ["longest gap", `${(v.longestGapMs / 1000).toFixed(1)} s without an acknowledged write`],
    ["faults", `${count}: ${list(summary.faults)}`],
    [
      "whole again",
      `after ${summary.wholeAgain.median} s (median), ` +
        `at most ${summary.wholeAgain.longest} s (after: ${summary.wholeAgain.after})`,
    ],
    ...(summary.failure ? ([["ended early", summary.failure.split("\n")[0]!]] as [string, string][]) : []),
    ["verdict", summary.passed ? "passed" : "FAILED"],
  ];
  return lines.map(([what, words]) => `  ${what.padEnd(14)}${words}`).join("\n");
}

const list = (items: Readonly<Record<string, string | number>>) =>
  Object.entries(items)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
