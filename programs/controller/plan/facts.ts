/** What every concern of the plan works on. */
import type {
  ControllerRecord,
  Desired,
  MemberRecord,
  MemberStatus,
  PodView,
  StatefulSetView,
  World,
} from "../model";
import type { ListedMember, MemberList } from "../../shared/etcd/members";
import type { MemberId } from "../../shared/disk";

/** A member of etcd's list with everything that is known of it. */
export interface Member {
  readonly memberId: MemberId;
  readonly isLearner: boolean;
  readonly listed: ListedMember;
  /** Absent when none of its peer URLs is one of ours. */
  readonly ordinal?: number;
  readonly pod?: PodView;
  /** Of this member's own process; a process under another ID has none. */
  readonly status?: MemberStatus;
  readonly record?: MemberRecord;
  /** Why it doesn't count as healthy; absent when it does. */
  readonly unhealthyReason?: string;
}

/** The observation, indexed, with the record as it will be written. */
export interface Facts {
  readonly world: World;
  readonly now: number;
  readonly desired: Desired;
  readonly record: ControllerRecord;
  readonly sts: StatefulSetView;
  /** Why the record is taken for lost, although there is one. */
  readonly stale?: string;
  /** Why it isn't known yet whether the record is an old one. */
  readonly doubt?: string;
  readonly list?: MemberList;
  readonly members: readonly Member[];
  readonly voters: readonly Member[];
  readonly learners: readonly Member[];
  readonly healthy: readonly Member[];
}
