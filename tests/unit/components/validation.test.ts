import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "../../../components";
import { CaRotationStep, EtcdCluster, ServiceType, Spread, VolumeRetention } from "../../../components";
import { render } from "../../../hack/offline/render";
import { resolveArgs } from "../../../components/config/resolve";
import { validate } from "../../../components/validation";
import { cipherSuites } from "../../../components/validation/cipher-suites";
import { InvalidArguments, ValidationErrors } from "../../../components/validation/errors";
import { renderCluster, withLog } from "../../support/render";
import type { Refusal } from "../../support/refusals";
import { long, r } from "../../support/refusals";
import { credentialRefusals } from "../../support/refusals/credentials";
import { kubernetesRefusals } from "../../support/refusals/kubernetes";
import { unknownRefusals } from "../../support/refusals/unknown";
import { unusableRefusals } from "../../support/refusals/unusable";
import { settingRefusals } from "../../support/refusals/settings";
import { typeRefusals } from "../../support/refusals/types";
import { argsOf, scenarioNames } from "../../support/scenarios";
import { root } from "../../../hack/root";

const hex = "0123456789abcdef".repeat(4);
const own = {
  peerSecret: "a",
  peerClientSecret: "b",
  serverSecret: "c",
  rootSecret: "d",
  controllerSecret: "e",
  controllerServerSecret: "f",
};

/** The given fields in an otherwise valid `backup`. */
const withBackup = (more: object, base: object = { claim: { size: "50Gi" } }) => ({
  backup: { schedule: "0 * * * *", ...base, ...more },
});
const withS3 = (more: object) => withBackup({}, { s3: { bucket: "backups", ...more } });

function backupRefusals(): Refusal[] {
  const cron = "a cron expression of five fields";
  const zone = 'For example: "Europe/Berlin"';
  return [
    ...[
      "* * * *",
      "60 * * * *",
      "* 24 * * *",
      "* * 0 * *",
      "* * * 13 *",
      "* * * * 7",
      "*/0 * * * *",
      "5-1 * * * *",
    ].map((schedule) =>
      r("backup.schedule", withBackup({ schedule }), schedule, cron, 'For example: "0 * * * *"'),
    ),
    r(
      "backup.schedule",
      { backup: { claim: { size: "50Gi" } } },
      undefined,
      cron,
      'For example: "0 * * * *"',
    ),
    r(
      "backup.schedule",
      withBackup({ schedule: "TZ=Europe/Berlin 0 * * * *" }),
      "TZ=Europe/Berlin 0 * * * *",
      "without a time zone",
      'Use "0 * * * *", and the time zone as timeZone',
    ),
    ...["Mars/Olympus", "+01:00", "Local", "", "utc", "PST", "AET", "europe/berlin", "SystemV/EST5"].map(
      (timeZone) =>
        r("backup.timeZone", withBackup({ timeZone }), timeZone, "no time zone of this name", zone),
    ),
    r(
      "backup.s3",
      { backup: { schedule: "@daily" } },
      undefined,
      "in a store that speaks S3, or on a claim",
      "Set backup.s3 or backup.claim",
    ),
    r(
      "backup.claim",
      withBackup({ s3: { bucket: "backups" } }),
      { size: "50Gi" },
      "backup.s3 is another one",
      "Leave one of them out",
    ),
    r("backup.s3.bucket", withBackup({}, { s3: {} }), undefined, "a bucket's name", "Use the name alone"),
    ...["ab", "s3://backups", "backups/etcd", long(64)].map((bucket) =>
      r(
        "backup.s3.bucket",
        withS3({ bucket }),
        bucket,
        "3 to 63 letters",
        "without s3:// and without a prefix",
      ),
    ),
    ...[
      "minio:9000",
      "minio.example.com",
      "https://minio/path?query",
      "https://me:secret@minio",
      "ftp://minio",
    ].map((endpoint) =>
      r(
        "backup.s3.endpoint",
        withS3({ endpoint }),
        endpoint.replace("me:secret", "…"),
        "without a user and without a query",
        "https://minio.example.com:9000",
      ),
    ),
    r(
      "backup.s3.endpoint",
      withS3({ endpoint: "https://minio/backups" }),
      "https://minio/backups",
      "it contains the bucket as well",
      "Use the store's URL without it",
    ),
    r(
      "backup.s3.region",
      withS3({ region: "auto" }),
      "auto",
      "which has no such region",
      "or set backup.s3.endpoint",
    ),
    r(
      "backup.s3.bucket",
      withS3({ bucket: "tenant:backups" }),
      "tenant:backups",
      "which has no tenants",
      "Set backup.s3.endpoint",
    ),
    ...[
      { bucket: "a.b.c", pathStyle: false },
      { bucket: "tenant:backups", endpoint: "https://ceph", pathStyle: false },
      { bucket: "Backups_1", endpoint: "https://ceph", pathStyle: false },
    ].map((s3) =>
      r(
        "backup.s3.pathStyle",
        withS3(s3),
        false,
        "can't be part of the URL's host",
        "Leave it out, or set it to true",
      ),
    ),
    r(
      "backup.s3.pathStyle",
      withS3({ endpoint: "https://gateway/storage/v1/s3", pathStyle: false }),
      false,
      "the endpoint has a path",
      "Leave it out",
    ),
    ...["/a", "a/", "a//b", "a b", "..", "a/./b"].map((prefix) =>
      r(
        "backup.s3.prefix",
        withS3({ prefix }),
        prefix,
        "single slashes between them",
        'For example: "team/etcd"',
      ),
    ),
    r(
      "backup.s3.caCertificate",
      withS3({ caCertificate: "/etc/ca.crt" }),
      "/etc/ca.crt",
      "a certificate as PEM",
      "Use the content of the file",
    ),
    r(
      "backup.s3.endpoint",
      withS3({
        endpoint: "http://minio:9000",
        caCertificate: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----",
      }),
      "http://minio:9000",
      "with http there is no certificate",
      "Use https, or leave caCertificate out",
    ),
    r(
      "backup.s3.encryption.algorithm",
      withS3({ encryption: { algorithm: "aes" } }),
      "aes",
      "it has to be",
      "AES256",
    ),
    r(
      "backup.s3.encryption.algorithm",
      withS3({ encryption: {} }),
      undefined,
      "whose key",
      "leave encryption out",
    ),
    r(
      "backup.s3.encryption.keyId",
      withS3({ encryption: { algorithm: "AES256", keyId: "k" } }),
      "k",
      "only the key management service has keys with IDs",
      "Set backup.s3.encryption.algorithm to aws:kms",
    ),
    r(
      "backup.claim",
      withBackup({}, { claim: {} }),
      undefined,
      "makes it with a size",
      "Use one of backup.claim.existing",
    ),
    r(
      "backup.claim",
      withBackup({}, { claim: { existing: "a", size: "1Gi" } }),
      "1Gi",
      "makes it with a size",
      "Use one of backup.claim.existing and backup.claim.size",
    ),
    r(
      "backup.claim.size",
      withBackup({}, { claim: { size: "much" } }),
      "much",
      "a Kubernetes quantity",
      'For example: "50Gi"',
    ),
    r(
      "backup.claim.storageClass",
      withBackup({}, { claim: { existing: "a", storageClass: "fast" } }),
      "fast",
      "has its class",
      "Leave it out",
    ),
    ...["data-etcd-0", "data-etcd-12"].map((existing) =>
      r(
        "backup.claim.existing",
        withBackup({}, { claim: { existing } }),
        existing,
        "the volume of a member",
        "or size for one that the component makes",
      ),
    ),
    r(
      "backup.claim.prefix",
      withBackup({}, { claim: { size: "9Gi", prefix: "/" } }),
      "/",
      "single slashes",
      "or leave it out",
    ),
    r(
      "backup.retention.keepLast",
      withBackup({ retention: { keepLast: 0 } }),
      0,
      "from 1 to 10000",
      "or leave it out",
    ),
    r(
      "backup.retention.keepDays",
      withBackup({ retention: { keepDays: 0.5 } }),
      0.5,
      "from 1 to 36500",
      "or leave it out",
    ),
    r("backup.timeoutSeconds", withBackup({ timeoutSeconds: 5 }), 5, "from 60 to 86400", "or leave it out"),
    r(
      "backup.compression",
      withBackup({ compression: "zip" }),
      "zip",
      "it has to be none or gzip",
      'Did you mean "gzip"?',
    ),
    r("backup.memoryLimit", withBackup({ memoryLimit: "64Mi" }), "64Mi", "below 128Mi", "or more"),
    r(
      "backup.drill.schedule",
      withBackup({ drill: { schedule: "weekly" } }),
      "weekly",
      cron,
      'Did you mean "@weekly"?',
    ),
    r(
      "backup.drill.timeoutSeconds",
      withBackup({ drill: { schedule: "@weekly", timeoutSeconds: 1 } }),
      1,
      "from 60 to 86400",
      "or leave it out",
    ),
    r("name", withBackup({}), long(46), "leaves room for 45", "Use a shorter clusterName", long(46)),
  ];
}

