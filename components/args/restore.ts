import type * as pulumi from "@pulumi/pulumi";
import type { ClaimStoreArgs, S3StoreArgs } from "./backup";

/**
 * What a generation of the data is made from. It is done once for each `generation`: when the cluster begins, or when a
 * higher generation is declared on a living one, whose data it takes the place of. Everything is fetched and checked
 * before any member is touched. Exactly one source.
 */
export interface RestoreArgs {
  /** A backup of this or another cluster. */
  backup?: RestoreBackupArgs;

  /** A snapshot file on a claim of the namespace, as `etcdctl snapshot save` writes it. */
  file?: SnapshotFileArgs;

  /** A living etcd elsewhere, of which a snapshot is taken: for moving in. */
  endpoints?: EndpointsArgs;

  /**
   * Names of members, such as `etcd-2`, that are given up with their volumes if it can't be confirmed that their pods
   * have stopped: their nodes don't answer. Default: none; then such a pod is waited for.
   */
  abandonedMembers?: string[];

  /**
   * Whether the restore pod works on a claim like a member's, and not on its node's own disk. Default: false. On the
   * node it asks for three times the quota and 512Mi, which a node or a platform may not have.
   */
  scratchOnClaim?: boolean;
}

/** A backup in a store. */
export interface RestoreBackupArgs {
  /** A store that speaks S3. Either this or `claim`. Default: that of `backup`. */
  s3?: S3StoreArgs;

  /** A volume, by a claim that exists. Either this or `s3`. Default: that of `backup`. */
  claim?: ClaimStoreArgs;

  /** The backup's name, such as `20261126T191500Z-5f3a9c`. Default: the newest. */
  name?: string;

  /** The ID of the cluster whose backup it is, in hexadecimal. Needed for the newest of a store with several. */
  clusterId?: string;
}

/** A snapshot file. */
export interface SnapshotFileArgs {
  /** The claim, in the namespace. It is mounted read-only. */
  claim: pulumi.Input<string>;

  /** The file's path on the claim. */
  path: string;
}

/** A living etcd elsewhere, asked with a client certificate; with etcd's own users on, of one who is root. */
export interface EndpointsArgs {
  /** Client URLs, `https://…`: the first that answers is taken. */
  urls: string[];

  /** A Secret of the namespace with `tls.crt`, `tls.key` and `ca.crt`. */
  tlsSecret: pulumi.Input<string>;

  /** The name that the servers' certificates are checked for. Default: the URL's host. */
  serverName?: string;
}

/**
 * A way out of a lost quorum: the next generation is made from the disk with the newest last entry among those that are
 * left. Does nothing while there is a quorum, or while the missing disks may come back.
 */
export interface RecoveryArgs {
  /** Has to be true. It says that a person has decided this; the data of lost disks alone is gone. */
  confirmed: boolean;

  /**
   * Names of members, such as `etcd-2`, that are given up: their disks count as lost, and if it can't be confirmed that
   * their pods have stopped, their volumes are never used again. Default: none; then they are waited for.
   */
  abandonedMembers?: string[];

  /** Whether the restore pod works on a claim like a member's. Default: false, on its node's own disk. */
  scratchOnClaim?: boolean;
}
