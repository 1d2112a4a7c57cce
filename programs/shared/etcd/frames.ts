/** gRPC's messages out of HTTP/2's data: a byte, four of length, and the message. */

const HEAD = 5;
/** etcd's own messages are far smaller. */
const LARGEST = 16 * 2 ** 20;

export class Frames {
  private readonly head = Buffer.alloc(HEAD);
  private headFilled = 0;
  private body = Buffer.alloc(64 * 1024);
  private wanted = 0;
  private filled = 0;

  /** Calls `message` for each that is whole. What it is given is overwritten afterwards. */
  push(chunk: Buffer, message: (bytes: Buffer) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.headFilled < HEAD) {
        const taken = chunk.copy(this.head, this.headFilled, at, at + HEAD - this.headFilled);
        this.headFilled += taken;
        at += taken;
        if (this.headFilled < HEAD) return;
        this.begin();
      }
      if (this.filled === 0 && chunk.length - at >= this.wanted) {
        const whole = chunk.subarray(at, at + this.wanted);
        at += this.wanted;
        this.headFilled = 0;
        message(whole);
        continue;
      }
      const taken = chunk.copy(this.body, this.filled, at, at + this.wanted - this.filled);
      this.filled += taken;
      at += taken;
      if (this.filled < this.wanted) return;
      this.headFilled = 0;
      this.filled = 0;
      message(this.body.subarray(0, this.wanted));
    }
  }

  /** Whether a message has begun that hasn't ended. */
  get open(): boolean {
    return this.headFilled > 0;
  }

  private begin(): void {
    if (this.head[0] !== 0) throw new Error("a compressed message, and none was asked for");
    this.wanted = this.head.readUInt32BE(1);
    if (this.wanted > LARGEST) throw new Error(`a message of ${this.wanted} bytes`);
    if (this.wanted > this.body.length) this.body = Buffer.alloc(this.wanted);
  }
}

export function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
