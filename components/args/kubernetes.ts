import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type {
  ExternalTrafficPolicy,
  PullPolicy,
  ServiceType,
  SessionAffinity,
  Spread,
  TrafficDistribution,
  VolumeRetention,
} from "./enums";

/** A container image, by tag or digest. */
export interface Image {
  /** Registry and path, without a tag. */
  repository?: pulumi.Input<string>;

  /** The tag. Give either this or `digest`. */
  tag?: pulumi.Input<string>;

  /** The digest, `sha256:` and 64 hexadecimal digits. With etcd's image, give `version` as well. */
  digest?: pulumi.Input<string>;

  /** When the kubelet pulls the image. Default: IfNotPresent. */
  pullPolicy?: PullPolicy;
}

/** Labels and annotations. */
export interface Metadata {
  /** Labels. The component's own labels cannot be changed. */
  labels?: { [key: string]: pulumi.Input<string> };

  /** Annotations. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/** The members' volumes. */
export interface Storage {
  /**
   * The size of each member's volume. Default: `8Gi`. At least `512Mi`. The default of `etcd.quota` depends on it.
   * With a larger size, the controller expands the claims of a running cluster one by one, if their StorageClass allows
   * it. The controller refuses a smaller size.
   */
  size?: string;

  /**
   * The StorageClass. Default: the Kubernetes cluster's default class. A change has no effect on an existing cluster.
   */
  storageClass?: pulumi.Input<string>;

  /** Labels and annotations of the claims. A change has no effect on an existing cluster. */
  metadata?: Metadata;

  /**
   * What happens to the PersistentVolumeClaims when the StatefulSet is deleted. Default: Retain. Delete needs
   * `allowDataDeletion`. A namespace that the component created is always deleted with its claims.
   */
  onDestroy?: VolumeRetention;

  /**
   * A restore or a recovery keeps the replaced data directories on the members' volumes. This is the number of days for
   * which the cluster has to be healthy before a member deletes its replaced directory, at its next start. At least 1.
   * Default: 7, or fewer if the first backup of the new data succeeds before. A backup does not shorten a number that
   * is given. A change restarts no member. It applies to directories that are kept already, and days that have passed
   * count.
   */
  keepReplacedDays?: number;
}

/** CPU and memory of a member, and of all other containers, as Kubernetes quantities. */
export interface Resources {
  /** A member's CPU request. Default: `250m`. */
  cpuRequest?: string;

  /**
   * A member's CPU limit. Default: none. A CPU limit delays heartbeats, so that a leader can lose its leadership. If it
   * is given, every container of every pod gets a CPU limit, as a ResourceQuota of the namespace may require.
   */
  cpuLimit?: string;

  /**
   * A member's memory request. Default: the memory limit, so that a member is never evicted for the memory that it
   * uses.
   */
  memoryRequest?: string;

  /** A member's memory limit. Default: `2Gi`. `GOMEMLIMIT` is set to 85 % of it. */
  memoryLimit?: string;

  /**
   * The containers that run the component's own programs: members' init containers, controller, backup jobs, restore
   * steps.
   */
  helpers?: HelperResources;

  /** etcd and its tools in drills, restores and recoveries. Their memory limit is a member's memory limit. */
  tools?: ToolResources;
}

/**
 * CPU and memory of each container that runs a program of the component. A change is a rolling restart: each member has
 * one.
 */
export interface HelperResources {
  /** CPU request. Default: `10m` for init containers, `20m` for controller and restore steps, `50m` for backup jobs. */
  cpuRequest?: string;

  /** CPU limit. Default: `resources.cpuLimit`. */
  cpuLimit?: string;

  /** Memory request. Default: `128Mi` for backup jobs, otherwise `64Mi`. */
  memoryRequest?: string;

  /**
   * Memory limit. Default: `192Mi` for the controller, otherwise `256Mi`. `controller.memoryLimit` and
   * `backup.memoryLimit` override it.
   */
  memoryLimit?: string;
}

/** CPU and memory of etcd and its tools in jobs. */
export interface ToolResources {
  /** CPU request. Default: `50m`. */
  cpuRequest?: string;

