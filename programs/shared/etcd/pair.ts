import type { KeyPair } from "../tls";
import { readKeyPair, versionOf } from "../tls";

export interface Pair extends KeyPair {
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

function readPair(directory: string): Pair {
  const pair = readKeyPair(directory);
  return { ...pair, version: versionOf(pair) };
}
