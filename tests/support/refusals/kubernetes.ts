import type { Refusal } from ".";
import { long, r } from ".";

const text = "it has to be text";
const quotes = "in quotes";
const backup = { schedule: "0 * * * *", claim: { size: "50Gi" } };

/** The fields that are maps of strings with the user's own names. */
const maps: [string, (texts: unknown) => object][] = [
  ["metadata.labels", (labels) => ({ metadata: { labels } })],
  ["metadata.annotations", (annotations) => ({ metadata: { annotations } })],
  ["podMetadata.labels", (labels) => ({ podMetadata: { labels } })],
  ["podMetadata.annotations", (annotations) => ({ podMetadata: { annotations } })],
  ["service.metadata.labels", (labels) => ({ service: { metadata: { labels } } })],
  ["service.metadata.annotations", (annotations) => ({ service: { metadata: { annotations } } })],
  ["storage.metadata.labels", (labels) => ({ storage: { metadata: { labels } } })],
  ["storage.metadata.annotations", (annotations) => ({ storage: { metadata: { annotations } } })],
  ["backup.podMetadata.labels", (labels) => ({ backup: { ...backup, podMetadata: { labels } } })],
  [
    "backup.podMetadata.annotations",
    (annotations) => ({ backup: { ...backup, podMetadata: { annotations } } }),
  ],
  ["serviceAccountAnnotations", (serviceAccountAnnotations) => ({ serviceAccountAnnotations })],
  [
    "backup.serviceAccountAnnotations",
    (serviceAccountAnnotations) => ({ backup: { ...backup, serviceAccountAnnotations } }),
  ],
  ["scheduling.nodeSelector", (nodeSelector) => ({ scheduling: { nodeSelector } })],
];

const key = "a key has at most 63";
const metadata: Refusal[] = [
  ...maps.flatMap(([path, args]) => [
    ...[false, 1, null, { a: "b" }].map((value) =>
      r(`${path}.example.com/a`, args({ "example.com/a": value }), value, text, quotes),
    ),
    r(path, args(["a"]), ["a"], "whose values are text", '{"a": "b"}'),
    ...["a b", long(64), "a/b/c", "/a", "-a", "Example.com./a", `${long(254)}/a`, ""].map((name) =>
      r(path, args({ [name]: "x" }), name, key, '"example.com/tier"'),
    ),
  ]),
  ...maps
    .filter(([path]) => /[sS]elector|labels/.test(path))
    .map(([path, args]) => r(`${path}.a`, args({ a: "b c" }), "b c", "a label's value has at most 63", "")),
  r(
    "backup.podMetadata.labels",
    { backup: { ...backup, podMetadata: { labels: { "app.kubernetes.io/name": "x" } } } },
    "app.kubernetes.io/name",
    "finds its own objects",
    "Use another key",
  ),
  r(
    "podMetadata.annotations",
    { podMetadata: { annotations: { a: long(240 * 1024) } } },
    `${240 * 1024 + 1} bytes`,
    "256 KiB",
    "Shorten them",
  ),
  r(
    "service.metadata.annotations",
    {
      metadata: { annotations: { a: long(130 * 1024) } },
      service: { metadata: { annotations: { b: long(130 * 1024) } } },
    },
    `${260 * 1024 + 2} bytes`,
    "256 KiB",
    "Shorten them",
  ),
];

/** Every argument that is one text, and may be an output. */
const texts: [string, object][] = [
  ["namespace", { namespace: 3 }],
  ["storage.storageClass", { storage: { storageClass: 3 } }],
  ["service.loadBalancerClass", { service: { type: "LoadBalancer", loadBalancerClass: 3 } }],
  ["scheduling.schedulerName", { scheduling: { schedulerName: 3 } }],
  ["backup.claim.storageClass", { backup: { ...backup, claim: { size: "50Gi", storageClass: 3 } } }],
  ["backup.s3.bucket", { backup: { schedule: "0 * * * *", s3: { bucket: 3 } } }],
  ["tls.extraServerNames[1]", { tls: { extraServerNames: ["a", 3] } }],
  ["restore.endpoints.urls[0]", { restore: { endpoints: { urls: [3], tlsSecret: "a" } } }],
  ["image.repository", { image: { repository: 3 } }],
  ["service.sessionAffinity", { service: { sessionAffinity: 3 } }],
  ["nodeImage.digest", { nodeImage: { digest: 3 } }],
  ["backup.claim.prefix", { backup: { ...backup, claim: { size: "50Gi", prefix: 3 } } }],
  [
    "service.loadBalancerSourceRanges[0]",
    { service: { type: "LoadBalancer", loadBalancerSourceRanges: [3] } },
  ],
];

