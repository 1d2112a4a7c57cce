import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { TlsState } from "./tls-state";
import { withEarlier } from "./tls-state";
import type { ObjectRef } from "./apply";
import { outdated, union } from "./apply";

/** What is remembered between two runs, beside the cluster that it is for, and gone with it. */
export interface State {
  readonly tls: TlsState;
  readonly objects: readonly ObjectRef[];
}

/** The states around one deployment, as Pulumi's engine goes about it: what is no longer declared goes last. */
export interface Transition {
  /**
   * Before anything is applied, and until the cluster is as declared: whatever it may still use is remembered, so that
   * a declaration that is refused or fails can be taken back. What is in the cluster is never newer than this.
   */
  readonly meanwhile: State;
  /** Once the cluster is as declared. */
  readonly after: State;
  /** To be deleted between the two. */
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

/** Whole or not at all: there are keys in it that are nowhere else. */
export function writeState(file: string, state: State): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.next`;
  writeFileSync(next, JSON.stringify(state, undefined, 1), { mode: 0o600, flush: true });
  renameSync(next, file);
}
