import type { World } from "../model";
import { aging, carried } from "../plan/age";
import type { Clock } from "../../shared/clock";

/** The most that one observation adds: a fact may have changed unseen in a longer gap. */
const LONGEST_STEP_MS = 15_000;

/**
 * How long this process has seen the facts of `plan/age`, by its own clock. That clock can't be set, and it stops while
 * the process is paused.
 */
export class Ages {
  private seen: ReadonlyMap<string, number> = new Map();
  private lookedMs: number | undefined;

  constructor(private readonly own: Clock) {}

  look(world: Omit<World, "ages" | "holdsLease" | "tries">): World["ages"] {
    const now = this.own();
    const step = Math.min(LONGEST_STEP_MS, now - (this.lookedMs ?? now));
    this.lookedMs = now;
    const seen = new Map<string, number>();
    for (const { what } of aging(world)) {
      const before = this.seen.get(what);
      seen.set(what, before === undefined ? carried(world.record, what, world.nowMs) : before + step);
    }
    this.seen = seen;
    return Object.fromEntries(seen);
  }

  /** Another process observes from now on. The record has the ages that this one has counted. */
  forget(): void {
    this.seen = new Map();
    this.lookedMs = undefined;
  }
}
