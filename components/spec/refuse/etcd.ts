import type { EtcdClusterArgs, EtcdSettingsArgs } from "../../args";
import { CompactionMode, LogLevel, TlsVersion } from "../../args";
import { quotaPerMemory, shutdownSeconds } from "../derived";
import { extraSettings, ownSettings, typedSettings } from "../setting-names";
import { settingDefaults } from "../settings";
import { duration, nearest, quantity } from "../units";
import type { Minor } from "../versions";
import { defaultVersion, parseVersion } from "../versions";
import { checkBytes, checkDuration, checkInteger, checkOneOf } from "./checks";
import type { Problems } from "./problems";

export function refuseEtcd(problems: Problems, args: EtcdClusterArgs): void {
  const etcd = args.etcd ?? {};
  refuseCompaction(problems, etcd);
  refuseTiming(problems, args, etcd);
  checkDuration(problems, "etcd.compactHashCheckInterval", etcd.compactHashCheckInterval);
  checkInteger(problems, "etcd.snapshotCount", etcd.snapshotCount, 1, 10_000_000);
  checkInteger(problems, "etcd.snapshotCatchUpEntries", etcd.snapshotCatchUpEntries, 1, 10_000_000);
  checkInteger(problems, "etcd.maxTransactionOperations", etcd.maxTransactionOperations, 1, 1_000_000);
  checkBytes(problems, "etcd.maxRequestSize", etcd.maxRequestSize);
  checkOneOf(problems, "etcd.logLevel", etcd.logLevel, LogLevel);
  checkOneOf(problems, "etcd.tlsMinVersion", etcd.tlsMinVersion, TlsVersion);
  if (etcd.cipherSuites !== undefined && etcd.tlsMinVersion === TlsVersion.Tls13) {
    problems.refuse(
      "etcd.cipherSuites",
      etcd.cipherSuites,
      "they are for TLS 1.2, and tlsMinVersion is TLS1.3",
      "Leave one of them out",
    );
  }
  const minor = parseVersion(args.version ?? defaultVersion)?.minor;
  if (minor) {
    refuseExtra(problems, etcd, minor);
  }
}

function refuseCompaction(problems: Problems, etcd: EtcdSettingsArgs): void {
  checkOneOf(problems, "etcd.autoCompactionMode", etcd.autoCompactionMode, CompactionMode);
  const retention = etcd.autoCompactionRetention;
  const path = "etcd.autoCompactionRetention";
  if (etcd.autoCompactionMode === CompactionMode.Revision) {
    if (retention === undefined || !/^\d+$/.test(retention)) {
      problems.refuse(path, retention, "revision mode keeps a number of revisions", `Write it like "10000"`);
    }
  } else if (retention !== undefined && retention !== "0" && !duration(retention)) {
    problems.refuse(
      path,
      retention,
      "periodic mode keeps a length of time (etcd would take a bare number for hours)",
      `Write it like "1h", or "0" for none`,
    );
  }
}

function refuseTiming(problems: Problems, args: EtcdClusterArgs, etcd: EtcdSettingsArgs): void {
  const heartbeat = etcd.heartbeatIntervalMilliseconds ?? settingDefaults.heartbeatIntervalMilliseconds;
  const election = etcd.electionTimeoutMilliseconds ?? settingDefaults.electionTimeoutMilliseconds;
  const usable =
    checkInteger(problems, "etcd.heartbeatIntervalMilliseconds", heartbeat, 1, 10_000) &&
    checkInteger(problems, "etcd.electionTimeoutMilliseconds", election, 1, 50_000);
  if (!usable) {
    return;
  }
  if (election < 5 * heartbeat) {
    problems.refuse(
      "etcd.electionTimeoutMilliseconds",
      election,
      `it has to be at least five times the heartbeat of ${heartbeat} ms`,
      `Write ${10 * heartbeat}, or shorten the heartbeat`,
    );
  }
  const grace = args.terminationGracePeriodSeconds;
  const needed = shutdownSeconds(election);
  if (
    checkInteger(problems, "terminationGracePeriodSeconds", grace, 1, 86_400) &&
    (grace ?? needed) < needed
  ) {
    problems.refuse(
      "terminationGracePeriodSeconds",
      grace,
      `with an election timeout of ${election} ms a clean stop can take ${needed} s`,
      `Write ${needed} or more, or leave it out`,
    );
  }
}

function refuseExtra(problems: Problems, etcd: EtcdSettingsArgs, minor: Minor): void {
  const known = extraSettings[minor];
  for (const [name, given] of Object.entries(etcd.extra ?? {}) as [string, unknown][]) {
    const path = `etcd.extra.${name}`;
    const kind = known[name];
    if (typedSettings[name]) {
      problems.refuse(path, given, "this setting has an argument of its own", `Use ${typedSettings[name]}`);
    } else if (ownSettings.has(name)) {
      problems.refuse(
        path,
        given,
        "only the component sets this: membership, TLS or durability hang on it",
        "Leave it out",
      );
    } else if (!kind) {
      refuseUnknownSetting(problems, path, name, given, minor);
    } else if (kind === "count" && !(Number.isInteger(given) && Number(given) >= 0)) {
      problems.refuse(path, given, "etcd wants a whole number here", "Write a number");
    } else if (kind === "flag" && typeof given !== "boolean") {
      problems.refuse(path, given, "etcd wants a yes or no here", "Write true or false");
    } else if (kind === "text" && typeof given !== "string") {
      problems.refuse(path, given, "etcd wants text here", "Write it in quotes");
    } else if (kind === "time") {
      checkDuration(problems, path, given);
    } else if (name === "feature-gates" && /\bCompactHashCheck=/.test(String(given))) {
      problems.refuse(
        path,
        given,
        "CompactHashCheck has an argument of its own",
        "Use etcd.compactHashCheck",
      );
    }
  }
}

function refuseUnknownSetting(
  problems: Problems,
  path: string,
  name: string,
  given: unknown,
  minor: Minor,
): void {
  const known = extraSettings[minor];
  const respelt = [`experimental-${name}`, name.replace(/^experimental-/, "")].find((other) => known[other]);
  const meant = respelt ?? nearest(name, [...Object.keys(known), ...Object.keys(typedSettings)]);
  problems.refuse(
    path,
    given,
    `etcd ${minor} has no such setting, and would ignore it in silence`,
    meant
      ? `Write ${typedSettings[meant] ?? meant} if you meant that`
      : "Names are those of etcd's configuration file",
  );
}

/** Checked apart from the rest of `etcd`, since it depends on volume and memory. */
export function refuseQuota(
  problems: Problems,
  args: EtcdClusterArgs,
  volumeBytes: number,
  memoryBytes: number,
): void {
  const given = args.etcd?.quota;
  if (!checkBytes(problems, "etcd.quota", given) || given === undefined) {
    return;
  }
  const quota = quantity(given) ?? NaN;
  if (quota > volumeBytes / 3) {
    problems.refuse(
      "etcd.quota",
      given,
      "a volume has to hold the database, a copy while it is defragmented, and a snapshot: three times the quota",
      "Lower the quota, or raise storage.size",
    );
  }
  if (quota > quotaPerMemory * memoryBytes) {
    problems.refuse(
      "etcd.quota",
      given,
      "a member's memory would be less than a quarter of its database, and it could not be started again",
      "Lower the quota, or raise resources.memoryLimit",
    );
  }
  if (quota > 8 * 2 ** 30) {
    problems.warn(
      "etcd.quota",
      given,
      "etcd's authors advise against more than 8Gi",
      "Split the data over two clusters",
    );
  }
}
