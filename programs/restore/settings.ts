import { join } from "node:path";
import { restoreFiles } from "../../components/contract/restore-files";
import { podEnv, restoreEnv } from "../../components/contract/env";

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
    podUid: text(podEnv.uid),
    generation: Number(text(restoreEnv.generation)),
    controllerUrl: text(restoreEnv.controllerUrl),
    tlsDir: text(restoreEnv.tlsDir),
    port: Number(text(restoreEnv.port)),
    version: text(restoreEnv.version),
    scratch: text(restoreEnv.scratch),
  };
}

export const place = (scratch: string, file: keyof typeof restoreFiles): string =>
  join(scratch, restoreFiles[file]);
