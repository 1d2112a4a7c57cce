import type { ClusterId, MemberId } from "../disk";
import type { ListAnswer } from "./messages";

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

export function memberList(answer: ListAnswer): MemberList {
  return {
    clusterId: answer.header?.clusterId ?? "0",
    members: answer.members.map(({ id, name, peerUrls, isLearner }) => ({
      memberId: id,
      name,
      peerUrls,
      isLearner,
    })),
  };
}

/** What etcd compares a joining member's list with: how many members, and their peer URLs. */
export function listKey(list: MemberList): string {
  return list.members
    .map((m) => `${m.memberId}@${m.peerUrls.join("+")}`)
    .sort()
    .join(",");
}
