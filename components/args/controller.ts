import type * as pulumi from "@pulumi/pulumi";

/**
 * The controller, which bootstraps, repairs, scales and updates the cluster. It runs in the cluster's namespace. A
 * change restarts no member.
 */
export interface Controller {
  /**
   * Stops all actions of the controller. Default: false. Members that have their data still start. If there is anything
   * left to do, `pulumi up` ends by time-out and reports that the controller is paused.
   */
  paused?: boolean;

  /**
   * Seconds after which the controller replaces a member whose node does not come back, on another node and with a new,
   * empty volume. Default: never. At least 60. The time counts from the end of the pod's grace period, by the
   * controller's own clock. If the node was deleted from Kubernetes, it counts from the moment when the scheduler
   * reports that no node can mount the member's volume. The old volume is never used again: set this only if the claims
   * of a lost node may be deleted.
   */
  nodeLossGraceSeconds?: number;

  /** Allows a downgrade of `version` by one minor version, by etcd's own downgrade procedure. Default: false. */
  allowDowngrade?: boolean;

  /** The controller defragments a member when at least this percentage of its database file is free. Default: 45. */
  defragmentFreePercent?: number;

  /** The controller does not defragment a database file that is smaller than this. Default: `100Mi`. */
  defragmentMinSize?: string;

  /**
   * Seconds that `pulumi up` waits for the cluster to be as declared. Default: 30 minutes, and for each member 5
   * minutes and another 5 minutes for each 10 GiB of its volume.
   */
  waitSeconds?: number;

  /** The PriorityClass of the controller's pod. Default: the members' PriorityClass. */
  priorityClassName?: pulumi.Input<string>;

  /**
   * The controller's memory limit, of which a quarter is the limit of its JavaScript heap. Default:
   * `resources.helpers.memoryLimit`, or `192Mi`, of which the controller uses about a third.
   */
  memoryLimit?: string;
}
