import type * as pulumi from "@pulumi/pulumi";
import type { Compression, ServerSideEncryption } from "./enums";
import type { MetadataArgs } from "./kubernetes";

/** Backups on a schedule. Each is a snapshot of the whole database, checked while it is taken. */
export interface BackupArgs {
  /** When, as a cron expression of five fields, such as `0 * * * *`. */
  schedule: string;

  /** The schedule's time zone, such as `Europe/Berlin`. Default: `Etc/UTC`. */
  timeZone?: string;

  /** A store that speaks S3. Either this or `claim`. */
  s3?: S3StoreArgs;

  /** A volume. Either this or `s3`. */
  claim?: ClaimStoreArgs;

  /** Which backups are kept. */
  retention?: BackupRetentionArgs;

  /** Default: none. Gzip takes a processor's time while etcd holds the snapshot open, and most of the size away. */
  compression?: Compression;

  /** Seconds after which a backup is given up. Default: 3600. */
  timeoutSeconds?: number;

  /**
   * The job's memory limit. Default: `resources.helpers.memoryLimit`, or `256Mi`, of which it takes about 100Mi whatever
   * the database's size.
   */
  memoryLimit?: string;

  /**
   * Annotations for the jobs' ServiceAccount `<cluster>-backup`, such as `eks.amazonaws.com/role-arn`: what gives the
   * pod an identity where `s3.credentialsSecret` is left out.
   */
  serviceAccountAnnotations?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;

  /** Labels and annotations for the jobs' pods, such as those by which a platform gives a pod its identity. */
  podMetadata?: MetadataArgs;

  /** A schedule on which the newest backup is restored in a throw-away pod, and compared. Default: never. */
  drill?: BackupDrillArgs;
}

/** Which backups are kept: those that either wish wants. The one that was just made always is. */
export interface BackupRetentionArgs {
  /** So many of the newest are kept, whatever their age. Default: 14. */
  keepLast?: number;

  /** All younger than so many days are kept, whatever their number. Default: none for their age alone. */
  keepDays?: number;
}

/** A drill: the newest backup is fetched, checked, restored and started. */
export interface BackupDrillArgs {
  /** When, as a cron expression of five fields, such as `0 4 * * 0`. */
  schedule: string;

  /** The schedule's time zone. Default: that of the backups. */
  timeZone?: string;

  /** Seconds that the whole drill may take. Default: 3600. */
  timeoutSeconds?: number;

  /**
   * Whether the drill works on a claim like a member's, and not on its node's own disk. Default: false. On the node it
   * asks for three times the quota and 512Mi, which a node or a platform may not have.
   */
  scratchOnClaim?: boolean;
}

/** A bucket of a store that speaks S3. */
export interface S3StoreArgs {
  /** The bucket, which has to exist. Of another tenant's, on stores that have them: `tenant:bucket`. */
  bucket: pulumi.Input<string>;

  /**
   * The store's URL, such as `https://minio.example.com:9000`, with a path if its buckets are below one. Default:
   * Amazon's of the region.
   */
  endpoint?: pulumi.Input<string>;

  /** Default: `us-east-1`. */
  region?: pulumi.Input<string>;

  /** What all keys begin with, without a slash at its ends. Default: `<namespace>/<cluster>`. Empty is allowed. */
  prefix?: string;

  /**
   * Whether the bucket stands in the URL's path, and not in its host. Default: true with an `endpoint`, or where the
   * bucket's name has dots, else false.
   */
  pathStyle?: boolean;

  /** The certificate of the authority that the endpoint's is of, as PEM. Default: those that Node.js trusts. */
  caCertificate?: pulumi.Input<string>;

  /**
   * The Secret with the credentials, in the namespace: `accessKeyId`, `secretAccessKey`, and `sessionToken` if there is
   * one. Default: the pod's identity, by the variables that Amazon's EKS and others like it set for a ServiceAccount.
   */
  credentialsSecret?: pulumi.Input<string>;

  /** Encryption at rest by the store. Default: what the bucket does by itself. */
  encryption?: S3EncryptionArgs;
}

/** Encryption at rest by the store. */
export interface S3EncryptionArgs {
  /** By the store's own key, or by one of its key management. */
  algorithm: ServerSideEncryption;

  /** The key, with `aws:kms`. Default: the store's own choice. */
  keyId?: pulumi.Input<string>;
}

/** A volume that holds backups. */
export interface ClaimStoreArgs {
  /** A claim that is there already. Either this or `size`. */
  existing?: pulumi.Input<string>;

  /**
   * The size of a claim `<cluster>-backups` that is made here, such as `50Gi`. It is protected, and outlives the
   * cluster unless `allowDataDeletion` says that data may go.
   */
  size?: string;

  /** The storage class of a claim that is made here. Default: the Kubernetes cluster's own. */
  storageClass?: pulumi.Input<string>;

  /** The folder in it, without a slash at its ends. Default: `<namespace>/<cluster>`. Empty is allowed. */
  prefix?: string;
}
