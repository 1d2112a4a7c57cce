/**
 * Executes one action. An action that can't be repeated is recorded first. Each request has a precondition (UID,
 * resourceVersion, member ID, member list) and ends before the lease does.
 */
import type { Fleet } from "../../shared/etcd/fleet";
import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { EtcdClient } from "../../shared/etcd/client";
import { EtcdError } from "../../shared/etcd/error";
import {
  AlarmRequest_AlarmAction as AlarmAction,
  AlarmType,
  Cluster as Members,
  DowngradeRequest_DowngradeAction as DowngradeAction,
  KV,
  Maintenance,
} from "../../shared/etcd/rpc_pb";
import { ApiError } from "../../shared/kubernetes/api";
import type { Cluster } from "../../shared/kubernetes/cluster";
import type { Action, Failure, MemberStatus, World } from "../model";
import type { MemberId } from "../../shared/disk";
import { memberList } from "../../shared/etcd/members";
import { listKey } from "../../shared/etcd/members";
import { inShort, messageOf } from "../../shared/errors";

/** Parts of etcd's errors. It refuses membership changes for some seconds after a member has joined or restarted. */
const UNCONNECTED = "unhealthy cluster";
const BEHIND = "in sync with leader";

/** No request starts with less time left than this. */
export const LEAST_MS = 2000;
const LONGEST_MS = 8000;

/** How long one action fills the log, and with how many parallel requests. */
const FILL_MS = 3000;
const FILL_AT_ONCE = 32;

export interface Dependencies {
  readonly cluster: Pick<Cluster, "scale" | "deletePod" | "evictPod" | "deleteClaim" | "growClaim">;
  readonly fleet: Pick<Fleet, "member">;
  /** How long this process may still act. */
  readonly leftMs: () => number;
}

