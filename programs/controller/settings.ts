import { Environment } from "../shared/environment";
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

const defaults = { CONTROLLER_DOOR_PORT: "2382", CONTROLLER_HEALTH_PORT: "8080", LOG_LEVEL: "info" };

export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const given = new Environment({ ...defaults, ...env });
  const read = (name: string) => given.text(name);
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
    doorTlsDir: read("CONTROLLER_DOOR_TLS_DIR"),
    doorPort: given.port("CONTROLLER_DOOR_PORT"),
    healthPort: given.port("CONTROLLER_HEALTH_PORT"),
    logLevel: read("LOG_LEVEL"),
  };
}
