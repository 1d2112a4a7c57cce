/** Calls back at once, and then not again for a while for the same key, however often it is called. */
export class Throttle {
  private readonly called = new Map<string, number>();

  constructor(
    private readonly everyMs: number,
    private readonly callback: () => void,
  ) {}

  /** False when it was called for this only just now. */
  call(key: string, nowMs: number): boolean {
    for (const [known, atMs] of this.called)
      if (nowMs - atMs >= this.everyMs || nowMs < atMs) this.called.delete(known);
    if (this.called.has(key)) return false;
    this.called.set(key, nowMs);
    this.callback();
    return true;
  }
}
