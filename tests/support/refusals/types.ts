import type { Refusal } from ".";
import { r } from ".";

const backup = { schedule: "@daily", claim: { size: "50Gi" } };
const cpu = "resources.cpuRequest";

/** Values of a wrong type, or with a slip in their form, and what the message makes of them. */
export const typeRefusals: Refusal[] = [
  // Numbers
  r("members", { members: "0" }, "0", "a whole number from 1 to 7", "Use a number in this range"),
  r("members", { members: 0 }, 0, "and can't be scaled to zero", "Use 1, 3, 5 or 7"),
  r("members", { members: 3.5 }, 3.5, "1 to 7 members", "Use 1, 3, 5 or 7"),
  r("members", { members: ["3"] }, ["3"], "a whole number from 1 to 7", "Use a number in this range"),
  r(
    "controller.nodeLossGraceSeconds",
    { controller: { nodeLossGraceSeconds: "10m" } },
    "10m",
    "it has to be a number of seconds, not text",
    "Use 600, without quotes",
  ),
  r(
    "etcd.heartbeatIntervalMilliseconds",
    { etcd: { heartbeatIntervalMilliseconds: "100ms" } },
    "100ms",
    "a number of milliseconds, not text",
    "Use 100, without quotes",
  ),
  r(
    "tls.validityDays",
    { tls: { validityDays: "2160h" } },
    "2160h",
    "a number of days, not text",
    "Use 90, without quotes",
  ),
  r(
    "probes.livenessBudgetSeconds",
    { probes: { livenessBudgetSeconds: 30 } },
    30,
    "a whole number from 60 to 86400, in seconds",
    "Use 60 or more, or leave it out",
  ),
  r(
    "storage.keepReplacedDays",
    { storage: { keepReplacedDays: 4000 } },
    4000,
    "from 1 to 3650, in days",
    "Use 3650 or less, or leave it out",
  ),

  // Text
  r(
    "version",
    { version: 3.7 },
    3.7,
    "it has to be text",
    'in quotes: "3.7" (pulumi config set takes --type',
  ),
  r("clusterDomain", { clusterDomain: null }, null, "it has to be text", "or leave it out"),
  r(
    "imagePullSecrets[0]",
    { imagePullSecrets: [{ name: "registry" }] },
    { name: "registry" },
    "it has to be text",
    'Use its name alone, in quotes: "registry"',
  ),
  r(
    "storage.storageClass",
    { storage: { storageClass: { name: "fast" } } },
    { name: "fast" },
    "it has to be text",
    'in quotes: "fast"',
  ),
  r("tls.extraServerNames[1]", { tls: { extraServerNames: ["a", null] } }, null, "it has to be text", ""),
  r("tls.extraServerNames[0]", names("ETCD.example.com"), "ETCD.example.com", "", 'Use "etcd.example.com"'),
  r("tls.extraServerNames[0]", names("e.example.com:2379"), "e.example.com:2379", "", 'Use "e.example.com"'),
  r("tls.extraServerNames[0]", names("fe80::1%eth0"), "fe80::1%eth0", "", 'Use "fe80::1"'),
  r("tls.extraServerNames[0]", names("my_host"), "my_host", "", "without underscores"),
  r("tls.extraServerNames[0]", names("a b"), "a b", "", "Use the name alone"),

  // Flags
  ...["true", "yes", "ON", 1].map((allowDataDeletion) =>
    r("allowDataDeletion", { allowDataDeletion }, allowDataDeletion, "true or false", "Use true."),
  ),
  ...["no", "off"].map((allowDataDeletion) =>
    r("allowDataDeletion", { allowDataDeletion }, allowDataDeletion, "true or false", "Use false."),
  ),
  r("allowDataDeletion", { allowDataDeletion: "x" }, "x", "true or false", "Use true or false"),

  // Lists and objects
  r("clients", { clients: "app" }, "app", "it has to be a list", 'Use [{ name: "app" }]'),
  r("clients", { clients: { app: {} } }, { app: {} }, "a list", 'Use [{ name: "app" }]'),
  r("clients", { clients: { name: "app" } }, { name: "app" }, "a list", "Put it into a list"),
  r("clients[1]", { clients: [{ name: "a" }, "b"] }, "b", "it has to be an object", 'Use { name: "b" }'),
  r("clients[0].name", { clients: [{}] }, undefined, "a Secret is named after it", "Give the client a name"),
  r("clients[0].name", { clients: [{ name: "My_App" }] }, "My_App", "", 'Did you mean "my-app"?'),
  r("clients[0].name", { clients: [{ name: "a@b" }] }, "a@b", "", 'For example: "app"'),
  r("imagePullSecrets", { imagePullSecrets: "a" }, "a", "it has to be a list", 'Use ["a"]'),
  r(
    "scheduling.tolerations",
    tolerate({ key: "x" }),
    { key: "x" },
    "it has to be a list",
    "Put it into a list",
  ),
  r(
    "image",
    { image: "registry.example.com:5000/etcd:v3.6.16" },
    "registry.example.com:5000/etcd:v3.6.16",
    "it has to be an object",
    'Use { repository: "registry.example.com:5000/etcd", tag: "v3.6.16" }',
  ),
  r("image", { image: "etcd" }, "etcd", "it has to be an object", "Use an object with repository, tag"),
  r("backup", { backup: "@daily" }, "@daily", "it has to be an object", 'Use { schedule: "@daily" }'),
  r("backup.s3", { backup: { schedule: "@daily", s3: "b" } }, "b", "an object", 'Use { bucket: "b" }'),
  r(
    "backup.retention",
    { backup: { ...backup, retention: "30d" } },
    "30d",
    "",
    "object with keepLast, keepDays",
  ),

  // Quantities
  ...["8GB", "8gi", "8 Gi", "8GiB", "8gb"].map((size) =>
    r("storage.size", { storage: { size } }, size, "a Kubernetes quantity above zero", 'Did you mean "8Gi"?'),
  ),
  r("storage.size", { storage: { size: 8 } }, 8, "as text with its unit", 'For example: "8Gi"'),
  r("storage.size", { storage: { size: "10" } }, "10", "it means bytes", 'Did you mean "10Gi"?'),
  r("storage.size", { storage: { size: "100m" } }, "100m", "m means thousandths", 'Did you mean "100Mi"?'),
  r("storage.size", { storage: { size: "10Ki" } }, "10Ki", "less than 1Mi has no use", 'For example: "8Gi"'),
  r("backup.claim.size", claim("100"), "100", "it means bytes", 'Did you mean "100Gi"?'),
  r("resources.memoryRequest", resources({ memoryRequest: "512" }), "512", "means bytes", '"512Mi"?'),
  r(
    "backup.memoryLimit",
    { backup: { ...backup, memoryLimit: "512" } },
    "512",
    "bytes",
    'Did you mean "512Mi"?',
  ),
  ...["2 cores", "2cpu", "2 vCPUs"].map((cpuRequest) =>
    r(cpu, resources({ cpuRequest }), cpuRequest, "a Kubernetes quantity", 'Did you mean "2"?'),
  ),
  r(cpu, resources({ cpuRequest: "-1" }), "-1", "above zero", 'For example: "500m"'),
  r(
    "etcd.quota",
    { etcd: { quota: "8Gi" } },
    "8Gi",
    "three times the quota, 24Gi",
    'or use storage.size: "24Gi" or more',
  ),

  // Schedules
  r("backup.schedule", schedule("0 0 3 * * *"), "0 0 3 * * *", "five fields", 'Did you mean "0 3 * * *"?'),
  r("backup.schedule", schedule("Daily"), "Daily", "five fields", 'Did you mean "@daily"?'),
  r("backup.schedule", schedule("@every 1h"), "@every 1h", "five fields", '"@hourly" or "@daily"'),
  r("backup.schedule", schedule(""), "", "five fields", '"@hourly" or "@daily"'),

  // Words
  r("scheduling.zoneSpread", spread("required"), "required", "Required, Preferred or None", '"Required"?'),
  r(
    "service.type",
    { service: { type: "loadbalancer" } },
    "loadbalancer",
    "",
    'Did you mean "LoadBalancer"?',
  ),
  r(
    "backup.s3.encryption.algorithm",
    {
      backup: { schedule: "@daily", s3: { bucket: "backups", encryption: { algorithm: "kms", keyId: "a" } } },
    },
    "kms",
    "AES256 or aws:kms",
    'Did you mean "aws:kms"?',
  ),
];

function names(...extraServerNames: string[]) {
  return { tls: { extraServerNames } };
}
function tolerate(tolerations: unknown) {
  return { scheduling: { tolerations } };
}
function claim(size: string) {
  return { backup: { schedule: "@daily", claim: { size } } };
}
function resources(given: object) {
  return { resources: given };
}
function schedule(text: string) {
  return { backup: { ...backup, schedule: text } };
}
function spread(zoneSpread: string) {
  return { scheduling: { zoneSpread } };
}
