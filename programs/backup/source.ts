import { hexId } from "../shared/backups/manifest";
import { Refusal } from "../shared/refusal";
import type { EtcdClient } from "../shared/etcd/client";
import type { StatusResponse } from "../shared/etcd/rpc_pb";
import {
  AlarmRequest_AlarmAction as AlarmAction,
  AlarmType,
  Cluster,
  KV,
  Maintenance,
} from "../shared/etcd/rpc_pb";
import { messageOf } from "../shared/errors";

/** The member that a snapshot is taken from. */
export interface Source {
  readonly url: string;
  readonly client: EtcdClient;
  readonly name: string;
  /** As etcdctl prints them. */
  readonly memberId: string;
  readonly clusterId: string;
  readonly version: string;
  readonly leads: boolean;
}

const ASK_MS = 5000;
/** Need not exist. */
const ANY_KEY = Buffer.from("a");

interface Seen {
  readonly url: string;
  readonly client: EtcdClient;
  readonly status: StatusResponse;
}

/**
 * Who may give the snapshot, the best first: voters that take part in the quorum, followers before the leader, because
 * reading the whole database costs the disk's and the processor's time. Never a learner, which may lack most of it; never
 * one that an alarm calls corrupt.
 *
 * Each of them did a linearizable read just now: what it has applied holds everything that was acknowledged before this
 * backup was begun.
 */
export async function sources(
  urls: readonly string[],
  open: (url: string) => EtcdClient,
): Promise<readonly Source[]> {
  const problems: string[] = [];
  const seen: Seen[] = [];
  await Promise.all(
    urls.map(async (url) => {
      const client = open(url);
      try {
        seen.push({ url, client, status: await client.call(Maintenance.method.status, {}, ASK_MS) });
      } catch (error) {
        problems.push(`${hostOf(url)}: ${messageOf(error)}`);
        client.close();
      }
    }),
  );
  const clusters = new Set(seen.map((s) => s.status.header?.clusterId));
  if (clusters.size > 1) throw new Refusal("the members are of different clusters");
  const corrupt = await corruptMembers(seen, problems);
  const good = await Promise.all(seen.map((s) => judge(s, corrupt, problems)));
  const found = good
    .filter((s) => s !== undefined)
    .sort((a, b) => Number(a.leads) - Number(b.leads) || order(b, a));
  if (found.length === 0) throw new Error(`no member can give a snapshot: ${problems.sort().join("; ")}`);
  return found;
}

async function judge(
  { url, client, status }: Seen,
  corrupt: ReadonlySet<string>,
  problems: string[],
): Promise<Source | undefined> {
  const memberId = status.header?.memberId ?? "0";
  const out = (why: string): undefined => {
    problems.push(`${hostOf(url)}: ${why}`);
    client.close();
  };
  if (status.isLearner) return out("it is a learner, which may lack what the others have");
  if (corrupt.has(memberId)) return out("its alarm says that its data is corrupt");
  try {
    await client.call(KV.method.range, { key: ANY_KEY, limit: 1n, countOnly: true }, ASK_MS);
    const { members } = await client.call(Cluster.method.memberList, { linearizable: true }, ASK_MS);
    const name = members.find((m) => m.ID === memberId)?.name ?? "";
    return {
      url,
      client,
      name,
      memberId: hexId(memberId),
      clusterId: hexId(status.header?.clusterId ?? "0"),
      version: status.version,
      leads: status.leader === memberId,
    };
  } catch (error) {
    return out(`it takes no part in a quorum (${messageOf(error)})`);
  }
}

async function corruptMembers(seen: readonly Seen[], problems: string[]): Promise<ReadonlySet<string>> {
  for (const { client, url } of seen) {
    try {
      const { alarms } = await client.call(Maintenance.method.alarm, { action: AlarmAction.GET }, ASK_MS);
      return new Set(alarms.filter((a) => a.alarm === AlarmType.CORRUPT).map((a) => a.memberID));
    } catch (error) {
      problems.push(`${hostOf(url)}: the alarms can't be asked for: ${messageOf(error)}`);
    }
  }
  return new Set();
}

const hostOf = (url: string): string => new URL(url).hostname.split(".")[0] ?? url;
const order = (a: Source, b: Source): number => a.name.localeCompare(b.name, "en", { numeric: true });