const refusals: Refusal[] = [
  // Sizes
  r("members", { members: 0 }, 0, "1 to 7 members", "Use 1, 3, 5 or 7"),
  r("members", { members: -3 }, -3, "1 to 7 members", "Use 1, 3, 5 or 7"),
  r("members", { members: 9 }, 9, "1 to 7 members", "Use 1, 3, 5 or 7"),
  r("members", { members: 8, allowEvenMembers: true }, 8, "1 to 7 members", "Use 1, 3, 5 or 7"),
  r("members", { members: 0, allowEvenMembers: true }, 0, "1 to 7 members", "Use 1, 3, 5 or 7"),
  r("members", { members: 2.5 }, 2.5, "1 to 7 members", "Use 1, 3, 5 or 7"),
  r("members", { members: "3" }, "3", "a number, not text", "Use 3, without quotes"),
  r("members", { members: 2 }, 2, "no more failures than 1", "Use 1 or 3, or set allowEvenMembers: true"),
  r("members", { members: 4 }, 4, "no more failures than 3", "Use 3 or 5, or set allowEvenMembers: true"),
  r("members", { members: 6 }, 6, "no more failures than 5", "Use 5 or 7, or set allowEvenMembers: true"),

  // Names
  r("name", {}, "Etcd", "lower-case letters", 'Did you mean "etcd"?', "Etcd"),
  r("name", {}, "my.etcd", "lower-case letters", 'Did you mean "my-etcd"?', "my.etcd"),
  r("clusterName", { clusterName: "1st" }, "1st", "a letter first", 'Did you mean "st"?'),
  r("clusterName", { clusterName: "" }, "", "a letter first", "clusterName"),
  r("clusterName", { clusterName: "a-" }, "a-", "lower-case letters", 'Did you mean "a"?'),
  r("clusterName", { clusterName: "a_b" }, "a_b", "lower-case letters", 'Did you mean "a-b"?'),
  r("clusterName", { clusterName: long(53) }, long(53), "leave room for 52", "Use a shorter clusterName"),
  r("name", {}, long(60), "it has 60 characters", "Use a shorter clusterName", long(60)),
  r("namespace", { namespace: "a.b" }, "a.b", "a DNS label", ""),
  r("namespace", { namespace: long(64) }, long(64), "a DNS label", ""),
  r("clusterDomain", { clusterDomain: "a..b" }, "a..b", "a DNS name", 'For example: "cluster.local"'),
  r("clusterDomain", { clusterDomain: ".local" }, ".local", "a DNS name", 'For example: "cluster.local"'),
  r(
    "clusterName",
    {
      clusterName: long(52),
      namespace: long(63),
      clusterDomain: [long(60), long(60)].join("."),
    },
    long(52),
    "and 253 is the limit",
    "Use a shorter clusterName or namespace",
  ),
  r(
    "metadata.labels",
    { metadata: { labels: { "app.kubernetes.io/name": "x" } } },
    "app.kubernetes.io/name",
    "finds its own objects",
    "Use another key",
  ),
  r(
    "podMetadata.labels",
    { podMetadata: { labels: { "app.kubernetes.io/component": "x" } } },
    "app.kubernetes.io/component",
    "finds its own objects",
    "Use another key",
  ),
  r(
    "service.metadata.labels",
    { service: { metadata: { labels: { "app.kubernetes.io/instance": "x" } } } },
    "app.kubernetes.io/instance",
    "finds its own objects",
    "Use another key",
  ),
  r(
    "storage.metadata.labels.a",
    { storage: { metadata: { labels: { a: long(64) } } } },
    long(64),
    "at most 63",
    "make it an annotation",
  ),
  r(
    "metadata.labels.a",
    { metadata: { labels: { a: "b c" } } },
    "b c",
    "letters, digits",
    "make it an annotation",
  ),

  // Versions and images
  r("version", { version: "3.4.30" }, "3.4.30", "3.5, 3.6 and 3.7, and no older", 'Use "3.5.33" or later'),
  r("version", { version: "3.8.0" }, "3.8.0", "supports etcd 3.5, 3.6 and 3.7", "or update the component"),
  r("version", { version: "v3.6.16" }, "v3.6.16", "MAJOR.MINOR.PATCH", 'Use "3.6.16"'),
  r("version", { version: "3.6" }, "3.6", "no patch number", 'Use "3.6.16"'),
  r("version", { version: "v3.5" }, "v3.5", "no patch number", 'Use "3.5.33"'),
  r("version", { version: "latest" }, "latest", "an exact version", 'Use "3.6.16"'),
  r("version", { version: "4.0" }, "4.0", "supports etcd 3.5", "or update the component"),
  r("version", { version: "3.5.19" }, "3.5.19", "before 3.5.20", 'Use "3.5.33" or later'),
  r("version", { version: "3.6.3" }, "3.6.3", "before 3.6.4", 'Use "3.6.14" or later'),
  r(
    "version",
    { image: { tag: "v3.6.16" } },
    undefined,
    "settings depend on the version",
    "Set version to that of the image",
  ),
  r(
    "version",
    { image: { digest: `sha256:${hex}` } },
    undefined,
    "settings depend on the version",
    "Set version to that of the image",
  ),
  r("image.tag", { version: "3.6.16", image: { tag: "v3.6.15" } }, "v3.6.15", 'version is "3.6.16"', "agree"),
  r("image.tag", { version: "3.7.1", image: { tag: "v3.7.10" } }, "v3.7.10", 'version is "3.7.1"', "agree"),
  r(
    "nodeImage",
    { nodeImage: { tag: "22", digest: `sha256:${hex}` } },
    { tag: "22", digest: `sha256:${hex}` },
    "by a tag or by a digest",
    "Leave one of them out",
  ),
  r(
    "image.digest",
    { version: "3.6.16", image: { digest: "sha256:abc" } },
    "sha256:abc",
    "64 hexadecimal digits",
    "Copy the whole digest",
  ),
  r("nodeImage.digest", { nodeImage: { digest: hex } }, hex, "sha256: and 64", "Copy the whole digest"),
  r(
    "image.repository",
    { image: { repository: "https://example.com/etcd" } },
    "https://example.com/etcd",
    "without tag or digest",
    'For example: "registry.example.com/etcd"',
  ),
  r(
    "image.repository",
    { image: { repository: "a/b:v1" } },
    "a/b:v1",
    "ends with a tag",
    "Move the tag to image.tag",
  ),
  r(
    "nodeImage.repository",
    { nodeImage: { repository: "A b" } },
    "A b",
    "a registry and a path",
    "For example: ",
  ),
  ...["bitnami/etcd", "docker.io/bitnamilegacy/etcd", "registry.example.com/mirror/bitnamisecure/etcd"].map(
    (repository) =>
      r(
        "image.repository",
        { image: { repository } },
        repository,
        "the pods run /usr/local/bin/etcd, which Bitnami's image doesn't have",
        "Leave it out, or use a copy of gcr.io/etcd-development/etcd",
      ),
  ),
  ...["18", "18-slim", "v16.20.2", "19.9-alpine"].map((tag) =>
    r("nodeImage.tag", { nodeImage: { tag } }, tag, "need Node.js 20 or later", 'for example "24-slim"'),
  ),
  r(
    "nodeImage.tag",
    { nodeImage: { repository: "registry.example.com/library/node", tag: "18" } },
    "18",
    "need Node.js 20 or later",
    "Leave it out",
  ),
  r(
    "image.pullPolicy",
    { image: { pullPolicy: "Often" } },
    "Often",
    "it has to be",
    "Use one of these words",
  ),

  // etcd
  r("etcd.quota", { etcd: { quota: "big" } }, "big", "Kubernetes quantity above zero", 'For example: "2Gi"'),
  r("etcd.quota", { etcd: { quota: 5 } }, 5, "Kubernetes quantity above zero", 'For example: "2Gi"'),
  r("etcd.quota", { etcd: { quota: "0" } }, "0", "Kubernetes quantity above zero", 'For example: "2Gi"'),
  r("etcd.quota", { etcd: { quota: "100m" } }, "100m", "whole bytes", 'For example: "2Gi"'),
  r("etcd.quota", { etcd: { quota: "3Gi" } }, "3Gi", "three times the quota", "or"),
  r(
    "etcd.quota",
    { etcd: { quota: "3Gi" }, storage: { size: "20Gi" }, resources: { memoryLimit: "512Mi" } },
    "3Gi",
    "less than a quarter of its database",
    "or raise resources.memoryLimit",
  ),
  r("etcd.maxRequestSize", { etcd: { maxRequestSize: "1.1Ki" } }, "1.1Ki", "whole bytes", "For example: "),
  r("etcd.maxRequestSize", { etcd: { maxRequestSize: 1024 } }, 1024, "as text", "For example: "),
  r(
    "etcd.autoCompactionMode",
    { etcd: { autoCompactionMode: "hourly" } },
    "hourly",
    "it has to be",
    "Use one of these words",
  ),
  r(
    "etcd.autoCompactionRetention",
    { etcd: { autoCompactionMode: "revision" } },
    undefined,
    "a number of revisions",
    'For example: "10000"',
  ),
  r(
    "etcd.autoCompactionRetention",
    { etcd: { autoCompactionMode: "revision", autoCompactionRetention: "1h" } },
    "1h",
    "a number of revisions",
    'For example: "10000"',
  ),
  r(
    "etcd.autoCompactionRetention",
    { etcd: { autoCompactionRetention: "1" } },
    "1",
    "a bare number for hours",
    'For example: "1h", or "0" to turn it off',
  ),
  r(
    "etcd.heartbeatIntervalMilliseconds",
    { etcd: { heartbeatIntervalMilliseconds: 0 } },
    0,
    "from 1 to 10000",
    "",
  ),
  r(
    "etcd.electionTimeoutMilliseconds",
    { etcd: { electionTimeoutMilliseconds: 50_001 } },
    50_001,
    "from 1 to 50000",
    "or leave it out",
  ),
  r(
    "etcd.electionTimeoutMilliseconds",
    { etcd: { heartbeatIntervalMilliseconds: 500 } },
    1000,
    "at least five times the heartbeat interval, which is 500 ms",
    "Use 5000, or lower etcd.heartbeatInterval",
  ),
  r(
    "terminationGracePeriodSeconds",
    { terminationGracePeriodSeconds: 30 },
    30,
    "a clean stop can take 60 s",
    "Use 60 or more",
  ),
  r(
    "terminationGracePeriodSeconds",
    { terminationGracePeriodSeconds: 100, etcd: { electionTimeoutMilliseconds: 10_000 } },
    100,
    "a clean stop can take 152 s",
    "Use 152 or more",
  ),
  r(
    "terminationGracePeriodSeconds",
    { terminationGracePeriodSeconds: 90.5 },
    90.5,
    "number",
    "or leave it out",
  ),
  r("etcd.snapshotCount", { etcd: { snapshotCount: 0 } }, 0, "from 1 to 10000000", ""),
  r("etcd.snapshotCatchUpEntries", { etcd: { snapshotCatchUpEntries: 1.5 } }, 1.5, "number", ""),
  r("etcd.maxTransactionOperations", { etcd: { maxTransactionOperations: "5" } }, "5", "number", ""),
  r(
    "etcd.compactHashCheckInterval",
    { etcd: { compactHashCheckInterval: "1 minute" } },
    "1 minute",
    "a length of time above zero",
    'For example: "1m" or "1h30m"',
  ),
  r("etcd.compactHashCheckInterval", { etcd: { compactHashCheckInterval: "0s" } }, "0s", "above zero", ""),
  r("etcd.logLevel", { etcd: { logLevel: "trace" } }, "trace", "it has to be", "Use one of these words"),
  r(
    "etcd.tlsMinVersion",
    { etcd: { tlsMinVersion: "TLS1.1" } },
    "TLS1.1",
    "TLS1.2 or TLS1.3",
    'Did you mean "TLS1.2"?',
  ),
  r(
    "etcd.cipherSuites",
    { etcd: { cipherSuites: ["X"], tlsMinVersion: "TLS1.3" } },
    ["X"],
    "cipher suites are for TLS 1.2",
    "Leave one of them out",
  ),
  r(
    "etcd.extra.quota-backend-bytes",
    { etcd: { extra: { "quota-backend-bytes": 1 } } },
    1,
    "an argument of its own",
    "Use etcd.quota",
  ),
  r(
    "etcd.extra.initial-cluster",
    { etcd: { extra: { "initial-cluster": "x" } } },
    "x",
    "only the component sets this",
    "Leave it out",
  ),
  r(
    "etcd.extra.unsafe-no-fsync",
    { etcd: { extra: { "unsafe-no-fsync": true } } },
    true,
    "only the component",
    "",
  ),
  r(
    "etcd.extra.max-snapshot",
    { etcd: { extra: { "max-snapshot": 3 } } },
    3,
    "would ignore it in silence",
    "Did you mean max-snapshots?",
  ),
  r(
    "etcd.extra.snapshot-cuont",
    { etcd: { extra: { "snapshot-cuont": 3 } } },
    3,
    "would ignore it in silence",
    "Did you mean etcd.snapshotCount?",
  ),
  r(
    "etcd.extra.corrupt-check-time",
    { version: "3.5.33", etcd: { extra: { "corrupt-check-time": "1h" } } },
    "1h",
    "etcd 3.5 has no such setting",
    "Did you mean experimental-corrupt-check-time?",
  ),
  r(
    "etcd.extra.experimental-corrupt-check-time",
    { version: "3.7.1", etcd: { extra: { "experimental-corrupt-check-time": "1h" } } },
    "1h",
    "etcd 3.7 has no such setting",
    "Did you mean corrupt-check-time?",
  ),
  r(
    "etcd.extra.nothing-like-it-at-all",
    { etcd: { extra: { "nothing-like-it-at-all": 1 } } },
    1,
    "etcd 3.6 has no such setting",
    "Use the names of etcd's configuration file",
  ),
  r("etcd.extra.max-wals", { etcd: { extra: { "max-wals": "3" } } }, "3", "number", "Use a number"),
  r(
    "etcd.extra.pre-vote",
    { etcd: { extra: { "pre-vote": "yes" } } },
    "yes",
    "true or false here",
    "Use true.",
  ),
  r("etcd.extra.cors", { etcd: { extra: { cors: 5 } } }, 5, "takes text here", "in quotes"),
  r(
    "etcd.extra.grpc-keepalive-timeout",
    { etcd: { extra: { "grpc-keepalive-timeout": 20 } } },
    20,
    "a length of time",
    'For example: "1m"',
  ),
  r(
    "etcd.extra.feature-gates",
    { etcd: { extra: { "feature-gates": "InitialCorruptCheck=true,CompactHashCheck=false" } } },
    "InitialCorruptCheck=true,CompactHashCheck=false",
    "an argument of its own",
    "Use etcd.compactHashCheck",
  ),

  // TLS and clients
  ...[
    { caValidityDays: 10 },
    { validityDays: 10 },
    { renewBeforeDays: 10 },
    { organization: "x" },
    { extraServerNames: ["a.example.com"] },
    { caRotation: { revision: 2, step: "TrustBoth" } },
  ].map((field) => {
    const [key, value] = Object.entries<unknown>(field)[0]!;
    return r(
      `tls.${key}`,
      { tls: { existing: own, ...field } },
      value,
      "the component makes no certificates",
      "Leave one of them out",
    );
  }),
  r("tls.caValidityDays", { tls: { caValidityDays: 0 } }, 0, "from 1 to 36500", "or leave it out"),
  r("tls.validityDays", { tls: { validityDays: 40_000 } }, 40_000, "from 1 to 36500", ""),
  r("tls.renewBeforeDays", { tls: { renewBeforeDays: 1.5 } }, 1.5, "number", ""),
  r(
    "tls.validityDays",
    { tls: { caValidityDays: 100, validityDays: 200 } },
    200,
    "is valid for 100 days only",
    "or raise tls.caValidityDays",
  ),
  r(
    "tls.renewBeforeDays",
    { tls: { validityDays: 30, renewBeforeDays: 30 } },
    30,
    "is valid for 30 days would be due at once",
    "or raise tls.validityDays",
  ),
  r(
    "tls.extraServerNames[1]",
    { tls: { extraServerNames: ["a.example.com", "https://b.example.com"] } },
    "https://b.example.com",
    "a DNS name or an IP address",
    'Use "b.example.com"',
  ),
  r(
    "tls.extraServerNames[1]",
    { tls: { extraServerNames: ["a", "a"] } },
    "a",
    "the list has it twice",
    "Leave one",
  ),
  r("tls.organization", { tls: { organization: long(65) } }, long(65), "1 to 64 characters", "Use a shorter"),
  r("tls.organization", { tls: { organization: "" } }, "", "1 to 64 characters", ""),
  r(
    "tls.caRotation.revision",
    { tls: { caRotation: { step: "TrustBoth" } } },
    undefined,
    "the new authorities need a number",
    "Use 2 for the first rotation",
  ),
  r(
    "tls.caRotation.revision",
    { tls: { caRotation: { revision: 1, step: "TrustBoth" } } },
    1,
    "from 2 to 9999",
    "",
  ),
  r(
    "tls.caRotation.revision",
    { tls: { caRotation: { revision: "2", step: "TrustBoth" } } },
    "2",
    "number",
    "",
  ),
  r(
    "tls.caRotation.step",
    { tls: { caRotation: { revision: 2 } } },
    undefined,
    "step by step",
    "Use TrustBoth, then SignWithNew, then DropOld",
  ),
  r(
    "tls.caRotation.step",
    { tls: { caRotation: { revision: 2, step: "trust" } } },
    "trust",
    "TrustBoth, SignWithNew or DropOld",
    'Did you mean "TrustBoth"?',
  ),
  r(
    "tls.caRotation.phase",
    { tls: { caRotation: { revision: 2, step: "TrustBoth", phase: 1 } } },
    1,
    "no such argument",
    "revision, step",
  ),
  r("clients[0].name", { clients: [{ name: "Api" }] }, "Api", "a Secret is named after it", ""),
  r("clients[0].name", { clients: [{}] }, undefined, "a Secret is named after it", ""),
  r("clients[0].name", { clients: [{ name: long(64) }] }, long(64), "at most 63", ""),
  r(
    "clients[1].name",
    { clients: [{ name: "a" }, { name: "root" }] },
    "root",
    "the administrator",
    "Use another name",
  ),
  r(
    "clients[1].name",
    { clients: [{ name: "a" }, { name: "a" }] },
    "a",
    "of this name already",
    "Leave one of them",
  ),
  r(
    "clients",
    { clients: [{ name: "a" }], tls: { existing: own } },
    ["a"],
    "no authority that could sign",
    "Sign the clients' certificates yourself",
  ),

  // Restore and recovery
  r("generation", { generation: 0 }, 0, "whole number from 1", "or leave it out"),
  r("generation", { generation: "2" }, "2", "a number, not text", "Use 2, without quotes"),
  r(
    "recovery",
    { generation: 2, recovery: { confirmed: true }, restore: { file: { claim: "a", path: "b" } } },
    { confirmed: true },
    "by a restore or by a recovery",
    "Leave one of them out",
  ),
  r(
    "recovery.confirmed",
    { generation: 2, recovery: { confirmed: false } },
    false,
    "only the lost disks have",
    "Use true",
  ),
  r("recovery.confirmed", { generation: 2, recovery: {} }, undefined, "only the lost disks have", "Use true"),
  r(
    "generation",
    { recovery: { confirmed: true } },
    1,
    "makes the next generation",
    "one more than the present",
  ),
  r(
    "recovery.abandonedMembers[1]",
    { generation: 2, recovery: { confirmed: true, abandonedMembers: ["etcd-0", "etcd-7"] } },
    "etcd-7",
    "called etcd-0 to etcd-6",
    "Use one of these names",
  ),
  r(
    "restore.abandonedMembers[0]",
    { clusterName: "a", restore: { file: { claim: "a", path: "b" }, abandonedMembers: ["etcd-0"] } },
    "etcd-0",
    "called a-0 to a-6",
    "Use one of these names",
  ),
  r("restore", { restore: {} }, {}, "exactly one source", "Use one of backup, file or endpoints"),
  r(
    "restore",
    { restore: { file: { claim: "a", path: "b" }, endpoints: { urls: ["https://a:1"], tlsSecret: "s" } } },
    { file: "…", endpoints: "…" },
    "exactly one source",
    "Use one of backup, file or endpoints",
  ),
  ...["", "/etc/etcd.db", "a/../b"].map((path) =>
    r(
      "restore.file.path",
      { restore: { file: { claim: "a", path } } },
      path,
      "a path on the claim",
      "etcd.db",
    ),
  ),
  r("restore.file.claim", { restore: { file: { path: "a" } } }, undefined, "name of an object", "Set it"),
  r(
    "restore.endpoints.urls",
    { restore: { endpoints: { urls: [], tlsSecret: "s" } } },
    [],
    "whom to ask",
    "one URL",
  ),
  ...[
    "https://a:2379/v3",
    "a:2379",
    "ftp://a:2379",
    "https://u:p@a:2379",
    "https://@a:2379",
    "https://a:2379?x",
    "https://a:2379#y",
    "https://a:99999",
    "https://[::1",
    "http://u:p@a:2379",
    "http://a:2379/",
  ].map((url) =>
    r(
      "restore.endpoints.urls[0]",
      { restore: { endpoints: { urls: [url, "https://b:2379"], tlsSecret: "s" } } },
      url.replace(/\/\/.*@/, "//…@"),
      "URL of a client port",
      '"https://etcd-0.etcd:2379". A user goes into restore.endpoints.passwordSecret',
    ),
  ),
  ...[{}, { allowPlainHttp: false }, { passwordSecret: "s" }].map((more) =>
    r(
      "restore.endpoints.urls[1]",
      {
        restore: {
          endpoints: { urls: ["https://a:2379", "http://b:2379"], tlsSecret: "s", ...more },
        },
      },
      "http://b:2379",
      "the password and all data can be read on the network",
      "Use https, or set restore.endpoints.allowPlainHttp to true",
    ),
  ),
  ...[{}, { passwordSecret: "s" }, { allowPlainHttp: true }].map((more) =>
    r(
      "restore.endpoints.tlsSecret",
      { restore: { endpoints: { urls: ["https://a:1"], ...more } } },
      undefined,
      "the authority of the servers' certificates",
      "with ca.crt, and with tls.crt and tls.key if",
    ),
  ),
  ...(["tlsSecret", "passwordSecret"] as const).map((key) =>
    r(
      `restore.endpoints.${key}`,
      { restore: { endpoints: { urls: ["https://a:1"], tlsSecret: "s", [key]: "" } } },
      "",
      "the name of a Secret",
      "Set the name, or leave it out",
    ),
  ),
  ...(["tlsSecret", "serverName"] as const).map((key) =>
    r(
      `restore.endpoints.${key}`,
      { restore: { endpoints: { urls: ["http://a:1"], allowPlainHttp: true, [key]: "s" } } },
      "s",
      "no certificate is shown or checked",
      "Leave it out, or use https",
    ),
  ),
  r(
    "restore.endpoints.passwordSecret",
    { restore: { endpoints: { urls: ["https://a:1"], tlsSecret: "s", passwordSecret: "Old" } } },
    "[secret]",
    "a name in Kubernetes has lower-case letters",
    "Use",
  ),
  r(
    "restore.backup.s3",
    { restore: { backup: { name: "20261126T191500Z-5f3a9c" } } },
    undefined,
    "in a store that speaks S3, or on a claim",
    "Set restore.backup.s3 or restore.backup.claim",
  ),
  r(
    "restore.backup.claim.size",
    { restore: { backup: { claim: { size: "1Gi" } } } },
    "1Gi",
    "holds no backup",
    "restore.backup.claim.existing",
  ),
  ...["newest", "a/20261126T191500Z-5f3a9c.db", "20261126T191500Z"].map((name) =>
    r(
      "restore.backup.name",
      { restore: { backup: { claim: { existing: "a" }, name } } },
      name,
      "its time and six",
      "without a folder or .db",
    ),
  ),
  ...["0x1a", "1A", "18446744073709551615"].map((clusterId) =>
    r(
      "restore.backup.clusterId",
      { restore: { backup: { claim: { existing: "a" }, clusterId } } },
      clusterId,
      "hexadecimal, as etcdctl prints it",
      "without 0x",
    ),
  ),
  r(
    "tls.existing.restoreSecret",
    { tls: { existing: own }, restore: { file: { claim: "a", path: "b" } } },
    undefined,
    "that a restore pod needs",
    "Set it to the name",
  ),

  // Kubernetes
  r("storage.size", { storage: { size: "8 Gi" } }, "8 Gi", "a Kubernetes quantity", 'Did you mean "8Gi"?'),
  r(
    "storage.onDestroy",
    { storage: { onDestroy: "Keep" } },
    "Keep",
    "it has to be",
    "Use one of these words",
  ),
  r("storage.keepReplacedDays", { storage: { keepReplacedDays: 0 } }, 0, "from 1 to 3650", "leave it out"),
  r("storage.keepReplacedDays", { storage: { keepReplacedDays: 1.5 } }, 1.5, "whole", "leave it out"),
  r(
    "storage.onDestroy",
    { storage: { onDestroy: VolumeRetention.Delete } },
    "Delete",
    "if allowDataDeletion is true",
    "Set allowDataDeletion",
  ),
  r("resources.cpuRequest", { resources: { cpuRequest: 2 } }, 2, "it has to be text", 'in quotes: "2"'),
  r("resources.cpuLimit", { resources: { cpuLimit: "" } }, "", "a Kubernetes quantity", ""),
  r(
    "resources.cpuLimit",
    { resources: { cpuLimit: "100m" } },
    "100m",
    "below the request",
    "lower resources.cpuRequest",
  ),
  r("resources.memoryRequest", { resources: { memoryRequest: "1GB" } }, "1GB", "a Kubernetes quantity", ""),
  r(
    "resources.memoryRequest",
    { resources: { memoryRequest: "3Gi" } },
    "3Gi",
    "above the limit of 2Gi",
    "or raise resources.memoryLimit",
  ),
  r("resources.memoryLimit", { resources: { memoryLimit: "-1" } }, "-1", "a Kubernetes quantity", ""),
  r("resources.memoryLimit", { resources: { memoryLimit: "64Mi" } }, "64Mi", "below 128Mi", "or more"),
  r(
    "scheduling.hostSpread",
    { scheduling: { hostSpread: "Soft" } },
    "Soft",
    "it has to be",
    "Use one of these words",
  ),
  ...["default", "kube-system", "kube-public", "kube-node-lease"].map((namespace) =>
    r(
      "namespace",
      { namespace },
      namespace,
      "must not be restricted or deleted",
      "Set createNamespace: false",
    ),
  ),
  r(
    "namespace",
    { clusterName: "default" },
    "default",
    "must not be restricted or deleted",
    "Set createNamespace: false",
  ),
  r(
    "scheduling.minZones",
    { scheduling: { minZones: 2 } },
    2,
    "zoneSpread Required",
    "Set scheduling.zoneSpread",
  ),
  r(
    "scheduling.minZones",
    { scheduling: { zoneSpread: "Required", minZones: "2" } },
    "2",
    "a number, not text",
    "Use 2, without quotes",
  ),
  ...[0, 8, 2.5, true].map((minZones) =>
    r(
      "scheduling.minZones",
      { scheduling: { zoneSpread: "Required", minZones } },
      minZones,
      "a whole number from 1 to 7",
      "",
    ),
  ),
  r(
    "resources.helpers.memoryLimit",
    { resources: { helpers: { memoryLimit: "64Mi" } } },
    "64Mi",
    "below 128Mi",
    "or more",
  ),
  r(
    "resources.helpers.memoryRequest",
    { resources: { helpers: { memoryRequest: "200Mi" } } },
    "200Mi",
    "above the limit, 192Mi of the controller",
    "raise that limit",
  ),
  r(
    "resources.helpers.cpuRequest",
    { resources: { cpuLimit: "1", helpers: { cpuRequest: "1100m" } } },
    "1100m",
    "1 of a member's gate",
    "raise that limit",
  ),
  r(
    "resources.helpers.cpuLimit",
    { resources: { helpers: { cpuLimit: "much" } } },
    "much",
    "Kubernetes quantity above zero",
    "",
  ),
  r(
    "resources.tools.memoryRequest",
    { resources: { tools: { memoryRequest: "3Gi" } } },
    "3Gi",
    "2Gi of a drill's or a restore's etcd",
    "raise that limit",
  ),
  r(
    "resources.tools.memoryLimit",
    { resources: { tools: { memoryLimit: "3Gi" } } },
    "3Gi",
    "there is no such argument",
    "",
  ),
  r(
    "scheduling.zoneSpread",
    { scheduling: { zoneSpread: true } },
    true,
    "it has to be",
    "Use one of these words",
  ),
  r("service.type", { service: { type: "External" } }, "External", "it has to be", "Use one of these words"),
  r(
    "service.nodePort",
    { service: { nodePort: 30_000 } },
    30_000,
    "only with type NodePort or LoadBalancer",
    "service.type",
  ),
  r("service.nodePort", { service: { type: "NodePort", nodePort: 70_000 } }, 70_000, "from 1 to 65535", ""),
  r(
    "service.externalTrafficPolicy",
    { service: { externalTrafficPolicy: "Local" } },
    "Local",
    "only with type NodePort or LoadBalancer",
    "Set service.type",
  ),
  r(
    "service.loadBalancerClass",
    { service: { type: "NodePort", loadBalancerClass: "x" } },
    "x",
    "only with type LoadBalancer",
    "Set service.type",
  ),
  r(
    "service.loadBalancerSourceRanges",
    { service: { loadBalancerSourceRanges: ["10.0.0.0/8"] } },
    ["10.0.0.0/8"],
    "only with type LoadBalancer",
    "Set service.type",
  ),
  r("probes.livenessBudgetSeconds", { probes: { livenessBudgetSeconds: 30 } }, 30, "from 60 to 86400", ""),
  r(
    "probes.startupBudgetSeconds",
    { probes: { startupBudgetSeconds: 90_000 } },
    90_000,
    "from 60 to 86400",
    "",
  ),
  r("security.runAsUser", { security: { runAsUser: 0 } }, 0, "never run as root", "Use another number"),
  r("security.runAsGroup", { security: { runAsGroup: 0 } }, 0, "never run as root", "Use another number"),
  r("security.runAsUser", { security: { runAsUser: -1 } }, -1, "from 1 to 2147483647", ""),
  r(
    "security.runAsGroup",
    { security: { runAsGroup: 5, platformAssignsIds: true } },
    5,
    "leaves this to the platform",
    "Leave one of them out",
  ),

  // The controller
  r(
    "controller.nodeLossGraceSeconds",
    { controller: { nodeLossGraceSeconds: 59 } },
    59,
    "from 60 to 604800",
    "",
  ),
  r("controller.nodeLossGraceSeconds", { controller: { nodeLossGraceSeconds: "600" } }, "600", "number", ""),
  r("controller.defragmentFreePercent", { controller: { defragmentFreePercent: 0 } }, 0, "from 1 to 99", ""),
  r(
    "controller.defragmentFreePercent",
    { controller: { defragmentFreePercent: 100 } },
    100,
    "from 1 to 99",
    "",
  ),
  r(
    "controller.waitSeconds",
    { controller: { waitSeconds: 59 } },
    59,
    "from 60 to 604800",
    "or leave it out",
  ),
  r("controller.waitSeconds", { controller: { waitSeconds: 604_801 } }, 604_801, "from 60 to 604800", ""),
  r(
    "controller.defragmentMinSize",
    { controller: { defragmentMinSize: "some" } },
    "some",
    "a Kubernetes quantity",
    'For example: "100Mi"',
  ),
  r(
    "controller.memoryLimit",
    { controller: { memoryLimit: 192 } },
    192,
    "as text with its unit",
    'For example: "192Mi"',
  ),
  r("controller.memoryLimit", { controller: { memoryLimit: "95Mi" } }, "95Mi", "below 96Mi", "or more"),
  r(
    "controller.pause",
    { controller: { pause: true } },
    true,
    "no such argument",
    "Did you mean controller.paused?",
  ),
  r("controller", { controller: true }, true, "it has to be an object", "an object with paused"),

  // Unknown arguments, and shapes that can't be read
  r("member", { member: 3 }, 3, "there is no such argument", "Did you mean members?"),
  r(
    "tls.existing.controllerDoorSecret",
    { tls: { existing: { ...own, controllerDoorSecret: "f" } } },
    "f",
    "there is no such argument",
    'Use tls.existing.controllerServerSecret: "f"',
  ),
  r("etcd.quotaa", { etcd: { quotaa: "1Gi" } }, "1Gi", "no such argument", "Did you mean etcd.quota?"),
  r(
    "tls.existing.peerSecrt",
    { tls: { existing: { ...own, peerSecrt: "x" } } },
    "x",
    "",
    "tls.existing.peerSecret",
  ),
  r(
    "storage.replicas",
    { storage: { replicas: 3 } },
    3,
    "no such argument",
    "The arguments are size, storageClass",
  ),
  r(
    "clients[0].nmae",
    { clients: [{ name: "a", nmae: "b" }] },
    "b",
    "no such argument",
    "Did you mean clients[0].name?",
  ),
  r("constructor", { constructor: 1 }, 1, "no such argument", "The arguments are members"),
  r("version", { version: 3.6 }, 3.6, "it has to be text", "in quotes"),
  r("image.tag", { version: "3.6.16", image: { tag: {} } }, {}, "it has to be text", "in quotes"),
  r("tls.extraServerNames[0]", { tls: { extraServerNames: [5] } }, 5, "it has to be text", "in quotes"),
  r("allowDataDeletion", { allowDataDeletion: "false" }, "false", "it has to be true or false", "Use false."),
  r(
    "etcd.compactHashCheck",
    { etcd: { compactHashCheck: 0 } },
    0,
    "it has to be true or false",
    "Use false.",
  ),
  r("storage", { storage: "8Gi" }, "8Gi", "it has to be an object", 'Use { size: "8Gi" }'),
  r("etcd", { etcd: null }, null, "it has to be an object", "an object with quota"),
  r("tls", { tls: [] }, [], "it has to be an object", "an object with caValidityDays"),
  r("clients", { clients: "app" }, "app", "it has to be a list", "list"),
  r("clients[0]", { clients: ["app"] }, "app", "it has to be an object", 'Use { name: "app" }'),
  r("etcd.cipherSuites", { etcd: { cipherSuites: "X" } }, "X", "it has to be a list", "list"),

  // Backups
  ...backupRefusals(),

  ...credentialRefusals,
  ...kubernetesRefusals,
  ...settingRefusals,
  ...typeRefusals,
  ...unknownRefusals,
  ...unusableRefusals,
];

