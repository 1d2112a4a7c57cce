/** What the pod's template says to its gate. */
export interface Settings {
  readonly podName: string;
  readonly podUid: string;
  readonly podIps: readonly string[];
  readonly volume: string;
  readonly dataDir: string;
  /** Where etcd looks for its configuration. */
  readonly configFile: string;
  readonly tlsDir: string;
  readonly controllerUrl: string;
  readonly peerUrl: string;
  readonly clientUrl: string;
  readonly ports: { readonly peer: string; readonly client: string; readonly metrics: string };
  readonly generation: number;
  /** etcd version of this template. */
  readonly version: string;
  /** etcd's settings that are the same for all members, as YAML. */
  readonly etcdSettings: string;
}

export function readSettings(variables: Readonly<Record<string, string | undefined>>): Settings {
  const text = (name: string): string => {
    const value = variables[name];
    if (value === undefined) throw new Error(`the variable ${name} is missing`);
    return value;
  };
  const generation = Number(text("GATE_GENERATION"));
  if (!Number.isSafeInteger(generation) || generation < 1)
    throw new Error("GATE_GENERATION is not a generation");
  return {
    podName: text("POD_NAME"),
    podUid: text("POD_UID"),
    podIps: text("POD_IPS").split(","),
    volume: text("GATE_VOLUME"),
    dataDir: text("GATE_DATA_DIR"),
    configFile: text("GATE_CONFIG_FILE"),
    tlsDir: text("GATE_TLS_DIR"),
    controllerUrl: text("GATE_CONTROLLER_URL"),
    peerUrl: text("GATE_PEER_URL"),
    clientUrl: text("GATE_CLIENT_URL"),
    ports: {
      peer: text("GATE_PEER_PORT"),
      client: text("GATE_CLIENT_PORT"),
      metrics: text("GATE_METRICS_PORT"),
    },
    generation,
    version: text("GATE_VERSION"),
    etcdSettings: text("GATE_SETTINGS"),
  };
}
