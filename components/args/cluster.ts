import type * as pulumi from "@pulumi/pulumi";
import type { BackupArgs } from "./backup";
import type { ControllerArgs } from "./controller";
import type { EtcdSettingsArgs } from "./etcd";
import type {
  ImageArgs,
  MetadataArgs,
  ProbesArgs,
  ResourcesArgs,
  SchedulingArgs,
  SecurityArgs,
  ServiceArgs,
  StorageArgs,
} from "./kubernetes";
import type { RecoveryArgs, RestoreArgs } from "./restore";
import type { ClientArgs, TlsArgs } from "./tls";

/**
 * What an etcd cluster should be. Every argument has a default; `new EtcdCluster("etcd")` is a production
 * cluster of three members with mutual TLS.
 */
export interface EtcdClusterArgs {
  /**
   * Number of voting members: 1, 3, 5 or 7. Default: 3.
   * One member has no fault tolerance, three survive the loss of one, five of two, seven of three.
   * A change grows or shrinks the cluster one member at a time, while it serves.
   */
  members?: number;

  /**
   * Allows 2, 4 or 6 members. Default: false.
   * An even number tolerates no more failures than the odd number below it, and one more machine can fail.
   */
  allowEvenMembers?: boolean;

  /**
   * etcd's version, as `MAJOR.MINOR.PATCH`; 3.5, 3.6 and 3.7 are known. Default: 3.6.16.
   * It chooses the image's tag and the spelling of the settings. A change is a rolling restart. Go up one minor
   * at a time, from 3.5.26 or later to 3.6, and from 3.6.11 or later to 3.7.
   */
  version?: string;

  /**
   * The name of the StatefulSet, of its headless Service, and the beginning of every other object's name; the
   * pods are `<name>-0`, `<name>-1` and so on. Default: the name of the Pulumi resource. At most 52 characters,
   * a DNS label. A change would be another cluster, and is refused for a cluster with protected data.
   */
  clusterName?: string;

  /**
   * The namespace. Default: the cluster's name. It is created, unless `createNamespace` is false.
   * A change would be another cluster, and is refused for a cluster with protected data.
   */
  namespace?: pulumi.Input<string>;

  /**
   * Whether the namespace is created, with the Pod Security Standard `restricted` enforced. Default: true.
   * With false an existing one is used, as it is; without, one that exists is refused by Kubernetes. One of Kubernetes' own can't be created.
   */
  createNamespace?: boolean;

  /** The DNS domain of the Kubernetes cluster. Default: `cluster.local`. A change would change every member's URL. */
  clusterDomain?: string;

  /**
   * Declares that the data may go. Default: false.
   * Without it the StatefulSet and the namespace are protected: `pulumi destroy`, and any change that would
   * replace them, is refused. To delete a cluster, set this to true, run `pulumi up`, then `pulumi destroy`.
   */
  allowDataDeletion?: boolean;

  /**
   * Counts how often the data was made anew, by a restore or a recovery. Default: 1. A higher number than before stops
   * all members and makes the data from `restore` or `recovery`, once; it stays afterwards, with or without those.
   * What was declared wrongly is corrected under the next number: each number's Job stays as it was made.
   */
  generation?: number;

  /** What the data is made from: at the cluster's beginning, or for a higher `generation`. */
  restore?: RestoreArgs;

  /** Makes a higher `generation` from what is left, when more disks are lost than the cluster can lose. */
  recovery?: RecoveryArgs;

  /** etcd's settings. A change is a rolling restart. */
  etcd?: EtcdSettingsArgs;

  /** Certificates: lifetimes, extra names, or Secrets of your own. */
  tls?: TlsArgs;

  /**
   * Clients that get a certificate of their own, in a Secret `<cluster>-client-<name>`. Default: none.
   * The certificate's common name is the client's name, which is the user's name once etcd's authentication is on.
   */
  clients?: ClientArgs[];

  /** The members' volumes. */
  storage?: StorageArgs;

  /** CPU and memory of a member, and of all other containers. A change is a rolling restart, that of `tools` aside. */
  resources?: ResourcesArgs;

  /** Where members and all other pods run. A change is a rolling restart. */
  scheduling?: SchedulingArgs;

  /** The Service that clients use. */
  service?: ServiceArgs;

  /** etcd's image. Default: `gcr.io/etcd-development/etcd` with the tag of `version`. A change is a rolling restart. */
  image?: ImageArgs;

  /**
   * The image with Node.js 20 or newer that runs the init container and the controller. Default: `docker.io/library/node:22-slim`.
   * A change is a rolling restart.
   */
  nodeImage?: ImageArgs;

  /** The controller. */
  controller?: ControllerArgs;

  /** Backups on a schedule, to a store that speaks S3 or to a volume. Default: none. No change here restarts a member. */
  backup?: BackupArgs;

  /** Names of Secrets with credentials for the images' registries, in the namespace. */
  imagePullSecrets?: pulumi.Input<string>[];

  /** User and group of the processes. A change is a rolling restart. */
  security?: SecurityArgs;

  /** How long a member may be unresponsive. A change is a rolling restart. */
  probes?: ProbesArgs;

  /**
   * Seconds that a member has to stop: it closes client connections and hands over leadership. Default: what
   * etcd's own shutdown can take with the given election timeout, at least 60.
   */
  terminationGracePeriodSeconds?: number;

  /** Labels and annotations for every object, the pods aside. A change to a living cluster restarts nothing. */
  metadata?: MetadataArgs;

  /** Labels and annotations for the members' pods, which have none of `metadata`. A change is a rolling restart. */
  podMetadata?: MetadataArgs;

  /** Annotations for the members' ServiceAccount, such as a cloud provider's identity. */
  serviceAccountAnnotations?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
}
