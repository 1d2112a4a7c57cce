import type { EtcdClusterArgs } from "../../components";
import {
  CaRotationStep,
  CompactionMode,
  Compression,
  LogLevel,
  PullPolicy,
  ServerSideEncryption,
  ServiceType,
  Spread,
  TlsVersion,
  VolumeRetention,
} from "../../components";
import type { ClusterRender } from "./render";
import { renderCluster } from "./render";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

/** Every argument that there is, with a value that is not its default. */
const everything: EtcdClusterArgs = {
  members: 5,
  allowEvenMembers: true,
  version: "3.7.1",
  clusterName: "orders",
  namespace: "data",
  createNamespace: true,
  clusterDomain: "k8s.example.com",
  allowDataDeletion: true,
  generation: 3,
  restore: {
    endpoints: {
      urls: ["https://old-etcd-0.old:2379", "https://old-etcd-1.old:2379"],
      tlsSecret: "old-etcd-client",
      serverName: "old-etcd",
    },
    abandonedMembers: ["orders-4"],
    scratchOnClaim: true,
  },
  etcd: {
    quota: "4Gi",
    autoCompactionMode: CompactionMode.Revision,
    autoCompactionRetention: "10000",
    compactHashCheck: false,
    compactHashCheckInterval: "5m",
    snapshotCount: 20_000,
    snapshotCatchUpEntries: 8_000,
    heartbeatIntervalMilliseconds: 200,
    electionTimeoutMilliseconds: 2_000,
    maxRequestSize: "3Mi",
    maxTransactionOperations: 256,
    tlsMinVersion: TlsVersion.Tls12,
    cipherSuites: ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
    logLevel: LogLevel.Warn,
    extra: {
      "max-snapshots": 3,
      "grpc-keepalive-interval": "1h30m",
      "pre-vote": true,
      "feature-gates": "InitialCorruptCheck=true",
    },
  },
  tls: {
    caValidityDays: 1000,
    validityDays: 90,
    renewBeforeDays: 30,
    organization: "Example, Inc.",
    extraServerNames: ["etcd.example.com", "*.etcd.example.com", "192.0.2.7", "2001:db8::7"],
  },
  clients: [{ name: "api" }, { name: "backup" }],
  storage: {
    size: "24Gi",
    storageClass: "fast-ssd",
    metadata: { labels: { tier: "gold" }, annotations: { "example.com/snapshots": "daily" } },
    onDestroy: VolumeRetention.Delete,
    keepReplacedDays: 14,
  },
  resources: {
    cpuRequest: "2",
    cpuLimit: "4",
    memoryRequest: "4Gi",
    memoryLimit: "8Gi",
    helpers: { cpuRequest: "100m", cpuLimit: "1", memoryRequest: "128Mi", memoryLimit: "320Mi" },
    tools: { cpuRequest: "500m", cpuLimit: "2", memoryRequest: "4Gi" },
  },
  scheduling: {
    hostSpread: Spread.Preferred,
    zoneSpread: Spread.Required,
    minZones: 5,
    nodeSelector: { disk: "nvme" },
    tolerations: [{ key: "etcd", operator: "Exists", effect: "NoSchedule" }],
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "arch", operator: "In", values: ["amd64"] }] }],
      },
    },
    priorityClassName: "system-cluster-critical",
    schedulerName: "other",
    runtimeClassName: "gvisor",
  },
  service: {
    type: ServiceType.LoadBalancer,
    metadata: { labels: { exposed: "yes" }, annotations: { "example.com/internal": "true" } },
    nodePort: 32379,
    loadBalancerClass: "example.com/nlb",
    loadBalancerSourceRanges: ["10.0.0.0/8"],
    externalTrafficPolicy: "Local",
    sessionAffinity: "ClientIP",
    trafficDistribution: "PreferSameZone",
  },
  image: { repository: "registry.example.com/etcd", digest, pullPolicy: PullPolicy.Always },
  nodeImage: { repository: "registry.example.com/node", tag: "24-slim", pullPolicy: PullPolicy.Never },
  controller: {
    paused: true,
    nodeLossGraceSeconds: 600,
    allowDowngrade: true,
    defragmentFreePercent: 30,
    defragmentMinSize: "1Gi",
    waitSeconds: 7200,
    priorityClassName: "controllers",
    memoryLimit: "512Mi",
  },
  backup: {
    schedule: "15 */6 * * *",
    timeZone: "Europe/Berlin",
    s3: {
      bucket: "etcd-backups",
      endpoint: "https://s3.example.com:9000",
      region: "eu-central-1",
      prefix: "orders/production",
      pathStyle: true,
      caCertificate: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
      credentialsSecret: "backup-credentials",
      encryption: { algorithm: ServerSideEncryption.Kms, keyId: "alias/etcd" },
    },
    retention: { keepLast: 28, keepDays: 30 },
    compression: Compression.Gzip,
    timeoutSeconds: 1800,
    memoryLimit: "384Mi",
    serviceAccountAnnotations: { "example.com/role": "backup" },
    podMetadata: { labels: { backup: "yes" }, annotations: { "example.com/identity": "backup" } },
    drill: { schedule: "0 4 * * sun", timeZone: "Etc/UTC", timeoutSeconds: 7200, scratchOnClaim: true },
  },
  imagePullSecrets: ["registry"],
  security: { runAsUser: 1000, runAsGroup: 2000 },
  probes: { livenessBudgetSeconds: 120, startupBudgetSeconds: 600 },
  terminationGracePeriodSeconds: 300,
  metadata: { labels: { team: "storage" }, annotations: { "example.com/owner": "storage" } },
  podMetadata: { labels: { pod: "yes" }, annotations: { "example.com/scrape": "true" } },
  serviceAccountAnnotations: { "example.com/role": "etcd" },
};

