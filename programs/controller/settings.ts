import type { Names } from "../shared/kubernetes/cluster";
import type { ObserverSettings } from "./observe/observer";
import { controllerEnv, podEnv } from "../../components/contract/env";
import { ports } from "../../components/contract/names";

/** What the Deployment tells its process. */
export interface Settings {
  readonly identity: string;
  readonly names: Names;
  readonly observer: ObserverSettings;
  readonly etcdTlsDir: string;
  readonly doorTlsDir: string;
  readonly doorPort: number;
  readonly healthPort: number;
  readonly logLevel: string;
}

export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const read = (name: string): string => {
    const value = env[name];
    if (!value) throw new Error(`the variable ${name} is missing`);
    return value;
  };
  const port = (name: string, otherwise: number): number => {
    const value = Number(env[name] ?? otherwise);
    if (!Number.isInteger(value) || value < 1 || value > 65535) throw new Error(`${name} is no port`);
    return value;
  };
  const statefulSet = read(controllerEnv.statefulSet);
  return {
    // A container that starts anew in the same pod follows one that is gone for sure, and need not wait for its lease.
    identity: `${read(podEnv.name)}_${read(podEnv.uid)}`,
    names: {
      namespace: read(podEnv.namespace),
      statefulSet,
      record: read(controllerEnv.record),
      status: read(controllerEnv.status),
      trust: read(controllerEnv.trust),
      lease: read(controllerEnv.lease),
      backups: env[controllerEnv.backups],
    },
    observer: {
      statefulSet,
      claimPrefix: read(controllerEnv.claimPrefix),
      clientUrl: read(controllerEnv.clientUrl),
    },
    etcdTlsDir: read(controllerEnv.etcdTlsDir),
    doorTlsDir: read(controllerEnv.serverTlsDir),
    doorPort: port(controllerEnv.serverPort, ports.api),
    healthPort: port(controllerEnv.healthPort, ports.health),
    logLevel: env.LOG_LEVEL ?? "info",
  };
}
