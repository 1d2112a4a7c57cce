/** A story starts in 2026, so that a clock set back by hours still shows a plausible date. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/** The wall clock of one machine. It drifts, and a fault may set it. Durations are never measured with it. */
export class WallClock {
  private aheadMs = 0;

  constructor(private readonly drift: number) {}

  /** What the clock shows at true time `nowMs`. */
  at(nowMs: number): number {
    return EPOCH_MS + Math.round(nowMs * (1 + this.drift)) + this.aheadMs;
  }

  set(byMs: number): void {
    this.aheadMs += byMs;
  }

  correct(): void {
    this.aheadMs = 0;
  }
}
