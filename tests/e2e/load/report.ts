/** What the load tells at its end. */
export interface LoadReport {
  /** Writes that etcd said it had taken. */
  readonly acknowledged: number;
  /** Writes without an answer: they may be there or not. */
  readonly unanswered: number;
  /** Acknowledged writes that a later, linearizable read did not find as they were written. */
  readonly lost: number;
  /** Answers with a revision that was not above one that had been acknowledged before the question. */
  readonly backwards: number;
  /** The longest time in which no writer got an acknowledgement. */
  readonly longestGapMs: number;
}

export const startedLine = "the first write is acknowledged";
export const reportMark = "REPORT ";
