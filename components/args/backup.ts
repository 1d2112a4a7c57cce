import type * as pulumi from "@pulumi/pulumi";
import type { Compression, ServerSideEncryption } from "./enums";
import type { Metadata } from "./kubernetes";

/** Backups on a schedule. Each is a snapshot of the whole database, which is checked while it is taken. */
export interface Backup {
  /** The schedule, as a cron expression of five fields, such as `0 * * * *`. */
  schedule: string;

  /** The schedule's time zone, such as `Europe/Berlin`. Default: `Etc/UTC`. */
  timeZone?: string;

  /** An S3-compatible store. Give either this or `claim`. */
  s3?: S3Store;

  /** A volume, by a PersistentVolumeClaim. Give either this or `s3`. */
  claim?: ClaimStore;

  /** Which backups are kept. */
  retention?: BackupRetention;

  /**
   * Compression. Default: none. Gzip makes most backups much smaller, and costs CPU time while etcd holds the snapshot
   * open.
   */
  compression?: Compression;

  /** Seconds after which a backup fails. Default: 3600. */
  timeoutSeconds?: number;

  /**
   * The job's memory limit. Default: `resources.helpers.memoryLimit`, or `256Mi`. The job uses about 100Mi, whatever
   * the size of the database.
   */
  memoryLimit?: string;

  /**
   * Annotations for the jobs' ServiceAccount `<cluster>-backup`, such as `eks.amazonaws.com/role-arn`. They give the
   * pod its identity when `s3` has no credentials.
   */
  serviceAccountAnnotations?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;

  /** Labels and annotations for the jobs' pods, for example those by which a platform gives a pod its identity. */
  podMetadata?: Metadata;

  /** A drill: on a schedule, a pod restores the newest backup, checks the result and is deleted. Default: no drill. */
  drill?: BackupDrill;
}

/** Which backups are kept: those that match either rule, and always the newest one. */
export interface BackupRetention {
  /** The number of newest backups that are kept, whatever their age. Default: 14. */
  keepLast?: number;

  /** Keeps all backups that are younger than this number of days. Default: age alone keeps none. */
  keepDays?: number;
}

/** A drill: a pod fetches the newest backup, checks it, restores it and starts etcd from it. */
export interface BackupDrill {
  /** The schedule, as a cron expression of five fields, such as `0 4 * * 0`. */
  schedule: string;

  /** The schedule's time zone. Default: the time zone of the backups. */
  timeZone?: string;

  /** Seconds after which a drill fails. Default: 3600. */
  timeoutSeconds?: number;

  /**
   * Whether the drill uses a PersistentVolumeClaim like a member's instead of its node's disk. Default: false. On the
   * node's disk the pod requests three times the quota and 512Mi, which not every node has.
   */
  scratchOnClaim?: boolean;
}

/** A bucket of an S3-compatible store. */
export interface S3Store {
  /** The bucket, which has to exist. For another tenant's bucket, on stores with tenants: `tenant:bucket`. */
  bucket: pulumi.Input<string>;

  /**
   * The store's URL, such as `https://minio.example.com:9000`, with a path if the buckets are below one. Default:
   * Amazon S3 in the given region.
   */
  endpoint?: pulumi.Input<string>;

  /** The region. Default: `us-east-1`. */
  region?: pulumi.Input<string>;

  /** The prefix of all keys, without a slash at either end. Default: `<namespace>/<cluster>`. May be empty. */
  prefix?: pulumi.Input<string>;

  /**
   * Whether the bucket is in the URL's path and not in its host. Default: true with an `endpoint` or if the bucket's
   * name has dots, otherwise false.
   */
  pathStyle?: boolean;

  /** CA certificate for the endpoint, as PEM. Default: the certificate authorities that Node.js trusts. */
  caCertificate?: pulumi.Input<string>;

  /**
   * The credentials. The component makes the Secret `<cluster>-backup-credentials` from them, or
   * `<cluster>-restore-credentials` for `restore.backup`. They are secret in Pulumi's state, even if they are given as
   * plain text. A change reaches the next job and restarts no member. Give either these or `credentialsSecret`.
   * Default: the pod's own identity.
   */
  credentials?: S3Credentials;

  /**
   * The Secret with the credentials, in the cluster's namespace, with the keys `accessKeyId`, `secretAccessKey` and, if
   * there is one, `sessionToken`. Default: the pod's own identity, as Amazon EKS and compatible platforms provide it.
   */
  credentialsSecret?: pulumi.Input<string>;

  /** Encryption at rest by the store. Default: the bucket's own setting. */
  encryption?: S3Encryption;
}

/** Credentials of an S3-compatible store, for example from `config.requireSecret`. */
export interface S3Credentials {
  /** The ID of the access key. */
  accessKeyId: pulumi.Input<string>;

  /** The secret access key. */
  secretAccessKey: pulumi.Input<string>;

  /** The session token of temporary credentials. Default: none. They have to outlive the next `pulumi up`. */
  sessionToken?: pulumi.Input<string>;
}

/** Encryption at rest by the store. */
export interface S3Encryption {
  /** Encrypts with the store's own key, or with a key of its key management service. */
  algorithm: ServerSideEncryption;

  /** The ID of the key, for `aws:kms`. Default: the store's default key. */
  keyId?: pulumi.Input<string>;
}

/** A PersistentVolumeClaim that holds backups. */
export interface ClaimStore {
  /** The name of an existing claim. Give either this or `size`. */
  existing?: pulumi.Input<string>;

  /**
   * The size of the claim `<cluster>-backups`, which the component creates, such as `50Gi`. The claim is protected: it
   * is deleted with the cluster only if `allowDataDeletion` is true.
   */
  size?: string;

  /** The StorageClass of a claim that the component creates. Default: the Kubernetes cluster's default class. */
  storageClass?: pulumi.Input<string>;

  /** The folder on the volume, without a slash at either end. Default: `<namespace>/<cluster>`. May be empty. */
  prefix?: pulumi.Input<string>;
}
