/**
 * The values that `observe`, `plan`, `act` and the gate's door exchange. Everything is plain, readonly JSON.
 *
 * Conventions: `atMs` and what ends in it (`floorMs`, `brokenMs`, …) is milliseconds since the epoch by the wall clock of the
 * controller that wrote it, and is compared only as `plan/age` does; `...Bytes` is bytes;
 * a member or cluster ID is a decimal string, because etcd's IDs are 64 bit and a JavaScript number is not.
 * Raft indexes, terms and revisions are numbers: they count up from 1 and stay below 2^53.
 * An ordinal is the number at the end of a StatefulSet pod's name.
 */
import type { DesiredState } from "../../../components/contract/desired";
import type { TrustStatement } from "../../../components/contract/trust";
import type { ClusterId, Disk, LogEnd, MemberId, Uid } from "../../shared/disk";
import type { MemberList } from "../../shared/etcd/members";
import type { Order, RestoreAnswer, RestoreReport } from "../../shared/protocol";

// ---------------------------------------------------------------------------------------------------------
// Desired: what the component declares

/** The declaration as it was read. */
export interface Desired extends DesiredState {
  /** Hash of everything declared, the pod template included: what the status must show once it is reached. */
  readonly hash: string;
}

// ---------------------------------------------------------------------------------------------------------
// Record: what the controller knows and would lose in a restart

/**
 * The controller's own memory, one ConfigMap, only ever written by compare-and-swap on its resourceVersion.
 * `plan` returns the next one; nobody else makes one up.
 */
export interface ControllerRecord {
  readonly format: 1;
  /** The lowest reader (see `observe/record`) that may act on it. Absent: the first. */
  readonly minReader?: number;
  /** Goes up by one with each act, so that a second controller's compare-and-swap fails. */
  readonly sequence: number;
  /** Generation that the members below belong to. */
  readonly generation: number;
  readonly birth: Birth;
  /** Members decided so far, at most one per ordinal. An ordinal that is missing is undecided or retired. */
  readonly members: readonly MemberRecord[];
  /** IDs that were members and are out of the list, newest last: nobody may begin with their disks again. */
  readonly removed?: readonly MemberId[];
  /** The one membership change under way. Written before its first step; taken back only by `plan`. */
  readonly intent?: Intent;
  /** What is remembered of an ordinal across its members. */
  readonly notes: readonly OrdinalNotes[];
  /** Claims given up with their nodes: something may still write to them, so no pod may ever start from one. */
  readonly abandoned: readonly GivenUp[];
  /** Cluster version last seen (`3.6.0`): decides whether a half-done upgrade may still be rolled back by binary. */
  readonly clusterVersion?: string;
  /**
   * Of the log: up to `until` there may be entries that 3.5 wrote in a form which 3.7 can't read; without it, 3.5 may
   * still write more. Absent: there are none, or they are before every member's last snapshot.
   */
  readonly oldLog?: { readonly until?: number };
  /** For how long the controllers so far have seen what a decision about a member or a claim waits for. */
  readonly ages?: readonly CarriedAge[];
  /** Set while a NOSPACE alarm is being worked on. */
  readonly space?: SpaceWork;
  /** The next generation, while it is made. Until it is done, `generation`, `birth` and `members` are the old one's. */
  readonly rebuild?: Rebuild;
  /** How the present generation was made, for whoever asks later. */
  readonly made?: Made;
  /** IDs of the clusters that restores and recoveries have replaced. Absent: an earlier release made the generation. */
  readonly replaced?: readonly ClusterId[];
}

/** See `plan/age`. */
export interface CarriedAge {
  readonly what: string;
  readonly ms: number;
  readonly atMs: number;
}

export interface Rebuild {
  readonly generation: number;
  readonly kind: "restore" | "recovery";
  /**
   * `stopping`: written before the first pod is stopped. `building`: every pod of the old generation was confirmed gone,
   * or its volume is given up; pods come back, and their gates hold.
   */
  readonly phase: "stopping" | "building";
  /** What a recovery had chosen that made way for this: evidence of how far the newest disk was. */
  readonly before?: OrdinalClaim & LogEnd;
  /** Of a recovery: whose disk it is made from. */
  readonly survivor?: Survivor;
  /**
   * From just before the seed is told to take the restored data: there is no way back from here. With a `generation`, it
   * was that of an earlier one, which was left half made.
   */
  readonly seed?: { readonly jobPodUid: Uid; readonly sha256: string; readonly generation?: number };
}

export interface Survivor extends OrdinalClaim, LogEnd {
  /** The other disks, and why none of them was taken, in words. */
  readonly passedOver?: string;
}

