/**
 * The declared state that the controller works towards. It is one JSON annotation of the StatefulSet, so that it
 * changes in the same request as the pod template. `components/config/desired` writes it,
 * `programs/controller/observe/desired` reads it, and a test reads what is written.
 */
export interface DesiredState {
  /** The annotation's format. A controller that does not know it does nothing and reports it. */
  readonly format: 1;
  /** The number of voters. */
  readonly members: number;
  /** Whether an even number of members is allowed. */
  readonly allowEvenSize: boolean;
  /** Counts restores and recoveries: a disk of an older generation is never started. Starts at 1. */
  readonly generation: number;
  /** Stops all actions. Members whose disk is intact may still start. */
  readonly paused: boolean;
  /** etcd's version in the declared image, without `v`: `3.6.14`. */
  readonly etcdVersion: string;
  /** Whether a downgrade by one minor version, by etcd's own procedure, is allowed. */
  readonly allowDowngrade: boolean;
  /** The name of a member and of its pod, with `{ordinal}` in it: `etcd-{ordinal}`. */
  readonly memberName: string;
  /** The peer URL of a member, with `{ordinal}` in it. It is compared byte by byte with etcd's member list. */
  readonly peerUrl: string;
  /** The size of each member's volume. */
  readonly volumeBytes: number;
  /** `quota-backend-bytes` as rendered in the template. */
  readonly quotaBytes: number;
  /** `snapshot-count` as rendered in the template. Absent in older declarations. */
  readonly snapshotCount?: number;
  readonly defragment: {
    /** A member is defragmented when at least this percentage of its database file is free. */
    readonly freePercent: number;
    /** A smaller database file is not defragmented. */
    readonly minBytes: number;
  };
  /**
   * How long a pod may still be terminating after its grace period, or its volume may fit no node, before its member is
   * replaced on another node with a new claim. Absent: never, a person decides.
   */
  readonly nodeLossGraceSeconds?: number;
  /**
   * Days for which the cluster has to be healthy before replaced data directories are deleted, whatever is backed up.
   * Absent: the default, or until the first good backup.
   */
  readonly keepReplacedDays?: number;
  /** The source of the declared generation. It may stay declared: only a higher generation is made anew. */
  readonly rebuild?: {
    /** From a snapshot, or from a disk that is left. */
    readonly kind: "restore" | "recovery";
    /** The URL of the restore pod's Service, without a slash at its end. */
    readonly url: string;
    /** Names of members that are abandoned if it can't be confirmed that their pods have stopped. */
    readonly abandoned: readonly string[];
  };
}

/** The component's output `reached`, from which the next `up` knows what was reached: two annotations. */
export interface ReachedOutput {
  /** The declared state. */
  readonly desired: string;
  /** The statement of the pod template, if there is one. */
  readonly trust?: string;
}
