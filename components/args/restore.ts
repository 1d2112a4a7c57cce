import type * as pulumi from "@pulumi/pulumi";
import type { ClaimStore, S3Store } from "./backup";

/**
 * The source of a generation's data: exactly one of `backup`, `file` and `endpoints`. A restore happens once for each
 * `generation`: when a cluster is new, or when a running cluster gets a higher generation, whose data replaces the old
 * data. The data is fetched and checked before any member is stopped.
 */
export interface Restore {
  /** A backup of this or another cluster. */
  backup?: RestoreBackup;

  /** A snapshot file on a claim of the namespace, as `etcdctl snapshot save` writes it. */
  file?: SnapshotFile;

  /** Another running etcd, from which a snapshot is taken: for a migration. */
  endpoints?: RestoreEndpoints;

  /**
   * Names of members, such as `etcd-2`, whose volumes are abandoned if it cannot be confirmed that their pods have
   * stopped, because their nodes do not answer. Default: none. The restore waits for the pods of all other members.
   */
  abandonedMembers?: string[];

  /**
   * Whether the restore pod uses a PersistentVolumeClaim like a member's instead of its node's disk. Default: false. On
   * the node's disk the pod requests three times the quota and 512Mi, which not every node has.
   */
  scratchOnClaim?: boolean;
}

/** A backup in a store. */
export interface RestoreBackup {
  /** An S3-compatible store. Give either this or `claim`. Default: the store of the argument `backup`. */
  s3?: S3Store;

  /** A volume, by an existing claim. Give either this or `s3`. Default: the store of the argument `backup`. */
  claim?: ClaimStore;

  /** The backup's name, such as `20261126T191500Z-5f3a9c`. Default: the newest backup. */
  name?: string;

  /**
   * The hexadecimal ID of the cluster that the backup is of. Needed for the newest backup if the store has several
   * clusters.
   */
  clusterId?: string;
}

/** A snapshot file on a volume. */
export interface SnapshotFile {
  /** The name of the PersistentVolumeClaim, in the namespace. The pod mounts it read-only. */
  claim: pulumi.Input<string>;

  /** The file's path on the volume. */
  path: string;
}

/**
 * Another running etcd, which is only read. If its authentication is enabled, a snapshot needs a user with the role
 * `root`: by `passwordSecret`, or, if that etcd has `client-cert-auth`, by the common name of the client certificate in
 * `tlsSecret`. The snapshot has the users and roles as well, and authentication stays enabled.
 */
export interface RestoreEndpoints {
  /**
   * Client URLs, `https://…`, or `http://…` with `allowPlainHttp`. The first one that returns a snapshot is used. All of
   * them have to belong to one cluster. With the `endpoints` of another EtcdCluster of the program, this cluster is
   * created once that one is as declared.
   */
  urls: pulumi.Input<pulumi.Input<string>[]>;

  /**
   * Whether `http://` URLs may be used. Default: false. With plain HTTP the password and all data can be read on the
   * network, and nothing proves that the answers are from that etcd.
   */
  allowPlainHttp?: boolean;

  /**
   * The Secret, in the cluster's namespace, with the authority of the servers' certificates, `ca.crt`, and, if the
   * servers ask for a client certificate, `tls.crt` and `tls.key`. Needed for `https://` URLs. Default: none.
   */
  tlsSecret?: pulumi.Input<string>;

  /**
   * The Secret, in the cluster's namespace, with the `username` and the `password` of a user that has the role `root`,
   * as in Kubernetes' type `kubernetes.io/basic-auth`. It has priority over the certificate's user. Default: none.
   */
  passwordSecret?: pulumi.Input<string>;

  /** The name that the servers' certificates have to have. Default: the URL's host. */
  serverName?: string;
}

/**
 * A recovery from a lost quorum: the next generation is made from the remaining disk that has the newest last log
 * entry. The controller refuses it while there is a quorum, and waits while missing disks may still come back.
 */
export interface Recovery {
  /** Has to be true, because writes that only the lost disks have are lost. */
  confirmed: boolean;

  /**
   * Names of members, such as `etcd-2`, whose disks count as lost. If it cannot be confirmed that their pods have
   * stopped, their volumes are never used again. Default: none. The recovery waits for all other members.
   */
  abandonedMembers?: string[];

  /** Whether the restore pod uses a claim like a member's instead of its node's disk. Default: false. */
  scratchOnClaim?: boolean;
}
