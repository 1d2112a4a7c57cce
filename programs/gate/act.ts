/** Prepares the volume for a start. Every step can be repeated after a crash: the gate asks for its order again. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hasLog } from "../shared/wal";
import { renderConfig } from "./config";
import type { Step } from "./decide";
import { dropDefragmentationCopies, dropQuarantine, liftFence, quarantine, writeMark } from "./files";
import { dropOrder, writeConfig, writeOrder } from "./order";
import { keepReserve, withSpace } from "./space";
import type { Settings } from "./settings";

type BootstrapStep = Extract<Step, { kind: "start" | "birth" | "join" }>;

/** etcd's settings for the cluster that it bootstraps or joins. */
interface Bootstrap {
  readonly initialCluster: string;
  readonly initialClusterState: "new" | "existing";
  readonly token: string;
}

export function carryOut(settings: Settings, step: BootstrapStep): void {
  const { volume, dataDir } = settings;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  switch (step.kind) {
    case "start":
      dropDefragmentationCopies(dataDir);
      withSpace(volume, () => prepare(settings, undefined, step.generation), step.dropAside);
      if (step.dropAside) dropQuarantine(volume);
      break;
    case "birth": {
      requireEmpty(dataDir);
      const order = {
        initialCluster: step.initialCluster,
        initialClusterState: "new",
        token: step.token,
      } as const;
      withSpace(volume, () => prepare(settings, order));
      break;
    }
    case "join": {
      if (step.setAside) quarantine(volume, dataDir);
      requireEmpty(dataDir);
      const order = {
        initialCluster: step.initialCluster,
        initialClusterState: "existing",
        token: "",
      } as const;
      withSpace(volume, () => prepare(settings, order), true);
      break;
    }
  }
  liftFence(volume);
  keepReserve(volume);
}

function prepare(settings: Settings, order?: Bootstrap, generation = settings.generation): void {
  const { dataDir, version, podName, podIps, peerUrl, clientUrl, ports } = settings;
  writeMark(dataDir, { generation, lastVersion: version });
  const render = (bootstrap: Bootstrap) =>
    renderConfig(settings.etcdSettings, {
      ...{ name: podName, podIps, peerUrl, clientUrl, ports },
      ...bootstrap,
    });
  // With a WAL, etcd ignores the member list. If the WAL is lost later, this list can neither bootstrap nor join.
  const afterStart = render({
    initialCluster: `${podName}=${peerUrl}`,
    initialClusterState: "existing",
    token: "",
  });
  writeConfig(dataDir, afterStart);
  if (order) writeOrder(dataDir, render(order));
  else dropOrder(dataDir);
  if (readFileSync(settings.configFile, "utf8") !== (order ? render(order) : afterStart)) {
    throw new Error(
      `${settings.configFile}, which etcd will read, doesn't have the content that the gate wrote`,
    );
  }
}

function requireEmpty(dataDir: string): void {
  if (hasLog(join(dataDir, "member", "wal")))
    throw new Error("a write-ahead log has appeared on a disk that had none");
}