/** Returns undefined on success, or the failure. Never throws. */
export async function execute(
  action: Action,
  seen: Pick<World, "etcd">,
  dependencies: Dependencies,
): Promise<Failure | undefined> {
  try {
    await carryOut(action, new Execution(seen, dependencies));
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}

class Execution {
  constructor(
    private readonly seen: Pick<World, "etcd">,
    private readonly dependencies: Dependencies,
  ) {}

  get cluster(): Dependencies["cluster"] {
    return this.dependencies.cluster;
  }

  /** The timeout of a request. Called right before it, because the process may have been paused since the last one. */
  timeout(): number {
    const left = Math.min(LONGEST_MS, this.dependencies.leftMs());
    if (left < LEAST_MS) throw new Error("the lease is about to expire: nothing was done");
    return left;
  }

  ask<I extends DescMessage, O extends DescMessage>(
    member: EtcdClient,
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    return member.call(method, request, this.timeout());
  }

  /** The member with this ID. */
  of(memberId: MemberId): EtcdClient {
    return this.through((s) => s.memberId === memberId, `member ${memberId}`);
  }

  /** The leader, or another member that can do linearizable reads, but never `except`. */
  any(except?: MemberId): EtcdClient {
    const able = (s: MemberStatus) => s.linearizableRead === true && s.memberId !== except;
    const leads = (s: MemberStatus) => able(s) && s.leaderId === s.memberId;
    return this.find(leads) ?? this.through(able, "a healthy member");
  }

  private through(fits: (s: MemberStatus) => boolean, what: string): EtcdClient {
    const found = this.find(fits);
    if (!found) throw new Error(`${what} doesn't answer`);
    return found;
  }

  private find(fits: (s: MemberStatus) => boolean): EtcdClient | undefined {
    const { list, statuses } = this.seen.etcd;
    const ours = "problem" in list ? undefined : list.clusterId;
    const status = statuses.find((s) => s.answers && s.clusterId === ours && fits(s));
    return status && this.dependencies.fleet.member(status.podUid);
  }
}

async function carryOut(action: Action, execution: Execution): Promise<void> {
  const { cluster } = execution;
  switch (action.kind) {
    case "addLearner": {
      const member = execution.any();
      const list = memberList(await execution.ask(member, Members.method.memberList, { linearizable: true }));
      if (listKey(list) !== action.listKey) throw new Error("the member list has changed: nothing was added");
      await execution.ask(member, Members.method.memberAdd, { peerURLs: [action.peerUrl], isLearner: true });
      return;
    }
    case "promote":
      await execution.ask(execution.any(), Members.method.memberPromote, { ID: action.memberId });
      return;
    case "removeMember":
      try {
        await execution.ask(execution.any(action.memberId), Members.method.memberRemove, {
          ID: action.memberId,
        });
      } catch (error) {
        if (!(error instanceof EtcdError && error.code === "NOT_FOUND")) throw error;
      }
      return;
    case "moveLeader":
      await execution.ask(execution.of(action.from), Maintenance.method.moveLeader, { targetID: action.to });
      return;
    case "setReplicas": {
      const { replicas, statefulSetUid, resourceVersion } = action;
      return cluster.scale(replicas, statefulSetUid, resourceVersion, execution.timeout());
    }
    case "deletePod":
      return cluster.deletePod(action.name, action.uid, action.force, execution.timeout());
    case "evictPod":
      return cluster.evictPod(action.name, action.uid, execution.timeout());
    case "deleteClaim":
      return cluster.deleteClaim(action.name, action.uid, execution.timeout());
    case "growClaim": {
      const { name, uid, resourceVersion, bytes } = action;
      return cluster.growClaim(name, uid, resourceVersion, bytes, execution.timeout());
    }
    case "defragment":
      try {
        await execution.ask(execution.of(action.memberId), Maintenance.method.defragment, {});
      } catch (error) {
        // etcd continues after the timeout. The next defragmentation waits until this member answers again.
        if (!(error instanceof EtcdError && error.code === "DEADLINE_EXCEEDED")) throw error;
      }
      return;
    case "fillLog":
      return fillLog(execution, action.entries);
    case "compact":
      // Physical, because a defragmentation frees only what is already deleted.
      await execution.ask(execution.any(), KV.method.compact, {
        revision: BigInt(action.revision),
        physical: true,
      });
      return;
    case "disarm": {
      const [memberID, alarm] = [action.memberId, AlarmType[action.alarm]];
      await execution.ask(execution.any(), Maintenance.method.alarm, {
        action: AlarmAction.DEACTIVATE,
        memberID,
        alarm,
      });
      return;
    }
    case "enableDowngrade":
      await execution.ask(execution.any(), Maintenance.method.downgrade, {
        action: DowngradeAction.ENABLE,
        version: action.targetVersion,
      });
      return;
    case "cancelDowngrade":
      await execution.ask(execution.any(), Maintenance.method.downgrade, { action: DowngradeAction.CANCEL });
      return;
  }
}

/** Adds as many entries as time allows. The next round sees how many. */
async function fillLog(execution: Execution, entries: number): Promise<void> {
  const member = execution.any();
  const end = performance.now() + FILL_MS;
  let left = entries;
  const ask = async () => {
    while (left-- > 0 && performance.now() < end)
      await execution.ask(member, Maintenance.method.alarm, { action: AlarmAction.GET });
  };
  await Promise.all(Array.from({ length: FILL_AT_ONCE }, ask));
}

function failureOf(error: unknown): Failure {
  const words = inShort(messageOf(error));
  if (error instanceof EtcdError) return ofEtcd(error, words);
  if (error instanceof ApiError) return ofKubernetes(error, words);
  return { kind: "changed", words };
}

function ofEtcd({ code, details }: EtcdError, words: string): Failure {
  if (details.includes(UNCONNECTED)) {
    return { kind: "moment", words: `etcd waits until its voters have been connected for 5 s (${details})` };
  }
  if (details.includes(BEHIND)) return { kind: "moment", words: details };
  const unknown = ["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL", "UNKNOWN"].includes(code);
  return { kind: unknown ? "unanswered" : "refused", words };
}

function ofKubernetes({ status }: ApiError, words: string): Failure {
  if (status === 429) return { kind: "not-yet", words };
  if (status === 409) return { kind: "changed", words: `the object has changed meanwhile: ${words}` };
  return { kind: status === 0 || status > 500 ? "unanswered" : "refused", words };
}