export interface Made {
  readonly generation: number;
  /** `restore`, `recovery` or `adoption` (of a cluster whose record was lost), or what a later release knows. */
  readonly kind: string;
  readonly atMs: number;
  readonly words: string;
  /** For how long the cluster was seen whole since, and when that was last looked at: see `plan/quarantine`. */
  readonly wholeMs?: number;
  readonly countedMs?: number;
  /** The first good backup of its data that was seen while it was whole. */
  readonly backup?: string;
}

/** From one compaction on. A later one begins anew, so that what is done again and again is bounded by it. */
export interface SpaceWork {
  readonly revision: number;
  readonly atMs: number;
  /** False until etcd has said so: the compaction may have to be asked for again. */
  readonly compacted: boolean;
  /** How often each member was defragmented since. Counted before it is done. */
  readonly defragmented: readonly {
    readonly memberId: MemberId;
    readonly times: number;
    /** Why the last one failed, in etcd's words. */
    readonly failed?: string;
  }[];
}

export interface OrdinalClaim {
  readonly ordinal: number;
  readonly claimUid: Uid;
}

export interface GivenUp extends OrdinalClaim {
  /** By a restore or a recovery, which has neither forced its pod nor deleted its claim: it can be taken back. */
  readonly untouched?: boolean;
}

export type Birth =
  /** No cluster is known: either none exists, or the record was lost beside living disks. */
  | { readonly state: "unborn" }
  /** The seed was told to create a cluster; whether it did is not known yet. */
  | {
      readonly state: "seeding";
      /** `initial-cluster-token`; fixes member and cluster ID together with the peer URL. */
      readonly token: string;
      readonly podUid: Uid;
      readonly claimUid: Uid;
    }
  /** Disks with data were found without a record; their members may start, nothing may be changed yet. */
  | {
      readonly state: "adopting";
      readonly clusterId: ClusterId;
      /** Voters by the disk with the newest last entry, when all volumes had been looked at. */
      readonly voters: readonly MemberId[];
      readonly start: readonly AdoptedDisk[];
    }
  | {
      readonly state: "born";
      readonly clusterId: ClusterId;
      /**
       * True once somebody has written to it or has had the time to, or from just before the first promotion, or once the
       * declared state was reached: from then on a birth is never repeated, whatever the disks look like.
       */
      readonly sealed: boolean;
    };

export interface AdoptedDisk extends OrdinalClaim {
  readonly memberId: MemberId;
}

export interface MemberRecord {
  readonly ordinal: number;
  readonly claimUid: Uid;
  readonly memberId: MemberId;
  /**
   * Applied raft index that was seen on this member, at most about a minute old. A disk whose log ends below it was
   * rolled back: it has forgotten entries and votes that it acknowledged.
   */
  readonly floor: number;
  readonly floorMs: number;
  /**
   * `ordered`: the join was or may be given to `podUid`, and etcd was not seen running yet: the order may be repeated.
   * `started`: etcd was seen running under this ID: an empty disk is now a lost one. Precedes every promotion.
   */
  readonly phase: "ordered" | "started";
  /** The one pod that may get the join order. */
  readonly joinPodUid?: Uid;
  /** Member list (see `listKey`) that the join order was made from; if etcd's differs now, etcd would exit. */
  readonly joinListKey?: string;
  /** Best applied index of a learner, and when it was last seen to advance: a learner that stops is removed. */
  readonly progress?: { readonly index: number; readonly atMs: number };
}

export interface OrdinalNotes {
  readonly ordinal: number;
  /** A member was removed here to be replaced: adding its successor goes before everything but safety. */
  readonly replacing?: boolean;
  /** A pod that was deleted because etcd failed again and again in it. The second such pod makes the disk broken. */
  readonly suspect?: { readonly podUid: Uid; readonly revision: string; readonly atMs: number };
  /** When a disk was last declared broken here: at most one such replacement an hour. */
  readonly brokenMs?: number;
  /** When a learner was last given up here: the next one waits a while. */
  readonly failedJoinMs?: number;
  readonly defragmentedMs?: number;
  /** The pod that was restarted because its etcd read nothing linearizably for long. */
  readonly unreadPodUid?: Uid;
  /** The pod that is or was made anew so that its volume takes this size: once for each. */
  readonly remount?: { readonly claimUid: Uid; readonly bytes: number; readonly podUid: Uid };
  /** The claim that was seen to hold another cluster's data: see `plan/foreign`. */
  readonly foreignClaimUid?: Uid;
}

