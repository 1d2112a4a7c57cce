/** What the judge says of a history; see clients/judge.go. */
export interface Verdict {
  readonly operations: number;
  readonly reads: number;
  readonly writes: number;
  readonly compareAndSets: number;
  /** Writes without an answer. */
  readonly unknownOutcomes: number;
  /** Of these, what was seen later. */
  readonly tookEffect: number;
  readonly unansweredReads: number;
  readonly longestGapMs: number;
  readonly epochs: number;
  /** Of these, without an end: what was lost at last was not looked for. */
  readonly unfinished: number;
  readonly keys: number;
  readonly linearizable: boolean;
  readonly violations: readonly string[];
  readonly undecided: readonly string[];
  readonly backwards: readonly string[];
  readonly restored: readonly string[];
  readonly watch: {
    readonly watchers: number;
    readonly events: number;
    readonly compacted: number;
    readonly lost: readonly string[];
    readonly twice: readonly string[];
    readonly disorder: readonly string[];
    readonly wrong: readonly string[];
  };
  readonly sound: boolean;
}