const objectName = "a name in Kubernetes has lower-case letters";
const names: [string, object][] = [
  ["storage.storageClass", { storage: { storageClass: "Fast" } }],
  ["scheduling.priorityClassName", { scheduling: { priorityClassName: "Fast" } }],
  ["scheduling.schedulerName", { scheduling: { schedulerName: "Fast" } }],
  ["scheduling.runtimeClassName", { scheduling: { runtimeClassName: "Fast" } }],
  ["controller.priorityClassName", { controller: { priorityClassName: "Fast" } }],
  ["restore.file.claim", { restore: { file: { claim: "Fast", path: "a" } } }],
  ["backup.claim.existing", { backup: { ...backup, claim: { existing: "Fast" } } }],
  ["restore.backup.claim.existing", { restore: { backup: { claim: { existing: "Fast" } } } }],
];

/** Where a Secret's name belongs. What isn't one may be the secret itself, and is not shown. */
const secretNames: [string, object][] = [
  ["imagePullSecrets[1]", { imagePullSecrets: ["a.b", "Fast"] }],
  ["restore.endpoints.tlsSecret", { restore: { endpoints: { urls: ["https://a:1"], tlsSecret: "Fast" } } }],
  [
    "backup.s3.credentialsSecret",
    { backup: { schedule: "0 * * * *", s3: { bucket: "backups", credentialsSecret: "Fast" } } },
  ],
];

const balanced = (more: object) => ({ service: { type: "LoadBalancer", ...more } });
const service: Refusal[] = [
  r(
    "service.externalTrafficPolicy",
    balanced({ externalTrafficPolicy: "local" }),
    "local",
    "it has to be Cluster or Local",
    'Did you mean "Local"?',
  ),
  r(
    "service.sessionAffinity",
    { service: { sessionAffinity: "clientIP" } },
    "clientIP",
    "None or ClientIP",
    'Did you mean "ClientIP"?',
  ),
  r(
    "service.trafficDistribution",
    { service: { trafficDistribution: "Near" } },
    "Near",
    "PreferSameZone, PreferSameNode or PreferClose",
    "Use one of these",
  ),
  r(
    "service.loadBalancerClass",
    balanced({ loadBalancerClass: "a b" }),
    "a b",
    "with or without a domain",
    'For example: "example.com/internal"',
  ),
  r(
    "service.loadBalancerSourceRanges",
    balanced({ loadBalancerSourceRanges: "10.0.0.0/8" }),
    "10.0.0.0/8",
    "it has to be a list",
    'Use ["10.0.0.0/8"]',
  ),
  ...["10.0.0.1/33", "10.0.0/8", "010.0.0.0/8", "fd00::/129", "fe80::1%eth0/64", "10.0.0.0/08"].map((range) =>
    r(
      "service.loadBalancerSourceRanges[1]",
      balanced({ loadBalancerSourceRanges: ["10.0.0.0/8", range] }),
      range,
      "an address, a slash",
      'For example: "10.0.0.0/8"',
    ),
  ),
  ...["10.0.0.1/32", "fd00::1/128"].map((range) =>
    r(
      "service.loadBalancerSourceRanges[0]",
      balanced({ loadBalancerSourceRanges: [range.replace(/\/.*/, "")] }),
      range.replace(/\/.*/, ""),
      "an address, a slash",
      `Use "${range}" for one address`,
    ),
  ),
  r(
    "service.loadBalancerSourceRanges[0]",
    balanced({ loadBalancerSourceRanges: [8] }),
    8,
    "it has to be text",
    'in quotes: "8"',
  ),
];

