/** etcd as the plan sees it. All members are asked in parallel, so a silent member delays nothing for long. */
import type { EtcdClient } from "../../shared/etcd/client";
import { EtcdError } from "../../shared/etcd/error";
import type { MemberListResponse, StatusResponse } from "../../shared/etcd/rpc_pb";
import {
  AlarmRequest_AlarmAction as AlarmAction,
  AlarmType,
  Cluster,
  KV,
  Maintenance,
} from "../../shared/etcd/rpc_pb";
import type { Hashes, Hashing } from "./hashes";
import type { Alarm, EtcdView, MemberStatus } from "../model";
import { memberList } from "../../shared/etcd/members";
import type { ClusterId } from "../../shared/disk";

const ASK_MS = 1500;

export interface Asked {
  readonly ordinal: number;
  readonly podUid: string;
  readonly name: string;
  readonly member: EtcdClient;
}

interface Answer extends Asked {
  readonly status: StatusResponse | EtcdError;
  /** Revision of a linearizable read. */
  readonly read: number | EtcdError;
  readonly list: MemberListResponse | EtcdError;
}

export async function etcdView(
  asked: readonly Asked[],
  clusterId: ClusterId | undefined,
  clusterVersion: (from: readonly MemberStatus[]) => Promise<string | undefined>,
  hashes: Hashes,
): Promise<EtcdView> {
  const answers = await Promise.all(asked.map(ask));
  const statuses = answers.map(statusOf);
  const list = pickList(answers, clusterId);
  // Members of another cluster report on their own cluster.
  const ours = answers.filter((a) => ofCluster(a, "problem" in list ? clusterId : list.clusterId));
  const alarms = await alarmsOf(ours);
  const revisions = ours.flatMap(({ read }) => (typeof read === "number" ? [read] : []));
  const revision = revisions.length > 0 ? Math.max(...revisions) : undefined;
  const ownStatuses = ours.map(statusOf);
  const corrupt = alarms.some((a) => a.type === "CORRUPT");
  if (!corrupt) hashes.forget();
  const downgrade = ours.map((a) => valueOf(a.status)?.downgradeInfo).find((d) => d?.enabled);
  return {
    list,
    statuses,
    alarms,
    clusterVersion: (await clusterVersion(ownStatuses)) ?? lowest(ownStatuses),
    revision,
    hashes: corrupt && revision !== undefined ? hashes.of(hashing(ours), revision) : undefined,
    downgrade: downgrade && { enabled: true, targetVersion: downgrade.targetVersion },
  };
}

async function ask(asked: Asked): Promise<Answer> {
  const { member } = asked;
  const [status, read, list] = await Promise.all([
    orError(member.call(Maintenance.method.status, {}, ASK_MS)),
    orError(linearizableRead(member)),
    orError(member.call(Cluster.method.memberList, { linearizable: true }, ASK_MS)),
  ]);
  return { ...asked, status, read, list };
}

/** The key need not exist. `etcdctl endpoint health` reads the same key. */
const ANY_KEY = Buffer.from("health");

async function linearizableRead(member: EtcdClient): Promise<number> {
  const answer = await member.call(KV.method.range, { key: ANY_KEY, countOnly: true }, ASK_MS);
  return Number(answer.header?.revision ?? 0);
}

async function orError<T>(call: Promise<T>): Promise<T | EtcdError> {
  try {
    return await call;
  } catch (error) {
    return error instanceof EtcdError ? error : new EtcdError("INTERNAL", String(error));
  }
}

function valueOf<T>(answer: T | EtcdError): T | undefined {
  return answer instanceof EtcdError ? undefined : answer;
}

function statusOf({ ordinal, podUid, status, read }: Answer): MemberStatus {
  if (status instanceof EtcdError) return { ordinal, podUid, answers: false, error: status.message };
  return {
    ordinal,
    podUid,
    answers: true,
    memberId: status.header?.memberId,
    clusterId: status.header?.clusterId,
    isLearner: status.isLearner,
    leaderId: status.leader === "0" ? undefined : status.leader,
    raftTerm: Number(status.raftTerm),
    raftIndex: Number(status.raftIndex),
    appliedIndex: Number(status.raftAppliedIndex),
    version: status.version,
    storageVersion: status.storageVersion === "" ? undefined : status.storageVersion,
    dbBytes: Number(status.dbSize),
    dbInUseBytes: Number(status.dbSizeInUse),
    quotaBytes: status.dbSizeQuota === 0n ? undefined : Number(status.dbSizeQuota),
    linearizableRead: typeof read === "number",
    errors: status.errors,
  };
}

