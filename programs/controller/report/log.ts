import type { Logger } from "pino";
import { isExpected, nameOf } from "../model/acts";
import type { Decision, Failure } from "../model";
import { withoutNumbers } from "./without-numbers";
import { messageOf } from "../../shared/errors";

/** The same problem is logged again after this long, and a warning after it was absent for this long. */
const AGAIN_MS = 300_000;
/** How many messages are remembered. */
const MAX_KEYS = 100;

/** Logs one line for each decision that differs from the previous one. */
export class DecisionLog {
  private previous = "";
  private readonly warned = new Map<string, number>();
  private readonly problems = new Map<string, number>();

  constructor(
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  decision(decision: Decision, failure?: Failure): void {
    const { action, reason, converged } = decision;
    for (const warning of decision.warnings) {
      if (warning !== reason && this.isNew(this.warned, withoutNumbers(warning), true))
        this.log.warn(warning);
    }
    const key = JSON.stringify([action && nameOf(action), withoutNumbers(reason), converged]);
    if (key === this.previous) return;
    this.previous = key;
    const more = { action, converged, record: decision.record?.sequence, failure };
    if (!failure || isExpected(failure)) this.log.info(more, reason);
    else this.log.warn(more, reason);
  }

  problem(what: string, error: unknown): void {
    const message = messageOf(error);
    if (this.isNew(this.problems, withoutNumbers(`${what}: ${message}`), false))
      this.log.warn({ error: message }, what);
  }

  /** `lasts`: a message that keeps coming is logged only once. */
  private isNew(seen: Map<string, number>, key: string, lasts: boolean): boolean {
    const last = seen.get(key);
    const again = last === undefined || this.now() - last >= AGAIN_MS;
    if (!again && !lasts) return false;
    if (seen.size > MAX_KEYS) seen.clear();
    seen.set(key, this.now());
    return again;
  }
}
