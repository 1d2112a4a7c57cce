/** What the judge says of a history. See clients/judge.go. */
export interface Verdict {
  readonly operations: number;
  readonly reads: number;
  readonly writes: number;
  readonly compareAndSets: number;
  /** Writes without an answer. */
  readonly unknownOutcomes: number;
  /** How many of them were seen later. */
  readonly tookEffect: number;
  readonly unansweredReads: number;
  readonly longestGapMs: number;
  readonly epochs: number;
  /** How many epochs have no end. Losses at the end of such an epoch are not searched for. */
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
