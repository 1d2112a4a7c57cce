import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate, its key and the trusted CA, as PEM. */
export interface KeyPair {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads the mount of a Secret of type `kubernetes.io/tls`. Certificates are renewed, so callers read them for each
 * use.
 */
export function readKeyPair(folder: string, caFile = join(folder, "ca.crt")): KeyPair {
  const read = (name: string) => readFileSync(join(folder, name));
  return { ca: readFileSync(caFile), cert: read("tls.crt"), key: read("tls.key") };
}

/** Changes whenever one of the three changes. */
export function versionOf({ ca, cert, key }: KeyPair): string {
  const hash = createHash("sha256");
  for (const part of [ca, cert, key]) hash.update(part).update("\0");
  return hash.digest("hex");
}
