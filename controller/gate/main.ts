import { renderConfig } from "./config";
import { readDisk, writeConfig } from "./disk";

/** The init container of a member's pod: lets etcd start with the right configuration, or refuses and says why. */
function main(): void {
  const dataDir = env("GATE_DATA_DIR");
  const file = env("GATE_CONFIG_FILE");
  const disk = readDisk(dataDir);
  if (disk.state === "broken") {
    throw new Error(`${disk.reason}. Nothing was changed.`);
  }
  writeConfig(
    file,
    renderConfig(env("GATE_SETTINGS"), {
      name: env("POD_NAME"),
      podIps: env("POD_IPS").split(","),
      peerUrl: env("GATE_PEER_URL"),
      clientUrl: env("GATE_CLIENT_URL"),
      ports: {
        peer: env("GATE_PEER_PORT"),
        client: env("GATE_CLIENT_PORT"),
        metrics: env("GATE_METRICS_PORT"),
      },
      initialCluster: env("GATE_INITIAL_CLUSTER"),
      // etcd does not look at these three where there is a write-ahead log.
      initialClusterState: "new",
      token: env("GATE_TOKEN"),
    }),
  );
  console.log(
    disk.state === "member"
      ? `${dataDir} holds a member: it starts as it is`
      : `${dataDir} is empty: this is a first start of ${env("GATE_INITIAL_CLUSTER")}`,
  );
}

function env(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`the variable ${name} is missing`);
  }
  return value;
}

try {
  main();
} catch (error) {
  console.error(`etcd may not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
