/** Settings of the jobs of backups and restores, as JSON in environment variables. */

export interface S3Settings {
  readonly kind: "s3";
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Without a slash at its ends; may be empty. */
  readonly prefix: string;
  /** Whether the bucket is in the URL's path and not in its host. */
  readonly pathStyle: boolean;
  /** PEM, for an endpoint with a certificate of a private authority. */
  readonly ca?: string;
  readonly encryption?: { readonly algorithm: string; readonly keyId?: string };
  /** `files`: a Secret, mounted at `paths.credentials`. `pod`: the identity that the platform gives to the pod. */
  readonly credentials: "files" | "pod";
}

export interface FolderSettings {
  readonly kind: "folder";
  /** The mount path of the claim. */
  readonly folder: string;
  readonly prefix: string;
}

export type StoreSettings = S3Settings | FolderSettings;

export interface RetentionSettings {
  /** The number of newest backups that are kept, whatever their age. */
  readonly keepLast: number;
  /** All younger backups are kept, whatever their number. */
  readonly keepDays?: number;
}

export interface BackupSettings {
  readonly namespace: string;
  readonly cluster: string;
  /** The ConfigMap with the status of backups. */
  readonly statusName: string;
  readonly clientUrls: readonly string[];
  /** The members' claims, which differ between a cluster and a copy of it. */
  readonly claims: readonly string[];
  /** The declared generation. */
  readonly generation: number;
  readonly compression: "none" | "gzip";
  readonly retention: RetentionSettings;
  readonly timeoutSeconds: number;
}
