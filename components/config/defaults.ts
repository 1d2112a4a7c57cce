import type { EtcdClusterArgs, ImageArgs, TlsArgs } from "../args";
import { bytesAsText, quantity } from "../contract/units";
import { defaultRepository, defaultVersion } from "../contract/versions";

/** What follows from the arguments: defaults, and numbers derived from other numbers. */

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
  nodeTag: "22-slim",
  defragmentFreePercent: 45,
  defragmentMinSize: "100Mi",
  backupTimeoutSeconds: 3600,
  backupTimeZone: "Etc/UTC",
  backupKeepLast: 14,
  s3Region: "us-east-1",
} as const;

/** The largest database that etcd's authors advise. */
const advisedQuota = 8 * 2 ** 30;

/** A member with less memory than this part of its database could not be started again. */
export const quotaPerMemory = 4;

const mebibyte = 2 ** 20;

/** Up to seven files of etcd's log, each preallocated with 64 MB, and what a file system takes for itself. */
const logBytes = 512 * mebibyte;

/**
 * The largest database of a volume on which three of them find room (itself; the copy that a defragmentation makes, or a
 * snapshot; what a join or a restore has set aside) beside the log. On a volume of less than 2Gi the log gets a quarter:
 * so small a database leaves few files of it.
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
 * What a snapshot is worked on with: what it comes from or in, itself, and what is made of it, each as large as a
 * database may be; and the logs that begin beside them.
 */
export const scratchBytes = (quota: number): number => {
  const wanted = 3 * quota + logBytes;
  return Math.ceil(wanted / mebibyte) * mebibyte;
};

/** Go collects harder near this much memory; the rest is for what is not Go's heap. */
export function goMemoryLimit(memoryLimit: string): string {
  const bytes = quantity(memoryLimit) ?? NaN;
  return `${bytesAsText(Math.floor((bytes * 0.85) / mebibyte) * mebibyte)}B`;
}

/**
 * The longest that a clean stop takes: two listeners and the hand-over of leadership wait for up to 5 s and two
 * elections each, one second for the peers, and as much again for a slow disk.
 */
export function shutdownSeconds(electionTimeoutMilliseconds: number): number {
  const request = 5 + (2 * electionTimeoutMilliseconds) / 1000;
  return Math.max(60, Math.ceil(2 * (3 * request + 1)));
}

export function certificateDays(tls: TlsArgs): {
  ca: number;
  leaf: number;
  renewCa: number;
  renewLeaf: number;
} {
  const ca = tls.caValidityDays ?? 3650;
  const leaf = tls.validityDays ?? Math.min(1095, ca);
  // Where lifetimes are short, a year would mean that a certificate is due the day it is made.
  const renew = (lifetime: number) => tls.renewBeforeDays ?? Math.min(365, lifetime / 3);
  return { ca, leaf, renewCa: renew(ca), renewLeaf: renew(leaf) };
}

export function etcdImage(args: EtcdClusterArgs): string {
  return imageReference(args.image, defaultRepository, `v${args.version ?? defaultVersion}`);
}

export function nodeImage(args: EtcdClusterArgs): string {
  return imageReference(args.nodeImage, defaults.nodeRepository, defaults.nodeTag);
}

function imageReference(image: ImageArgs | undefined, repository: string, tag: string): string {
  const name = image?.repository ?? repository;
  return image?.digest ? `${name}@${image.digest}` : `${name}:${image?.tag ?? tag}`;
}

/** The longest wait for a cluster that can be declared. */
export const longestWaitSeconds = 7 * 86_400;

/** Long enough for every member to be rolled or replaced with a full volume. */
export function waitSeconds(args: EtcdClusterArgs): number {
  const members = args.members ?? defaults.members;
  const volume = (quantity(args.storage?.size ?? defaults.storageSize) ?? NaN) / 2 ** 30;
  const usual = 60 * Math.ceil(30 + members * (5 + (5 * volume) / 10));
  return args.controller?.waitSeconds ?? Math.min(usual, longestWaitSeconds);
}
