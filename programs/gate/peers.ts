import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

export type Lookup = (host: string) => Promise<readonly string[]>;

const systemLookup: Lookup = async (host) =>
  (await lookup(host, { all: true })).map((found) => found.address);

export interface PeerProblem {
  readonly why: string;
  /**
   * Whether etcd itself gets over the problem. It waits half a minute for a name without an address, as of a member
   * whose pod is gone. But it confuses two members whose names have the same address.
   */
  readonly tolerable: boolean;
}

/** Why a member should not join yet. etcd compares all peers by their addresses. */
export async function peerProblem(
  initialCluster: string,
  resolve: Lookup = systemLookup,
): Promise<PeerProblem | undefined> {
  const hosts = initialCluster.split(",").map((peer) => new URL(peer.slice(peer.indexOf("=") + 1)).hostname);
  const found = await Promise.all(hosts.map((host) => addressesOf(host, resolve)));
  const owner = new Map<string, string>();
  for (const [i, addresses] of found.entries()) {
    for (const address of addresses ?? []) {
      const other = owner.get(address);
      if (other && other !== hosts[i]) {
        return { why: `${other} and ${hosts[i]} have the same address, ${address}`, tolerable: false };
      }
      owner.set(address, hosts[i]!);
    }
  }
  const unknown = hosts.filter((_, i) => !found[i]);
  if (unknown.length === 0) return undefined;
  return { why: `there is no address for ${unknown.join(", ")}`, tolerable: true };
}

async function addressesOf(host: string, resolve: Lookup): Promise<readonly string[] | undefined> {
  const bare = host.replace(/^\[|\]$/g, "");
  if (isIP(bare)) return [bare];
  try {
    const addresses = await resolve(host);
    return addresses.length > 0 ? addresses : undefined;
  } catch {
    return undefined;
  }
}
