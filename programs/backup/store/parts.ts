/**
 * Cuts a stream into parts of one size and sends a few of them at a time. Its memory is bounded: a fixed number of
 * buffers is reused.
 */
export class Parts {
  private readonly free: Buffer[] = [];
  private current: Buffer | undefined;
  private filled = 0;
  private made = 0;
  private number = 0;
  private sending = 0;
  private failure: Error | undefined;
  /** Data that arrived while no buffer was free. */
  private readonly overflow: Buffer[] = [];
  private waiting: (() => void)[] = [];

  constructor(
    private readonly partBytes: number,
    /** At least 2: one is filled while the other is sent. */
    private readonly buffers: number,
    /** `bytes` stays valid until the promise is settled. */
    private readonly send: (number: number, bytes: Buffer, last: boolean) => Promise<void>,
  ) {}

  write(chunk: Buffer): Promise<void> | undefined {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const rest = this.overflow.length > 0 ? chunk : this.fill(chunk);
    if (rest.length === 0) return undefined;
    this.overflow.push(Buffer.from(rest));
    return this.room();
  }

  /** Sends the rest, waits for all parts, and returns their number. */
  async finish(): Promise<number> {
    while (this.overflow.length > 0) await this.room();
    if (this.current && this.filled > 0) this.dispatch(true);
    while (this.sending > 0 && this.failure === undefined) await this.change();
    if (this.failure !== undefined) throw this.failure;
    return this.number;
  }

  /** Waits until no part is in flight, whether it succeeded or failed. */
  async settled(): Promise<void> {
    this.failure ??= new Error("aborted");
    while (this.sending > 0) await this.change();
  }

  /** Returns the rest of the chunk that didn't fit. */
  private fill(chunk: Buffer): Buffer {
    let at = 0;
    while (at < chunk.length) {
      const buffer = (this.current ??= this.take());
      if (!buffer) break;
      const taken = chunk.copy(buffer, this.filled, at);
      this.filled += taken;
      at += taken;
      if (this.filled === this.partBytes) this.dispatch(false);
    }
    return chunk.subarray(at);
  }

  private take(): Buffer | undefined {
    const buffer = this.free.pop();
    if (buffer || this.made === this.buffers) return buffer;
    this.made += 1;
    return Buffer.allocUnsafeSlow(this.partBytes);
  }

  private dispatch(last: boolean): void {
    const buffer = this.current;
    if (!buffer) return;
    const bytes = buffer.subarray(0, this.filled);
    this.current = undefined;
    this.filled = 0;
    this.sending += 1;
    this.send(++this.number, bytes, last)
      .catch((error: unknown) => {
        this.failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        this.sending -= 1;
        this.free.push(buffer);
        for (const wake of this.waiting.splice(0)) wake();
      });
  }

  private async room(): Promise<void> {
    while (this.overflow.length > 0) {
      if (this.failure !== undefined) throw this.failure;
      await this.change();
      this.refill();
    }
  }

  private refill(): void {
    for (let first = this.overflow[0]; first; first = this.overflow[0]) {
      const rest = this.fill(first);
      if (rest.length > 0) {
        this.overflow[0] = rest;
        return;
      }
      this.overflow.shift();
    }
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
