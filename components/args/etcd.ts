import type { CompactionMode, LogLevel, TlsVersion } from "./enums";

/** etcd's settings, in the units people think in. They are rendered per minor version into the pod template. */
export interface EtcdSettingsArgs {
  /**
   * The database's largest size, such as `2Gi`. Default: a third of what the volume has beside 512Mi for etcd's log
   * (beside a quarter, below 2Gi), at most 8Gi and four times the memory limit.
   * Beyond it the cluster takes no writes. At least 16Mi, at most a third of the volume, because a snapshot and a
   * defragmentation each need room for another copy, and at most four times the memory limit.
   * Flag `quota-backend-bytes`.
   */
  quota?: string;

  /** What auto-compaction goes by. Default: `periodic`. Flag `auto-compaction-mode`. */
  autoCompactionMode?: CompactionMode;

  /**
   * What auto-compaction keeps: a length of time such as `1h` or `30m` in periodic mode, a number of revisions such
   * as `10000` in revision mode. Default: `1h`; no default in revision mode. `0` turns auto-compaction off.
   * At least one minute.
   * Flag `auto-compaction-retention`.
   */
  autoCompactionRetention?: string;

  /**
   * Whether the leader compares its followers' hashes at each compaction, and raises the CORRUPT alarm where one
   * differs. Default: true. Feature gate `CompactHashCheck` (3.5: `experimental-compact-hash-check-enabled`).
   */
  compactHashCheck?: boolean;

  /** Time between two such comparisons, such as `1m`. Default: `1m`. Flag `compact-hash-check-time`. */
  compactHashCheckInterval?: string;

  /**
   * Applied entries after which a snapshot is written and the write-ahead log cut. Default: 10000 on every version
   * (3.5's own default is 100000, which costs memory). Flag `snapshot-count`.
   */
  snapshotCount?: number;

  /**
   * Entries kept in memory after a snapshot, for a follower to catch up without one. Default: 5000.
   * Flag `snapshot-catchup-entries` (3.5: `experimental-snapshot-catch-up-entries`).
   */
  snapshotCatchUpEntries?: number;

  /**
   * Time between two heartbeats of the leader, in milliseconds. Default: 100. About the round trip between members.
   * Flag `heartbeat-interval`.
   */
  heartbeatIntervalMilliseconds?: number;

  /**
   * Time without a heartbeat after which a follower stands for election, in milliseconds. Default: 1000. At least
   * five times the heartbeat, at least ten round trips, at most 50000. Flag `election-timeout`.
   */
  electionTimeoutMilliseconds?: number;

  /** The largest request, such as `1536Ki`. Default: `1536Ki`. At least 16Ki. Flag `max-request-bytes`. */
  maxRequestSize?: string;

  /** Operations in one transaction. Default: 128. Flag `max-txn-ops`. */
  maxTransactionOperations?: number;

  /** The lowest TLS version on both ports. Default: TLS1.2. Flag `tls-min-version`. */
  tlsMinVersion?: TlsVersion;

  /**
   * Cipher suites for TLS 1.2, by their Go names; one of the two `TLS_ECDHE_…_WITH_AES_128_GCM_SHA256` has to be among
   * them. Default: Go's choice. Flag `cipher-suites`.
   */
  cipherSuites?: string[];

  /** Default: info. Flag `log-level`. */
  logLevel?: LogLevel;

  /**
   * Anything else, by the name of etcd's configuration file, such as `{"max-snapshots": 3}`. Lengths of time are
   * given as text (`20s`). A name that the version does not know, or that the component sets itself, is refused, and
   * so is a value with which etcd would not start here.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the schema has no type for text, number or boolean
  extra?: { [name: string]: any };
}
