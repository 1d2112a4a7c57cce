import type { Refusal } from ".";
import { r } from ".";

/** The argument at that path, and nothing else. */
const at = (path: string, value: unknown): object =>
  path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object;

/** Text that no argument is known for may be a credential. */
const unsaid = (path: string, value: unknown, wayOut: string) =>
  r(path, at(path, value), "…", "there is no such argument", wayOut);

const unknown = (path: string, value: unknown, wayOut: string) =>
  r(path, at(path, value), value, "there is no such argument", wayOut);

/** Names that people know from Kubernetes, from charts, or from another place here. */
export const unknownRefusals: Refusal[] = [
  unknown("replicas", 5, "Use members: 5."),
  unknown("replicaCount", "5", "Use members: 5."),
  unknown("size", 3, "Use members: 3."),
  unsaid("size", "8Gi", "Use members for the number of members, or storage.size"),
  unknown("name", "etcd", 'Use clusterName: "etcd".'),
  unknown("fullnameOverride", "etcd", 'Use clusterName: "etcd".'),
  unknown("persistence", { size: "8Gi", enabled: true }, 'Use storage.size: "8Gi".'),
  unknown("persistence", { enabled: true }, "Use storage: every member has a volume."),
  unknown("storage.class", "fast", 'Use storage.storageClass: "fast".'),
  unknown("storage.storageClassName", "fast", 'Use storage.storageClass: "fast".'),
  unknown("storageClass", "fast", 'Use storage.storageClass: "fast".'),
  unknown(
    "resources.limits",
    { memory: "1Gi", cpu: 2 },
    'Use resources.memoryLimit: "1Gi" and resources.cpuLimit: "2".',
  ),
  unknown("resources.requests", { cpu: "500m" }, 'Use resources.cpuRequest: "500m".'),
  unknown("resources.memory", "1Gi", 'Use resources.memoryLimit: "1Gi".'),
  unknown("affinity", { podAntiAffinity: {} }, "Use scheduling.hostSpread, scheduling.zoneSpread and"),
  unknown("affinity", { nodeAffinity: {} }, "Use scheduling.nodeAffinity."),
  unknown("scheduling.affinity", { podAntiAffinity: {} }, "Use scheduling.hostSpread"),
  unknown("nodeSelector", { disk: "ssd" }, "Use scheduling.nodeSelector."),
  unknown("tolerations", [], "Use scheduling.tolerations."),
  unknown("quota", "2Gi", 'Use etcd.quota: "2Gi".'),
  unknown("storage.members", 3, "Use members: 3."),
  unknown("memoryLimit", "1Gi", "Use resources.memoryLimit, controller.memoryLimit or backup.memoryLimit."),
  unsaid("service.loadBalancerIP", "10.0.0.1", "Use service.metadata.annotations"),
  unknown("service.annotations", { a: "b" }, "Use service.metadata.annotations."),
  unknown("service.nodePorts", { client: "30000" }, "Use service.nodePort: 30000."),
  unknown("podAnnotations", { a: "b" }, "Use podMetadata.annotations."),
  unknown("securityContext", { runAsUser: 1000 }, "Use security.runAsUser: 1000."),
  unsaid("image.registry", "docker.io", "Put it before image.repository"),
  unknown("image.pullSecrets", ["a"], "Use imagePullSecrets."),
  unknown("pullSecrets", ["a"], "Use imagePullSecrets."),
  unknown("auth", { rbac: { create: true } }, "Use clients: everybody authenticates with a certificate"),
  unknown("tls.enabled", true, "Leave it out: TLS is always on."),
  unknown("tls.dnsNames", ["a"], "Use tls.extraServerNames."),
  unsaid("configuration", "a: b", "Use etcd for etcd's settings"),
  unknown("etcd.quota-backend-bytes", 5, "Use etcd.quota."),
  unknown("etcd.maxSnapshots", 5, 'Use etcd.extra: { "max-snapshots": … }.'),
  unknown("backups", {}, "Did you mean backup?"),
  unknown("storage.replicas", 3, "The arguments are size, storageClass"),
  // pulumi config set without --path
  r(
    "storage.size",
    { "storage.size": "5Gi" },
    "5Gi",
    "no such argument",
    "Use pulumi config set --path 'storage.size', or in a program an object: storage: { size: … }",
  ),
  r("clients[0].name", { "clients[0].name": "a" }, "a", "no such argument", "--path 'clients[0].name'"),
];