const rotation = (step: CaRotationStep) => ({ revision: 2, step });

/** The clusters of these tests, by name. Each is rendered as an update and as a preview. */
export const scenarios = {
  default: {},
  smallest: { members: 1 },
  seven: { members: 7 },
  even: { members: 2, allowEvenMembers: true },
  "etcd 3.5": { version: "3.5.33" },
  "etcd 3.7": { version: "3.7.1", etcd: { tlsMinVersion: TlsVersion.Tls13 } },
  "existing namespace": { namespace: "data", createNamespace: false },
  "data may go": { allowDataDeletion: true, storage: { size: "1Gi" } },
  "two clients": { clients: [{ name: "backup" }, { name: "ca" }] },
  "own TLS": {
    tls: {
      existing: {
        peerSecret: "own-peer",
        peerClientSecret: "own-peer-client",
        serverSecret: "own-server",
        rootSecret: "own-root",
        controllerSecret: "own-controller",
        controllerServerSecret: "own-controller-server",
        caRevision: "2",
      },
    },
  },
  recovery: { generation: 2, recovery: { confirmed: true, abandonedMembers: ["etcd-2"] } },
  "snapshot file": { restore: { file: { claim: "snapshots", path: "old/etcd.db" } } },
  "short lifetimes": { tls: { caValidityDays: 30 } },
  "trust both": { clients: [{ name: "app" }], tls: { caRotation: rotation(CaRotationStep.TrustBoth) } },
  "sign with new": { clients: [{ name: "app" }], tls: { caRotation: rotation(CaRotationStep.SignWithNew) } },
  "drop old": { clients: [{ name: "app" }], tls: { caRotation: rotation(CaRotationStep.DropOld) } },
  "node port": { service: { type: ServiceType.NodePort, nodePort: 30379 } },
  "no spread": { scheduling: { hostSpread: Spread.None, zoneSpread: Spread.None } },
  "ids of the platform": { security: { platformAssignsIds: true } },
  "backups in a claim": { backup: { schedule: "@daily", claim: { size: "20Gi" } } },
  "backups in an existing claim": {
    backup: { schedule: "0 3 * * *", claim: { existing: "archive", prefix: "" } },
  },
  "backups in Amazon's S3": {
    backup: {
      schedule: "*/30 * * * *",
      s3: { bucket: "etcd-backups" },
      serviceAccountAnnotations: {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/etcd-backup",
      },
    },
  },
  everything,
} satisfies Record<string, EtcdClusterArgs>;

export type Scenario = keyof typeof scenarios;
export const scenarioNames = Object.keys(scenarios) as Scenario[];
export const argsOf = (name: Scenario): EtcdClusterArgs => scenarios[name];

const rendered = new Map<Scenario, Promise<ClusterRender>>();

/** The scenario's cluster, rendered once for all tests. */
export function scenario(name: Scenario): Promise<ClusterRender> {
  const known = rendered.get(name) ?? renderCluster(argsOf(name));
  rendered.set(name, known);
  return known;
}
