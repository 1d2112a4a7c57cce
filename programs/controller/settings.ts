import type { Names } from "../shared/kubernetes/cluster";
import type { ObserverSettings } from "./observe/observer";

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
  const port = (name: string, otherwise: string): number => {
    const value = Number(env[name] ?? otherwise);
    if (!Number.isInteger(value) || value < 1 || value > 65535) throw new Error(`${name} is no port`);
    return value;
  };
  const statefulSet = read("CONTROLLER_STATEFULSET");
  return {
    // A container that starts anew in the same pod follows one that is gone for sure, and need not wait for its lease.
    identity: `${read("POD_NAME")}_${read("POD_UID")}`,
    names: {
      namespace: read("POD_NAMESPACE"),
      statefulSet,
      record: read("CONTROLLER_RECORD"),
      status: read("CONTROLLER_STATUS"),
      trust: read("CONTROLLER_TRUST"),
      lease: read("CONTROLLER_LEASE"),
      backups: env.CONTROLLER_BACKUPS,
    },
    observer: {
      statefulSet,
      claimPrefix: read("CONTROLLER_CLAIM_PREFIX"),
      clientUrl: read("CONTROLLER_CLIENT_URL"),
    },
    etcdTlsDir: read("CONTROLLER_ETCD_TLS_DIR"),
    doorTlsDir: read("CONTROLLER_SERVER_TLS_DIR"),
    doorPort: port("CONTROLLER_SERVER_PORT", "2382"),
    healthPort: port("CONTROLLER_HEALTH_PORT", "8080"),
    logLevel: env.LOG_LEVEL ?? "info",
  };
}
