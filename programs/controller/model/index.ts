/**
 * The values that `observe`, `plan`, `act` and the controller's server exchange. Everything is plain, readonly JSON.
 *
 * Conventions: `atMs` and names that end in `Ms` (`floorMs`, `brokenMs`, …) are milliseconds since the epoch by the
 * wall clock of the controller that wrote them, compared only as `plan/age` does; `...Bytes` is bytes; a member or
 * cluster ID is a decimal string, because etcd's IDs have 64 bits and a JavaScript number doesn't. Raft indexes, terms
 * and revisions are numbers: they count up from 1 and stay below 2^53. An ordinal is the number at the end of a
 * StatefulSet pod's name.
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
  /** Hash of the whole declaration, including the pod template. The status shows it once it is reached. */
  readonly hash: string;
}

// ---------------------------------------------------------------------------------------------------------
// Record: what the controller knows and would lose in a restart

/**
 * The controller's memory: one ConfigMap, written only by compare-and-swap on its resourceVersion, and only as `plan`
 * returns it. Older releases read it, so its fields and values keep their names.
 */
export interface ControllerRecord {
  readonly format: 1;
  /** The lowest reader (see `model/record`) that may act on it. Absent: the first. */
  readonly minReader?: number;
  /** Goes up by one with each action, so that a second controller's compare-and-swap fails. */
  readonly sequence: number;
  /** The generation of the members below. */
  readonly generation: number;
  readonly birth: Birth;
  /** At most one per ordinal. A missing ordinal is undecided or retired. */
  readonly members: readonly MemberRecord[];
  /** IDs of removed members, newest last: no member may start with their disks again. */
  readonly removed?: readonly MemberId[];
  /** The one membership change under way. Written before its first step, taken back only by `plan`. */
  readonly intent?: Intent;
  /** What is remembered of an ordinal, whichever member it has. */
  readonly notes: readonly OrdinalNotes[];
  /** Claims abandoned with their nodes: something may still write to them, so no pod may ever start from one. */
  readonly abandoned: readonly GivenUp[];
  /** The cluster version last seen (`3.6.0`): decides whether a half-done upgrade can be rolled back by binary. */
  readonly clusterVersion?: string;
  /**
   * Log entries up to `until` may be in a form that 3.5 wrote and 3.7 can't read. Without `until`, 3.5 may still write
   * more. Absent: there are none, or they are before every member's last snapshot.
   */
  readonly oldLog?: { readonly until?: number };
  /** How long the controllers so far have seen what a decision about a member or a claim waits for. */
  readonly ages?: readonly CarriedAge[];
  /** Set while a NOSPACE alarm is being handled. */
  readonly space?: SpaceWork;
  /** The next generation, while it is made. Until then `generation`, `birth` and `members` are the old one's. */
  readonly rebuild?: Rebuild;
  /** How the present generation was made, for later questions. */
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
   * `stopping`: written before the first pod is stopped. `building`: every pod of the old generation was confirmed gone
   * or its volume is abandoned; pods come back, and their gates hold.
   */
  readonly phase: "stopping" | "building";
  /** What an earlier recovery had chosen before this one replaced it: shows how far the newest disk was. */
  readonly before?: OrdinalClaim & LogEnd;
  /** For a recovery: the disk that it is made from. */
  readonly survivor?: Survivor;
  /**
   * Written just before the first member is told to take the restored data: from here there is no way back. With
   * `generation`, it belongs to an earlier one, which was left half made.
   */
  readonly seed?: { readonly jobPodUid: Uid; readonly sha256: string; readonly generation?: number };
}

export interface Survivor extends OrdinalClaim, LogEnd {
  /** The other disks, and why none of them was taken. */
  readonly passedOver?: string;
}

export interface Made {
  readonly generation: number;
  /** `restore`, `recovery` or `adoption` (of a cluster whose record was lost), or a kind of a later release. */
  readonly kind: string;
  readonly atMs: number;
  readonly words: string;
  /** How long the cluster was seen complete since, and when that was last checked: see `plan/quarantine`. */
  readonly wholeMs?: number;
  readonly countedMs?: number;
  /** The first good backup of its data that was seen while it was complete. */
  readonly backup?: string;
}

/** Starts with one compaction. A later one starts it anew, which limits how often something is repeated. */
export interface SpaceWork {
  readonly revision: number;
  readonly atMs: number;
  /** False until etcd confirms it: the compaction may have to be requested again. */
  readonly compacted: boolean;
  /** How often each member was defragmented since. Counted before it is done. */
  readonly defragmented: readonly {
    readonly memberId: MemberId;
    readonly times: number;
    /** etcd's error, if the last one failed. */
    readonly failed?: string;
  }[];
}

