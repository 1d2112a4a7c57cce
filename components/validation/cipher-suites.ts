/** Go's names of the cipher suites of TLS 1.2, which etcd accepts. */

const bulk = ["AES_128_CBC_SHA", "AES_256_CBC_SHA", "AES_128_GCM_SHA256", "AES_256_GCM_SHA384"];
const weak = ["RC4_128_SHA", "3DES_EDE_CBC_SHA", "AES_128_CBC_SHA256"];
const suites = (exchange: string, ciphers: readonly string[]) =>
  ciphers.map((cipher) => `TLS_${exchange}_WITH_${cipher}`);

export const cipherSuites: readonly string[] = [
  ...suites("ECDHE_ECDSA", [...bulk, "CHACHA20_POLY1305_SHA256", "RC4_128_SHA", "AES_128_CBC_SHA256"]),
  ...suites("ECDHE_RSA", [...bulk, "CHACHA20_POLY1305_SHA256", ...weak]),
  ...suites("RSA", [...bulk, ...weak]),
  // etcd also accepts these older names of Go.
  ...suites("ECDHE_ECDSA", ["CHACHA20_POLY1305"]),
  ...suites("ECDHE_RSA", ["CHACHA20_POLY1305"]),
];

/** HTTP/2, and so gRPC, needs one of these. */
export const neededSuites: readonly [string, string] = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
];

/** Cipher suites of TLS 1.3, which Go chooses itself. */
export const laterSuites: readonly string[] = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
];

/** OpenSSL's name of a suite, such as `ECDHE-RSA-AES128-GCM-SHA256`. */
export const opensslName = (suite: string): string =>
  suite
    .replace(/^TLS_(?:RSA_WITH_)?/, "")
    .replace("WITH_", "")
    .replace(/AES_(\d+)/, "AES$1")
    .replace("3DES_EDE", "DES_CBC3")
    .replace("RC4_128", "RC4")
    .replace(/(AES\d+|CBC3)_CBC/, "$1")
    .replace("POLY1305_SHA256", "POLY1305")
    .replace(/_/g, "-");
