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

/** A member of etcd's list, with everything that is known of it. */
export interface Member {
  readonly memberId: MemberId;
  readonly isLearner: boolean;
  readonly listed: ListedMember;
  /** Absent when none of its peer URLs is a declared one. */
  readonly ordinal?: number;
  readonly pod?: PodView;
  /** From this member's own process. A process that runs under another ID doesn't count. */
  readonly status?: MemberStatus;
  readonly record?: MemberRecord;
  /** Why it isn't healthy. Absent when it is. */
  readonly unhealthyReason?: string;
}

/** The observation, indexed, with the record as it will be written. */
export interface Facts {
  readonly world: World;
  readonly now: number;
  readonly desired: Desired;
  readonly record: ControllerRecord;
  readonly sts: StatefulSetView;
  /** Why the record counts as lost although there is one. */
  readonly stale?: string;
  /** Why it isn't known yet whether the record is an old one. */
  readonly doubt?: string;
  readonly list?: MemberList;
  readonly members: readonly Member[];
  readonly voters: readonly Member[];
  readonly learners: readonly Member[];
  readonly healthy: readonly Member[];
}