export type Intent =
  /** A learner is to be added for this pod. Its ID is known only from the list afterwards. */
  | {
      readonly kind: "add";
      readonly ordinal: number;
      readonly claimUid: Uid;
      readonly podUid: Uid;
      readonly peerUrl: string;
      readonly atMs: number;
    }
  /** This member is to be removed; once written, it is never started again. */
  | {
      readonly kind: "remove";
      /** Absent when the member is none of ours: its peer URL is foreign. */
      readonly ordinal?: number;
      readonly memberId: MemberId;
      readonly claimUid: Uid;
      readonly why: RemovalCause;
      readonly atMs: number;
    }
  /** A later release wrote it down. What it means isn't known, so no member and no claim comes or goes. */
  | { readonly kind: "unread"; readonly written: object };

export type RemovalCause =
  "lost-disk" | "broken-disk" | "lost-node" | "corrupt" | "shrink" | "failed-join" | "foreign-learner";

// ---------------------------------------------------------------------------------------------------------
// World: one observation

export interface World {
  /** When the observation was complete, by this process's wall clock: for stamps only. */
  readonly nowMs: number;
  /** For how long what grows old (`plan/age`) has been seen to hold, by a clock that nobody can set. */
  readonly ages: Readonly<{ [what: string]: number }>;
  /** Whether this controller holds the lease, with enough of it left to act. */
  readonly holdsLease: boolean;
  /** Or why the annotation can't be obeyed: missing, unknown format, not JSON. */
  readonly desired: Desired | { readonly problem: string };
  /**
   * Absent when there is none yet; a record that can't be read is a problem, never an absent one. Read before
   * everything else: then whatever is newer than the record fails its compare-and-swap, instead of being undone.
   */
  readonly record?: ControllerRecord | { readonly problem: string };
  readonly statefulSet?: StatefulSetView;
  /** All pods of the StatefulSet, deleted ones too until they are gone. */
  readonly pods: readonly PodView[];
  /** All claims whose name is that of a member's volume, whatever the replicas. */
  readonly claims: readonly ClaimView[];
  /** Gates that are asking now (last heard of within seconds), one per pod at most. */
  readonly gates: readonly GateReport[];
  readonly etcd: EtcdView;
  /** The pod that makes the declared generation's data, while there is one. */
  readonly restore?: RestoreView;
  /** The newest good backup, of whatever cluster. Looked for only while a decision hangs on it. */
  readonly backup?: { readonly name: string; readonly clusterId: ClusterId };
  /** What this process tried. Used only for steps that are safe to repeat, and to tell why one isn't done. */
  readonly tries?: Tries;
}

export interface Tries {
  /** The last act, by its name (`nameOf`), if it was done. */
  readonly done?: string;
  /** Acts that have failed, and were not done since. `rests`: the next try isn't due yet. */
  readonly failed: readonly (Failure & { readonly act: string; readonly rests: boolean })[];
}

/** Why an act was not done. */
export interface Failure {
  /**
   * `moment`: it can be done within seconds. `not-yet`: when somebody else is through. `changed`: what it was decided on
   * has changed. `unanswered`: it may have been done all the same. `refused`: perhaps for good.
   */
  readonly kind: "moment" | "not-yet" | "changed" | "unanswered" | "refused";
  /** Of Kubernetes or etcd, on one line. */
  readonly words: string;
}

export interface RestoreView {
  readonly pod?: {
    readonly uid: Uid;
    readonly name: string;
    /** What keeps it from going on: a container that fails and its last words, or no node. */
    readonly problem?: string;
  };
  /**
   * Of any pod of this generation, in words: it asks for another declaration. Its Job goes on trying, and what a later
   * try finds isn't used: the cluster may have been written to for hours since somebody read that nothing is done.
   */
  readonly refusal?: string;
  /** What its step said last, within seconds. */
  readonly report?: RestoreReport;
}

export interface StatefulSetView {
  readonly uid: Uid;
  readonly resourceVersion: string;
  /** `spec.replicas`. */
  readonly replicas: number;
  /** `status.updateRevision`. */
  readonly updateRevision: string;
  /** Whether `status.observedGeneration` is the object's generation: else updateRevision is not yet known. */
  readonly observed: boolean;
  readonly deleting: boolean;
  /** Of the pod template. */
  readonly trust?: TrustView;
}

/** What a pod, or the template, says that it shows and trusts. Absent where nothing is said: of an earlier release. */
export type TrustView =
  /** `key` names the statement to whoever waits for it. */
  { readonly key: string; readonly statement: TrustStatement } | { readonly problem: string };