const tolerations = (...given: unknown[]) => ({ scheduling: { tolerations: given } });
const at = "scheduling.tolerations[0]";
const wrongTolerations: Refusal[] = [
  r("scheduling.tolerations", { scheduling: { tolerations: {} } }, {}, "a list", "list"),
  r(at, tolerations("etcd"), "etcd", "it has to be an object", "an object with key, operator"),
  r(
    `${at}.tolerationSecond`,
    tolerations({ operator: "Exists", effect: "NoExecute", tolerationSecond: 5 }),
    5,
    "no such field here",
    "Did you mean tolerationSeconds?",
  ),
  r(`${at}.taint`, tolerations({ key: "a", taint: "b" }), "b", "no such field here", "The fields are key"),
  r(
    `${at}.operator`,
    tolerations({ key: "a", operator: "exists" }),
    "exists",
    "it has to be",
    'Did you mean "Exists"?',
  ),
  r(
    `${at}.effect`,
    tolerations({ key: "a", effect: "noSchedule" }),
    "noSchedule",
    "it has to be",
    'Did you mean "NoSchedule"?',
  ),
  r(
    `${at}.value`,
    tolerations({ key: "a", operator: "Exists", value: "b" }),
    "b",
    "only operator Equal has a value",
    "Leave it out",
  ),
  r(`${at}.value`, tolerations({ key: "a", value: "b c" }), "b c", "the form of a label's", "Leave it out"),
  r(`${at}.value`, tolerations({ key: "a", value: true }), true, text, quotes),
  r(
    `${at}.key`,
    tolerations({ effect: "NoSchedule" }),
    undefined,
    "only operator Exists does without",
    "Use the taint's key",
  ),
  r(`${at}.key`, tolerations({ key: "a b" }), "a b", "a name of at most 63", "For example: "),
  r(
    `${at}.tolerationSeconds`,
    tolerations({ key: "a", operator: "Exists", tolerationSeconds: 5 }),
    5,
    "only effect NoExecute takes a time",
    "Use effect NoExecute",
  ),
  r(
    `${at}.tolerationSeconds`,
    tolerations({ key: "a", operator: "Exists", effect: "NoExecute", tolerationSeconds: "5" }),
    "5",
    "number",
    "",
  ),
];

const required = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
const affinity = (nodeAffinity: unknown) => ({ scheduling: { nodeAffinity } });
const term = (nodeSelectorTerm: unknown) =>
  affinity({ [required]: { nodeSelectorTerms: [nodeSelectorTerm] } });
