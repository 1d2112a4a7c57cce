import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { PullPolicy, ServiceType, Spread, VolumeRetention } from "./enums";

/** An image, by tag or digest. */
export interface ImageArgs {
  /** Registry and path, without a tag. */
  repository?: string;

  /** The tag. Not together with `digest`. */
  tag?: string;

  /** The digest, `sha256:` and 64 hexadecimal digits. For etcd, `version` must say what is in it. */
  digest?: string;

  /** Default: IfNotPresent. */
  pullPolicy?: PullPolicy;
}

/** Labels and annotations. */
export interface MetadataArgs {
  /** Labels; those of the component itself can't be changed. */
  labels?: { [key: string]: pulumi.Input<string> };

  /** Annotations. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/** The members' volumes. */
export interface StorageArgs {
  /**
   * Size of each member's volume, such as `8Gi`. Default: `8Gi`. At least `512Mi`. The quota follows it.
   * A larger size grows the claims of a living cluster one by one, where the storage class allows that; a smaller one
   * is refused by the controller.
   */
  size?: string;

  /** The storage class. Default: the Kubernetes cluster's own. A change is ignored once the cluster exists. */
  storageClass?: pulumi.Input<string>;

  /** Labels and annotations of the claims. A change is ignored once the cluster exists. */
  metadata?: MetadataArgs;

  /**
   * What becomes of the claims when the StatefulSet is deleted. Default: Retain. Delete has to be declared together
   * with `allowDataDeletion`. The claims go in any case with a namespace that was created here.
   */
  onDestroy?: VolumeRetention;

  /**
   * Days for which the cluster has to be seen whole after a restore or a recovery, until the directories may go that it
   * has set aside: each does at its member's next start. At least 1. Default: 7, or until the first backup of the new
   * data is good, if that comes before; a number that is given isn't cut short by a backup. A change restarts nothing,
   * and counts for what is there: days that have passed are not counted anew.
   */
  keepReplacedDays?: number;
}

/** CPU and memory of a member, and of all other containers, as Kubernetes quantities. */
export interface ResourcesArgs {
  /** Default: `250m`. */
  cpuRequest?: string;

  /**
   * Default: none. A CPU limit throttles heartbeats, and can cost the leadership. If it is given, every container of
   * every pod has one, as a quota of the namespace may want it.
   */
  cpuLimit?: string;

  /** Default: the memory limit, so that a member is never evicted for using what it was promised. */
  memoryRequest?: string;

  /** Default: `2Gi`. Go's `GOMEMLIMIT` is set to 85 % of it. */
  memoryLimit?: string;

  /** The containers with code of this component: the gate of a member, the controller, jobs of backups, steps of a restore. */
  helpers?: HelperResourcesArgs;

  /** etcd and its tools where a drill, a restore or a recovery runs them. Their memory limit is a member's. */
  tools?: ToolResourcesArgs;
}

/** CPU and memory of each container with code of this component. A change is a rolling restart: each member has one. */
export interface HelperResourcesArgs {
  /** Default: `10m` for the gate, `20m` for the controller and steps of a restore, `50m` for jobs of backups. */
  cpuRequest?: string;

  /** Default: `resources.cpuLimit`. */
  cpuLimit?: string;

  /** Default: `128Mi` for jobs of backups, else `64Mi`. */
  memoryRequest?: string;

  /** Default: `192Mi` for the controller, else `256Mi`. `controller.memoryLimit` and `backup.memoryLimit` go before. */
  memoryLimit?: string;
}

/** CPU and memory of etcd and its tools in jobs. */
export interface ToolResourcesArgs {
  /** Default: `50m`. */
  cpuRequest?: string;

  /** Default: `resources.cpuLimit`. */
  cpuLimit?: string;

  /** Default: `128Mi`. */
  memoryRequest?: string;
}

/** Where pods run. What is not about keeping members apart is for all pods: controller, backups, drills and restores too. */
export interface SchedulingArgs {
  /** Members on different nodes. Default: Required. */
  hostSpread?: Spread;

  /** Members in different zones (`topology.kubernetes.io/zone`). Default: Preferred. */
  zoneSpread?: Spread;

  /**
   * With `zoneSpread: Required`, the zones that count even if no node is there yet: with fewer of them, no zone gets a
   * second member. Default: 3. Set it to 2 where there are two zones, and 1 where nodes of one will do for now.
   */
  minZones?: number;

  /** Labels that a node must have, besides `kubernetes.io/os: linux`. Default: none. */
  nodeSelector?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;

  /** Taints that are tolerated. Default: none. */
  tolerations?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.Toleration>[]>;

  /** Node affinity. Default: none. */
  nodeAffinity?: pulumi.Input<k8s.types.input.core.v1.NodeAffinity>;

  /** A PriorityClass; the controller may have another by `controller.priorityClassName`. Default: none. */
  priorityClassName?: pulumi.Input<string>;

  /** A scheduler other than the default one. */
  schedulerName?: pulumi.Input<string>;

  /** A RuntimeClass. Default: none. */
  runtimeClassName?: pulumi.Input<string>;
}

/** User and group of the processes. */
export interface SecurityArgs {
  /** Numeric user. Default: 65532. Never 0. */
  runAsUser?: number;

  /**
   * Numeric group, of the processes and of the volume. Default: the same number as the user. Never 0.
   *
   * Where this is set, change it along with `runAsUser`: Kubernetes gives the files that are there to a pod's group only
   * when that is another one, and not on every kind of volume. A member that may not use its files waits, and says so.
   */
  runAsGroup?: number;

  /**
   * Leaves user and group to the platform, as OpenShift's `restricted-v2` constraint wants it. Default: false.
   * Not together with `runAsUser` or `runAsGroup`.
   */
  platformAssignsIds?: boolean;
}

/** The Service that clients use: it leads to members that are voters and ready, on the client port only. */
export interface ServiceArgs {
  /** Default: ClusterIP. */
  type?: ServiceType;

  /** Labels and annotations, such as a load balancer's. */
  metadata?: MetadataArgs;

  /**
   * A fixed port on the nodes, of the range that the Kubernetes cluster gives (usually 30000 to 32767), for NodePort
   * and LoadBalancer. Default: Kubernetes chooses.
   */
  nodePort?: number;

  /** The load balancer's class. */
  loadBalancerClass?: pulumi.Input<string>;

  /** Address ranges that the load balancer lets in. */
  loadBalancerSourceRanges?: pulumi.Input<pulumi.Input<string>[]>;

  /** `Cluster` or `Local`, for NodePort and LoadBalancer. */
  externalTrafficPolicy?: pulumi.Input<string>;

  /** `None` or `ClientIP`. */
  sessionAffinity?: pulumi.Input<string>;

  /** `PreferSameZone`, `PreferSameNode` or `PreferClose`, as far as the Kubernetes cluster knows them. */
  trafficDistribution?: pulumi.Input<string>;
}

/** How long a member may be unresponsive before the kubelet acts. */
export interface ProbesArgs {
  /**
   * Seconds without an answer after which a running member is restarted. Default: 600: a defragmentation blocks the
   * answer, and a lost quorum must not restart the members that are left.
   */
  livenessBudgetSeconds?: number;

  /** Seconds that a member may take to start, replay of its log included. Default: 3600. */
  startupBudgetSeconds?: number;
}
