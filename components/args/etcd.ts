import type { CompactionMode, LogLevel, TlsVersion } from "./enums";

/**
 * etcd's settings, with units. The component renders them for the declared minor version. A change is a rolling
 * restart.
 */
export interface EtcdSettings {
  /**
   * The largest size of the database, such as `2Gi`. Default: a third of the volume without 512Mi for etcd's
   * write-ahead log (without a quarter of a volume below 2Gi), at most 8Gi and four times the memory limit. A cluster
   * whose database is larger accepts no writes. At least 16Mi. At most four times the memory limit, and at most a third
   * of the volume, because a snapshot and a defragmentation each need space for another copy. Flag
   * `quota-backend-bytes`.
   */
  quota?: string;

  /** The mode of auto-compaction. Default: `periodic`. Flag `auto-compaction-mode`. */
  autoCompactionMode?: CompactionMode;

  /**
   * What auto-compaction keeps: a duration of at least one minute, such as `1h` or `30m`, in periodic mode; a number of
   * revisions, such as `10000`, in revision mode. Default: `1h` in periodic mode, none in revision mode. `0` turns
   * auto-compaction off. Flag `auto-compaction-retention`.
   */
  autoCompactionRetention?: string;

  /**
   * Whether the leader compares its followers' hashes after compactions, and raises the CORRUPT alarm if one differs.
   * Default: true. Feature gate `CompactHashCheck` (3.5: `experimental-compact-hash-check-enabled`).
   */
  compactHashCheck?: boolean;

  /** The interval of these comparisons. Default: `1m`. Flag `compact-hash-check-time`. */
  compactHashCheckInterval?: string;

  /**
   * The number of applied entries after which etcd writes a snapshot and truncates its write-ahead log. Default: 10000
   * (the default of etcd 3.5 itself is 100000, which costs memory). Flag `snapshot-count`.
   */
  snapshotCount?: number;

  /**
   * The number of entries that etcd keeps after a snapshot, so that a slow follower needs no snapshot. Default: 5000.
   * Flag `snapshot-catchup-entries` (3.5: `experimental-snapshot-catch-up-entries`).
   */
  snapshotCatchUpEntries?: number;

  /**
   * The interval of the leader's heartbeats, in milliseconds. Default: 100. It should be about the round-trip time
   * between members. Flag `heartbeat-interval`.
   */
  heartbeatIntervalMilliseconds?: number;

  /**
   * Time without a heartbeat after which a follower starts an election, in milliseconds. Default: 1000. At least five
   * times the heartbeat interval, at most 50000. It should be at least ten round trips. Flag `election-timeout`.
   */
  electionTimeoutMilliseconds?: number;

  /** The largest size of a request. Default: `1536Ki`. At least 16Ki. Flag `max-request-bytes`. */
  maxRequestSize?: string;

  /** The largest number of operations in a transaction. Default: 128. Flag `max-txn-ops`. */
  maxTransactionOperations?: number;

  /** The lowest TLS version of the client and the peer port. Default: TLS1.2. Flag `tls-min-version`. */
  tlsMinVersion?: TlsVersion;

  /**
   * Cipher suites for TLS 1.2, by their Go names. One of the two `TLS_ECDHE_…_WITH_AES_128_GCM_SHA256` has to be among
   * them. Default: Go's default. Flag `cipher-suites`.
   */
  cipherSuites?: string[];

  /** The log level. Default: info. Flag `log-level`. */
  logLevel?: LogLevel;

  /**
   * Any other setting, by its name in etcd's configuration file, such as `{"max-snapshots": 3}`. Durations are text,
   * such as `20s`. The component refuses a name that the declared version does not know or that the component sets
   * itself, and a value with which etcd would not start.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the schema has no type for text, number or boolean
  extra?: { [name: string]: any };
}
