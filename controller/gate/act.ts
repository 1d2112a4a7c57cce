/** Carries out what was decided. Each is safe to begin again after a crash half way: it is then asked for again. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { hasLog } from "../wal";
import { renderConfig } from "./config";
import type { Step } from "./decide";
import { dropAside, liftHold, setAside, writeMark, writeWhole } from "./files";
import type { Settings } from "./settings";

type Deed = Extract<Step, { kind: "start" | "birth" | "join" }>;

export function carryOut(settings: Settings, step: Deed): void {
  const { volume, dataDir, podName, peerUrl } = settings;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const itself = `${podName}=${peerUrl}`;
  switch (step.kind) {
    case "start":
      // etcd doesn't look at the list where there is a log. If that gets lost, this can't begin or join anything.
      prepare(settings, itself, "existing", "", step.generation);
      if (step.dropAside) dropAside(volume);
      break;
    case "birth":
      mustBeEmpty(dataDir);
      prepare(settings, step.initialCluster, "new", step.token);
      break;
    case "join":
      if (step.setAside) setAside(volume, dataDir);
      mustBeEmpty(dataDir);
      try {
        prepare(settings, step.initialCluster, "existing", "");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        dropAside(volume);
        prepare(settings, step.initialCluster, "existing", "");
      }
      break;
  }
  liftHold(volume);
}

/** The configuration comes last: without it etcd doesn't start. */
function prepare(
  settings: Settings,
  initialCluster: string,
  initialClusterState: "new" | "existing",
  token: string,
  generation = settings.generation,
): void {
  const { dataDir, version, podName, podIps, peerUrl, clientUrl, ports } = settings;
  writeMark(dataDir, { generation, lastVersion: version });
  const own = {
    name: podName,
    podIps,
    peerUrl,
    clientUrl,
    ports,
    initialCluster,
    initialClusterState,
    token,
  };
  writeWhole(settings.configFile, renderConfig(settings.etcdSettings, own));
}

/** Looked at again right before: with a log, etcd would start under its old identity whatever it is told. */
function mustBeEmpty(dataDir: string): void {
  if (hasLog(join(dataDir, "member", "wal"))) throw new Error("there is a log now where there was none");
}
