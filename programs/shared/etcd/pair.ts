import type { KeyPair } from "../tls";
import { readKeyPair, versionOf } from "../tls";

export interface Pair extends KeyPair {
  /** Changes whenever one of the three changes. */
  readonly version: string;
}

/**
 * Reads the files again at most every `everyMs`, because a mounted Secret changes while the process runs. If the
 * directory can't be read, the last pair stays in use.
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
