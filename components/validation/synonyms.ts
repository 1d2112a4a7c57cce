/** What people know from Kubernetes, from Helm charts and from earlier releases, by its path, and what it is here. */

/** Each argument with its other names. The value is the same. */
const names: Readonly<Record<string, readonly string[]>> = {
  members: ["replicas", "replicaCount", "memberCount", "clusterSize", "nodes", "nodeCount", "instances"],
  clusterName: ["name", "fullnameOverride", "nameOverride"],
  namespace: ["namespaceOverride"],
  terminationGracePeriodSeconds: ["gracePeriod", "terminationGracePeriod"],
  imagePullSecrets: [
    ...["pullSecrets", "image.pullSecrets", "image.imagePullSecrets", "global.imagePullSecrets"],
    ...["scheduling.imagePullSecrets", "imagePullSecret"],
  ],
  serviceAccountAnnotations: ["serviceAccount.annotations"],
  "image.repository": ["image.name", "image.image"],
  "image.tag": ["imageTag", "image.version"],
  "image.pullPolicy": ["imagePullPolicy", "image.imagePullPolicy"],
  "storage.size": [
    ...[
      "persistence.size",
      "storage.volumeSize",
      "storage.capacity",
      "storageSize",
      "volumeSize",
      "diskSize",
    ],
    ...["storage.resources.requests.storage", "storage.requests.storage"],
  ],
  "storage.storageClass": [
    ...["persistence.storageClass", "persistence.storageClassName", "storageClass", "storageClassName"],
    ...["storage.class", "storage.className", "storage.storageClassName"],
    ...["global.storageClass", "global.defaultStorageClass"],
  ],
  "storage.metadata.labels": ["persistence.labels", "storage.labels"],
  "storage.metadata.annotations": ["persistence.annotations", "storage.annotations"],
  "resources.cpuRequest": ["resources.requests.cpu", "resources.cpu", "requests.cpu", "cpu"],
  "resources.cpuLimit": ["resources.limits.cpu", "limits.cpu"],
  "resources.memoryRequest": ["resources.requests.memory", "requests.memory"],
  "resources.memoryLimit": ["resources.limits.memory", "resources.memory", "limits.memory", "memory"],
  "scheduling.nodeAffinity": ["affinity.nodeAffinity", "scheduling.affinity.nodeAffinity"],
  "metadata.labels": ["labels", "commonLabels"],
  "metadata.annotations": ["annotations", "commonAnnotations"],
  "podMetadata.labels": ["podLabels"],
  "podMetadata.annotations": ["podAnnotations"],
  "service.metadata.labels": ["service.labels"],
  "service.metadata.annotations": ["service.annotations"],
  "service.nodePort": ["service.nodePorts.client"],
  "service.loadBalancerSourceRanges": ["service.sourceRanges"],
  "security.runAsUser": [
    ...["securityContext.runAsUser", "podSecurityContext.runAsUser", "containerSecurityContext.runAsUser"],
    "runAsUser",
  ],
  "security.runAsGroup": [
    ...["securityContext.runAsGroup", "podSecurityContext.runAsGroup", "containerSecurityContext.runAsGroup"],
    ...["securityContext.fsGroup", "podSecurityContext.fsGroup", "security.fsGroup", "runAsGroup"],
  ],
  "tls.extraServerNames": [
    ...[
      "tls.sans",
      "tls.dnsNames",
      "tls.subjectAltNames",
      "tls.hosts",
      "tls.serverNames",
      "tls.extraDnsNames",
    ],
  ],
  "tls.existing.controllerServerSecret": ["tls.existing.controllerDoorSecret"],
  "backup.schedule": ["backup.cron", "backup.cronSchedule", "backup.cronjob.schedule"],
  "backup.claim": ["backup.pvc", "backup.volume"],
  "backup.retention.keepLast": ["backup.keep", "backup.retention.count", "backup.retention.last"],
  "backup.retention.keepDays": ["backup.retentionDays", "backup.retention.days"],
  "backup.s3.endpoint": ["backup.s3.url", "backup.s3.endpointUrl", "backup.s3.host"],
  "backup.s3.credentialsSecret": [
    ...[
      "backup.s3.secret",
      "backup.s3.secretName",
      "backup.s3.existingSecret",
      "backup.s3.credentialsSecretName",
    ],
  ],
};

