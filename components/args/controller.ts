import type * as pulumi from "@pulumi/pulumi";

/** The controller in the namespace, which forms the cluster, heals, resizes and rolls it. No change here restarts a member. */
export interface ControllerArgs {
  /**
   * Stops every act of the controller. Default: false. Members with their data still start. If anything is left
   * to do, `pulumi up` then ends only by time-out, and says that it is paused.
   */
  paused?: boolean;

  /**
   * Seconds after which a member whose node does not come back is replaced elsewhere, with an empty volume of its own;
   * counted from the end of its pod's grace period, by what the controller itself sees and by no other machine's
   * clock; or, where the node was deleted from Kubernetes, from when the scheduler first says that no node there is can
   * have the member's volume. Default: never. At least 60. The old volume is never used again, so set this only where a
   * dead node's claims may go.
   */
  nodeLossGraceSeconds?: number;

  /** Allows `version` to go down by one minor, through etcd's own downgrade procedure. Default: false. */
  allowDowngrade?: boolean;

  /** Share of free space in the database file, in percent, from which on a member is defragmented. Default: 45. */
  defragmentFreePercent?: number;

  /** The smallest database file that is worth a defragmentation. Default: `100Mi`. */
  defragmentMinSize?: string;

  /**
   * Seconds that `pulumi up` waits for the cluster to be as declared. Default: 30 minutes, and 5 more for each member
   * and for each 10 GiB of its volume.
   */
  waitSeconds?: number;

  /** A PriorityClass for the controller's pod. Default: that of the members. */
  priorityClassName?: pulumi.Input<string>;

  /** The memory that it may use, a quarter of it as JavaScript's heap. Default: `resources.helpers.memoryLimit`, or `192Mi`, of which it takes a third. */
  memoryLimit?: string;
}