export interface OrdinalClaim {
  readonly ordinal: number;
  readonly claimUid: Uid;
}

export interface GivenUp extends OrdinalClaim {
  /** Abandoned by a restore or recovery that has neither forced its pod nor deleted its claim: it can be taken back. */
  readonly untouched?: boolean;
}

/**
 * How far the bootstrap or the adoption of a cluster has come. The names `birth`, `unborn`, `seeding` and `born` stay,
 * because older releases read them.
 */
export type Birth =
  /** No cluster is known: there is none, or the record was lost and disks remain. */
  | { readonly state: "unborn" }
  /** The first member was told to create a cluster. Whether it has done so isn't known yet. */
  | {
      readonly state: "seeding";
      /** `initial-cluster-token`. With the peer URL it determines the member and cluster IDs. */
      readonly token: string;
      readonly podUid: Uid;
      readonly claimUid: Uid;
    }
  /** Disks with data were found without a record. Their members may start, nothing may be changed yet. */
  | {
      readonly state: "adopting";
      readonly clusterId: ClusterId;
      /** By the disk with the newest last entry, when all volumes had been inspected. */
      readonly voters: readonly MemberId[];
      readonly start: readonly AdoptedDisk[];
    }
  | {
      readonly state: "born";
      readonly clusterId: ClusterId;
      /**
       * True once clients have written to it or had time to, or just before the first promotion, or once the declared
       * state was reached. From then on the bootstrap is never repeated, whatever the disks look like.
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
   * `ordered`: the join order may have been given to `joinPodUid`, but etcd was not seen running: it may be repeated.
   * `started`: etcd was seen running under this ID: an empty disk is now a lost one. Precedes every promotion.
   */
  readonly phase: "ordered" | "started";
  /** The only pod that may get the join order. */
  readonly joinPodUid?: Uid;
  /** Member list (see `listKey`) that the join order was made from. If etcd's differs now, etcd would exit. */
  readonly joinListKey?: string;
  /** A learner's best applied index, and when it last advanced: a learner that stops is removed. */
  readonly progress?: { readonly index: number; readonly atMs: number };
}

