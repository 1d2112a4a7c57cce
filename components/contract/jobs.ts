/** What the jobs of backups and restores are told, as JSON in their variables. */

export interface S3Settings {
  readonly kind: "s3";
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Without a slash at its ends; may be empty. */
  readonly prefix: string;
  /** The bucket in the path, and not in the host's name. */
  readonly pathStyle: boolean;
  /** PEM, for an endpoint with a certificate of one's own authority. */
  readonly ca?: string;
  readonly encryption?: { readonly algorithm: string; readonly keyId?: string };
  /** `files`: a Secret, mounted at `paths.credentials`. `pod`: what the platform gives the pod's ServiceAccount. */
  readonly credentials: "files" | "pod";
}

export interface FolderSettings {
  readonly kind: "folder";
  /** Where the claim is mounted. */
  readonly folder: string;
  readonly prefix: string;
}

export type StoreSettings = S3Settings | FolderSettings;

export interface RetentionSettings {
  /** So many are kept, whatever their age. */
  readonly keepLast: number;
  /** All that are younger are kept, whatever their number. */
  readonly keepDays?: number;
}

export interface BackupSettings {
  readonly namespace: string;
  readonly cluster: string;
  /** The ConfigMap that tells of backups. */
  readonly statusName: string;
  readonly clientUrls: readonly string[];
  /** The members' claims, by which a cluster is told from a copy of it. */
  readonly claims: readonly string[];
  /** Counts restores. */
  readonly generation: number;
  readonly compression: "none" | "gzip";
  readonly retention: RetentionSettings;
  readonly timeoutSeconds: number;
}
