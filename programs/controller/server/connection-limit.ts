import type { Socket } from "node:net";

interface Connection {
  readonly socket: Socket;
  readonly address: string;
}

/**
 * Limits how many connections are open. A new connection is always accepted, and an older one is closed for it: the oldest
 * of the same address if that has too many, or the oldest of the address that has most if there are too many in all. So a
 * client that sends a request at once is served, however many others hold connections and send nothing.
 */
export class ConnectionLimit {
  /** The oldest first. */
  private readonly connections = new Map<string, Connection>();

  constructor(
    /** Of all addresses that aren't expected. */
    private readonly max: number,
    private readonly maxPerAddress: number,
    /** Addresses that have places of their own. */
    private readonly isExpected: (address: string) => boolean = () => false,
  ) {}

  add(socket: Socket): void {
    const key = keyOf(socket);
    const address = socket.remoteAddress;
    // It has gone already.
    if (address === undefined) return void socket.destroy();
    const connection = { socket, address };
    this.connections.set(key, connection);
    socket.once("close", () => {
      if (this.connections.get(key) === connection) this.connections.delete(key);
    });
    const [oldest] = this.tooMany(address);
    if (!oldest) return;
    const [at, { socket: going }] = oldest;
    this.connections.delete(at);
    going.destroy();
  }

  /** It counts no longer. The socket may be another object for the same connection. */
  release(socket: Socket): void {
    this.connections.delete(keyOf(socket));
  }

  /** The connections of which one has to be closed, the oldest first; none if there is room. */
  private tooMany(address: string): readonly (readonly [string, Connection])[] {
    const of = new Map<string, (readonly [string, Connection])[]>();
    for (const entry of this.connections) {
      const all = of.get(entry[1].address) ?? [];
      all.push(entry);
      of.set(entry[1].address, all);
    }
    const own = of.get(address) ?? [];
    if (own.length > this.maxPerAddress) return own;
    const unexpected = [...of].filter(([from]) => !this.isExpected(from)).map(([, all]) => all);
    const count = unexpected.reduce((sum, all) => sum + all.length, 0);
    return count > this.max ? unexpected.reduce((a, b) => (b.length > a.length ? b : a)) : [];
  }
}

/** Until it is closed, no other connection has the same. */
const keyOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
