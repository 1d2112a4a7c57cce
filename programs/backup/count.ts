import { bool, bytes, count, message } from "../shared/etcd/wire";
import type { EtcdClient } from "../shared/etcd/client";

const ASK_MS = 30_000;
const EVERY_KEY = Buffer.of(0);

const range = {
  path: "/etcdserverpb.KV/Range",
  request: message({
    key: bytes(1),
    rangeEnd: bytes(2),
    revision: count(4),
    serializable: bool(7),
    countOnly: bool(9),
  }),
  answer: message({ count: count(4) }),
};

/** Keys at a revision. Undefined if the member doesn't know any more: it may have compacted it. */
export async function countKeys(client: EtcdClient, revision: number): Promise<number | undefined> {
  const all = { key: EVERY_KEY, rangeEnd: EVERY_KEY, revision, serializable: true, countOnly: true };
  try {
    return (await client.call(range, all, ASK_MS)).count;
  } catch {
    return undefined;
  }
}
