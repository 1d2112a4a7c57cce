import { nameOf } from "../model/acts";
import type { Action, Failure, Tries } from "../model";
import type { Clock } from "../../shared/clock";

/** After the first failure. It doubles with each further one, up to what its kind allows. */
const FIRST_MS = 400;
const LONGEST_MS: Readonly<Record<Failure["kind"], number>> = {
  // etcd takes the next change five seconds after a member has connected: nothing to back off from.
  moment: FIRST_MS,
  "not-yet": 10_000,
  changed: 10_000,
  unanswered: 30_000,
  refused: 120_000,
};
/** What wasn't tried for so long isn't wanted any more. */
const FORGOTTEN_MS = 600_000;
const MOST = 100;

interface Failed extends Failure {
  readonly times: number;
  readonly atMs: number;
  readonly pauseMs: number;
}

/** What this process has tried to do. An act that fails is tried again, ever more rarely, and stands in nobody's way. */
export class Attempts {
  private done: string | undefined;
  private readonly failures = new Map<string, Failed>();

  constructor(private readonly steady: Clock) {}

  /** `tookMs`: one that hangs until its deadline leaves as much time to the others, at least. */
  tried(action: Action, failure: Failure | undefined, tookMs: number): void {
    const name = nameOf(action);
    const before = this.failures.get(name);
    // The newest last.
    this.failures.delete(name);
    this.done = failure ? undefined : name;
    if (!failure) return;
    const times = (before?.times ?? 0) + 1;
    const pauseMs = Math.max(tookMs, Math.min(FIRST_MS * 2 ** (times - 1), LONGEST_MS[failure.kind]));
    this.failures.set(name, { ...failure, times, pauseMs, atMs: this.steady() });
    const [oldest] = this.failures.keys();
    if (this.failures.size > MOST && oldest !== undefined) this.failures.delete(oldest);
  }

  seen(): Tries {
    const now = this.steady();
    for (const [name, { atMs }] of this.failures) if (now - atMs > FORGOTTEN_MS) this.failures.delete(name);
    const failed = [...this.failures].map(([act, { kind, words, atMs, pauseMs }]) => {
      return { act, kind, words, rests: now - atMs < pauseMs };
    });
    return { done: this.done, failed };
  }

  /** Another process may have done anything since. */
  forget(): void {
    this.done = undefined;
    this.failures.clear();
  }
}
