import type {
  EtcdClusterArgs,
  EtcdSettingsArgs,
  ExistingTlsArgs,
  ImageArgs,
  MetadataArgs,
  ProbesArgs,
  ResourcesArgs,
  SchedulingArgs,
  SecurityArgs,
  ServiceArgs,
  StorageArgs,
  TlsArgs,
} from "../../args";
import { nearest } from "../units";
import type { Problems } from "./problems";

/** Every argument by name; an object stands for arguments of its own. `satisfies` keeps it whole. */
type Known<T> = Record<keyof Required<T>, true | object>;

const metadata = { labels: true, annotations: true } satisfies Known<MetadataArgs>;
const image = { repository: true, tag: true, digest: true, pullPolicy: true } satisfies Known<ImageArgs>;

const known = {
  members: true,
  allowEvenMembers: true,
  version: true,
  clusterName: true,
  namespace: true,
  createNamespace: true,
  clusterDomain: true,
  allowDataDeletion: true,
  etcd: {
    quota: true,
    autoCompactionMode: true,
    autoCompactionRetention: true,
    compactHashCheck: true,
    compactHashCheckInterval: true,
    snapshotCount: true,
    snapshotCatchUpEntries: true,
    heartbeatIntervalMilliseconds: true,
    electionTimeoutMilliseconds: true,
    maxRequestSize: true,
    maxTransactionOperations: true,
    tlsMinVersion: true,
    cipherSuites: true,
    logLevel: true,
    extra: true,
  } satisfies Known<EtcdSettingsArgs>,
  tls: {
    caValidityDays: true,
    validityDays: true,
    renewBeforeDays: true,
    organization: true,
    extraServerNames: true,
    existing: {
      peerSecret: true,
      peerClientSecret: true,
      serverSecret: true,
      rootSecret: true,
      caRevision: true,
    } satisfies Known<ExistingTlsArgs>,
  } satisfies Known<TlsArgs>,
  clients: true,
  storage: {
    size: true,
    storageClass: true,
    metadata,
    onDestroy: true,
  } satisfies Known<StorageArgs>,
  resources: {
    cpuRequest: true,
    cpuLimit: true,
    memoryRequest: true,
    memoryLimit: true,
  } satisfies Known<ResourcesArgs>,
  scheduling: {
    hostSpread: true,
    zoneSpread: true,
    nodeSelector: true,
    tolerations: true,
    nodeAffinity: true,
    priorityClassName: true,
    schedulerName: true,
    runtimeClassName: true,
  } satisfies Known<SchedulingArgs>,
  service: {
    type: true,
    metadata,
    nodePort: true,
    loadBalancerClass: true,
    loadBalancerSourceRanges: true,
    externalTrafficPolicy: true,
    sessionAffinity: true,
    trafficDistribution: true,
  } satisfies Known<ServiceArgs>,
  image,
  nodeImage: image,
  imagePullSecrets: true,
  security: { runAsUser: true, runAsGroup: true, platformAssignsIds: true } satisfies Known<SecurityArgs>,
  probes: { livenessBudgetSeconds: true, startupBudgetSeconds: true } satisfies Known<ProbesArgs>,
  terminationGracePeriodSeconds: true,
  metadata,
  podMetadata: metadata,
  serviceAccountAnnotations: true,
} satisfies Known<EtcdClusterArgs>;

/** A misspelt argument from a stack's configuration would otherwise be ignored in silence. */
export function refuseUnknownArguments(problems: Problems, args: EtcdClusterArgs): void {
  descend(problems, args, known, "");
}

function descend(problems: Problems, given: object, names: object, path: string): void {
  for (const [key, value] of Object.entries(given)) {
    const inner = (names as Record<string, true | object | undefined>)[key];
    if (inner === undefined) {
      const meant = nearest(key, Object.keys(names));
      problems.refuse(
        path + key,
        value,
        "there is no such argument",
        meant ? `Write ${path}${meant} if you meant that` : `There are: ${Object.keys(names).join(", ")}`,
      );
    } else if (
      typeof inner === "object" &&
      value !== null &&
      typeof value === "object" &&
      !Array.isArray(value)
    ) {
      descend(problems, value as object, inner, `${path}${key}.`);
    }
  }
}
