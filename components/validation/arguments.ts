import type {
  BackupArgs,
  BackupDrillArgs,
  BackupRetentionArgs,
  CaRotationArgs,
  ClaimStoreArgs,
  ClientArgs,
  ControllerArgs,
  EtcdClusterArgs,
  EtcdSettingsArgs,
  ExistingTlsArgs,
  HelperResourcesArgs,
  ImageArgs,
  MetadataArgs,
  EndpointsArgs,
  ProbesArgs,
  RecoveryArgs,
  ResourcesArgs,
  RestoreArgs,
  RestoreBackupArgs,
  S3EncryptionArgs,
  S3StoreArgs,
  SchedulingArgs,
  SecurityArgs,
  ServiceArgs,
  SnapshotFileArgs,
  StorageArgs,
  TlsArgs,
  ToolResourcesArgs,
} from "../args";
import { nearest } from "../contract/units";
import { isLater } from "./checks";
import type { Problems } from "./problems";

/**
 * An object stands for arguments of its own, a list for a list of what is in it, `true` for what is checked elsewhere
 * or known only later.
 */
type Shape =
  | true
  | "text"
  | "flag"
  /** Text that may be an output. */
  | "input"
  /** Such texts by names of the user's own. Kubernetes takes no yes, no or number for one of them. */
  | "inputs"
  | readonly [Shape]
  | { readonly [name: string]: Shape };

/** Every argument by name. `satisfies` keeps it whole. */
type Known<T> = Record<keyof Required<T>, Shape>;

const metadata = { labels: "inputs", annotations: "inputs" } satisfies Known<MetadataArgs>;
const image = {
  repository: "text",
  tag: "text",
  digest: "text",
  pullPolicy: true,
} satisfies Known<ImageArgs>;

const s3 = {
  bucket: "input",
  endpoint: "input",
  region: "input",
  prefix: "text",
  pathStyle: "flag",
  caCertificate: "input",
  credentialsSecret: "input",
  encryption: { algorithm: true, keyId: "input" } satisfies Known<S3EncryptionArgs>,
} satisfies Known<S3StoreArgs>;
const claim = {
  existing: "input",
  size: true,
  storageClass: "input",
  prefix: "text",
} satisfies Known<ClaimStoreArgs>;

const known = {
  members: true,
  allowEvenMembers: "flag",
  version: "text",
  clusterName: "text",
  namespace: "input",
  createNamespace: "flag",
  clusterDomain: "text",
  allowDataDeletion: "flag",
  generation: true,
  restore: {
    backup: { s3, claim, name: "text", clusterId: "text" } satisfies Known<RestoreBackupArgs>,
    file: { claim: "input", path: "text" } satisfies Known<SnapshotFileArgs>,
    endpoints: { urls: ["text"], tlsSecret: "input", serverName: "text" } satisfies Known<EndpointsArgs>,
    abandonedMembers: ["text"],
    scratchOnClaim: "flag",
  } satisfies Known<RestoreArgs>,
  recovery: {
    confirmed: "flag",
    abandonedMembers: ["text"],
    scratchOnClaim: "flag",
  } satisfies Known<RecoveryArgs>,
  etcd: {
    quota: true,
    autoCompactionMode: true,
    autoCompactionRetention: "text",
    compactHashCheck: "flag",
    compactHashCheckInterval: true,
    snapshotCount: true,
    snapshotCatchUpEntries: true,
    heartbeatIntervalMilliseconds: true,
    electionTimeoutMilliseconds: true,
    maxRequestSize: true,
    maxTransactionOperations: true,
    tlsMinVersion: true,
    cipherSuites: ["text"],
    logLevel: true,
    extra: true,
  } satisfies Known<EtcdSettingsArgs>,
  tls: {
    caValidityDays: true,
    validityDays: true,
    renewBeforeDays: true,
    organization: "text",
    extraServerNames: ["text"],
    caRotation: { revision: true, step: true } satisfies Known<CaRotationArgs>,
    existing: {
      peerSecret: "input",
      peerClientSecret: "input",
      serverSecret: "input",
      rootSecret: "input",
      controllerSecret: "input",
      controllerServerSecret: "input",
      restoreSecret: "input",
      caRevision: "input",
    } satisfies Known<ExistingTlsArgs>,
  } satisfies Known<TlsArgs>,
  clients: [{ name: "text" } satisfies Known<ClientArgs>],
  storage: {
    size: true,
    storageClass: "input",
    metadata,
    onDestroy: true,
    keepReplacedDays: true,
  } satisfies Known<StorageArgs>,
  resources: {
    cpuRequest: true,
    cpuLimit: true,
    memoryRequest: true,
    memoryLimit: true,
    helpers: {
      cpuRequest: true,
      cpuLimit: true,
      memoryRequest: true,
      memoryLimit: true,
    } satisfies Known<HelperResourcesArgs>,
    tools: { cpuRequest: true, cpuLimit: true, memoryRequest: true } satisfies Known<ToolResourcesArgs>,
  } satisfies Known<ResourcesArgs>,
  scheduling: {
    hostSpread: true,
    zoneSpread: true,
    minZones: true,
    nodeSelector: "inputs",
    tolerations: true,
    nodeAffinity: true,
    priorityClassName: "input",
    schedulerName: "input",
    runtimeClassName: "input",
  } satisfies Known<SchedulingArgs>,
  service: {
    type: true,
    metadata,
    nodePort: true,
    loadBalancerClass: "input",
    loadBalancerSourceRanges: true,
    externalTrafficPolicy: "input",
    sessionAffinity: "input",
    trafficDistribution: "input",
  } satisfies Known<ServiceArgs>,
  image,
  nodeImage: image,
  controller: {
    paused: "flag",
    nodeLossGraceSeconds: true,
    allowDowngrade: "flag",
    defragmentFreePercent: true,
    defragmentMinSize: true,
    waitSeconds: true,
    priorityClassName: "input",
    memoryLimit: true,
  } satisfies Known<ControllerArgs>,
  backup: {
    schedule: "text",
    timeZone: "text",
    s3,
    claim,
    retention: { keepLast: true, keepDays: true } satisfies Known<BackupRetentionArgs>,
    compression: true,
    timeoutSeconds: true,
    memoryLimit: true,
    serviceAccountAnnotations: "inputs",
    podMetadata: metadata,
    drill: {
      schedule: "text",
      timeZone: "text",
      timeoutSeconds: true,
      scratchOnClaim: "flag",
    } satisfies Known<BackupDrillArgs>,
  } satisfies Known<BackupArgs>,
  imagePullSecrets: ["input"],
  security: { runAsUser: true, runAsGroup: true, platformAssignsIds: "flag" } satisfies Known<SecurityArgs>,
  probes: { livenessBudgetSeconds: true, startupBudgetSeconds: true } satisfies Known<ProbesArgs>,
  terminationGracePeriodSeconds: true,
  metadata,
  podMetadata: metadata,
  serviceAccountAnnotations: "inputs",
} satisfies Known<EtcdClusterArgs>;

