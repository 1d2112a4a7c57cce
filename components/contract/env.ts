/** Names of the environment variables by which the component configures its programs. */

/** Set by Kubernetes, from the pod itself. */
export const podEnv = {
  name: "POD_NAME",
  uid: "POD_UID",
  namespace: "POD_NAMESPACE",
  ips: "POD_IPS",
} as const;

export const gateEnv = {
  volume: "GATE_VOLUME",
  dataDir: "GATE_DATA_DIR",
  configFile: "GATE_CONFIG_FILE",
  tlsDir: "GATE_TLS_DIR",
  controllerUrl: "GATE_CONTROLLER_URL",
  peerUrl: "GATE_PEER_URL",
  clientUrl: "GATE_CLIENT_URL",
  peerPort: "GATE_PEER_PORT",
  clientPort: "GATE_CLIENT_PORT",
  metricsPort: "GATE_METRICS_PORT",
  generation: "GATE_GENERATION",
  version: "GATE_VERSION",
  settings: "GATE_SETTINGS",
} as const;

export const controllerEnv = {
  statefulSet: "CONTROLLER_STATEFULSET",
  record: "CONTROLLER_RECORD",
  status: "CONTROLLER_STATUS",
  trust: "CONTROLLER_TRUST",
  verdict: "CONTROLLER_VERDICT",
  lease: "CONTROLLER_LEASE",
  /** Absent without declared backups. */
  backups: "CONTROLLER_BACKUPS",
  claimPrefix: "CONTROLLER_CLAIM_PREFIX",
  clientUrl: "CONTROLLER_CLIENT_URL",
  etcdTlsDir: "CONTROLLER_ETCD_TLS_DIR",
  serverTlsDir: "CONTROLLER_SERVER_TLS_DIR",
  serverPort: "CONTROLLER_SERVER_PORT",
  healthPort: "CONTROLLER_HEALTH_PORT",
} as const;

export const restoreEnv = {
  generation: "RESTORE_GENERATION",
  controllerUrl: "RESTORE_CONTROLLER_URL",
  tlsDir: "RESTORE_TLS_DIR",
  port: "RESTORE_PORT",
  version: "RESTORE_VERSION",
  scratch: "RESTORE_SCRATCH",
  /** Only for the step `file`. */
  file: "RESTORE_FILE",
  /** Only for the step `endpoints`. */
  endpoints: "RESTORE_ENDPOINTS",
  /** The mounts of the Secrets for these endpoints. Absent without such a Secret. */
  sourceTlsDir: "RESTORE_SOURCE_TLS_DIR",
  sourcePasswordDir: "RESTORE_SOURCE_PASSWORD_DIR",
} as const;

export const backupEnv = {
  settings: "BACKUP_SETTINGS",
  store: "BACKUP_STORE",
  tlsDir: "BACKUP_TLS_DIR",
  /** Where a backup is fetched to. */
  folder: "BACKUP_FOLDER",
  /** Which backup is fetched. */
  which: "BACKUP_WHICH",
  /** The drill's own etcd. */
  etcdUrl: "BACKUP_ETCD_URL",
} as const;
