import { addressOfPlace } from "./address";
import type { Place } from "./address";
import { EtcdClient } from "./client";
import type { Pair } from "./pair";

/** The connections to all members, by pod. A new pod, a new address or a new certificate gets a new connection. */
export class Fleet {
  private readonly open = new Map<string, { readonly key: string; readonly member: EtcdClient }>();

  constructor(private readonly pair: () => Pair) {}

  /** Opens a connection to each of these places, and closes all others. */
  keep(places: ReadonlyMap<string, Place>): void {
    const pair = this.pair();
    for (const [podUid, { member }] of this.open) {
      if (places.has(podUid)) continue;
      member.close();
      this.open.delete(podUid);
    }
    for (const [podUid, place] of places) {
      const key = [place.ip, place.port, place.serverName, pair.version].join(" ");
      const known = this.open.get(podUid);
      if (known?.key === key) continue;
      known?.member.close();
      this.open.set(podUid, { key, member: new EtcdClient(addressOfPlace(place), pair) });
    }
  }

  member(podUid: string): EtcdClient | undefined {
    return this.open.get(podUid)?.member;
  }

  close(): void {
    this.keep(new Map());
  }
}
