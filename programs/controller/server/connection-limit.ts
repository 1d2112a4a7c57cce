import type { Socket } from "node:net";

interface Connection {
  readonly socket: Socket;
  readonly address: string;
}

/**
 * Limits the number of open connections. A new connection is always accepted. If its address then has too many, the
 * oldest of that address is closed. If there are too many in all, the oldest of the address with the most is closed. So
 * a client that sends its request at once is served, however many others hold idle connections.
 */
export class ConnectionLimit {
  /** The oldest first. */
  private readonly connections = new Map<string, Connection>();

  constructor(
    /** For all addresses together that aren't expected. */
    private readonly max: number,
    private readonly maxPerAddress: number,
    /** Expected addresses have only their own limit. */
    private readonly isExpected: (address: string) => boolean = () => false,
  ) {}

  add(socket: Socket): void {
    const key = keyOf(socket);
    const address = socket.remoteAddress;
    // The client has disconnected already.
    if (address === undefined) return void socket.destroy();
    const connection = { socket, address };
    this.connections.set(key, connection);
    socket.once("close", () => {
      if (this.connections.get(key) === connection) this.connections.delete(key);
    });
    const [oldest] = this.tooMany(address);
    if (!oldest) return;
    const [oldestKey, { socket: oldestSocket }] = oldest;
    this.connections.delete(oldestKey);
    oldestSocket.destroy();
  }

  /** Stops counting a connection. The socket may be another object for the same connection. */
  release(socket: Socket): void {
    this.connections.delete(keyOf(socket));
  }

  /** The connections of which one has to be closed, the oldest first; none if no limit is exceeded. */
  private tooMany(address: string): readonly (readonly [string, Connection])[] {
    const byAddress = new Map<string, (readonly [string, Connection])[]>();
    for (const entry of this.connections) {
      const all = byAddress.get(entry[1].address) ?? [];
      all.push(entry);
      byAddress.set(entry[1].address, all);
    }
    const own = byAddress.get(address) ?? [];
    if (own.length > this.maxPerAddress) return own;
    const unexpected = [...byAddress].filter(([from]) => !this.isExpected(from)).map(([, all]) => all);
    const count = unexpected.reduce((sum, all) => sum + all.length, 0);
    return count > this.max ? unexpected.reduce((a, b) => (b.length > a.length ? b : a)) : [];
  }
}

/** Unique among the open connections. */
const keyOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
