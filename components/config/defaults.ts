import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs, Image, Tls } from "../args";
import { bytesAsText, quantity } from "../contract/units";
import { defaultRepository, defaultVersion } from "../contract/versions";

/** Defaults, and numbers that are derived from other arguments. */

export const defaults = {
  members: 3,
  generation: 1,
  clusterDomain: "cluster.local",
  storageSize: "8Gi",
  cpuRequest: "250m",
  memoryLimit: "2Gi",
  minZones: 3,
  runAsUser: 65532,
  pullPolicy: "IfNotPresent",
  livenessBudgetSeconds: 600,
  startupBudgetSeconds: 3600,
  nodeRepository: "docker.io/library/node",
  nodeTag: "24-slim",
  defragmentFreePercent: 45,
  defragmentMinSize: "100Mi",
  backupTimeoutSeconds: 3600,
  backupTimeZone: "Etc/UTC",
  backupKeepLast: 14,
  s3Region: "us-east-1",
} as const;

/** The largest database that etcd's documentation recommends. */
const advisedQuota = 8 * 2 ** 30;

/** The database may be at most this multiple of the memory limit: with less memory, a member could not start again. */
export const quotaPerMemory = 4;

const mebibyte = 2 ** 20;

/** Up to seven files of the write-ahead log, each preallocated with 64 MB, and the file system's own space. */
const logBytes = 512 * mebibyte;

/**
 * The largest database of which a volume has space for three copies beside the write-ahead log: the database, the copy
 * of a defragmentation or a snapshot, and the directory that a join or a restore replaced. On a volume below 2Gi the
 * log gets a quarter, because so small a database needs few log files.
 */
export function roomyQuota(volumeBytes: number): number {
  const third = (volumeBytes - Math.min(logBytes, volumeBytes / 4)) / 3;
  return third >= mebibyte ? Math.floor(third / mebibyte) * mebibyte : Math.floor(third);
}

export function quotaBytes(args: EtcdClusterArgs): number {
  if (args.etcd?.quota !== undefined) {
    return quantity(args.etcd.quota) ?? NaN;
  }
  const volume = quantity(args.storage?.size ?? defaults.storageSize) ?? NaN;
  const memory = quantity(args.resources?.memoryLimit ?? defaults.memoryLimit) ?? NaN;
  return Math.min(roomyQuota(volume), advisedQuota, Math.floor(quotaPerMemory * memory));
}

/**
 * The space for a restore: the source, the snapshot and the restored data, each as large as the quota, and their logs.
 */
export const scratchBytes = (quota: number): number => {
  const wanted = 3 * quota + logBytes;
  return Math.ceil(wanted / mebibyte) * mebibyte;
};

/**
 * `GOMEMLIMIT`: near it, Go's garbage collector runs more often. The rest of the memory is for what is not Go's heap.
 */
export function goMemoryLimit(memoryLimit: string): string {
  const bytes = quantity(memoryLimit) ?? NaN;
  return `${bytesAsText(Math.floor((bytes * 0.85) / mebibyte) * mebibyte)}B`;
}

/**
 * The longest time of a clean stop. Two listeners and the transfer of leadership take up to 5 s and two elections each,
 * the peers one second. Twice that, for a slow disk.
 */
export function shutdownSeconds(electionTimeoutMilliseconds: number): number {
  const request = 5 + (2 * electionTimeoutMilliseconds) / 1000;
  return Math.max(60, Math.ceil(2 * (3 * request + 1)));
}

export function certificateDays(tls: Tls): {
  ca: number;
  leaf: number;
  renewCa: number;
  renewLeaf: number;
} {
  const ca = tls.caValidityDays ?? 3650;
  const leaf = tls.validityDays ?? Math.min(1095, ca);
  // With a short lifetime, a year would renew the certificate on the day of its creation.
  const renew = (lifetime: number) => tls.renewBeforeDays ?? Math.min(365, lifetime / 3);
  return { ca, leaf, renewCa: renew(ca), renewLeaf: renew(leaf) };
}

export function etcdImage(args: EtcdClusterArgs): pulumi.Output<string> {
  return imageReference(args.image, defaultRepository, `v${args.version ?? defaultVersion}`);
}

export function nodeImage(args: EtcdClusterArgs): pulumi.Output<string> {
  return imageReference(args.nodeImage, defaults.nodeRepository, defaults.nodeTag);
}

function imageReference(image: Image = {}, defaultName: string, defaultTag: string): pulumi.Output<string> {
  return pulumi
    .all([image.repository, image.tag, image.digest])
    .apply(([name = defaultName, tag = defaultTag, digest]) =>
      digest ? `${name}@${digest}` : `${name}:${tag}`,
    );
}

/** The longest `controller.waitSeconds`. */
export const longestWaitSeconds = 7 * 86_400;

/** Long enough to restart every member, or to replace it with a full volume. */
export function waitSeconds(args: EtcdClusterArgs): number {
  const members = args.members ?? defaults.members;
  const volume = (quantity(args.storage?.size ?? defaults.storageSize) ?? NaN) / 2 ** 30;
  const usual = 60 * Math.ceil(30 + members * (5 + (5 * volume) / 10));
  return args.controller?.waitSeconds ?? Math.min(usual, longestWaitSeconds);
}
