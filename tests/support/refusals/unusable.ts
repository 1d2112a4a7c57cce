import type { Refusal } from ".";
import { long, r } from ".";

const names = {
  peerSecret: "a",
  peerClientSecret: "b",
  serverSecret: "c",
  rootSecret: "d",
  controllerSecret: "e",
  controllerServerSecret: "f",
};

const terms = (...nodeSelectorTerms: unknown[]) => ({
  scheduling: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const termPath = "scheduling.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
const something = { matchExpressions: [{ key: "a", operator: "Exists" }] };

const backup = { schedule: "0 * * * *", claim: { size: "50Gi" } };
const annotated: [string, (annotations: object) => object][] = [
  ["metadata.annotations", (annotations) => ({ metadata: { annotations } })],
  ["podMetadata.annotations", (annotations) => ({ podMetadata: { annotations } })],
  ["service.metadata.annotations", (annotations) => ({ service: { metadata: { annotations } } })],
  ["storage.metadata.annotations", (annotations) => ({ storage: { metadata: { annotations } } })],
  [
    "backup.podMetadata.annotations",
    (annotations) => ({ backup: { ...backup, podMetadata: { annotations } } }),
  ],
  ["serviceAccountAnnotations", (serviceAccountAnnotations) => ({ serviceAccountAnnotations })],
  [
    "backup.serviceAccountAnnotations",
    (serviceAccountAnnotations) => ({ backup: { ...backup, serviceAccountAnnotations } }),
  ],
];
const waits = "Pulumi obeys it on each object";
const transforms = "set it on one object with Pulumi's transforms";

/** What Kubernetes or etcd take, and what then keeps a cluster from doing its work. */
export const unusableRefusals: Refusal[] = [
  r("etcd.quota", { etcd: { quota: "15Mi" } }, "15Mi", "would be full at once", 'For example: "2Gi"'),
  ...["8", "4096", "16777215"].map((quota) =>
    r("etcd.quota", { etcd: { quota } }, quota, "would be full at once", 'Add the unit, for example "2Gi"'),
  ),
  ...["1", "4", "1536", "16383"].map((maxRequestSize) =>
    r(
      "etcd.maxRequestSize",
      { etcd: { maxRequestSize } },
      maxRequestSize,
      "practically every write would be refused",
      'Add the unit, for example "1536Ki"',
    ),
  ),
  ...["1ms", "59s", "59.9s"].map((autoCompactionRetention) =>
    r(
      "etcd.autoCompactionRetention",
      { etcd: { autoCompactionRetention } },
      autoCompactionRetention,
      "compact all the time",
      'For example: "1h", or "0" to turn it off',
    ),
  ),
  ...Object.keys(names).map((name) =>
    r(
      `tls.existing.${name}`,
      { tls: { existing: { ...names, [name]: undefined } } },
      undefined,
      "every certificate comes from a Secret of yours",
      "Set it to the name",
    ),
  ),
  ...[{}, { matchExpressions: [] }, { matchExpressions: [], matchFields: [] }].map((empty) =>
    r(`${termPath}[1]`, terms(something, empty), empty, "matches an empty term", "an expression or a field"),
  ),
  ...["3.5.33", "3.6.16", "3.7.3"].flatMap((version) => [
    ...["max-wals", "max-snapshots"].map((name) =>
      r(
        `etcd.extra.${name}`,
        { version, etcd: { extra: { [name]: 0 } } },
        0,
        "a whole number here, from 1",
        "",
      ),
    ),
    r(
      "etcd.extra.max-snapshots",
      { version, etcd: { extra: { "max-snapshots": 101 } } },
      101,
      "from 1 to 100",
      "Use a number",
    ),
  ]),
  ...["0 0 30 2 *", "0 0 31 feb,apr-4,6,9,11 *", "0 0 30-31 2 ?", "1 2 30/1 2 *", "0 0 31 9/2 *"].flatMap(
    (schedule) => [
      r(
        "backup.schedule",
        { backup: { ...backup, schedule } },
        schedule,
        "there is no such day",
        "For example: ",
      ),
      r(
        "backup.drill.schedule",
        { backup: { ...backup, drill: { schedule } } },
        schedule,
        "there is no such day",
        "For example: ",
      ),
    ],
  ),
  ...["backup", "restore.backup"].map((path) => {
    const s3 = { bucket: "backups", endpoint: "https://minio", region: "" };
    const args = path === "backup" ? { backup: { schedule: "@daily", s3 } } : { restore: { backup: { s3 } } };
    return r(`${path}.s3.region`, args, "", "requests are signed for a region", "Leave it out");
  }),
  ...[100, 1_000_000].map((generation) =>
    r(
      "generation",
      { clusterName: long(52), generation, recovery: { confirmed: true } },
      generation,
      "63 is the limit",
      "with a shorter name",
    ),
  ),
  r(
    "etcd.extra.max-wals",
    { etcd: { extra: { "max-wals": 7 } } },
    7,
    "the volume has room for 6",
    "raise storage.size",
  ),
  r(
    "etcd.extra.max-wals",
    { etcd: { extra: { "max-wals": 1000 }, quota: "1Gi" } },
    1000,
    "the volume has room for 81",
    "Lower it, or etcd.quota",
  ),
  ...annotated.flatMap(([path, args]) => [
    ...["pulumi.com/replaceUnready", "pulumi.com/patchForce"].map((key) =>
      r(path, args({ [key]: "true" }), key, waits, transforms),
    ),
    r(
      path,
      args({ "etcd-cluster/trust": "x" }),
      "etcd-cluster/trust",
      "belong to the component",
      "Use another key",
    ),
  ]),
  ...annotated
    .filter(([path]) => path !== "service.metadata.annotations")
    .map(([path, args]) =>
      r(path, args({ "pulumi.com/skipAwait": "true" }), "pulumi.com/skipAwait", waits, transforms),
    ),
  ...["metadata", "podMetadata", "storage"].map((field) => {
    const given = { labels: { "etcd-cluster/generation": "2" } };
    const [path, args] =
      field === "storage"
        ? ["storage.metadata.labels", { storage: { metadata: given } }]
        : [`${field}.labels`, { [field]: given }];
    return r(path, args, "etcd-cluster/generation", "belong to the component", "Use another key");
  }),
];