const errorOf = (work: () => unknown): InvalidArguments => {
  try {
    work();
  } catch (error) {
    expect(error).to.be.instanceOf(InvalidArguments);
    return error as InvalidArguments;
  }
  throw new Error("nothing was wrong");
};

/** The `file:line` of each rule that reported an error while `work` ran. */
function reportedRules(work: () => void): Set<string> {
  const lines = new Set<string>();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const { add, unreadable, warn } = ValidationErrors.prototype;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 3;
  const record = () => {
    const caller = new Error().stack?.split("\n")[3] ?? "";
    lines.add(/validation\/([\w.-]+:\d+)/.exec(caller)?.[1] ?? caller);
  };
  ValidationErrors.prototype.add = function (...args) {
    record();
    add.apply(this, args);
  };
  ValidationErrors.prototype.unreadable = function (...args) {
    record();
    unreadable.apply(this, args);
  };
  ValidationErrors.prototype.warn = function (...args) {
    record();
    warn.apply(this, args);
  };
  try {
    work();
  } finally {
    Object.assign(ValidationErrors.prototype, { add, unreadable, warn });
    Error.stackTraceLimit = limit;
  }
  return lines;
}

describe("validation errors", () => {
  for (const { args, path, given, rule, wayOut, name } of refusals) {
    it(`${path}: ${JSON.stringify(name ?? args).slice(0, 90)}`, () => {
      const error = errorOf(() => validate(args as EtcdClusterArgs, name ?? "etcd"));
      expect(error.problems.map((problem) => problem.path)).to.deep.equal([path]);
      const reason = error.problems[0]?.reason ?? "";
      const value = given === undefined ? "is not set" : `is ${JSON.stringify(given)}`;
      expect(reason.startsWith(`${value}: `), reason).to.equal(true);
      expect(reason).to.contain(rule);
      expect(reason).to.contain(wayOut);
      expect(reason).to.match(/: \S.*\. \S.*[.?]$/);
      expect(error.message).to.equal(
        `EtcdCluster "${name ?? "etcd"}" is refused, and nothing of it was created:\n  - ${path} ${reason}`,
      );
    });
  }

  it("have a case in the table for every rule in components/validation", () => {
    const seen = reportedRules(() => {
      errorOf(() => validate(null as unknown as EtcdClusterArgs, "etcd"));
      errorOf(() => validate(pulumi.output({}) as unknown as EtcdClusterArgs, "etcd"));
      errorOf(() => validate({ version: pulumi.output("3.6.16") as unknown as string }, "etcd"));
      for (const { args, name } of refusals) {
        errorOf(() => validate(args as EtcdClusterArgs, name ?? "etcd"));
      }
      validate({ version: "3.6.13" }, "etcd");
      validate(withS3({ endpoint: "http://minio:9000" }), "etcd");
      validate({ service: { type: ServiceType.NodePort, nodePort: 65_535 } }, "etcd");
      validate({ etcd: { extra: { "memory-mlock": true } } }, "etcd");
      validate({ etcd: { quota: "2561Mi" } }, "etcd");
      validate({ namespace: "shared", clusterName: "etcd-client" }, "etcd");
      validate(
        { etcd: { quota: "9Gi" }, storage: { size: "30Gi" }, resources: { memoryLimit: "8Gi" } },
        "etcd",
      );
    });
    const folder = join(root, "components/validation");
    const rules = readdirSync(folder).flatMap((file) =>
      readFileSync(join(folder, file), "utf8")
        .split("\n")
        .flatMap((line, index) =>
          /errors\.(add|unreadable|warn)\(/.test(line) ? [`${file}:${index + 1}`] : [],
        ),
    );
    expect(rules).to.have.length.greaterThan(50);
    expect(rules.filter((rule) => !seen.has(rule))).to.deep.equal([]);
  });

  it("name the arguments as a whole", () => {
    for (const [args, reason] of [
      [null, "are null: they have to be one object. Pass an object such as { members: 3 }, or leave it out."],
      [[], "are []: they have to be one object."],
      ["topsecret", 'are "…": they have to be one object.'],
      [pulumi.output({ members: 3 }), "are an Output: they have to be known before anything is created."],
      [Promise.resolve({}), "are a Promise: they have to be known before anything is created."],
    ] as const) {
      const error = errorOf(() => validate(args as unknown as EtcdClusterArgs, "etcd"));
      expect(error.message).to.contain(`created:\n  - the arguments ${reason}`);
      expect(error.problems).to.have.lengthOf(1);
    }
  });

  it("report all problems in one error that names the resource", () => {
    const error = errorOf(() =>
      validate(
        {
          members: 4,
          namespace: "A",
          version: "2.0.0",
          clients: [{ name: "root" }, { name: "x" }, { name: "x" }],
          resources: { memoryLimit: "64Mi" },
        },
        "etcd",
      ),
    );
    const paths = [
      "members",
      "namespace",
      "version",
      "clients[0].name",
      "clients[2].name",
      "resources.memoryLimit",
    ];
    expect(error.problems.map((problem) => problem.path)).to.deep.equal(paths);
    expect(error.message).to.match(/^EtcdCluster "etcd" is refused, and nothing of it was created:\n/);
    expect(error.message.split("\n  - ")).to.have.lengthOf(paths.length + 1);
  });

  it("occur before any resource is registered", async () => {
    let error: unknown;
    const { resources } = await render(() => {
      error = errorOf(() => new EtcdCluster("etcd", { members: 2 }));
    });
    expect(error).to.not.equal(undefined);
    expect(resources).to.deep.equal([]);
  });

  it("occur later for a namespace that is an output", async () => {
    for (const bad of ["Not_A_Namespace", "a".repeat(64)]) {
      let error: unknown;
      try {
        await renderCluster(() => ({ namespace: pulumi.output(Promise.resolve(bad)) }));
      } catch (caught) {
        error = caught;
      }
      expect(String(error)).to.contain(`namespace is "${bad}": it has to be a DNS label`);
    }
    const good = await renderCluster(() => ({ namespace: pulumi.output(Promise.resolve("late")) }));
    expect(good.resources).to.have.lengthOf(54);
  });
});

describe("warnings", () => {
  const of = (args: EtcdClusterArgs) => validate(args, "etcd");

  it("name a version below the security floor", () => {
    for (const [below, floor] of [
      ["3.5.32", "3.5.33"],
      ["3.6.13", "3.6.14"],
      ["3.7.0", "3.7.1"],
    ] as const) {
      const [warning, ...more] = of({ version: below });
      expect(more).to.deep.equal([]);
      expect(warning).to.equal(
        `version is "${below}": it has published security advisories (GHSA-xg4h, GHSA-6vch). Use "${floor}" or later.`,
      );
      expect(of({ version: floor })).to.deep.equal([]);
    }
  });

  it("name a quota above etcd's recommended maximum", () => {
    const args = (quota: string) => ({
      etcd: { quota },
      storage: { size: "30Gi" },
      resources: { memoryLimit: "8Gi" },
    });
    expect(of(args("9Gi"))).to.have.lengthOf(1);
    expect(of(args("9Gi"))[0]).to.contain("etcd's authors advise against more than 8Gi");
    expect(of(args("8Gi"))).to.deep.equal([]);
  });

  it("say that locked memory depends on the node", () => {
    expect(of({ etcd: { extra: { "memory-mlock": true } } })[0]).to.contain("etcd.extra.memory-mlock");
    expect(of({ etcd: { extra: { "memory-mlock": false } } })).to.deep.equal([]);
  });

  it("name a clash with a neighbouring cluster's object names, where one may exist", () => {
    for (const end of ["client", "controller", "restore", "backup"]) {
      const [warning, ...more] = of({ namespace: "shared", clusterName: `etcd-${end}` });
      expect(more).to.deep.equal([]);
      expect(warning).to.contain(`clusterName is "etcd-${end}": a cluster called etcd in the same namespace`);
      expect(of({ clusterName: `etcd-${end}` }), "a namespace of its own").to.deep.equal([]);
      expect(of({ namespace: "shared", clusterName: end })).to.deep.equal([]);
    }
    expect(of({ namespace: "shared", clusterName: "etcd-clients" })).to.deep.equal([]);
  });

  it("name a node port outside Kubernetes' default range", () => {
    const args = (nodePort: number) => ({ service: { type: ServiceType.NodePort, nodePort } });
    for (const outside of [1, 29_999, 32_768, 65_535]) {
      const [warning, ...more] = of(args(outside));
      expect(more).to.deep.equal([]);
      expect(warning).to.contain("service.nodePort").and.contain("outside 30000 to 32767");
    }
    expect(of(args(30_000))).to.deep.equal([]);
  });

  it("name a quota that leaves no room for etcd's log, while a larger one is an error", () => {
    const of8Gi = (quota: string) => of({ etcd: { quota } });
    expect(of8Gi("2560Mi")).to.deep.equal([]);
    for (const quota of ["2561Mi", "2863311530"]) {
      const [warning, ...more] = of8Gi(quota);
      expect(more).to.deep.equal([]);
      expect(warning).to.contain("little of the volume for etcd's log. Use 2560Mi or less, or");
    }
    expect(() => of8Gi("2863311531")).to.throw("three times the quota");
  });

  it("name unencrypted backups and a claim that is too small for a full database", () => {
    const [plain, ...more] = of(withS3({ endpoint: "http://minio:9000" }));
    expect(more).to.deep.equal([]);
    expect(plain).to.contain("backup.s3.endpoint").and.contain("in plain text. Use https");
    expect(of(withS3({ endpoint: "https://minio:9000" }))).to.deep.equal([]);
    const [small] = of(withBackup({}, { claim: { size: "1Gi" } }));
    expect(small).to.contain("backup.claim.size").and.contain("not even one backup");
    expect(of(withBackup({}))).to.deep.equal([]);
  });

  it("are logged and refuse nothing", async () => {
    const { result, log } = await withLog(() => renderCluster({ version: "3.6.13" }));
    expect(log.match(/warning: /g)).to.have.lengthOf(1);
    expect(log).to.contain('Use "3.6.14" or later');
    expect(result.resources).to.have.lengthOf(54);
  });
});

describe("valid arguments", () => {
  it("pass in every scenario", () => {
    for (const name of scenarioNames) {
      expect(validate(argsOf(name), "etcd"), name).to.deep.equal([]);
    }
  });

  it("pass at the limit of each rule", () => {
    const fine: EtcdClusterArgs[] = [
      { members: 1 },
      { members: 6, allowEvenMembers: true },
      { members: 7 },
      { clusterName: long(45) },
      { namespace: long(63) },
      { namespace: "1" },
      { version: "3.5.33" },
      { version: "3.6.16", image: { tag: "v3.6.16-custom" } },
      { version: "3.6.16", image: { tag: "nightly" } },
      { version: "3.6.16", image: { digest: `sha256:${hex}` } },
      { image: { repository: "localhost:5000/etcd" } },
      { image: { repository: "registry.example.com/notbitnami/etcd" } },
      { image: { repository: "registry.example.com/bitnami/etcd-of-ours" } },
      { nodeImage: { tag: "20" } },
      { nodeImage: { tag: "lts-slim" } },
      { nodeImage: { tag: "180" } },
      { nodeImage: { repository: "registry.example.com/team/tools", tag: "1.4.2" } },
      { scheduling: { nodeSelector: { "kubernetes.io/os": "linux", disk: "windows" } } },
      ...["data-etcd-0a", "data-etcd-x", "data-other-0", "my-data-etcd-0"].map((existing) =>
        withBackup({}, { claim: { existing } }),
      ),
      { etcd: { quota: "2560Mi" } },
      { namespace: "default", createNamespace: false },
      { clusterName: "kube-system", createNamespace: false },
      { scheduling: { zoneSpread: Spread.Required, minZones: 1 } },
      { scheduling: { zoneSpread: Spread.Required, minZones: 7 } },
      { resources: { helpers: { memoryLimit: "128Mi", memoryRequest: "128Mi" } } },
      { resources: { cpuLimit: "1", helpers: { cpuRequest: "1" }, tools: { cpuRequest: "1" } } },
      { resources: { cpuLimit: "1", helpers: { cpuRequest: "2", cpuLimit: "2" } } },
      { resources: { helpers: { cpuRequest: "64" }, tools: { memoryRequest: "2Gi" } } },
      { etcd: { autoCompactionRetention: "0" } },
      { etcd: { autoCompactionRetention: "60s", maxRequestSize: "16Ki", quota: "16Mi" } },
      { etcd: { extra: { "max-wals": 1, "max-snapshots": 1 } } },
      { etcd: { extra: { "max-wals": 5, "max-snapshots": 100 }, quota: "2560Mi" } },
      { etcd: { extra: { "max-wals": 81 }, quota: "1Gi" } },
      { etcd: { extra: { "max-wals": 6 } } },
      { service: { metadata: { annotations: { "pulumi.com/skipAwait": "true" } } } },
      { metadata: { annotations: { "apulumi.com/skipAwait": "true", "etcd-clusters/a": "b" } } },
      { etcd: { heartbeatIntervalMilliseconds: 200 } },
      { etcd: { electionTimeoutMilliseconds: 50_000 } },
      { terminationGracePeriodSeconds: 60 },
      { tls: { extraServerNames: ["*.example.com", "::1", "10.0.0.1", "a"] } },
      { tls: { validityDays: 2, renewBeforeDays: 1 } },
      { tls: { caValidityDays: 1 } },
      { tls: { organization: long(64) } },
      { tls: { caRotation: { revision: 9999, step: CaRotationStep.DropOld } } },
      { clients: [{ name: long(63) }, { name: "roo" }, { name: "1" }] },
      { resources: { memoryLimit: "128Mi" }, etcd: { quota: "512Mi" } },
      { resources: { memoryRequest: "2Gi", cpuLimit: "250m" } },
      { service: { type: ServiceType.LoadBalancer, nodePort: 32_767 } },
      { storage: { size: "512Mi", storageClass: "" } },
      { etcd: { cipherSuites: [] } },
      { etcd: { cipherSuites: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_RC4_128_SHA"] } },
      { etcd: { cipherSuites: cipherSuites.slice() } },
      {
        etcd: {
          extra: {
            "feature-gates": "LeaseCheckpoint=T, LeaseCheckpointPersist = 1,,AllBeta=false",
            "tls-max-version": "TLS1.2",
            "auth-token": "simple",
            "log-format": "console",
            "grpc-keepalive-interval": "2562047h",
            "max-concurrent-streams": 2 ** 32 - 1,
            "experimental-initial-corrupt-check": true,
          },
        },
      },
      { version: "3.7.3", etcd: { extra: { "feature-gates": "AllAlpha=true,PriorityRequest=true" } } },
      ...["*", "", "https://a.example.com:443,http://b:80"].map((cors) => ({ etcd: { extra: { cors } } })),
      { tls: { extraServerNames: ["1.example", "::ffff:10.0.0.1", "host-1", "1a"] } },
      { storage: { size: "1Ei" }, resources: { memoryLimit: "1e10" } },
      { resources: { cpuLimit: "1k", memoryLimit: "1.5e9" } },
      { image: { repository: "[fd00::1]:5000/etcd" } },
      { image: { repository: "localhost:5000/a--b/c__d.e_f" } },
      { metadata: { labels: { "example.com/A_b.c": "" }, annotations: { "Example.com/A": "x y" } } },
      { metadata: { labels: { [`${long(253)}/${long(63)}`]: long(63) } } },
      { metadata: { annotations: { a: pulumi.output("b"), b: Promise.resolve("c") } } },
      { serviceAccountAnnotations: pulumi.output({ a: "b" }) },
      { podMetadata: { annotations: { a: long(240 * 1024 - 1) } } },
      {
        scheduling: {
          tolerations: [{ operator: "Exists" }, { key: "a" }, { key: "a", operator: "Equal", value: "" }],
        },
      },
      { scheduling: { tolerations: pulumi.output([{ key: "b" }]), nodeAffinity: pulumi.output({}) } },
      {
        scheduling: {
          tolerations: [{ key: pulumi.output("b"), effect: pulumi.output("c"), tolerationSeconds: 5 }],
        },
      },
      { scheduling: { nodeSelector: pulumi.output({ a: "b" }) } },
      {
        scheduling: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: "example.com/cpus", operator: "Gt", values: ["4"] }] },
                {
                  matchFields: [{ key: "metadata.name", operator: "NotIn", values: ["node-1.example.com"] }],
                },
                { matchExpressions: [{ key: "a", operator: "DoesNotExist" }] },
              ],
            },
          },
        },
      },
      { service: { trafficDistribution: "PreferClose", sessionAffinity: "None" } },
      {
        service: {
          type: ServiceType.LoadBalancer,
          loadBalancerSourceRanges: ["0.0.0.0/0", "fd00::/8", pulumi.output("x")],
          loadBalancerClass: "internal",
        },
      },
      { probes: { livenessBudgetSeconds: 60, startupBudgetSeconds: 86_400 } },
      { controller: { nodeLossGraceSeconds: 60, waitSeconds: 60, defragmentFreePercent: 1 } },
      { controller: { nodeLossGraceSeconds: 604_800, waitSeconds: 604_800, defragmentFreePercent: 99 } },
      { controller: { memoryLimit: "96Mi", defragmentMinSize: "1" } },
      { metadata: { labels: { empty: "", long: long(63) } } },
      { storage: { onDestroy: VolumeRetention.Delete }, allowDataDeletion: true },
      ...[
        "UTC",
        "Etc/UTC",
        "Europe/Berlin",
        "US/Eastern",
        "Asia/Calcutta",
        "Asia/Kolkata",
        "EST5EDT",
        "GMT0",
      ].map((timeZone) => withBackup({ timeZone })),
      withS3({ bucket: "a.b.c" }),
      withS3({ bucket: "a.b.c", endpoint: "https://a.b", pathStyle: false }),
      withS3({ bucket: "tenant:backups", endpoint: "https://ceph.example.com" }),
      withS3({ endpoint: "https://ref.supabase.co/storage/v1/s3", region: "auto" }),
      ...["cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "ap-southeast-7"].map((region) =>
        withS3({ region }),
      ),
      withS3({ endpoint: "https://minio", region: "eu" }),
      ...["0 0 29 2 *", "0 0 31 */2 *", "0 0 31 2 mon", "0 0 30 2,3 ?", "0 0 1/30 feb *", "0 0 31 * *"].map(
        (schedule) => withBackup({ schedule }),
      ),
      withS3({ prefix: "env=production/team:a/b,c@d+e" }),
      { generation: 2 },
      { restore: { file: { claim: "a", path: "b/c.db" } } },
      { restore: { endpoints: { urls: ["https://[fd00::1]:2379", "https://a"], tlsSecret: "s" } } },
      { restore: { endpoints: { urls: ["https://a"], tlsSecret: "s", passwordSecret: "p" } } },
      { restore: { endpoints: { urls: ["https://a"], tlsSecret: pulumi.output("s") } } },
      { restore: { endpoints: { urls: ["http://a:2379"], allowPlainHttp: true } } },
      { restore: { endpoints: { urls: ["http://[::1]:2379"], allowPlainHttp: true, passwordSecret: "p" } } },
      {
        restore: {
          endpoints: { urls: ["http://a:2379", "https://a"], allowPlainHttp: true, tlsSecret: "s" },
        },
      },
      { generation: 7, recovery: { confirmed: true, abandonedMembers: ["etcd-6"] } },
      { restore: { backup: { claim: { existing: "a" }, clusterId: "cdf818194e3a8c32" } } },
      { tls: { existing: { ...own, restoreSecret: "g" } }, generation: 2, recovery: { confirmed: true } },
    ];
    for (const args of fine) {
      expect(validate(args, "etcd"), JSON.stringify(args)).to.deep.equal([]);
    }
  });

  it("pass with a warning only if the name leaves no room for backups", () => {
    const noRoom = /^clusterName is "a+": it has \d+ characters, and backups can't be added later/;
    expect(validate({ clusterName: long(46) }, "etcd").filter((text) => noRoom.test(text))).to.have.lengthOf(
      1,
    );
    const file = { claim: "a", path: "b" };
    for (const more of [{ restore: { file }, generation: 99 }, { generation: 100 }]) {
      expect(validate({ clusterName: long(52), ...more }, "etcd")).to.have.lengthOf(1);
    }
  });

  it("pass in every combination and resolve to consistent numbers", () => {
    const spread = fc.constantFrom(undefined, ...Object.values(Spread));
    const args = fc.record({
      members: fc.integer({ min: 1, max: 7 }),
      allowEvenMembers: fc.constant(true),
      version: fc.constantFrom(undefined, "3.5.33", "3.6.16", "3.7.1"),
      allowDataDeletion: fc.boolean(),
      createNamespace: fc.option(fc.boolean(), { nil: undefined }),
      storage: fc.record({ size: fc.integer({ min: 1, max: 500 }).map((gi) => `${gi}Gi`) }),
      resources: fc.record({ memoryLimit: fc.integer({ min: 128, max: 20_000 }).map((mi) => `${mi}Mi`) }),
      tls: fc
        .record({ ca: fc.integer({ min: 1, max: 36_500 }), leaf: fc.integer({ min: 1, max: 36_500 }) })
        .map(({ ca, leaf }) => ({ caValidityDays: ca, validityDays: Math.min(ca, leaf) })),
      etcd: fc
        .record({ beat: fc.integer({ min: 1, max: 1000 }), factor: fc.integer({ min: 5, max: 50 }) })
        .map(({ beat, factor }) => ({
          heartbeatIntervalMilliseconds: beat,
          electionTimeoutMilliseconds: beat * factor,
        })),
      scheduling: fc.record({ hostSpread: spread, zoneSpread: spread }),
    });
    fc.assert(
      fc.property(args, (given) => {
        expect(validate(given, "etcd")).to.deep.equal([]);
        const spec = resolveArgs(given, "etcd");
        expect(spec.settings).to.match(/^quota-backend-bytes: [1-9]\d*$/m);
        expect(spec.graceSeconds).to.be.at.least(60);
        expect(spec.certificateDays.renewLeaf).to.be.lessThan(spec.certificateDays.leaf);
        expect(spec.certificateDays.renewCa).to.be.lessThan(spec.certificateDays.ca);
        expect(spec.goMemoryLimit).to.match(/^[1-9]\d*(?:[GM]iB)$/);
      }),
      { numRuns: 300 },
    );
  });
});

describe("any stack configuration", () => {
  it("is refused with a message or resolved, and never causes another error", () => {
    const fields = (value: object): string[][] =>
      Object.entries(value).flatMap(([key, inner]) => [
        [key],
        ...(inner !== null && typeof inner === "object"
          ? fields(inner as object).map((p) => [key, ...p])
          : []),
      ]);
    const everything = argsOf("everything");
    const anything = fc.oneof(
      fc.constantFrom<unknown>(null, true, 0, -1, 1.5, "", "x", "1Gi", [], {}, [null], [5], { name: 5 }),
      fc.jsonValue({ maxDepth: 3 }),
      fc.object({ withBigInt: true, withDate: true, withMap: true }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...fields(everything)), anything, (path, value) => {
        const args = JSON.parse(JSON.stringify(everything)) as Record<string, unknown>;
        const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, key) => {
          return at[key] as Record<string, unknown>;
        }, args);
        parent[path.at(-1)!] = value;
        try {
          validate(args, "etcd");
        } catch (error) {
          expect(pulumi.InputPropertiesError.isInstance(error), String(error)).to.equal(true);
          return;
        }
        resolveArgs(args, "etcd");
      }),
      { numRuns: 1000 },
    );
  });
});
