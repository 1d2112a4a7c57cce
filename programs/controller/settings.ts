import { Environment } from "../shared/environment";
import type { Names } from "../shared/kubernetes/cluster";
import type { ObserverSettings } from "./observe/observer";
import { controllerEnv, podEnv } from "../../components/contract/env";
import { ports } from "../../components/contract/names";

/** The settings from the Deployment's environment variables. */
export interface Settings {
  readonly identity: string;
  readonly names: Names;
  readonly observer: ObserverSettings;
  readonly etcdTlsDir: string;
  readonly serverTlsDir: string;
  readonly serverPort: number;
  readonly healthPort: number;
  readonly logLevel: string;
}

const defaults = {
  [controllerEnv.serverPort]: String(ports.api),
  [controllerEnv.healthPort]: String(ports.health),
  LOG_LEVEL: "info",
};

export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const given = new Environment({ ...defaults, ...env });
  const read = (name: string) => given.text(name);
  const statefulSet = read(controllerEnv.statefulSet);
  return {
    // Unique to the pod, not to the container: a restarted container need not wait for its predecessor's lease, because
    // the predecessor is certainly gone.
    identity: `${read(podEnv.name)}_${read(podEnv.uid)}`,
    names: {
      namespace: read(podEnv.namespace),
      statefulSet,
      record: read(controllerEnv.record),
      status: read(controllerEnv.status),
      trust: read(controllerEnv.trust),
      verdict: read(controllerEnv.verdict),
      lease: read(controllerEnv.lease),
      backups: env[controllerEnv.backups],
    },
    observer: {
      statefulSet,
      claimPrefix: read(controllerEnv.claimPrefix),
      clientUrl: read(controllerEnv.clientUrl),
    },
    etcdTlsDir: read(controllerEnv.etcdTlsDir),
    serverTlsDir: read(controllerEnv.serverTlsDir),
    serverPort: given.port(controllerEnv.serverPort),
    healthPort: given.port(controllerEnv.healthPort),
    logLevel: read("LOG_LEVEL"),
  };
}
