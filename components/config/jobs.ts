import * as pulumi from "@pulumi/pulumi";
import type { BackupArgs, ClaimStoreArgs, S3StoreArgs } from "../args";
import { Compression } from "../args";
import type { ClusterSpec } from "./resolve";
import { s3Url } from "../contract/amazon";
import { defaults } from "./defaults";
import { dnsNames, objectNames, paths } from "../contract/names";

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

/** Where backups are; exactly one of the two. */
export interface StoreArgs {
  readonly s3?: S3StoreArgs;
  readonly claim?: ClaimStoreArgs;
}

/** Whether a bucket's name is one label of a host's name: a certificate for all of them covers no dots. */
export const isLabel = (bucket: string): boolean => /^[a-z0-9-]+$/.test(bucket);

/** `defaultPrefix`: of the cluster whose backups they are. */
export function storeSettings(
  store: StoreArgs,
  defaultPrefix: pulumi.Input<string>,
): pulumi.Output<StoreSettings> {
  const { s3, claim } = store;
  if (!s3)
    return pulumi
      .output(claim?.prefix ?? defaultPrefix)
      .apply((prefix): StoreSettings => ({ kind: "folder", folder: paths.backups, prefix }));
  const { bucket, endpoint, caCertificate, encryption, credentialsSecret } = s3;
  return pulumi
    .all([bucket, endpoint, s3.region, s3.prefix ?? defaultPrefix, caCertificate, encryption?.keyId])
    .apply(([name, url, place, prefix, ca, keyId]): StoreSettings => {
      const region = place ?? defaults.s3Region;
      return {
        kind: "s3",
        endpoint: url ?? s3Url(region),
        region,
        bucket: name,
        prefix,
        pathStyle: s3.pathStyle ?? (url !== undefined || !isLabel(name)),
        ...(ca === undefined ? {} : { ca }),
        ...(encryption === undefined
          ? {}
          : { encryption: { algorithm: encryption.algorithm, ...(keyId === undefined ? {} : { keyId }) } }),
        credentials: credentialsSecret === undefined ? "pod" : "files",
      };
    });
}

/** Of the declared members. */
export const claimNames = (spec: ClusterSpec): readonly string[] =>
  Array.from({ length: spec.members }, (_, ordinal) => `${objectNames(spec.name).claimPrefix}${ordinal}`);

export function backupSettings(
  spec: ClusterSpec,
  backup: BackupArgs,
  namespace: string,
  timeoutSeconds: number,
): BackupSettings {
  const names = objectNames(spec.name);
  const dns = dnsNames(spec.name, namespace, spec.domain);
  const { keepLast = defaults.backupKeepLast, keepDays } = backup.retention ?? {};
  return {
    namespace,
    cluster: spec.name,
    statusName: names.backups,
    clientUrls: Array.from({ length: spec.members }, (_, ordinal) => dns.clientUrl(names.pod(ordinal))),
    claims: claimNames(spec),
    generation: spec.generation,
    compression: backup.compression ?? Compression.None,
    retention: { keepLast, ...(keepDays === undefined ? {} : { keepDays }) },
    timeoutSeconds,
  };
}
