import { nameOf } from "../model/acts";
import type { Action, Failure, Tries } from "../model";
import type { Clock } from "../../shared/clock";

/** The pause after the first failure. It doubles with each failure, up to the limit of its kind. */
const FIRST_MS = 400;
const LONGEST_MS: Readonly<Record<Failure["kind"], number>> = {
  // etcd accepts the next change five seconds after a member has connected, so there is no need to back off.
  moment: FIRST_MS,
  "not-yet": 10_000,
  changed: 10_000,
  unanswered: 30_000,
  refused: 120_000,
};
/** An action that wasn't tried for this long is no longer wanted. */
const FORGOTTEN_MS = 600_000;
const MAX_FAILURES = 100;

interface Failed extends Failure {
  readonly times: number;
  readonly atMs: number;
  readonly pauseMs: number;
}

/** The actions that this process has tried. A failed action is retried with back-off and doesn't delay the others. */
export class Attempts {
  private done: string | undefined;
  private readonly failures = new Map<string, Failed>();

  constructor(private readonly steady: Clock) {}

  /** `tookMs`: after an action that hangs until its deadline, the others get at least as much time. */
  tried(action: Action, failure: Failure | undefined, tookMs: number): void {
    const name = nameOf(action);
    const before = this.failures.get(name);
    // Deleted first, so that the newest failure is the last of the map.
    this.failures.delete(name);
    this.done = failure ? undefined : name;
    if (!failure) return;
    const times = (before?.times ?? 0) + 1;
    const pauseMs = Math.max(tookMs, Math.min(FIRST_MS * 2 ** (times - 1), LONGEST_MS[failure.kind]));
    this.failures.set(name, { ...failure, times, pauseMs, atMs: this.steady() });
    const [oldest] = this.failures.keys();
    if (this.failures.size > MAX_FAILURES && oldest !== undefined) this.failures.delete(oldest);
  }

  seen(): Tries {
    const now = this.steady();
    for (const [name, { atMs }] of this.failures) if (now - atMs > FORGOTTEN_MS) this.failures.delete(name);
    const failed = [...this.failures].map(([act, { kind, words, atMs, pauseMs }]) => {
      return { act, kind, words, rests: now - atMs < pauseMs };
    });
    return { done: this.done, failed };
  }

  /** Another process may have acted since. */
  forget(): void {
    this.done = undefined;
    this.failures.clear();
  }
}
