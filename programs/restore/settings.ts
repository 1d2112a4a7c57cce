import { join } from "node:path";
import { restoreFiles } from "../../components/contract/restore-files";

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

export const place = (scratch: string, file: keyof typeof restoreFiles): string =>
  join(scratch, restoreFiles[file]);
