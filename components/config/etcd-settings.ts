import type { Minor } from "../contract/versions";

/** The type of a value in etcd's configuration file, where durations (`time`) are integer nanoseconds. */
export type SettingKind = "text" | "count" | "flag" | "time";

type Table = Record<string, SettingKind>;

const always: Table = {
  "auth-token": "text",
  "auth-token-ttl": "count",
  "backend-batch-interval": "time",
  "backend-batch-limit": "count",
  "backend-bbolt-freelist-type": "text",
  "bcrypt-cost": "count",
  cors: "text",
  "enable-grpc-gateway": "flag",
  "enable-pprof": "flag",
  "grpc-keepalive-interval": "time",
  "grpc-keepalive-min-time": "time",
  "grpc-keepalive-timeout": "time",
  "host-whitelist": "text",
  "initial-election-tick-advance": "flag",
  "max-concurrent-streams": "count",
  "max-snapshots": "count",
  "max-wals": "count",
  metrics: "text",
  "pre-vote": "flag",
  "tls-max-version": "text",
};

const from36: Table = {
  "bootstrap-defrag-threshold-megabytes": "count",
  "compaction-batch-limit": "count",
  "compaction-sleep-interval": "time",
  "corrupt-check-time": "time",
  "distributed-tracing-address": "text",
  "distributed-tracing-instance-id": "text",
  "distributed-tracing-sampling-rate": "count",
  "distributed-tracing-service-name": "text",
  "downgrade-check-time": "time",
  "enable-distributed-tracing": "flag",
  "feature-gates": "text",
  "log-format": "text",
  "memory-mlock": "flag",
  "warning-apply-duration": "time",
  "warning-unary-request-duration": "time",
  "watch-progress-notify-interval": "time",
};

const until36: Table = {
  "experimental-bootstrap-defrag-threshold-megabytes": "count",
  "experimental-compaction-batch-limit": "count",
  "experimental-compaction-sleep-interval": "time",
  "experimental-corrupt-check-time": "time",
  "experimental-distributed-tracing-address": "text",
  "experimental-distributed-tracing-instance-id": "text",
  "experimental-distributed-tracing-sampling-rate": "count",
  "experimental-distributed-tracing-service-name": "text",
  "experimental-downgrade-check-time": "time",
  "experimental-enable-distributed-tracing": "flag",
  "experimental-enable-lease-checkpoint": "flag",
  "experimental-initial-corrupt-check": "flag",
  "experimental-memory-mlock": "flag",
  "experimental-stop-grpc-service-on-defrag": "flag",
  "experimental-txn-mode-write-with-shared-buffer": "flag",
  "experimental-warning-apply-duration": "time",
  "experimental-watch-progress-notify-interval": "time",
};

/** Names that `etcd.extra` may have, per minor version, with the types of their values. */
export const extraSettings: Record<Minor, Table> = {
  "3.5": { ...always, ...until36 },
  "3.6": { ...always, ...from36, ...until36 },
  "3.7": { ...always, ...from36 },
};

/** Names for which there is an argument. */
export const typedSettings: Record<string, string> = {
  "auto-compaction-mode": "etcd.autoCompactionMode",
  "auto-compaction-retention": "etcd.autoCompactionRetention",
  "cipher-suites": "etcd.cipherSuites",
  "compact-hash-check-time": "etcd.compactHashCheckInterval",
  "election-timeout": "etcd.electionTimeoutMilliseconds",
  "experimental-compact-hash-check-enabled": "etcd.compactHashCheck",
  "experimental-compact-hash-check-time": "etcd.compactHashCheckInterval",
  "experimental-snapshot-catch-up-entries": "etcd.snapshotCatchUpEntries",
  "heartbeat-interval": "etcd.heartbeatIntervalMilliseconds",
  "log-level": "etcd.logLevel",
  "max-request-bytes": "etcd.maxRequestSize",
  "max-txn-ops": "etcd.maxTransactionOperations",
  "quota-backend-bytes": "etcd.quota",
  "snapshot-catchup-entries": "etcd.snapshotCatchUpEntries",
  "snapshot-count": "etcd.snapshotCount",
  "tls-min-version": "etcd.tlsMinVersion",
};

const rotation = "etcd rotates a file, and its log goes to the container's output, which the node rotates";

/** Names that have no effect here or with which etcd does not start, and why. */
export const uselessSettings: Record<string, string> = {
  "enable-log-rotation": rotation,
  "log-rotation-config-json": rotation,
};

/** Names that only the component sets: another value would break membership, mutual TLS or durability. */
export const ownSettings: ReadonlySet<string> = new Set([
  "advertise-client-urls",
  "client-transport-security",
  "data-dir",
  "discovery",
  "discovery-config",
  "discovery-proxy",
  "discovery-srv",
  "discovery-srv-name",
  "enable-v2",
  "experimental-enable-lease-checkpoint-persist",
  "experimental-enable-v2v3",
  "experimental-peer-skip-client-san-verification",
  "force-new-cluster",
  "initial-advertise-peer-urls",
  "initial-cluster",
  "initial-cluster-state",
  "initial-cluster-token",
  "listen-client-http-urls",
  "listen-client-urls",
  "listen-metrics-urls",
  "listen-peer-urls",
  "log-outputs",
  "logger",
  "max-learners",
  "name",
  "peer-transport-security",
  "self-signed-cert-validity",
  "strict-reconfig-check",
  "unsafe-no-fsync",
  "v2-deprecation",
  "wal-dir",
]);
