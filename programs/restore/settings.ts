import { join } from "node:path";
import { restoreFiles } from "../../components/contract/restore-files";
import type { Environment } from "../shared/environment";

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

export function readSettings(env: Environment): Settings {
  return {
    podUid: env.text("POD_UID"),
    generation: env.whole("RESTORE_GENERATION", 1),
    controllerUrl: env.text("RESTORE_CONTROLLER_URL"),
    tlsDir: env.text("RESTORE_TLS_DIR"),
    port: env.port("RESTORE_PORT"),
    version: env.text("RESTORE_VERSION"),
    scratch: env.text("RESTORE_SCRATCH"),
  };
}

export const place = (scratch: string, file: keyof typeof restoreFiles): string =>
  join(scratch, restoreFiles[file]);
