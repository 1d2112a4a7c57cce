/** When a story begins. Set back by hours, a clock still is where clocks can be. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/** A wall clock of one machine: it drifts, and somebody may set it. What lasts how long is another matter. */
export class WallClock {
  private aheadMs = 0;

  constructor(private readonly drift: number) {}

  /** At this moment of the truth. */
  at(nowMs: number): number {
    return EPOCH_MS + Math.round(nowMs * (1 + this.drift)) + this.aheadMs;
  }

  set(byMs: number): void {
    this.aheadMs += byMs;
  }

  right(): void {
    this.aheadMs = 0;
  }
}