/** Names of earlier releases, which resemble other arguments more than their own new names. */
const renamed: Readonly<Record<string, string>> = { controllerDoorSecret: "controllerServerSecret" };

/**
 * A misspelt argument from a stack's configuration would otherwise be ignored in silence. Tells whether the rest is of
 * a shape that further checks can read.
 */
export function refuseUnknownArguments(problems: Problems, args: EtcdClusterArgs): boolean {
  return descend(problems, args, known, "");
}

function descend(problems: Problems, given: unknown, shape: Shape, path: string): boolean {
  if (shape === true || given === undefined) {
    return true;
  }
  if (shape === "input") {
    if (!isLater(given) && typeof given !== "string") {
      problems.refuse(path, given, "it has to be text", "Write it in quotes");
    }
    return true;
  }
  if (shape === "inputs") {
    refuseInputs(problems, given, path);
    return true;
  }
  if (shape === "text" || shape === "flag") {
    const fits = typeof given === (shape === "text" ? "string" : "boolean");
    if (!fits) {
      const [rule, wayOut] =
        shape === "text"
          ? ["it has to be text", "Write it in quotes"]
          : ["it has to be a yes or no", "Write true or false"];
      problems.refuse(path, given, rule, wayOut);
    }
    return fits;
  }
  if (isList(shape)) {
    if (!Array.isArray(given)) {
      problems.refuse(path, given, "it has to be a list", "Write it as one, with one element if need be");
      return false;
    }
    return given.map((item, index) => descend(problems, item, shape[0], `${path}[${index}]`)).every(Boolean);
  }
  if (given === null || typeof given !== "object" || Array.isArray(given)) {
    const names = Object.keys(shape).join(", ");
    problems.refuse(path, given, "it has arguments of its own", `Write it as an object with ${names}`);
    return false;
  }
  return Object.entries(given)
    .map(([key, value]) => {
      const inner = path === "" ? key : `${path}.${key}`;
      const known = Object.prototype.hasOwnProperty.call(shape, key) ? shape[key] : undefined;
      if (known !== undefined) {
        return descend(problems, value, known, inner);
      }
      const meant = renamed[key] ?? nearest(key, Object.keys(shape));
      problems.refuse(
        inner,
        value,
        "there is no such argument",
        meant
          ? `Write ${inner.slice(0, inner.length - key.length)}${meant} if you meant that`
          : `There are: ${Object.keys(shape).join(", ")}`,
      );
      return true;
    })
    .every(Boolean);
}

function refuseInputs(problems: Problems, given: unknown, path: string): void {
  if (isLater(given)) {
    return;
  }
  if (given === null || typeof given !== "object" || Array.isArray(given)) {
    problems.refuse(
      path,
      given,
      "it has to be texts by their names",
      `Write it as an object like {"a": "b"}`,
    );
    return;
  }
  for (const [key, value] of Object.entries(given)) {
    if (value !== undefined) {
      descend(problems, value, "input", `${path}.${key}`);
    }
  }
}

const isList = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape);
