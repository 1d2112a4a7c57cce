import type { EtcdClient } from "../shared/etcd/client";
import { KV } from "../shared/etcd/rpc_pb";

const ASK_MS = 30_000;
const EVERY_KEY = Buffer.of(0);

/** The number of keys at a revision. Undefined if the member has compacted it, or doesn't answer. */
export async function countKeys(client: EtcdClient, revision: number): Promise<number | undefined> {
  const all = { key: EVERY_KEY, rangeEnd: EVERY_KEY, serializable: true, countOnly: true };
  try {
    const { count } = await client.call(KV.method.range, { ...all, revision: BigInt(revision) }, ASK_MS);
    return Number(count);
  } catch {
    return undefined;
  }
}
