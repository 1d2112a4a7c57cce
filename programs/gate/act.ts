/** Carries out what was decided. Each is safe to begin again after a crash half way: it is then asked for again. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hasLog } from "../shared/wal";
import { renderConfig } from "./config";
import type { Step } from "./decide";
import { dropAside, dropTornCopies, liftHold, setAside, writeMark } from "./files";
import { dropOrder, writeConfig, writeOrder } from "./order";
import { keepReserve, withRoom } from "./room";
import type { Settings } from "./settings";

type BootstrapStep = Extract<Step, { kind: "start" | "birth" | "join" }>;

/** What etcd is told of the cluster that it begins or joins. */
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
      dropTornCopies(dataDir);
      withRoom(volume, () => prepare(settings, undefined, step.generation), step.dropAside);
      if (step.dropAside) dropAside(volume);
      break;
    case "birth": {
      mustBeEmpty(dataDir);
      const order = {
        initialCluster: step.initialCluster,
        initialClusterState: "new",
        token: step.token,
      } as const;
      withRoom(volume, () => prepare(settings, order));
      break;
    }
    case "join": {
      if (step.setAside) setAside(volume, dataDir);
      mustBeEmpty(dataDir);
      const order = {
        initialCluster: step.initialCluster,
        initialClusterState: "existing",
        token: "",
      } as const;
      withRoom(volume, () => prepare(settings, order), true);
      break;
    }
  }
  liftHold(volume);
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
  // etcd doesn't look at the list where there is a log. If that gets lost, this can't begin or join anything.
  const usual = render({
    initialCluster: `${podName}=${peerUrl}`,
    initialClusterState: "existing",
    token: "",
  });
  writeConfig(dataDir, usual);
  if (order) writeOrder(dataDir, render(order));
  else dropOrder(dataDir);
  if (readFileSync(settings.configFile, "utf8") !== (order ? render(order) : usual)) {
    throw new Error(`${settings.configFile}, which etcd will read, is not what was written for it`);
  }
}

/** Before anything of it is changed. */
function mustBeEmpty(dataDir: string): void {
  if (hasLog(join(dataDir, "member", "wal"))) throw new Error("there is a log now where there was none");
}
