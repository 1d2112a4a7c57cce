/** A member's volume, and what a gate reads from it. */
import type { GateReport } from "../../programs/controller/model";
import type { MemberDir } from "./log";
import { votersOf } from "./log";

/**
 * What etcd reads when it starts. It is lost with the directory, and the log that etcd makes from an order
 * uses the order up.
 */
export type Yaml =
  | { readonly kind: "start" }
  | { readonly kind: "new"; readonly token: string }
  | { readonly kind: "existing"; readonly urls: readonly string[] };

export interface Volume {
  dir?: MemberDir;
  yaml?: Yaml;
  broken: boolean;
  /** There is a database but no log. A gate sees a broken directory, etcd sees nothing. */
  logless: boolean;
  held: boolean;
  aside: number;
  /** Nothing can be written to the volume. */
  full: boolean;
  /** etcd has exited because the volume was full, and hasn't run since. */
  wasFull?: boolean;
  /** A controller that could know that this disk is lost has answered its gate. */
  knownLost: boolean;
}

export const emptyVolume = (): Volume => ({
  broken: false,
  logless: false,
  held: false,
  aside: 0,
  full: false,
  knownLost: false,
});

export function reportOf(podUid: string, volume: Volume, atMs: number): GateReport {
  const { dir, held } = volume;
  const aside = volume.aside > 0 ? ["aside-1"] : [];
  const base = { podUid, atMs, aside, held };
  if (volume.broken)
    return { ...base, disk: { state: "broken", reason: "crc mismatch", memberId: dir?.memberId } };
  if (volume.logless)
    return { ...base, disk: { state: "broken", reason: "there is a database and no write-ahead log" } };
  if (!dir) return { ...base, disk: { state: "empty" } };
  return {
    ...base,
    disk: {
      state: "wal",
      memberId: dir.memberId,
      clusterId: dir.clusterId,
      lastTerm: dir.log.at(-1)?.term ?? 0,
      lastIndex: dir.log.length,
      voters: votersOf(dir),
      commit: dir.commit,
      term: dir.term,
      voted: dir.vote !== undefined,
      generation: dir.generation,
      lastVersion: dir.lastVersion,
    },
  };
}