export interface PodView {
  readonly name: string;
  readonly ordinal: number;
  readonly uid: Uid;
  readonly phase: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
  /** Condition Ready: etcd's `/readyz`, thus a linearizable read seen by the kubelet. */
  readonly ready: boolean;
  /** Label `controller-revision-hash`. */
  readonly revision: string;
  /** etcd version of this pod's template, from its annotation. */
  readonly etcdVersion: string;
  /** Generation of this pod's template, from its annotation. Absent in pods of older releases. */
  readonly generation?: number;
  readonly trust?: TrustView;
  readonly nodeName?: string;
  /** Its IP address, as Kubernetes has it. A dead node's pod keeps it after it was given to another. */
  readonly address?: string;
  /** Its deletion was asked for, with this grace of its own. */
  readonly deleting?: { readonly graceMs: number };
  readonly claimName: string;
  /** UID of the claim of that name now. Absent while there is none. */
  readonly claimUid?: Uid;
  /** The init container. */
  readonly gate: ContainerView;
  /** What the volume doesn't let the gate do, or why data doesn't come or go, by its own words. */
  readonly gateProblem?: string;
  readonly etcd: ContainerView;
  /**
   * What else Kubernetes says of a pod that doesn't run: why it ended it (`Evicted`, `OutOfcpu`, `NodeAffinity`), or what
   * it waits for before it looks for a node (`SchedulingGated`).
   */
  readonly words?: string;
  /** Why the scheduler can't place it, in its words. */
  readonly unschedulable?: string;
}

export interface ContainerView {
  readonly state: "waiting" | "running" | "terminated";
  /** `CrashLoopBackOff`, `ImagePullBackOff`, ... */
  readonly waitingReason?: string;
  /** Kubernetes' own words about it. */
  readonly waitingMessage?: string;
  readonly restarts: number;
  /** How it ended last, whatever its state now. */
  readonly lastExit?: {
    readonly code: number;
    readonly oomKilled: boolean;
    readonly atMs: number;
    /** Its last words, on one line. */
    readonly words?: string;
  };
}

export interface ClaimView {
  readonly name: string;
  readonly ordinal: number;
  readonly uid: Uid;
  readonly resourceVersion: string;
  readonly phase: "Pending" | "Bound" | "Lost";
  /**
   * It is to have a volume that may hold data: one that it names or selects, or a copy. Any other claim that is
   * `Pending` never had a disk.
   */
  readonly comesFilled?: true;
  /** `spec.resources.requests.storage`. */
  readonly requestedBytes: number;
  /** `status.capacity.storage`; 0 while pending. */
  readonly actualBytes: number;
  /** Why it doesn't get the size that was asked for, in Kubernetes' words. */
  readonly growthProblem?: string;
  /** The volume has its size, the file system grows when it is mounted: within a minute or so, or in the next pod. */
  readonly awaitsMount?: true;
  readonly deleting: boolean;
}

// ---------------------------------------------------------------------------------------------------------
// The gate

/**
 * The door forgets a report as soon as it has answered `start`, `birth` or `join` to it: a gate that is still there
 * asks again, and what it saw before is no longer true of a disk on which etcd runs.
 */
export interface GateReport {
  readonly podUid: Uid;
  /** When it last asked. */
  readonly atMs: number;
  readonly disk: Disk;
  /** Directories that were set aside, newest first. */
  readonly aside: readonly string[];
  /** Whether a hold stands on this disk: the gate was told never to start it by itself. */
  readonly held: boolean;
  /** What its volume doesn't let it do, or why data doesn't come or go, in words. */
  readonly problem?: string;
}

// ---------------------------------------------------------------------------------------------------------
// etcd

export interface EtcdView {
  /**
   * A linearizable MemberList, from any member that gave one; once the record knows the cluster's ID, from a member of
   * that cluster before any other.
   */
  readonly list: MemberList | { readonly problem: string };
  /** One per pod that was asked, whether it answered or not. */
  readonly statuses: readonly MemberStatus[];
  readonly alarms: readonly Alarm[];
  /** `etcdcluster` of `/version`, or the lowest member version when that is not to be had. */
  readonly clusterVersion?: string;
  /** Revision of a linearizable read. */
  readonly revision?: number;
  /** HashKV of voters at one revision: only while a CORRUPT alarm is raised, and once they have answered. */
  readonly hashes?: readonly MemberHash[];
  /** etcd's own downgrade job (3.6+). */
  readonly downgrade?: { readonly enabled: boolean; readonly targetVersion: string };
}

