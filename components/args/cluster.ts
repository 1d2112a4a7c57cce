import type * as pulumi from "@pulumi/pulumi";
import type { Backup } from "./backup";
import type { Controller } from "./controller";
import type { EtcdSettings } from "./etcd";
import type {
  Image,
  Metadata,
  Probes,
  Resources,
  Scheduling,
  Security,
  Service,
  Storage,
} from "./kubernetes";
import type { Recovery, Restore } from "./restore";
import type { Client, Tls } from "./tls";

/**
 * Arguments of an etcd cluster. Every argument has a default: `new EtcdCluster("etcd")` creates a production cluster of
 * three members with mutual TLS.
 */
export interface EtcdClusterArgs {
  /**
   * Number of voting members: 1, 3, 5 or 7. Default: 3.
   * One member tolerates no failure, three tolerate one, five tolerate two, seven tolerate three.
   * A change adds or removes one member at a time, while the cluster serves.
   */
  members?: number;

  /**
   * Allows 2, 4 or 6 members. Default: false.
   * An even number tolerates no more failures than the odd number below it, and has one more machine that can fail.
   */
  allowEvenMembers?: boolean;

  /**
   * etcd's version, as `MAJOR.MINOR.PATCH`, of the minor versions 3.5, 3.6 or 3.7. Default: 3.6.16. It determines the
   * image's tag and the names of the settings. A change is a rolling restart. Upgrade one minor version at a time: from
   * 3.5.26 or later to 3.6, and from 3.6.11 or later to 3.7.
   */
  version?: string;

  /**
   * The name of the StatefulSet and of its headless Service, and the prefix of every other object's name. The pods are
   * called `<name>-0`, `<name>-1` and so on. Default: the name of the Pulumi resource. It has to be a DNS label of at
   * most 52 characters. A change would create another cluster, and is refused for a cluster with protected data.
   */
  clusterName?: string;

  /**
   * The namespace. Default: the cluster's name. The component creates it unless `createNamespace` is false.
   * A change would create another cluster, and is refused for a cluster with protected data.
   */
  namespace?: pulumi.Input<string>;

  /**
   * Whether the component creates the namespace, with the Pod Security Standard `restricted` enforced. Default: true.
   * With false, the component uses an existing namespace and does not change it. With true, Kubernetes refuses a
   * namespace that exists already. Kubernetes' own namespaces, such as `default`, need false.
   */
  createNamespace?: boolean;

  /**
   * The DNS domain of the Kubernetes cluster. Default: `cluster.local`. It is a part of every member's URL, so a change
   * is refused for a living cluster.
   */
  clusterDomain?: string;

  /**
   * Allows the data to be deleted. Default: false.
   * With false, the StatefulSet and the namespace are protected: Pulumi refuses `pulumi destroy`, and any change that
   * would replace them. To delete a cluster, set this to true, run `pulumi up`, then `pulumi destroy`. The resource
   * option `protect` protects every object of the cluster, whatever is set here.
   */
  allowDataDeletion?: boolean;

  /**
   * The number of the data's generation: each restore and each recovery makes the next one. Default: 1. A higher number
   * than before stops all members and makes new data from `restore` or `recovery`, once. Keep the number afterwards,
   * with or without those arguments. To correct a wrong `restore` or `recovery`, declare it with the next number: the
   * Job of a number is never changed.
   */
  generation?: number;

  /**
   * Makes the data from a backup, a snapshot or another etcd: for a new cluster, or for a higher `generation`. Default:
   * none. Without a higher `generation` it does nothing to a living cluster.
   */
  restore?: Restore;

  /**
   * Makes a higher `generation` from a disk that is left, after the cluster has lost its quorum for good. Default:
   * none. Without a higher `generation` it does nothing.
   */
  recovery?: Recovery;

  /** etcd's settings. A change is a rolling restart. */
  etcd?: EtcdSettings;

  /** Certificates: lifetimes, additional names, or your own Secrets. Default: certificates of the component. */
  tls?: Tls;

  /**
   * Clients for which the component creates a certificate, in the Secret `<cluster>-client-<name>`. Default: none.
   * The certificate's common name is the client's name, which is the user name when etcd's authentication is enabled.
   * A change restarts no member.
   */
  clients?: Client[];

  /** The members' volumes. Default: 8Gi for each, of the Kubernetes cluster's default StorageClass. */
  storage?: Storage;

  /** CPU and memory of a member and of all other containers. A change is a rolling restart, except of `tools`. */
  resources?: Resources;

  /** Where members and all other pods run. A change is a rolling restart. */
  scheduling?: Scheduling;

  /** The Service that clients use, `<cluster>-client`. A change restarts no member. */
  service?: Service;

  /**
   * etcd's image, with `etcd` and `etcdutl` in `/usr/local/bin`, and `etcdctl` in its `PATH` for `kubectl exec`.
   * Bitnami's image has them elsewhere. Default: `gcr.io/etcd-development/etcd` with the tag of `version`. A change is
   * a rolling restart.
   */
  image?: Image;

  /**
   * The image with Node.js 20 or later, for the init container, the controller and the jobs. Default:
   * `docker.io/library/node:24-slim`. A change is a rolling restart.
   */
  nodeImage?: Image;

  /** The controller. A change restarts no member. */
  controller?: Controller;

  /** Backups on a schedule, to an S3-compatible store or to a volume. Default: none. A change restarts no member. */
  backup?: Backup;

  /**
   * Names of Secrets in the namespace with credentials for the images' registries. Default: none. A change is a rolling
   * restart.
   */
  imagePullSecrets?: pulumi.Input<pulumi.Input<string>[]>;

  /** User and group of the processes. A change is a rolling restart. */
  security?: Security;

  /** How long a member may be unresponsive before the kubelet restarts it. A change is a rolling restart. */
  probes?: Probes;

  /**
   * Seconds that a member has to stop. It closes client connections and transfers leadership. Default: the longest time
   * that etcd's shutdown takes with the given election timeout, at least 60. A change is a rolling restart.
   */
  terminationGracePeriodSeconds?: number;

  /** Labels and annotations for every object except the members' pods. A change restarts no member. */
  metadata?: Metadata;

  /**
   * Labels and annotations for the members' pods, which do not get those of `metadata`. A change is a rolling restart.
   */
  podMetadata?: Metadata;

  /**
   * Annotations for the members' ServiceAccount, for example for a cloud provider's workload identity. Default: none. A
   * change restarts no member.
   */
  serviceAccountAnnotations?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
}
