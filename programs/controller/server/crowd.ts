import type { Socket } from "node:net";

interface Guest {
  readonly socket: Socket;
  readonly address: string;
}

/**
 * Connections of which nobody knows yet what they are good for, in a bounded number. Whoever comes is let in, and another
 * one goes instead: of an address that has too many, its oldest; when there are too many in all, the oldest of the address
 * that has most. So one that is in earnest has its moment, however many hold on and say nothing.
 */
export class Crowd {
  /** The oldest first. */
  private readonly guests = new Map<string, Guest>();

  constructor(
    /** Of all that aren't expected. */
    private readonly most: number,
    private readonly mostOfOne: number,
    /** Addresses that have places of their own. */
    private readonly isExpected: (address: string) => boolean = () => false,
  ) {}

  add(socket: Socket): void {
    const key = keyOf(socket);
    const address = socket.remoteAddress;
    // It has gone already.
    if (address === undefined) return void socket.destroy();
    const guest = { socket, address };
    this.guests.set(key, guest);
    socket.once("close", () => {
      if (this.guests.get(key) === guest) this.guests.delete(key);
    });
    const [oldest] = this.tooMany(address);
    if (!oldest) return;
    const [at, { socket: going }] = oldest;
    this.guests.delete(at);
    going.destroy();
  }

  /** It has shown what it is good for. Another object may stand for the same connection. */
  leave(socket: Socket): void {
    this.guests.delete(keyOf(socket));
  }

  /** Of whom one has to go, the oldest first; nobody if there is room. */
  private tooMany(address: string): readonly (readonly [string, Guest])[] {
    const of = new Map<string, (readonly [string, Guest])[]>();
    for (const entry of this.guests) {
      const all = of.get(entry[1].address) ?? [];
      all.push(entry);
      of.set(entry[1].address, all);
    }
    const own = of.get(address) ?? [];
    if (own.length > this.mostOfOne) return own;
    const strangers = [...of].filter(([from]) => !this.isExpected(from)).map(([, all]) => all);
    const count = strangers.reduce((sum, all) => sum + all.length, 0);
    return count > this.most ? strangers.reduce((a, b) => (b.length > a.length ? b : a)) : [];
  }
}

/** Until it is closed, no other connection has the same. */
const keyOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
