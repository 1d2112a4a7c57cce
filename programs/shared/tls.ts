import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate with its key and the authority to trust, as PEM. */
export interface KeyPair {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** From a folder as a Secret of type `kubernetes.io/tls` is mounted. Read each time it is needed: it is renewed. */
export function readKeyPair(folder: string, caFile = join(folder, "ca.crt")): KeyPair {
  const read = (name: string) => readFileSync(join(folder, name));
  return { ca: readFileSync(caFile), cert: read("tls.crt"), key: read("tls.key") };
}

/** Changes with any of the three. */
export function versionOf({ ca, cert, key }: KeyPair): string {
  const hash = createHash("sha256");
  for (const part of [ca, cert, key]) hash.update(part).update("\0");
  return hash.digest("hex");
}