  /** CPU limit. Default: `resources.cpuLimit`. */
  cpuLimit?: string;

  /** Memory request. Default: `128Mi`. */
  memoryRequest?: string;
}

/**
 * Where pods run. `hostSpread`, `zoneSpread` and `minZones` are for the members. Everything else is for all pods:
 * members, controller, backups, drills and restores.
 */
export interface Scheduling {
  /** Whether members run on different nodes. Default: Required. */
  hostSpread?: Spread;

  /** Whether members run in different zones (`topology.kubernetes.io/zone`). Default: Preferred. */
  zoneSpread?: Spread;

  /**
   * With `zoneSpread: Required`, the number of zones to expect (`minDomains`): while fewer zones have nodes, no zone
   * gets a second member. Default: 3. Set it to 2 if there are two zones, and to 1 if nodes in one zone are enough for
   * now.
   */
  minZones?: number;

  /** Labels that a node has to have, besides `kubernetes.io/os: linux`. Default: none. */
  nodeSelector?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;

  /** Tolerations for taints of nodes. Default: none. */
  tolerations?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.Toleration>[]>;

  /** Node affinity. Default: none. */
  nodeAffinity?: pulumi.Input<k8s.types.input.core.v1.NodeAffinity>;

  /** The PriorityClass. `controller.priorityClassName` overrides it for the controller. Default: none. */
  priorityClassName?: pulumi.Input<string>;

  /** The scheduler. Default: the Kubernetes cluster's default scheduler. */
  schedulerName?: pulumi.Input<string>;

  /** The RuntimeClass. Default: none. */
  runtimeClassName?: pulumi.Input<string>;
}

/** User and group of the processes. */
export interface Security {
  /** The numeric user ID. Default: 65532. 0 is not allowed. */
  runAsUser?: number;

  /**
   * The numeric group ID of the processes and of the volume. Default: the user ID. 0 is not allowed.
   *
   * If this is set, change it together with `runAsUser`: Kubernetes gives existing files to a pod's group only if the
   * group changes, and not on every kind of volume. A member that cannot access its files waits and reports it.
   */
  runAsGroup?: number;

  /**
   * Leaves user and group to the platform, as OpenShift's `restricted-v2` constraint requires. Default: false.
   * It excludes `runAsUser` and `runAsGroup`.
   */
  platformAssignsIds?: boolean;
}

/** The Service that clients use. It selects ready voters, and has the client port only. */
export interface Service {
  /** The type of the Service. Default: ClusterIP. */
  type?: ServiceType;

  /** Labels and annotations, for example for a load balancer. */
  metadata?: Metadata;

  /**
   * The port on the nodes, for NodePort and LoadBalancer, from the Kubernetes cluster's range (usually 30000 to 32767).
   * Default: Kubernetes chooses it.
   */
  nodePort?: number;

  /** The load balancer's class, for LoadBalancer. Default: the Kubernetes cluster's default. */
  loadBalancerClass?: pulumi.Input<string>;

  /** IP ranges from which the load balancer accepts connections, for LoadBalancer. Default: all. */
  loadBalancerSourceRanges?: pulumi.Input<pulumi.Input<string>[]>;

  /** Which nodes take traffic from outside, for NodePort and LoadBalancer. Default: Kubernetes' default, Cluster. */
  externalTrafficPolicy?: pulumi.Input<ExternalTrafficPolicy>;

  /** Whether a client's connections go to one member. Default: Kubernetes' default, None. */
  sessionAffinity?: pulumi.Input<SessionAffinity>;

  /** Which members a client's connections go to first, if the Kubernetes cluster supports it. Default: any. */
  trafficDistribution?: pulumi.Input<TrafficDistribution>;
}

/** How long a member may be unresponsive before the kubelet acts. */
export interface Probes {
  /**
   * Seconds after which the kubelet restarts a running member that does not answer. Default: 600. It has to be long,
   * because a member does not answer during a defragmentation.
   */
  livenessBudgetSeconds?: number;

  /** Seconds that a member may take to start, including the replay of its write-ahead log. Default: 3600. */
  startupBudgetSeconds?: number;
}
