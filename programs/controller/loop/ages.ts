import type { World } from "../model";
import { aging, carried } from "../plan/age";
import type { Clock } from "../../shared/clock";

/** Between two looks no more counts than this: what was in between, nobody saw. */
const LONGEST_STEP_MS = 15_000;

/**
 * For how long this process has seen what grows old (`plan/age`), by its own clock: nobody can set that, and it stands
 * still while the process does.
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

  /** Another process looks from now on: what this one saw is in the record. */
  forget(): void {
    this.seen = new Map();
    this.lookedMs = undefined;
  }
}
