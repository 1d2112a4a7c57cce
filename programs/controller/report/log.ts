import type { Logger } from "pino";
import { isExpected, nameOf } from "../model/acts";
import type { Decision, Failure } from "../model";
import { gist } from "./wording";
import { messageOf } from "../../shared/errors";

/** The same trouble, or a warning that was away for a while, is logged again after this long. */
const AGAIN_MS = 300_000;
/** What is remembered of the past. */
const MOST_KEYS = 100;

/** One line per decision that differs from the one before. */
export class DecisionLog {
  private before = "";
  private readonly warned = new Map<string, number>();
  private readonly troubles = new Map<string, number>();

  constructor(
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  decision(decision: Decision, failure?: Failure): void {
    const { action, reason, converged } = decision;
    for (const warning of decision.warnings) {
      if (warning !== reason && this.isNew(this.warned, gist(warning), true)) this.log.warn(warning);
    }
    const key = JSON.stringify([action && nameOf(action), gist(reason), converged]);
    if (key === this.before) return;
    this.before = key;
    const more = { action, converged, record: decision.record?.sequence, failure };
    if (!failure || isExpected(failure)) this.log.info(more, reason);
    else this.log.warn(more, reason);
  }

  trouble(what: string, error: unknown): void {
    const message = messageOf(error);
    if (this.isNew(this.troubles, gist(`${what}: ${message}`), false))
      this.log.warn({ error: message }, what);
  }

  /** `lasts`: what is seen all the time is told once. */
  private isNew(seen: Map<string, number>, key: string, lasts: boolean): boolean {
    const last = seen.get(key);
    const again = last === undefined || this.now() - last >= AGAIN_MS;
    if (!again && !lasts) return false;
    if (seen.size > MOST_KEYS) seen.clear();
    seen.set(key, this.now());
    return again;
  }
}
