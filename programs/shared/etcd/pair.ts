import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate with its key and the authority to trust, as PEM. */
export interface Pair {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Changes with any of the three. */
  readonly version: string;
}

/**
 * Reads the files again, at most every `everyMs`: a mounted Secret is replaced while the process runs. A directory that
 * is being exchanged, or gone, leaves the last good pair in use.
 */
export function pairReader(directory: string, everyMs: number, now: () => number): () => Pair {
  let last: { readonly pair: Pair; readonly atMs: number } | undefined;
  return () => {
    if (last && now() - last.atMs < everyMs) return last.pair;
    try {
      last = { pair: readPair(directory), atMs: now() };
    } catch (error) {
      if (!last) throw error;
      last = { ...last, atMs: now() };
    }
    return last.pair;
  };
}

export function readPair(directory: string): Pair {
  const read = (name: string) => readFileSync(join(directory, name));
  const [ca, cert, key] = [read("ca.crt"), read("tls.crt"), read("tls.key")];
  const version = createHash("sha256")
    .update(ca)
    .update("\0")
    .update(cert)
    .update("\0")
    .update(key)
    .digest("hex");
  return { ca, cert, key, version };
}
