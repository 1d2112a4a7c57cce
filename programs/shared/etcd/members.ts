import type { ClusterId, MemberId } from "../disk";
import type { MemberListResponse } from "./rpc_pb";

export interface MemberList {
  readonly clusterId: ClusterId;
  readonly members: readonly ListedMember[];
}

export interface ListedMember {
  readonly memberId: MemberId;
  /** Empty until the member has started once and published itself. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

export function memberList(answer: MemberListResponse): MemberList {
  return {
    clusterId: answer.header?.clusterId ?? "0",
    members: answer.members.map(({ ID, name, peerURLs, isLearner }) => ({
      memberId: ID,
      name,
      peerUrls: peerURLs,
      isLearner,
    })),
  };
}

/** Identifies a member list. etcd compares a joining member's list by the number of members and their peer URLs. */
export function listKey(list: MemberList): string {
  return list.members
    .map((m) => `${m.memberId}@${m.peerUrls.join("+")}`)
    .sort()
    .join(",");
}
