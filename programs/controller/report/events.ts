import { isExpected } from "../model/acts";
import type { Clock } from "../../shared/clock";
import { microTime } from "../../shared/kubernetes/time";
import type { Decision, Failure } from "../model";
import { withoutNumbers } from "./without-numbers";

export interface EventTarget {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

const SAME_AGAIN_MS = 600_000;
/** Only a wait this long becomes a warning. A rollout waits often, but never for long. */
const LASTING_MS = 60_000;
/** The rate limit: this many events at once, and then one more each `REFILL_MS`. */
const BURST = 25;
const REFILL_MS = 10_000;
/** The longest note that the API accepts. */
const LONGEST_NOTE = 1000;
/** How many notes are remembered. */
const MAX_KEYS = 500;

/** Writes Kubernetes Events on the StatefulSet: each new reason and warning once, within a rate limit. */
export class Events {
  private readonly written = new Map<string, number>();
  private pendingSince: ReadonlyMap<string, number> = new Map();
  private current = "";
  private tokens = BURST;
  private filledMs: number;

  constructor(
    private readonly instance: string,
    private readonly write: (event: object) => Promise<void>,
    private readonly steady: Clock,
    private readonly failed: (error: unknown) => void,
  ) {
    this.filledMs = steady();
  }

  /** `failure`: why the decision's action failed. Then the reason says so. */
  report(target: EventTarget, decision: Decision, failure?: Failure): void {
    // A refusal needs a user to act, so it is a warning at once. A wait is one only if it lasts.
    if (decision.refused !== undefined) this.emit(target, "Warning", "Refused", decision.refused);
    const waits = decision.warnings.filter((warning) => warning !== decision.refused);
    this.warn(target, failure ? [...new Set([...waits, decision.reason])] : waits);
    const news = withoutNumbers(decision.reason);
    if (failure && !isExpected(failure)) {
      if (this.emit(target, "Warning", "ActFailed", decision.reason)) this.current = news;
      return;
    }
    if (news === this.current) return;
    // A reason that comes back is written again.
    this.written.delete(`Normal ${news}`);
    // If the rate limit holds the reason back, a later call writes it.
    const eventReason = failure ? "Waiting" : eventReasonOf(decision);
    if (this.emit(target, "Normal", eventReason, decision.reason)) this.current = news;
  }

  private warn(target: EventTarget, warnings: readonly string[]): void {
    const now = this.steady();
    const since = (warning: string) => this.pendingSince.get(withoutNumbers(warning)) ?? now;
    this.pendingSince = new Map(warnings.map((w) => [withoutNumbers(w), since(w)]));
    for (const w of warnings)
      if (now - since(w) >= LASTING_MS) this.emit(target, "Warning", "NotAsDeclared", w);
  }

  /** False if the rate limit allows no event now. */
  private emit(target: EventTarget, type: "Normal" | "Warning", reason: string, note: string): boolean {
    const key = `${type} ${withoutNumbers(note)}`;
    const now = this.steady();
    const before = this.written.get(key);
    if (before !== undefined && now - before < SAME_AGAIN_MS) return true;
    this.tokens = Math.min(BURST, this.tokens + (now - this.filledMs) / REFILL_MS);
    this.filledMs = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    if (this.written.size >= MAX_KEYS) this.written.clear();
    this.written.set(key, now);
    this.write(this.event(target, type, reason, note)).catch(this.failed);
    return true;
  }

  private event(target: EventTarget, type: string, reason: string, note: string): object {
    return {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { generateName: `${target.name}-`, namespace: target.namespace },
      eventTime: microTime(),
      reportingController: "etcd-cluster/controller",
      reportingInstance: this.instance.slice(0, 128),
      action: reason,
      reason,
      note: note.slice(0, LONGEST_NOTE),
      type,
      regarding: {
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        namespace: target.namespace,
        name: target.name,
        // Pulumi shows every warning that has an object's UID, however old, as a warning of the next `up` that changes
        // the object. The price: `kubectl describe` finds only the normal events.
        ...(type === "Warning" ? {} : { uid: target.uid }),
      },
    };
  }
}

function eventReasonOf({ action, converged }: Decision): string {
  if (action) return action.kind.charAt(0).toUpperCase() + action.kind.slice(1);
  return converged === undefined ? "Waiting" : "Converged";
}