export interface OrdinalNotes {
  readonly ordinal: number;
  /** A member was removed here to be replaced. Adding its successor comes before everything but safety. */
  readonly replacing?: boolean;
  /** A pod that was deleted because etcd kept failing in it. A second such pod proves the disk broken. */
  readonly suspect?: { readonly podUid: Uid; readonly revision: string; readonly atMs: number };
  /** When a disk was last declared broken here: at most one such replacement an hour. */
  readonly brokenMs?: number;
  /** When a learner was last given up here: the next one waits a while. */
  readonly failedJoinMs?: number;
  readonly defragmentedMs?: number;
  /** The pod that was restarted because its etcd couldn't read linearizably for long. */
  readonly unreadPodUid?: Uid;
  /** The pod that is or was recreated so that its volume gets this size: once for each size. */
  readonly remount?: { readonly claimUid: Uid; readonly bytes: number; readonly podUid: Uid };
  /** The claim that was seen to hold a foreign cluster's data: see `plan/foreign`. */
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
  /** This member is to be removed. Once this is written, it is never started again. */
  | {
      readonly kind: "remove";
      /** Absent if none of the declared peer URLs is the member's. */
      readonly ordinal?: number;
      readonly memberId: MemberId;
      readonly claimUid: Uid;
      readonly why: RemovalCause;
      readonly atMs: number;
    }
  /** Written by a later release. Its meaning isn't known, so no member and no claim is added or removed. */
  | { readonly kind: "unread"; readonly written: object };

export type RemovalCause =
  "lost-disk" | "broken-disk" | "lost-node" | "corrupt" | "shrink" | "failed-join" | "foreign-learner";

// ---------------------------------------------------------------------------------------------------------
// World: one observation

export interface World {
  /** When the observation was complete, by this process's wall clock: for timestamps only. */
  readonly nowMs: number;
  /** How long the facts of `plan/age` have been seen to hold, by a clock that nobody can set. */
  readonly ages: Readonly<{ [what: string]: number }>;
  /** Whether this controller holds the lease, with enough time left to act. */
  readonly holdsLease: boolean;
  /** Or why the annotation can't be used: missing, unknown format, not JSON. */
  readonly desired: Desired | { readonly problem: string };
  /**
   * Absent when there is none yet. A record that can't be read is a problem, never an absent one. It is read before
   * everything else: if it has changed since, the compare-and-swap fails instead of undoing that.
   */
  readonly record?: ControllerRecord | { readonly problem: string };
  readonly statefulSet?: StatefulSetView;
  /** All pods of the StatefulSet, deleted ones too until they are gone. */
  readonly pods: readonly PodView[];
  /** All claims that have the name of a member's volume, whatever the replicas. */
  readonly claims: readonly ClaimView[];
  /** Gates that are asking now (last heard of within seconds), at most one per pod. */
  readonly gates: readonly GateReport[];
  readonly etcd: EtcdView;
  /** The pod that makes the declared generation's data, while there is one. */
  readonly restore?: RestoreView;
  /** The newest good backup, of any cluster. Read only while a decision depends on it. */
  readonly backup?: { readonly name: string; readonly clusterId: ClusterId };
  /** What this process tried. Used only for steps that are safe to repeat, and to report why one isn't done. */
  readonly tries?: Tries;
}

export interface Tries {
  /** The last action, by its name (`nameOf`), if it succeeded. */
  readonly done?: string;
  /** Actions that failed and have not succeeded since. `rests`: the next try isn't due yet. */
  readonly failed: readonly (Failure & { readonly act: string; readonly rests: boolean })[];
}

/** Why an action was not done. */
export interface Failure {
  /**
   * `moment`: possible within seconds. `not-yet`: possible once somebody else is done. `changed`: the facts it was
   * decided on have changed. `unanswered`: it may have been done. `refused`: perhaps for good.
   */
  readonly kind: "moment" | "not-yet" | "changed" | "unanswered" | "refused";
  /** The message of Kubernetes or etcd, on one line. */
  readonly words: string;
}

export interface RestoreView {
  readonly pod?: {
    readonly uid: Uid;
    readonly name: string;
    /** What stops it: a failing container and its last message, or no node. */
    readonly problem?: string;
  };
  /**
   * From any pod of this generation: the declaration has to change. Its Job goes on trying, but a later result isn't
   * used: the cluster may have been written to for hours since a user read that nothing is done.
   */
  readonly refusal?: string;
  /** The last report of its step, within seconds. */
  readonly report?: RestoreReport;
}

export interface StatefulSetView {
  readonly uid: Uid;
  readonly resourceVersion: string;
  /** `spec.replicas`. */
  readonly replicas: number;
  /** `status.updateRevision`. */
  readonly updateRevision: string;
  /** Whether `status.observedGeneration` is the object's generation: otherwise updateRevision isn't known yet. */
  readonly observed: boolean;
  readonly deleting: boolean;
  /** From the pod template. */
  readonly trust?: TrustView;
}

/** What a pod or the template says that it shows and trusts. Absent if it says nothing: made by an earlier release. */
export type TrustView =
  /** `key` identifies the statement for those who wait for it. */
  { readonly key: string; readonly statement: TrustStatement } | { readonly problem: string };

export interface PodView {
  readonly name: string;
  readonly ordinal: number;
  readonly uid: Uid;
  readonly phase: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
  /** Condition Ready: etcd's `/readyz`, so the kubelet saw a linearizable read. */
  readonly ready: boolean;
  /** Label `controller-revision-hash`. */
  readonly revision: string;
  /** etcd version of this pod's template, from its annotation. */
  readonly etcdVersion: string;
  /** Generation of this pod's template, from its annotation. Absent in pods of older releases. */
  readonly generation?: number;
  readonly trust?: TrustView;
  readonly nodeName?: string;
  /** Its IP address by Kubernetes. A dead node's pod keeps it even if another pod has it now. */
  readonly address?: string;
  /** Its deletion was requested, with this grace period. */
  readonly deleting?: { readonly graceMs: number };
  readonly claimName: string;
  /** UID of the claim that has this name now. Absent if there is none. */
  readonly claimUid?: Uid;
  /** The init container. */
  readonly gate: ContainerView;
  /** Why the gate can't use the volume, or why data isn't sent or received, in the gate's words. */
  readonly gateProblem?: string;
  readonly etcd: ContainerView;
  /**
   * What else Kubernetes says of a pod that doesn't run: why it ended it (`Evicted`, `OutOfcpu`, `NodeAffinity`), or
   * what it waits for before scheduling (`SchedulingGated`).
   */
  readonly words?: string;
  /** The scheduler's message, if it can't place the pod. */
  readonly unschedulable?: string;
}

export interface ContainerView {
  readonly state: "waiting" | "running" | "terminated";
  /** `CrashLoopBackOff`, `ImagePullBackOff`, ... */
  readonly waitingReason?: string;
  /** Kubernetes' message about it. */
  readonly waitingMessage?: string;
  readonly restarts: number;
  /** How it ended last, whatever its state now. */
  readonly lastExit?: {
    readonly code: number;
    readonly oomKilled: boolean;
    readonly atMs: number;
    /** Its last message, on one line. */
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
   * Its volume may already hold data: one that it names or selects, or a copy. Any other `Pending` claim never had a
   * disk.
   */
  readonly comesFilled?: true;
  /** `spec.resources.requests.storage`. */
  readonly requestedBytes: number;
  /** `status.capacity.storage`; 0 while pending. */
  readonly actualBytes: number;
  /** Kubernetes' message, if it doesn't get the requested size. */
  readonly growthProblem?: string;
  /**
   * The volume has its size, but the file system grows only when mounted: within a minute or so, or in the next pod.
   */
  readonly awaitsMount?: true;
  readonly deleting: boolean;
}

// ---------------------------------------------------------------------------------------------------------
// The gate

/**
 * The server forgets a report once it has answered `start`, `birth` or `join`: a gate that is still there asks again.
 * Once etcd runs on the disk, what the gate saw before is no longer true.
 */
export interface GateReport {
  readonly podUid: Uid;
  /** When it last asked. */
  readonly atMs: number;
  readonly disk: Disk;
  /** Quarantined directories, newest first. */
  readonly aside: readonly string[];
  /** Whether the disk is fenced: the gate must never start it by itself. */
  readonly held: boolean;
  /** Why it can't use its volume, or why data isn't sent or received. */
  readonly problem?: string;
}

// ---------------------------------------------------------------------------------------------------------
// etcd

export interface EtcdView {
  /**
   * A linearizable MemberList from any member that gave one. Once the record has the cluster's ID, a member of that
   * cluster comes first.
   */
  readonly list: MemberList | { readonly problem: string };
  /** One for each pod that was asked, even if it didn't answer. */
  readonly statuses: readonly MemberStatus[];
  readonly alarms: readonly Alarm[];
  /** `etcdcluster` of `/version`, or the lowest member version if that isn't available. */
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
  /** Whether Status was answered in time. If not, the fields below are absent. */
  readonly answers: boolean;
  readonly error?: string;
  /** From the response's header. */
  readonly memberId?: MemberId;
  readonly clusterId?: ClusterId;
  readonly isLearner?: boolean;
  /** Absent if it knows none. */
  readonly leaderId?: MemberId;
  readonly raftTerm?: number;
  /** `raftIndex`: committed. */
  readonly raftIndex?: number;
  readonly appliedIndex?: number;
  readonly version?: string;
  /** The format of its data (3.6+). Follows the cluster version a moment later. */
  readonly storageVersion?: string;
  readonly dbBytes?: number;
  readonly dbInUseBytes?: number;
  /** The quota that this process obeys. Reported from etcd 3.6 on. */
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
  /** `act` refuses it if the list that it reads right before differs from `listKey`. */
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
  /** `force`: grace period 0, without waiting for the kubelet. */
  | { readonly kind: "deletePod"; readonly name: string; readonly uid: Uid; readonly force: boolean }
  /** Through the Eviction API, so that the disruption budget decides (429: try again). */
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
  /** Requests that change nothing, each an entry in every member's log: after enough of them etcd makes a snapshot. */
  | { readonly kind: "fillLog"; readonly entries: number }
  /** An `already compacted` answer is an error: etcd may still be working on it. */
  | { readonly kind: "compact"; readonly revision: number }
  | { readonly kind: "disarm"; readonly memberId: MemberId; readonly alarm: Alarm["type"] }
  | { readonly kind: "enableDowngrade"; readonly targetVersion: string }
  | { readonly kind: "cancelDowngrade" };

export interface Decision {
  /**
   * To be written by compare-and-swap (on the observed resourceVersion) before `action` is done and before any of
   * `orders` is given. Always there with an action, but may come alone.
   */
  readonly record?: ControllerRecord;
  readonly action?: Action;
  /** By pod UID, for every gate in the observation. Valid until the next decision. */
  readonly orders: Readonly<{ [podUid: Uid]: Order }>;
  /** The starts that rely only on the record as it was read: valid even if `record` can't be written. */
  readonly starts?: Readonly<{ [podUid: Uid]: Order }>;
  /** Something can't be read or understood. Gates don't wait for it, and follow their own rule. */
  readonly undecided?: true;
  /** For the restore pod, if there is one. */
  readonly restore?: RestoreAnswer;
  /** One sentence for users: what is done or waited for, and why. */
  readonly reason: string;
  /** Why the declaration can't be carried out in the present cluster. Waiting won't help. The status shows it too. */
  readonly refused?: string;
  /** The declared hash, once everything declared is reached. The status shows it. */
  readonly converged?: string;
  /** The key of the declared trust if all pods agree with it, or why they don't. Absent: nothing can be said. */
  readonly trust?: { readonly agreed: string } | { readonly problem: string };
  /** Worth an Event, at most once while they stay the same. */
  readonly warnings: readonly string[];
}
