import { join } from "node:path";
import { restoreFiles } from "../../components/contract/restore-files";
import { podEnv, restoreEnv } from "../../components/contract/env";
import type { Environment } from "../shared/environment";

/** The steps' settings, from the environment variables of the restore pod's template. */
export interface Settings {
  readonly podUid: string;
  readonly generation: number;
  readonly controllerUrl: string;
  readonly tlsDir: string;
  readonly port: number;
  /** The etcd version of the pod's tools. */
  readonly version: string;
  readonly scratch: string;
}

export function readSettings(env: Environment): Settings {
  return {
    podUid: env.text(podEnv.uid),
    generation: env.whole(restoreEnv.generation, 1),
    controllerUrl: env.text(restoreEnv.controllerUrl),
    tlsDir: env.text(restoreEnv.tlsDir),
    port: env.port(restoreEnv.port),
    version: env.text(restoreEnv.version),
    scratch: env.text(restoreEnv.scratch),
  };
}

export const place = (scratch: string, file: keyof typeof restoreFiles): string =>
  join(scratch, restoreFiles[file]);
