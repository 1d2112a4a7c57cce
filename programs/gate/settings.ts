import { gateEnv, podEnv } from "../../components/contract/env";

/** The gate's settings, from the environment variables of its pod template. */
export interface Settings {
  readonly podName: string;
  readonly podUid: string;
  readonly podIps: readonly string[];
  readonly volume: string;
  readonly dataDir: string;
  /** The path from which etcd reads its configuration. */
  readonly configFile: string;
  readonly tlsDir: string;
  readonly controllerUrl: string;
  readonly peerUrl: string;
  readonly clientUrl: string;
  readonly ports: { readonly peer: string; readonly client: string; readonly metrics: string };
  readonly generation: number;
  /** etcd's version in this pod template. */
  readonly version: string;
  /** The etcd settings that are the same for all members, as YAML. */
  readonly etcdSettings: string;
}

export function readSettings(variables: Readonly<Record<string, string | undefined>>): Settings {
  const text = (name: string): string => {
    const value = variables[name];
    if (value === undefined) throw new Error(`the variable ${name} is missing`);
    return value;
  };
  const generation = Number(text(gateEnv.generation));
  if (!Number.isSafeInteger(generation) || generation < 1)
    throw new Error(`${gateEnv.generation} is not a generation: a whole number from 1`);
  return {
    podName: text(podEnv.name),
    podUid: text(podEnv.uid),
    podIps: text(podEnv.ips).split(","),
    volume: text(gateEnv.volume),
    dataDir: text(gateEnv.dataDir),
    configFile: text(gateEnv.configFile),
    tlsDir: text(gateEnv.tlsDir),
    controllerUrl: text(gateEnv.controllerUrl),
    peerUrl: text(gateEnv.peerUrl),
    clientUrl: text(gateEnv.clientUrl),
    ports: {
      peer: text(gateEnv.peerPort),
      client: text(gateEnv.clientPort),
      metrics: text(gateEnv.metricsPort),
    },
    generation,
    version: text(gateEnv.version),
    etcdSettings: text(gateEnv.settings),
  };
}