function ofCluster(answer: Answer, clusterId: ClusterId | undefined): boolean {
  return clusterId === undefined || valueOf(answer.status)?.header?.clusterId === clusterId;
}

function pickList(answers: readonly Answer[], clusterId: ClusterId | undefined): EtcdView["list"] {
  const given = answers.flatMap(({ list }) => (list instanceof EtcdError ? [] : [list]));
  const chosen = given.find((l) => l.header?.clusterId === clusterId) ?? given[0];
  if (chosen) return memberList(chosen);
  if (answers.length === 0) return { problem: "there is no member to ask" };
  const errors = answers.flatMap(({ name, list }) =>
    list instanceof EtcdError ? [`${name}: ${list.message}`] : [],
  );
  return { problem: `no member has given a linearizable list: ${errors.join("; ")}` };
}

/** The plan ignores alarm types that a later etcd adds. */
const ALARMS: Readonly<Partial<Record<AlarmType, Alarm["type"]>>> = {
  [AlarmType.NOSPACE]: "NOSPACE",
  [AlarmType.CORRUPT]: "CORRUPT",
};

/**
 * A member's status has its alarms only as text. The text decides whether to ask for the alarms, because that question
 * adds an entry to every member's log. A member that is being defragmented answers late: then the next one is asked. If
 * none answers, the text counts, so an alarm never seems to be over because all members were slow.
 */
async function alarmsOf(answers: readonly Answer[]): Promise<readonly Alarm[]> {
  const errors = answers.flatMap((a) => valueOf(a.status)?.errors ?? []).filter((e) => /alarm/i.test(e));
  if (errors.length === 0) return [];
  for (const { list, member } of answers) {
    if (list instanceof EtcdError) continue;
    const answer = valueOf(
      await orError(member.call(Maintenance.method.alarm, { action: AlarmAction.GET }, ASK_MS)),
    );
    if (!answer) continue;
    return answer.alarms.flatMap(({ memberID: memberId, alarm }) => {
      const type = ALARMS[alarm];
      return type ? [{ memberId, type }] : [];
    });
  }
  return parseAlarms(errors);
}

/** As etcd prints them: `memberID:9372538179322589801 alarm:NOSPACE`. */
export function parseAlarms(errors: readonly string[]): readonly Alarm[] {
  const alarms = new Map<string, Alarm>();
  for (const error of errors) {
    const match = /memberID:\s*(\d+)\s+alarm:\s*(NOSPACE|CORRUPT)/.exec(error);
    if (match) alarms.set(match[0], { memberId: match[1] ?? "", type: match[2] as Alarm["type"] });
  }
  return [...alarms.values()];
}

function hashing(answers: readonly Answer[]): readonly Hashing[] {
  return answers.flatMap(({ member, status }): Hashing[] => {
    const answer = valueOf(status);
    const memberId = answer?.header?.memberId;
    if (memberId === undefined || answer?.isLearner) return [];
    const ask = async (revision: number, timeoutMs: number) => {
      const request = { revision: BigInt(revision) };
      const { hash, compactRevision } = await member.call(Maintenance.method.hashKV, request, timeoutMs);
      return { hash, compactRevision: Number(compactRevision) };
    };
    return [{ memberId, dbBytes: Number(answer?.dbSize ?? 0), ask }];
  });
}

/** etcd writes the cluster version with the patch 0. */
function lowest(statuses: readonly MemberStatus[]): string | undefined {
  const minors = statuses.flatMap(({ version }) => {
    const match = /^(\d+)\.(\d+)\./.exec(version ?? "");
    return match ? [[Number(match[1]), Number(match[2])] as const] : [];
  });
  const [first] = minors.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return first && `${first[0]}.${first[1]}.0`;
}
