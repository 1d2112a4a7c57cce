/** The load's results. */
export interface LoadReport {
  /** Acknowledged writes. */
  readonly acknowledged: number;
  /** Writes without an answer, which may have been executed or not. */
  readonly unanswered: number;
  /** Acknowledged writes that a later, linearizable read did not return unchanged. */
  readonly lost: number;
  /** Answers with a revision not above one that was acknowledged before the request. */
  readonly backwards: number;
  /** The longest time in which no writer got an acknowledgement. */
  readonly longestGapMs: number;
}

export const startedLine = "the first write is acknowledged";
export const reportMark = "REPORT ";
