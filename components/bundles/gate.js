"use strict";

// controller/gate/config.ts
function renderConfig(settings, member) {
  const host = member.podIps.some((ip) => ip.includes(":")) ? "[::]" : "0.0.0.0";
  const { ports } = member;
  const own = {
    name: member.name,
    "listen-peer-urls": `https://${host}:${ports.peer}`,
    "listen-client-urls": `https://${host}:${ports.client}`,
    "listen-metrics-urls": `http://${host}:${ports.metrics}`,
    "initial-advertise-peer-urls": member.peerUrl,
    "advertise-client-urls": member.clientUrl,
    "initial-cluster": member.initialCluster,
    "initial-cluster-state": member.initialClusterState,
    "initial-cluster-token": member.token
  };
  const lines = Object.entries(own).map(([key, value]) => `${key}: ${JSON.stringify(value)}
`);
  return settings + lines.join("");
}

// controller/gate/disk.ts
var import_node_fs = require("node:fs");
var import_node_path = require("node:path");
function readDisk(dataDir) {
  const wal = (0, import_node_path.join)(dataDir, "member", "wal");
  if ((0, import_node_fs.existsSync)(wal) && (0, import_node_fs.readdirSync)(wal).some((file) => file.endsWith(".wal"))) {
    return { state: "member" };
  }
  const database = (0, import_node_path.join)(dataDir, "member", "snap", "db");
  if ((0, import_node_fs.existsSync)(database)) {
    return {
      state: "broken",
      reason: `there is a database (${database}) and no write-ahead log (${wal}): etcd would take this member for a new one`
    };
  }
  return { state: "empty" };
}
function writeConfig(file, text) {
  const folder = (0, import_node_path.dirname)(file);
  (0, import_node_fs.mkdirSync)(folder, { recursive: true, mode: 448 });
  const draft = `${file}.tmp`;
  (0, import_node_fs.writeFileSync)(draft, text, { mode: 384, flush: true });
  (0, import_node_fs.renameSync)(draft, file);
  const directory = (0, import_node_fs.openSync)(folder, "r");
  (0, import_node_fs.fsyncSync)(directory);
  (0, import_node_fs.closeSync)(directory);
}

// controller/gate/main.ts
function main() {
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
        metrics: env("GATE_METRICS_PORT")
      },
      initialCluster: env("GATE_INITIAL_CLUSTER"),
      // etcd does not look at these three where there is a write-ahead log.
      initialClusterState: "new",
      token: env("GATE_TOKEN")
    })
  );
  console.log(
    disk.state === "member" ? `${dataDir} holds a member: it starts as it is` : `${dataDir} is empty: this is a first start of ${env("GATE_INITIAL_CLUSTER")}`
  );
}
function env(name) {
  const value = process.env[name];
  if (value === void 0) {
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
