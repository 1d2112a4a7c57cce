/**
 * The part of etcd's `rpc.proto` that the controller speaks; the same in 3.5, 3.6 and 3.7, where a field that an older
 * version doesn't send reads as absent.
 */
import type { Content, Message } from "./wire";
import { bool, choice, count, id, list, message, nested, text } from "./wire";

const header = message({ clusterId: id(1), memberId: id(2), revision: count(3), raftTerm: count(4) });

const member = message({
  id: id(1),
  name: text(2),
  peerUrls: list(text(3)),
  clientUrls: list(text(4)),
  isLearner: bool(5),
});

const onlyHeader = message({ header: nested(1, header) });
const membersAfter = message({ header: nested(1, header), members: list(nested(2, member)) });
const nothing = message({});

const alarmTypes = ["NONE", "NOSPACE", "CORRUPT"] as const;

export interface Method<Q, A> {
  readonly path: string;
  readonly request: Message<Q>;
  readonly answer: Message<A>;
}

const method = <Q, A>(name: string, request: Message<Q>, answer: Message<A>): Method<Q, A> => ({
  path: `/etcdserverpb.${name}`,
  request,
  answer,
});

export const methods = {
  range: method(
    "KV/Range",
    message({ key: text(1), limit: count(3), serializable: bool(7), keysOnly: bool(8), countOnly: bool(9) }),
    message({ header: nested(1, header), count: count(4) }),
  ),
  compact: method("KV/Compact", message({ revision: count(1), physical: bool(2) }), onlyHeader),
  memberList: method("Cluster/MemberList", message({ linearizable: bool(1) }), membersAfter),
  memberAdd: method(
    "Cluster/MemberAdd",
    message({ peerUrls: list(text(1)), isLearner: bool(2) }),
    message({ header: nested(1, header), member: nested(2, member), members: list(nested(3, member)) }),
  ),
  memberRemove: method("Cluster/MemberRemove", message({ id: id(1) }), membersAfter),
  memberPromote: method("Cluster/MemberPromote", message({ id: id(1) }), membersAfter),
  status: method(
    "Maintenance/Status",
    nothing,
    message({
      header: nested(1, header),
      version: text(2),
      dbSize: count(3),
      leader: id(4),
      raftIndex: count(5),
      raftTerm: count(6),
      raftAppliedIndex: count(7),
      errors: list(text(8)),
      dbSizeInUse: count(9),
      isLearner: bool(10),
      // From 3.6 on.
      storageVersion: text(11),
      dbSizeQuota: count(12),
      downgrade: nested(13, message({ enabled: bool(1), targetVersion: text(2) })),
    }),
  ),
  alarm: method(
    "Maintenance/Alarm",
    message({
      action: choice(1, ["GET", "ACTIVATE", "DEACTIVATE"]),
      memberId: id(2),
      alarm: choice(3, alarmTypes),
    }),
    message({
      header: nested(1, header),
      alarms: list(nested(2, message({ memberId: id(1), alarm: choice(2, alarmTypes) }))),
    }),
  ),
  defragment: method("Maintenance/Defragment", nothing, onlyHeader),
  hashKv: method(
    "Maintenance/HashKV",
    message({ revision: count(1) }),
    message({ header: nested(1, header), hash: count(2), compactRevision: count(3) }),
  ),
  moveLeader: method("Maintenance/MoveLeader", message({ targetId: id(1) }), onlyHeader),
  downgrade: method(
    "Maintenance/Downgrade",
    message({ action: choice(1, ["VALIDATE", "ENABLE", "CANCEL"]), version: text(2) }),
    message({ header: nested(1, header), version: text(2) }),
  ),
};

export type StatusAnswer = Content<(typeof methods)["status"]["answer"]>;
export type ListAnswer = Content<(typeof methods)["memberList"]["answer"]>;
