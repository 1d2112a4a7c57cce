import type { EtcdClusterArgs, EtcdSettings } from "../args";
import { CompactionMode, LogLevel, TlsVersion } from "../args";
import { quotaPerMemory, roomyQuota, shutdownSeconds } from "../config/defaults";
import { settingDefaults } from "../config/etcd-config";
import { bytesAsText, duration, quantity } from "../contract/units";
import { checkInteger, checkOneOf } from "./checks";
import { validateCiphers } from "./ciphers";
import type { ValidationErrors } from "./errors";
import { checkBytes, checkDuration } from "./measures";
import { validateExtra } from "./settings";

export function validateEtcd(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const etcd = args.etcd ?? {};
  validateCompaction(errors, etcd);
  validateTiming(errors, args, etcd);
  checkDuration(errors, "etcd.compactHashCheckInterval", etcd.compactHashCheckInterval);
  checkInteger(errors, "etcd.snapshotCount", etcd.snapshotCount, 1, 10_000_000);
  checkInteger(errors, "etcd.snapshotCatchUpEntries", etcd.snapshotCatchUpEntries, 1, 10_000_000);
  checkInteger(errors, "etcd.maxTransactionOperations", etcd.maxTransactionOperations, 1, 1_000_000);
  validateRequestSize(errors, etcd.maxRequestSize);
  checkOneOf(errors, "etcd.logLevel", etcd.logLevel, LogLevel);
  checkOneOf(errors, "etcd.tlsMinVersion", etcd.tlsMinVersion, TlsVersion);
  validateCiphers(errors, args);
  validateExtra(errors, args);
}

/** With less, members start but accept almost no write. Such a value is usually a size without its unit. */
const smallestRequest = 16 * 2 ** 10;

function validateRequestSize(errors: ValidationErrors, given: string | undefined): void {
  const path = "etcd.maxRequestSize";
  if (checkBytes(errors, path, given) && given !== undefined && (quantity(given) ?? 0) < smallestRequest) {
    errors.add(path, given, "below 16Ki practically every write would be refused", addUnit(given, "1536Ki"));
  }
}

const addUnit = (given: string, example: string): string =>
  `${/^\d+$/.test(given) ? "Add the unit, for example" : "For example:"} "${example}"`;

/** etcd compacts ten times within this duration. */
const shortestRetentionSeconds = 60;

function validateCompaction(errors: ValidationErrors, etcd: EtcdSettings): void {
  checkOneOf(errors, "etcd.autoCompactionMode", etcd.autoCompactionMode, CompactionMode);
  const retention = etcd.autoCompactionRetention;
  const path = "etcd.autoCompactionRetention";
  if (errors.has("etcd.autoCompactionMode")) {
    return;
  }
  if (etcd.autoCompactionMode === CompactionMode.Revision) {
    if (retention === undefined || !/^\d{1,18}$/.test(retention)) {
      errors.add(path, retention, "revision mode keeps a number of revisions", `For example: "10000"`);
    }
  } else if (retention !== undefined && retention !== "0" && !duration(retention)) {
    errors.add(
      path,
      retention,
      "periodic mode keeps a length of time (etcd would take a bare number for hours)",
      `For example: "1h", or "0" to turn it off`,
    );
  } else if (
    retention !== undefined &&
    retention !== "0" &&
    (duration(retention) ?? 0) < shortestRetentionSeconds
  ) {
    errors.add(
      path,
      retention,
      "with less than a minute etcd would compact all the time, and a watch that falls behind for a moment would end",
      `For example: "1h", or "0" to turn it off`,
    );
  }
}

function validateTiming(errors: ValidationErrors, args: EtcdClusterArgs, etcd: EtcdSettings): void {
  const heartbeat = etcd.heartbeatIntervalMilliseconds ?? settingDefaults.heartbeatIntervalMilliseconds;
  const election = etcd.electionTimeoutMilliseconds ?? settingDefaults.electionTimeoutMilliseconds;
  const grace = args.terminationGracePeriodSeconds;
  const graceIsUsable = checkInteger(errors, "terminationGracePeriodSeconds", grace, 1, 86_400);
  const usable = [
    checkInteger(errors, "etcd.heartbeatIntervalMilliseconds", heartbeat, 1, 10_000),
    checkInteger(errors, "etcd.electionTimeoutMilliseconds", election, 1, 50_000),
  ].every(Boolean);
  if (!usable) {
    return;
  }
  if (election < 5 * heartbeat) {
    errors.add(
      "etcd.electionTimeoutMilliseconds",
      election,
      `it has to be at least five times the heartbeat interval, which is ${heartbeat} ms`,
      `Use ${10 * heartbeat}, or lower etcd.heartbeatIntervalMilliseconds`,
    );
  }
  const needed = shutdownSeconds(election);
  if (graceIsUsable && (grace ?? needed) < needed) {
    errors.add(
      "terminationGracePeriodSeconds",
      grace,
      `with an election timeout of ${election} ms a clean stop can take ${needed} s`,
      `Use ${needed} or more, or leave it out`,
    );
  }
}

/** etcd's own data and history take some megabytes. A smaller value is usually a size without its unit. */
const smallestQuota = 16 * 2 ** 20;

/** Separate from the rest of `etcd`, because it depends on volume and memory, as far as they are known. */
export function validateQuota(
  errors: ValidationErrors,
  args: EtcdClusterArgs,
  volumeBytes = Infinity,
  memoryBytes = Infinity,
): void {
  const given = args.etcd?.quota;
  if (!checkBytes(errors, "etcd.quota", given) || given === undefined) {
    return;
  }
  const quota = quantity(given) ?? NaN;
  if (quota < smallestQuota) {
    errors.add(
      "etcd.quota",
      given,
      "below 16Mi the database would be full at once, and the cluster would accept no writes",
      addUnit(given, "2Gi"),
    );
  }
  if (quota > volumeBytes / 3) {
    errors.add(
      "etcd.quota",
      given,
      "a volume has to hold the database, a copy while it is defragmented, and a snapshot: three times the quota, " +
        `${bytesAsText(3 * quota)}`,
      `Lower the quota, or use storage.size: "${bytesAsText(3 * quota)}" or more`,
    );
  }
  const roomy = roomyQuota(volumeBytes);
  if (quota > roomy && quota <= volumeBytes / 3) {
    errors.warn(
      "etcd.quota",
      given,
      "the database, a copy while it is defragmented and what a restore sets aside are three times that much, " +
        "which leaves little of the volume for etcd's log",
      `Use ${bytesAsText(roomy)} or less, or raise storage.size`,
    );
  }
  if (quota > quotaPerMemory * memoryBytes) {
    errors.add(
      "etcd.quota",
      given,
      "a member's memory would be less than a quarter of its database, and it could not be started again",
      "Lower the quota, or raise resources.memoryLimit",
    );
  }
  if (quota > 8 * 2 ** 30) {
    errors.warn(
      "etcd.quota",
      given,
      "etcd's authors advise against more than 8Gi",
      "Split the data over two clusters",
    );
  }
}
