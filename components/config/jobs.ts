import * as pulumi from "@pulumi/pulumi";
import type { Backup, ClaimStore, S3Store } from "../args";
import { Compression } from "../args";
import type { BackupSettings, StoreSettings } from "../contract/jobs";
import type { ClusterSpec } from "./resolve";
import { s3Url } from "../contract/amazon";
import { defaults } from "./defaults";
import { dnsNames, objectNames, paths } from "../contract/names";

/** The store of backups: exactly one of the two. */
export interface StoreArgs {
  readonly s3?: S3Store;
  readonly claim?: ClaimStore;
}

/** Whether a bucket's name is a single DNS label: a wildcard certificate covers no name with more labels. */
export const isLabel = (bucket: string): boolean => /^[a-z0-9-]+$/.test(bucket);

/** `defaultPrefix`: the prefix of the cluster whose backups they are. */
export function storeSettings(
  store: StoreArgs,
  defaultPrefix: pulumi.Input<string>,
): pulumi.Output<StoreSettings> {
  const { s3, claim } = store;
  if (!s3)
    return pulumi.all([claim?.prefix, defaultPrefix]).apply(([own, usual]): StoreSettings => ({
      kind: "folder",
      folder: paths.backups,
      prefix: own ?? usual,
    }));
  const { bucket, endpoint, caCertificate, encryption } = s3;
  const hasCredentials = (s3.credentials ?? s3.credentialsSecret) !== undefined;
  return pulumi
    .all([bucket, endpoint, s3.region, s3.prefix, defaultPrefix, caCertificate, encryption?.keyId])
    .apply(([name, url, place, own, usual, ca, keyId]): StoreSettings => {
      const region = place ?? defaults.s3Region;
      return {
        kind: "s3",
        endpoint: url ?? s3Url(region),
        region,
        bucket: name,
        prefix: own ?? usual,
        pathStyle: s3.pathStyle ?? (url !== undefined || !isLabel(name)),
        ...(ca === undefined ? {} : { ca }),
        ...(encryption === undefined
          ? {}
          : { encryption: { algorithm: encryption.algorithm, ...(keyId === undefined ? {} : { keyId }) } }),
        credentials: hasCredentials ? "files" : "pod",
      };
    });
}

/** The claims of the declared members. */
export const claimNames = (spec: ClusterSpec): readonly string[] =>
  Array.from({ length: spec.members }, (_, ordinal) => `${objectNames(spec.name).claimPrefix}${ordinal}`);

export function backupSettings(
  spec: ClusterSpec,
  backup: Backup,
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
