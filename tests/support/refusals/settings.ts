import type { Refusal } from ".";
import { r } from ".";

const extra = (settings: object, version = "3.6.16") => ({ version, etcd: { extra: settings } });
const one = (name: string, given: unknown, rule: string, wayOut: string, version?: string) =>
  r(`etcd.extra.${name}`, extra({ [name]: given }, version), given, rule, wayOut);

const ecdsa = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
const rsa = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
const suites = (...cipherSuites: string[]) => ({ etcd: { cipherSuites } });

const ciphers: Refusal[] = [
  ...[
    ["ECDHE-RSA-AES128-GCM-SHA256", rsa],
    ["ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
    ["AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"],
    ["tls_ecdhe_rsa_with_aes_128_gcm_sha256", rsa],
    ["TLS_ECDHE_RSA_AES_128_GCM_SHA256", rsa],
  ].map(([suite = "", meant = ""]) =>
    r("etcd.cipherSuites[1]", suites(ecdsa, suite), suite, "by Go's names only", `Did you mean ${meant}?`),
  ),
  r("etcd.cipherSuites[0]", suites("HIGH"), "HIGH", "by Go's names only", `For example: ${ecdsa}`),
  ...["TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"].map((suite) =>
    r("etcd.cipherSuites[1]", suites(ecdsa, suite), suite, "suites of TLS 1.3", "Leave it out"),
  ),
  r(
    "etcd.cipherSuites",
    suites("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
    "two suites that HTTP/2 needs",
    `Add ${ecdsa} or ${rsa}`,
  ),
  r(
    "etcd.cipherSuites",
    { etcd: { cipherSuites: [rsa], extra: { "tls-max-version": "TLS1.2" } } },
    [rsa],
    "ECDSA keys",
    `Add ${ecdsa}`,
  ),
];

const gates = (given: string, rule: string, wayOut: string, version?: string) =>
  one("feature-gates", given, rule, wayOut, version);
const lease = "experimental-enable-lease-checkpoint";

const featureGates: Refusal[] = [
  gates("Foo=true", "no gate called Foo", "The gates are AllAlpha"),
  gates("initialCorruptCheck=true", "no gate called", "Did you mean InitialCorruptCheck?"),
  gates("FastLeaseKeepAlive=true", "etcd 3.6 has no gate called", "The gates are"),
  gates("InitialCorruptCheck", "has no value", "Use InitialCorruptCheck=true"),
  gates("InitialCorruptCheck=yes", "has no value", "or InitialCorruptCheck=false"),
  gates("InitialCorruptCheck=true,InitialCorruptCheck=false", "is set twice", "Leave one"),
  gates(" CompactHashCheck = true", "an argument of its own", "Use etcd.compactHashCheck"),
  gates("LeaseCheckpointPersist=true", "needs LeaseCheckpoint", "Add LeaseCheckpoint=true"),
  gates("AllAlpha=true,LeaseCheckpoint=false", "needs LeaseCheckpoint", "or leave both out", "3.7.3"),
  r(
    "etcd.extra.experimental-initial-corrupt-check",
    extra({ "experimental-initial-corrupt-check": true, "feature-gates": "InitialCorruptCheck=true" }),
    true,
    "feature-gates says InitialCorruptCheck too",
    "Use InitialCorruptCheck there",
  ),
  r(
    `etcd.extra.${lease}`,
    extra({ [lease]: true, "feature-gates": "LeaseCheckpointPersist=true" }),
    true,
    "feature-gates says LeaseCheckpoint too",
    "leave this out",
  ),
];

/** What etcd 3.5.33, 3.6.16 and 3.7.3 end at their start with, or take for something else in silence. */
export const settingRefusals: Refusal[] = [
  ...ciphers,
  ...featureGates,
  ...["3.5.33", "3.6.16", "3.7.3"].flatMap((version) => [
    one("enable-log-rotation", true, "etcd rotates a file", "Leave it out", version),
    one("log-rotation-config-json", "{}", "etcd rotates a file", "Leave it out", version),
    one("metrics", "yes", "it has to be", "one of these words", version),
    one("auth-token", "jwt,pub-key=/a,sign-method=RS256", "it has to be", "", version),
    one("backend-bbolt-freelist-type", "tree", "it has to be", "array or map", version),
    one("tls-max-version", "1.3", "TLS1.2 or TLS1.3", 'Did you mean "TLS1.3"?', version),
    one("max-concurrent-streams", 2 ** 32, "from 0 to 4294967295", "Use a number", version),
    one("max-wals", 1e21, "from 1 to 9007199254740991", "Use a number", version),
    one("bcrypt-cost", 3, "from 4 to 31", "Use a number", version),
    one("grpc-keepalive-interval", "2562048h", "below the 292 years", 'For example: "1m"', version),
    ...["example.com", "https://example.com", "*,https://a:443", "https://a:443/b"].map((origins) =>
      one("cors", origins, "URLs with their ports", 'For example: "https://app.example.com:443"', version),
    ),
  ]),
  one("log-format", "text", "it has to be", "Use one of these words"),
  one("distributed-tracing-sampling-rate", 1_000_001, "from 0 to 1000000", "Use a number"),
  one("experimental-distributed-tracing-sampling-rate", 1_000_001, "from 0 to 1000000", "", "3.5.33"),
  r(
    "etcd.extra.experimental-corrupt-check-time",
    extra({ "experimental-corrupt-check-time": "1h", "corrupt-check-time": "1h" }),
    "1h",
    "corrupt-check-time is the same setting",
    "Leave this one out",
  ),
  r(
    "etcd.extra.tls-max-version",
    { etcd: { tlsMinVersion: "TLS1.3", extra: { "tls-max-version": "TLS1.2" } } },
    "TLS1.2",
    "tlsMinVersion is above it",
    "Leave one of them out",
  ),
  ...["2562048h", "0.0000001ms"].map((compactHashCheckInterval) =>
    r(
      "etcd.compactHashCheckInterval",
      { etcd: { compactHashCheckInterval } },
      compactHashCheckInterval,
      "above zero, as text with its unit, and below the 292 years",
      "",
    ),
  ),
  r(
    "etcd.autoCompactionRetention",
    { etcd: { autoCompactionRetention: "2562048h" } },
    "2562048h",
    "a length of time",
    "",
  ),
  ...["fe80::1%eth0", "10.0.0.256", "*.10.0.0.1", "1.2.3"].map((name) =>
    r(
      "tls.extraServerNames[0]",
      { tls: { extraServerNames: [name] } },
      name,
      "a DNS name or an IP address",
      "",
    ),
  ),
];
