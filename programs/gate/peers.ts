import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

export type Lookup = (host: string) => Promise<readonly string[]>;

const system: Lookup = async (host) => (await lookup(host, { all: true })).map((found) => found.address);

export interface PeerProblem {
  readonly why: string;
  /**
   * Whether etcd would get over it: it waits half a minute for names that nobody has (a member's whose pod is gone),
   * but takes one member for the other where two have the same address.
   */
  readonly passes: boolean;
}

/** Why a member had better not join yet: etcd compares all peers by their addresses. */
export async function peerProblem(
  initialCluster: string,
  resolve: Lookup = system,
): Promise<PeerProblem | undefined> {
  const hosts = initialCluster.split(",").map((peer) => new URL(peer.slice(peer.indexOf("=") + 1)).hostname);
  const found = await Promise.all(hosts.map((host) => addressesOf(host, resolve)));
  const owner = new Map<string, string>();
  for (const [i, addresses] of found.entries()) {
    for (const address of addresses ?? []) {
      const other = owner.get(address);
      if (other && other !== hosts[i]) {
        return { why: `${other} and ${hosts[i]} have the same address, ${address}`, passes: false };
      }
      owner.set(address, hosts[i]!);
    }
  }
  const unknown = hosts.filter((_, i) => !found[i]);
  if (unknown.length === 0) return undefined;
  return { why: `no address is known of ${unknown.join(", ")}`, passes: true };
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