const rule = (matchExpression: unknown) => term({ matchExpressions: [matchExpression] });
const terms = `scheduling.nodeAffinity.${required}.nodeSelectorTerms`;
const expression = `${terms}[0].matchExpressions[0]`;
const field = `${terms}[0].matchFields[0]`;
const wrongAffinities: Refusal[] = [
  r(
    "scheduling.nodeAffinity.required",
    affinity({ required: {} }),
    {},
    "no such field here",
    "The fields are requiredDuring",
  ),
  r("scheduling.nodeAffinity", affinity("ssd"), "ssd", "it has to be an object", "Use an object"),
  r(terms, affinity({ [required]: { nodeSelectorTerms: [] } }), [], "no node matches", "or leave it out"),
  r(
    `${expression}.operator`,
    rule({ key: "a", operator: "in", values: ["b"] }),
    "in",
    "it has to be",
    'Did you mean "In"?',
  ),
  r(`${expression}.operator`, rule({ key: "a" }), undefined, "In, NotIn", "Use one of these words"),
  r(
    `${expression}.values`,
    rule({ key: "a", operator: "In" }),
    undefined,
    "operator In takes one or more values",
    "Use as many",
  ),
  r(
    `${expression}.values`,
    rule({ key: "a", operator: "Exists", values: ["b"] }),
    ["b"],
    "operator Exists takes no value",
    "or another operator",
  ),
  r(
    `${expression}.values`,
    rule({ key: "a", operator: "Gt", values: ["1", "2"] }),
    ["1", "2"],
    "operator Gt takes one value",
    "Use as many",
  ),
  r(
    `${expression}.values[0]`,
    rule({ key: "a", operator: "Lt", values: ["4Gi"] }),
    "4Gi",
    "compares whole numbers",
    "Use ",
  ),
  r(
    `${expression}.values[0]`,
    rule({ key: "a", operator: "In", values: ["b c"] }),
    "b c",
    "no label of a node",
    "Use ",
  ),
  r(`${expression}.values[0]`, rule({ key: "a", operator: "In", values: [true] }), true, text, quotes),
  r(`${expression}.key`, rule({ operator: "Exists" }), "", "a name of at most 63", "For example: "),
  r(
    `${field}.key`,
    term({ matchFields: [{ key: "metadata.labels", operator: "In", values: ["a"] }] }),
    "metadata.labels",
    "metadata.name",
    'Use "metadata.name"',
  ),
  r(
    `${field}.values`,
    term({ matchFields: [{ key: "metadata.name", operator: "In", values: ["a", "b"] }] }),
    ["a", "b"],
    "operator In takes one value",
    "Use as many",
  ),
  r(
    `scheduling.nodeAffinity.${preferred}[0].weight`,
    affinity({ [preferred]: [{ preference: { matchExpressions: [{ key: "a", operator: "Exists" }] } }] }),
    undefined,
    "a whole number from 1 to 100",
    "counts most",
  ),
  r(
    `scheduling.nodeAffinity.${preferred}[0].weight`,
    affinity({
      [preferred]: [{ weight: 0, preference: { matchExpressions: [{ key: "a", operator: "Exists" }] } }],
    }),
    0,
    "from 1 to 100",
    "",
  ),
];

const quantities: Refusal[] = [
  ...["10Mi", "1Mi", "511Mi", "0.4Gi", "5e8"].map((size) =>
    r("storage.size", { storage: { size } }, size, "64 MB", "Use 512Mi or more"),
  ),
];

const images: Refusal[] = [
  ...["v3.6 16", "", ".a", long(129)].map((tag) =>
    r("nodeImage.tag", { nodeImage: { tag } }, tag, "at most 128 letters", "Use the tag alone"),
  ),
  ...["a//b", "/a", "a/", "a/B", "[fd00::1", "fd00::1/a", "a_/b", "[fd00::1]:5000", long(256)].map(
    (repository) =>
      r(
        "nodeImage.repository",
        { nodeImage: { repository } },
        repository,
        "a registry and a path",
        'For example: "registry.example.com/etcd"',
      ),
  ),
  r(
    "nodeImage.repository",
    { nodeImage: { repository: "[fd00::1]:5000/node:22" } },
    "[fd00::1]:5000/node:22",
    "ends with a tag",
    "Move the tag to nodeImage.tag",
  ),
];

/** What Kubernetes would refuse in the middle of an `up`, or take and never act by. */
export const kubernetesRefusals: Refusal[] = [
  ...metadata,
  ...texts.map(([path, args]) => r(path, args, 3, text, quotes)),
  ...names.map(([path, args]) => r(path, args, "Fast", objectName, "Use the object's name")),
  ...secretNames.map(([path, args]) => r(path, args, "[secret]", objectName, "Use the object's name")),
  r("imagePullSecrets[0]", { imagePullSecrets: [3] }, "[secret]", text, quotes),
  ...["windows", "Linux", ""].map((system) =>
    r(
      "scheduling.nodeSelector.kubernetes.io/os",
      { scheduling: { nodeSelector: { "kubernetes.io/os": system } } },
      system,
      "both images are for Linux",
      'Use "linux", or leave it out',
    ),
  ),
  ...service,
  ...wrongTolerations,
  ...wrongAffinities,
  ...quantities,
  ...images,
];
