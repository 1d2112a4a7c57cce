/** The gates of the simulated pods. They ask, obey, and start an intact member by themselves once nobody answers. */
import type { GateReport } from "../../programs/controller/model";
import type { Order } from "../../programs/shared/protocol";
import type { Cluster } from "./cluster";
import type { Pod } from "./kubernetes";
import type { Volume } from "./volume";
import { reportOf } from "./volume";

/** The controller's answer between a gate's first question and the next decision. */
export const UNDECIDED: Order = { kind: "wait", reason: "not decided yet", hold: false };

export interface ControllerServer {
  /** The order for this pod from a controller that believes it leads, or undefined when nobody answers. */
  answer(report: GateReport): Order | undefined;
}

/** How long a gate gets no answer before it starts an intact member by itself. */
const SILENCE_MS = 5000;

export function askController(c: Cluster, pod: Pod, volume: Volume): void {
  const order = c.server.answer(reportOf(pod.uid, volume, c.nowMs));
  if (order) pod.silentSinceMs = undefined;
  else pod.silentSinceMs ??= c.nowMs;
  c.noteWaiting(pod, volume);
  if (!order) return withoutAnswer(c, pod, volume);
  const { dir } = volume;
  if (pod.ordinal === 0 && !dir && allAsk(c)) c.oracle.firstDiskMissing(pod.uid);
  switch (order.kind) {
    case "wait":
      if (order !== UNDECIDED && dir && c.oracle.isPlain(dir)) volume.knownLost = true;
      if (order.hold) volume.held = true;
      return;
    case "refuse":
      volume.held = true;
      return;
    case "lend":
      volume.held = true;
      if (dir) c.restore.lend(dir, order.url);
      return;
    case "seed":
      return seed(c, pod, volume, order.url);
    case "start":
      if (dir && (order.generation ?? pod.generation) !== dir.generation) return;
      if (volume.full && order.dropAside && volume.aside > 0)
        Object.assign(volume, { full: false, aside: 0 });
      if (dir) c.oracle.started(pod.name, dir, false);
      return finish(pod, volume, { kind: "start" });
    case "birth":
      if (volume.full) return;
      return finish(pod, volume, { kind: "new", token: order.token });
    case "join": {
      const urls = order.initialCluster.split(",").map((x) => x.slice(x.indexOf("=") + 1));
      if (order.setAside && dir && !volume.broken) c.oracle.quarantined(pod.name, dir);
      if (order.setAside && (dir || volume.broken || volume.logless)) quarantine(volume);
      // The volume may be full of quarantined data.
      if (volume.full) return void Object.assign(volume, { full: false, aside: 0 });
      return finish(pod, volume, { kind: "existing", urls });
    }
  }
}

function allAsk({ claims, pods }: Cluster): boolean {
  return claims.every((x) => !x.bound || pods.some((p) => p.claimUid === x.uid && p.gate === "asking"));
}

function finish(pod: Pod, volume: Volume, yaml: NonNullable<Volume["yaml"]>): void {
  volume.held = false;
  volume.knownLost = false;
  volume.yaml = yaml;
  pod.gate = "done";
  pod.intactSinceMs = undefined;
}

function quarantine(volume: Volume): void {
  Object.assign(volume, { dir: undefined, broken: false, logless: false, aside: 1 });
}

function seed(c: Cluster, pod: Pod, volume: Volume, url: string): void {
  if (volume.dir?.generation === pod.generation || volume.full) return;
  const dir = c.restore.take(url);
  if (dir) Object.assign(volume, { dir, broken: false, logless: false, aside: 1 });
}

function withoutAnswer(c: Cluster, pod: Pod, volume: Volume): void {
  const { dir } = volume;
  if (!dir || volume.broken || volume.logless || volume.held || dir.generation !== pod.generation) return;
  if (c.nowMs - (pod.silentSinceMs ?? c.nowMs) < SILENCE_MS) return;
  if (!c.isStep(dir.lastVersion, pod.revision)) return;
  if (volume.knownLost)
    c.oracle.violated(`${pod.name} starts by itself a disk that a controller knew to be lost`);
  c.oracle.started(pod.name, dir, true);
  finish(pod, volume, { kind: "start" });
}
