/** Calls back at once, and then ignores calls with the same key for a while. */
export class Throttle {
  private readonly called = new Map<string, number>();

  constructor(
    private readonly everyMs: number,
    private readonly callback: () => void,
  ) {}

  /** False if the call was ignored. */
  call(key: string, nowMs: number): boolean {
    for (const [known, atMs] of this.called)
      if (nowMs - atMs >= this.everyMs || nowMs < atMs) this.called.delete(known);
    if (this.called.has(key)) return false;
    this.called.set(key, nowMs);
    this.callback();
    return true;
  }
}