export const synonyms: ReadonlyMap<string, string> = new Map(
  Object.entries(names).flatMap(([argument, others]) => others.map((other) => [other, argument])),
);

const transforms = "Use Pulumi's transforms for what has no argument";
const settings = "Use etcd for etcd's settings, and etcd.extra for those without an argument of their own";
const always = "Leave it out: TLS is always on";
const spread = "Use scheduling.hostSpread, scheduling.zoneSpread and scheduling.nodeAffinity";
const certificates = "Use clients: everybody authenticates with a certificate";

/** What no argument has the same value for. */
export const hints: ReadonlyMap<string, string> = new Map([
  ["size", "Use members for the number of members, or storage.size for their volumes"],
  ["image.registry", `Put it before image.repository, as in "registry.example.com/etcd"`],
  ["global.imageRegistry", "Put it before image.repository and nodeImage.repository"],
  ...["persistence", "persistence.enabled", "storage.enabled", "volumeClaimTemplates"].map(
    (path) => [path, "Use storage: every member has a volume"] as const,
  ),
  ...["affinity", "scheduling.affinity", "podAffinityPreset", "podAntiAffinityPreset", "podAntiAffinity"].map(
    (path) => [path, spread] as const,
  ),
  ...["topologySpreadConstraints", "scheduling.topologySpreadConstraints"].map(
    (path) => [path, "Use scheduling.hostSpread, scheduling.zoneSpread and scheduling.minZones"] as const,
  ),
  ...["service.loadBalancerIP", "loadBalancerIP"].map(
    (path) => [path, "Use service.metadata.annotations: each cloud has an annotation for it"] as const,
  ),
  ...["service.port", "service.ports", "containerPorts", "port"].map(
    (path) => [path, "Leave it out: clients use port 2379"] as const,
  ),
  ...["auth", "rbac", "rootPassword", "auth.rbac", "clients.roles", "clients.role", "users"].map(
    (path) => [path, `${certificates}; declare users and roles with etcdctl`] as const,
  ),
  ...["tls.enabled", "tls.secureTransport"].map((path) => [path, always] as const),
  ...["tls.secret", "tls.secretName", "tls.existingSecret"].map(
    (path) => [path, "Use tls.existing, which has a Secret for each certificate"] as const,
  ),
  ...["config", "configuration", "settings", "extraArgs", "args", "flags", "command", "etcdConfig"].map(
    (path) => [path, settings] as const,
  ),
  ...["env", "extraEnvVars", "extraEnv"].map((path) => [path, settings] as const),
  ...["livenessProbe", "readinessProbe", "startupProbe"].map(
    (path) => [path, "Use probes.livenessBudgetSeconds and probes.startupBudgetSeconds"] as const,
  ),
  ...["podDisruptionBudget", "pdb", "updateStrategy", "podManagementPolicy"].map(
    (path) => [path, "Leave it out: the component takes care of it"] as const,
  ),
  ...["metrics", "serviceMonitor", "podMonitor"].map(
    (path) => [path, "Leave it out: each member serves its metrics on port 2381"] as const,
  ),
  ["serviceAccount", "Use serviceAccountAnnotations"],
  ["networkPolicy", "Declare a NetworkPolicy beside the cluster"],
  ["disasterRecovery", "Use backup"],
  ["startFromSnapshot", "Use restore"],
  ["defragmentation", "Use controller.defragmentFreePercent and controller.defragmentMinSize"],
  ["defrag", "Use controller.defragmentFreePercent and controller.defragmentMinSize"],
  ...["extraVolumes", "extraVolumeMounts", "sidecars", "initContainers", "hostAliases", "lifecycleHooks"].map(
    (path) => [path, transforms] as const,
  ),
]);