export interface MemberStatus {
  readonly ordinal: number;
  readonly podUid: Uid;
  /** Whether Status was answered in time. The fields below are absent if not. */
  readonly answers: boolean;
  readonly error?: string;
  /** From the response's header. */
  readonly memberId?: MemberId;
  readonly clusterId?: ClusterId;
  readonly isLearner?: boolean;
  /** Absent when it knows none. */
  readonly leaderId?: MemberId;
  readonly raftTerm?: number;
  /** `raftIndex`: committed. */
  readonly raftIndex?: number;
  readonly appliedIndex?: number;
  readonly version?: string;
  /** Of its data's format (3.6+); follows the cluster version a moment later. */
  readonly storageVersion?: string;
  readonly dbBytes?: number;
  readonly dbInUseBytes?: number;
  /** The quota that this process obeys. Told from etcd 3.6 on. */
  readonly quotaBytes?: number;
  /** Whether this member did a linearizable read (a learner can't). */
  readonly linearizableRead?: boolean;
  readonly errors?: readonly string[];
}

export interface Alarm {
  readonly memberId: MemberId;
  readonly type: "NOSPACE" | "CORRUPT";
}

export interface MemberHash {
  readonly memberId: MemberId;
  readonly revision: number;
  readonly compactRevision: number;
  readonly hash: number;
}

// ---------------------------------------------------------------------------------------------------------
// Decision

export type Action =
  /** Refused by `act` if the list it reads right before differs from `listKey`. */
  | {
      readonly kind: "addLearner";
      readonly ordinal: number;
      readonly peerUrl: string;
      readonly listKey: string;
    }
  | { readonly kind: "promote"; readonly ordinal: number; readonly memberId: MemberId }
  | { readonly kind: "removeMember"; readonly ordinal?: number; readonly memberId: MemberId }
  | { readonly kind: "moveLeader"; readonly from: MemberId; readonly to: MemberId }
  | {
      readonly kind: "setReplicas";
      readonly replicas: number;
      readonly statefulSetUid: Uid;
      readonly resourceVersion: string;
    }
  /** `force`: grace period 0, the kubelet is not waited for. */
  | { readonly kind: "deletePod"; readonly name: string; readonly uid: Uid; readonly force: boolean }
  /** Through the Eviction API, so that the disruption budget has the last word (429: try again). */
  | { readonly kind: "evictPod"; readonly name: string; readonly uid: Uid }
  | { readonly kind: "deleteClaim"; readonly name: string; readonly uid: Uid }
  | {
      readonly kind: "growClaim";
      readonly name: string;
      readonly uid: Uid;
      readonly resourceVersion: string;
      readonly bytes: number;
    }
  | { readonly kind: "defragment"; readonly ordinal: number; readonly memberId: MemberId }
  /** Requests that change nothing, each an entry in every member's log: after enough of them it makes a snapshot. */
  | { readonly kind: "fillLog"; readonly entries: number }
  /** An `already compacted` answer is an error: etcd may still be at it. */
  | { readonly kind: "compact"; readonly revision: number }
  | { readonly kind: "disarm"; readonly memberId: MemberId; readonly alarm: Alarm["type"] }
  | { readonly kind: "enableDowngrade"; readonly targetVersion: string }
  | { readonly kind: "cancelDowngrade" };

export interface Decision {
  /**
   * To be written by compare-and-swap (on the resourceVersion that was observed) before `action` and before any of
   * `orders` is given. Always there when there is an action; may be there alone.
   */
  readonly record?: ControllerRecord;
  readonly action?: Action;
  /** By pod UID, for every gate in the observation. Good until the next decision. */
  readonly orders: Readonly<{ [podUid: Uid]: Order }>;
  /** Those to start that rest on the record as it was read: good also when `record` can't be written. */
  readonly starts?: Readonly<{ [podUid: Uid]: Order }>;
  /** Something can't be read or understood: gates aren't to wait for it, and go by their own rule. */
  readonly undecided?: true;
  /** For the restore pod, if there is one. */
  readonly restore?: RestoreAnswer;
  /** One sentence for a person: what is done or waited for, and why. */
  readonly reason: string;
  /** Why what is declared can't be, as the cluster is. Waiting won't help; the status shows it beside the reason. */
  readonly refused?: string;
  /** The declared hash, when everything declared is reached; the status shows it. */
  readonly converged?: string;
  /** The key of the declared trust, when all pods agree with it, or why they don't. Absent: nothing can be said. */
  readonly trust?: { readonly agreed: string } | { readonly problem: string };
  /** Worth an Event, at most once while they stay the same. */
  readonly warnings: readonly string[];
}
