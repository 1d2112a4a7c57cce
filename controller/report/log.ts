import type { Logger } from "pino";
import type { Action, Decision } from "../model";
import { gist, isNotYet } from "./wording";

/** The same trouble is logged again after this long. */
const AGAIN_MS = 300_000;

/** What only guards an act against a race, and changes with each try. */
const GUARDS = ["resourceVersion", "listKey"];

/** An act and whom it is done to. */
function what(action: Action): string {
  return JSON.stringify(action, (key, value: unknown) => (GUARDS.includes(key) ? undefined : value));
}

/** One line per decision that differs from the one before. */
export class DecisionLog {
  private before = "";
  private warned: ReadonlySet<string> = new Set();
  private readonly troubles = new Map<string, number>();

  constructor(
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  decision(decision: Decision, error?: string): void {
    const { action, reason, converged } = decision;
    const fresh = decision.warnings.filter((w) => !this.warned.has(gist(w)) && w !== reason);
    this.warned = new Set(decision.warnings.map(gist));
    for (const warning of fresh) this.log.warn(warning);
    const key = JSON.stringify([action && what(action), gist(reason), converged, error && gist(error)]);
    if (key === this.before) return;
    this.before = key;
    const more = { action, converged, record: decision.record?.sequence, error };
    if (error === undefined || isNotYet(error)) this.log.info(more, reason);
    else this.log.warn(more, reason);
  }

  trouble(what: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const key = gist(`${what}: ${message}`);
    const last = this.troubles.get(key);
    if (last !== undefined && this.now() - last < AGAIN_MS) return;
    if (this.troubles.size > 100) this.troubles.clear();
    this.troubles.set(key, this.now());
    this.log.warn({ error: message }, what);
  }
}
