/** Rings at once, and then for the same reason not again for a while: somebody may ask as often as he likes. */
export class Bell {
  private readonly rang = new Map<string, number>();

  constructor(
    private readonly everyMs: number,
    private readonly ring: () => void,
  ) {}

  /** False when it was rung for this only just now. */
  push(key: string, nowMs: number): boolean {
    for (const [known, atMs] of this.rang)
      if (nowMs - atMs >= this.everyMs || nowMs < atMs) this.rang.delete(known);
    if (this.rang.has(key)) return false;
    this.rang.set(key, nowMs);
    this.ring();
    return true;
  }
}
