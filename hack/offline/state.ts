import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { TlsState } from "./tls-state";
import { withEarlier } from "./tls-state";
import type { ObjectRef } from "./apply";
import { outdated, union } from "./apply";

/** What is kept between two runs. The file is beside the cluster's files and is deleted with them. */
export interface State {
  readonly tls: TlsState;
  readonly objects: readonly ObjectRef[];
}

/** The states of one deployment. Like Pulumi's engine, it deletes last what is no longer declared. */
export interface Transition {
  /**
   * The state from before the first apply until the cluster is as declared. It contains everything that the cluster may
   * still use, so that a refused or failed declaration can be undone. The cluster never has anything newer than this.
   */
  readonly meanwhile: State;
  /** The state once the cluster is as declared. */
  readonly after: State;
  /** The objects to delete between the two. */
  readonly gone: readonly ObjectRef[];
}

export function transition(before: State, declared: State): Transition {
  return {
    meanwhile: {
      tls: withEarlier(before.tls, declared.tls),
      objects: union(before.objects, declared.objects),
    },
    after: declared,
    gone: outdated(declared.objects, before.objects),
  };
}

export const readState = (file: string): State =>
  existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as State) : { tls: {}, objects: [] };

/** Atomic, because the file has the only copy of the keys. */
export function writeState(file: string, state: State): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.next`;
  writeFileSync(next, JSON.stringify(state, undefined, 1), { mode: 0o600, flush: true });
  renameSync(next, file);
}
