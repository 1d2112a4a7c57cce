/**
 * What the component declares and the controller obeys: one JSON annotation of the StatefulSet, so that it changes in the
 * same request as the pod template and is never half new. `components/config/desired` writes it,
 * `programs/controller/observe/desired` reads it; a test reads what is written.
 */
export interface DesiredState {
  /** The annotation's own format. A controller that doesn't know it does nothing and says so. */
  readonly format: 1;
  /** Declared number of voters. */
  readonly members: number;
  /** Whether an even number of members was asked for with the explicit option. */
  readonly allowEvenSize: boolean;
  /** Counts restores and recoveries: a disk of an older generation is never started. Starts at 1. */
  readonly generation: number;
  /** Stops every act. Members whose disk is intact may still start. */
  readonly paused: boolean;
  /** etcd version of the declared image, without `v`: `3.6.14`. */
  readonly etcdVersion: string;
  /** Whether one minor down, by etcd's own downgrade procedure, was asked for. */
  readonly allowDowngrade: boolean;
  /** Name of a member with `{ordinal}` in it: `etcd-{ordinal}`. The same as its pod's name. */
  readonly memberName: string;
  /** Peer URL of a member with `{ordinal}` in it. Compared byte by byte with etcd's member list. */
  readonly peerUrl: string;
  /** Declared size of each member's volume. */
  readonly volumeBytes: number;
  /** `quota-backend-bytes` as rendered in the template. */
  readonly quotaBytes: number;
  /** `snapshot-count` as rendered in the template. Absent in older declarations. */
  readonly snapshotCount?: number;
  readonly defragment: {
    /** Share of the database file that is free, in percent, from which on a member is defragmented. */
    readonly freePercent: number;
    /** Smallest database file that is worth it. */
    readonly minBytes: number;
  };
  /**
   * How long a pod may be overdue (deletion asked for and its own grace passed), or no node may have its volume, before
   * its member is replaced elsewhere with a new claim. Absent: never, a human decides.
   */
  readonly nodeLossGraceSeconds?: number;
  /**
   * Days of wholeness until what a restore or a recovery has set aside may go, whatever is backed up. Absent: the usual
   * ones, or the first good backup.
   */
  readonly keepReplacedDays?: number;
  /** What the declared generation is made from. Stays after it was made; only a higher generation is made anew. */
  readonly rebuild?: {
    /** From a snapshot, or from the disks that are left. */
    readonly kind: "restore" | "recovery";
    /** Of the restore pod's Service, without a slash at its end. */
    readonly url: string;
    /** Names of members that are given up if their pods can't be confirmed gone. */
    readonly abandoned: readonly string[];
  };
}
