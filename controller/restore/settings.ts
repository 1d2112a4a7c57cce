import { join } from "node:path";

/** What the restore pod's template says to its steps. */
export interface Settings {
  readonly podUid: string;
  readonly generation: number;
  readonly controllerUrl: string;
  readonly tlsDir: string;
  readonly port: number;
  /** etcd version of the pod's tools. */
  readonly version: string;
  readonly scratch: string;
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const text = (name: string): string => {
    const value = env[name];
    if (!value) throw new Error(`the variable ${name} is missing`);
    return value;
  };
  return {
    podUid: text("POD_UID"),
    generation: Number(text("RESTORE_GENERATION")),
    controllerUrl: text("RESTORE_CONTROLLER_URL"),
    tlsDir: text("RESTORE_TLS_DIR"),
    port: Number(text("RESTORE_PORT")),
    version: text("RESTORE_VERSION"),
    scratch: text("RESTORE_SCRATCH"),
  };
}

/** Where the steps, in containers of their own, leave their work to the next. */
export const places = {
  /** A data directory with the survivor's copy. */
  survivor: (scratch: string) => join(scratch, "survivor"),
  snapshot: (scratch: string) => join(scratch, "snapshot.db"),
  /** Beside a snapshot from a store of backups. */
  manifest: (scratch: string) => join(scratch, "manifest.json"),
  /** Where the snapshot is from, in words. */
  source: (scratch: string) => join(scratch, "source.txt"),
  /** Of the etcd that it is from, if that is known: JSON, as in a manifest. */
  version: (scratch: string) => join(scratch, "version.json"),
  restored: (scratch: string) => join(scratch, "restored"),
};
