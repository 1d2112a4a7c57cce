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

/** A member that can give a snapshot. */
export interface Source {
  readonly url: string;
  readonly client: EtcdClient;
  readonly name: string;
  /** IDs are in hex, as etcdctl prints them. */
  readonly memberId: string;
  readonly clusterId: string;
  readonly version: string;
  readonly leads: boolean;
}

const ASK_MS = 5000;
/** The key need not exist. */
const ANY_KEY = Buffer.from("a");

interface Candidate {
  readonly url: string;
  readonly client: EtcdClient;
  readonly status: StatusResponse;
}

/**
 * The members that can give the snapshot, the best first: voters with a quorum, followers before the leader, because
 * reading the whole database costs disk and CPU time. Never a learner, which may lack most of the data, and never a
 * member with a CORRUPT alarm.
 *
 * Each of them has just done a linearizable read. So its applied data contains everything that was acknowledged before
 * this backup was started.
 */
export async function sources(
  urls: readonly string[],
  open: (url: string) => EtcdClient,
): Promise<readonly Source[]> {
  const problems: string[] = [];
  const candidates: Candidate[] = [];
  await Promise.all(
    urls.map(async (url) => {
      const client = open(url);
      try {
        candidates.push({ url, client, status: await client.call(Maintenance.method.status, {}, ASK_MS) });
      } catch (error) {
        problems.push(`${hostOf(url)}: ${messageOf(error)}`);
        client.close();
      }
    }),
  );
  const clusters = new Set(candidates.map((s) => s.status.header?.clusterId));
  if (clusters.size > 1) throw new Refusal("the members belong to different clusters");
  const corrupt = await corruptMembers(candidates, problems);
  const good = await Promise.all(candidates.map((s) => sourceFrom(s, corrupt, problems)));
  const found = good
    .filter((s) => s !== undefined)
    .sort((a, b) => Number(a.leads) - Number(b.leads) || order(b, a));
  if (found.length === 0) throw new Error(`no member can give a snapshot: ${problems.sort().join("; ")}`);
  return found;
}

async function sourceFrom(
  { url, client, status }: Candidate,
  corrupt: ReadonlySet<string>,
  problems: string[],
): Promise<Source | undefined> {
  const memberId = status.header?.memberId ?? "0";
  const exclude = (why: string): undefined => {
    problems.push(`${hostOf(url)}: ${why}`);
    client.close();
  };
  if (status.isLearner) return exclude("it is a learner and may lack data");
  if (corrupt.has(memberId)) return exclude("it has a CORRUPT alarm");
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
    return exclude(`it has no quorum (${messageOf(error)})`);
  }
}

async function corruptMembers(
  candidates: readonly Candidate[],
  problems: string[],
): Promise<ReadonlySet<string>> {
  for (const { client, url } of candidates) {
    try {
      const { alarms } = await client.call(Maintenance.method.alarm, { action: AlarmAction.GET }, ASK_MS);
      return new Set(alarms.filter((a) => a.alarm === AlarmType.CORRUPT).map((a) => a.memberID));
    } catch (error) {
      problems.push(`${hostOf(url)}: the alarms can't be read: ${messageOf(error)}`);
    }
  }
  return new Set();
}

const hostOf = (url: string): string => new URL(url).hostname.split(".")[0] ?? url;
const order = (a: Source, b: Source): number => a.name.localeCompare(b.name, "en", { numeric: true });
