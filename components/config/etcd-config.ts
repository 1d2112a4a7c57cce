import { Document, parse, stringify, visit } from "yaml";
import { CompactionMode, LogLevel, TlsVersion } from "../args";
import type { EtcdSettings } from "../args";
import { pairPaths, paths } from "../contract/names";
import { extraSettings } from "./etcd-settings";
import { duration, quantity } from "../contract/units";
import type { Minor } from "../contract/versions";

export const settingDefaults = {
  autoCompactionMode: CompactionMode.Periodic as CompactionMode,
  periodicRetention: "1h",
  compactHashCheck: true,
  compactHashCheckInterval: "1m",
  snapshotCount: 10_000,
  snapshotCatchUpEntries: 5_000,
  heartbeatIntervalMilliseconds: 100,
  electionTimeoutMilliseconds: 1_000,
  maxRequestSize: "1536Ki",
  maxTransactionOperations: 128,
  tlsMinVersion: TlsVersion.Tls12 as TlsVersion,
  logLevel: LogLevel.Info as LogLevel,
};

const nanoseconds = (text: string) => Math.round((duration(text) ?? NaN) * 1e9);

/**
 * The part of etcd's configuration file that is the same for all members, as YAML. The gate adds name, URLs and the
 * list of members.
 */
export function renderSettings(args: EtcdSettings, minor: Minor, quotaBytes: number): string {
  const checked = args.compactHashCheck ?? settingDefaults.compactHashCheck;
  const interval = nanoseconds(args.compactHashCheckInterval ?? settingDefaults.compactHashCheckInterval);
  const catchUp = args.snapshotCatchUpEntries ?? settingDefaults.snapshotCatchUpEntries;
  const { "feature-gates": gates, ...extra } = args.extra ?? {};
  const perMinor =
    minor === "3.5"
      ? {
          "experimental-compact-hash-check-enabled": checked,
          "experimental-compact-hash-check-time": interval,
          "experimental-snapshot-catch-up-entries": catchUp,
        }
      : {
          "feature-gates": [`CompactHashCheck=${checked}`, ...(gates ? [String(gates)] : [])].join(","),
          "compact-hash-check-time": interval,
          "snapshot-catchup-entries": catchUp,
        };
  const settings = {
    "data-dir": paths.data,
    logger: "zap",
    "log-outputs": ["stderr"],
    "log-level": args.logLevel ?? settingDefaults.logLevel,
    "quota-backend-bytes": quotaBytes,
    "auto-compaction-mode": args.autoCompactionMode ?? settingDefaults.autoCompactionMode,
    "auto-compaction-retention": args.autoCompactionRetention ?? settingDefaults.periodicRetention,
    "snapshot-count": args.snapshotCount ?? settingDefaults.snapshotCount,
    "heartbeat-interval": args.heartbeatIntervalMilliseconds ?? settingDefaults.heartbeatIntervalMilliseconds,
    "election-timeout": args.electionTimeoutMilliseconds ?? settingDefaults.electionTimeoutMilliseconds,
    "max-request-bytes": quantity(args.maxRequestSize ?? settingDefaults.maxRequestSize),
    "max-txn-ops": args.maxTransactionOperations ?? settingDefaults.maxTransactionOperations,
    "strict-reconfig-check": true,
    "tls-min-version": args.tlsMinVersion ?? settingDefaults.tlsMinVersion,
    ...(args.cipherSuites ? { "cipher-suites": args.cipherSuites } : {}),
    ...perMinor,
    ...Object.fromEntries(
      Object.entries(extra)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => [
          name,
          extraSettings[minor][name] === "time" ? nanoseconds(String(value)) : (value as unknown),
        ]),
    ),
    "client-transport-security": transportSecurity("server"),
    "peer-transport-security": {
      ...transportSecurity("peer"),
      // A client certificate without names: etcd then accepts a peer without a DNS lookup of its address.
      "client-cert-file": pairPaths("peer-client").cert,
      "client-key-file": pairPaths("peer-client").key,
    },
  };
  const document = new Document(settings);
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === "string" && readsOtherwise(node.value)) {
        node.type = "QUOTE_DOUBLE";
      }
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** etcd's YAML parser reads these as numbers, too. */
const goNumber = /^[-+]?0[xob][\da-f_]+$/i;

/**
 * Whether etcd would read the text as another type: it reads YAML 1.1, in which `yes` and `1:30` are not text. Only
 * such text is quoted, because every changed byte of the settings is a rolling restart.
 */
const readsOtherwise = (text: string): boolean =>
  goNumber.test(text) || parse(stringify(text, { lineWidth: 0 }), { version: "1.1" }) !== text;

function transportSecurity(pair: "server" | "peer") {
  const files = pairPaths(pair);
  return {
    "cert-file": files.cert,
    "key-file": files.key,
    "client-cert-auth": true,
    "trusted-ca-file": files.ca,
  };
}
