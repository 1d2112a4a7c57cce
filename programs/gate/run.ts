import { setTimeout as sleep } from "node:timers/promises";
import type { Order } from "../shared/protocol";
import { carryOut } from "./act";
import { askController } from "./ask";
import type { Step } from "./decide";
import { decide } from "./decide";
import { readDisk } from "./disk";
import { finishReplacement, isFenced, quarantineNames, writeFence } from "./files";
import type { Lookup } from "./peers";
import { peerProblem } from "./peers";
import { dropIncoming, lend, takeSeed } from "./restored";
import { volumeProblem, withSpace } from "./space";
import type { Settings } from "./settings";
import { inShort, messageOf } from "../shared/errors";

export interface GateTimes {
  /** Shortest time from one request to the next. */
  readonly pauseMs: number;
  /** The same after an order that can't be carried out. Each new request makes the controller observe the cluster. */
  readonly longPauseMs: number;
  /** Longest silence of the controller within a request. */
  readonly patienceMs: number;
  /** Length of the controller's silence after which an intact member starts by itself. */
  readonly silenceMs: number;
  /** How long a join waits for names that may never get an address. */
  readonly namesMs: number;
}

/** Replaced in tests. */
export interface Dependencies {
  readonly times: GateTimes;
  readonly resolve?: Lookup;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

export const gateTimes: GateTimes = {
  pauseMs: 250,
  longPauseMs: 1_000,
  patienceMs: 3_000,
  silenceMs: 5_000,
  namesMs: 30_000,
};

const defaults: Dependencies = { times: gateTimes, now: () => performance.now(), sleep };

/** Asks the controller until etcd may start, and prepares the volume. Logs why it waits whenever the reason changes. */
export async function runGate(
  settings: Settings,
  log: (text: string) => void,
  dependencies: Partial<Dependencies> = {},
): Promise<void> {
  const { times, resolve, now, sleep } = { ...defaults, ...dependencies };
  const { volume, dataDir, podName, podUid, generation, version } = settings;
  const ask = { url: settings.controllerUrl, tlsDir: settings.tlsDir, patienceMs: times.patienceMs, now };
  finishReplacement(volume, dataDir);
  let disk = readDisk(dataDir, version);
  log(describe(disk));
  /** Stands in for a fence that can't be written: this gate doesn't start etcd by itself as long as it runs. */
  let fencedInMemory = false;
  /** What the volume prevents. */
  let volumeFailure: string | undefined;
  /** Why data can't be fetched or sent. */
  let transferFailure: string | undefined;
  let last = "";
  const logChange = (text: string) => {
    if (text !== last) log(text);
    last = text;
  };
  const fence = (why: string) => {
    try {
      withSpace(volume, () => writeFence(volume, why));
      volumeFailure = undefined;
    } catch (error) {
      fencedInMemory = true;
      volumeFailure = `the fence can't be written to the volume, so this gate has to keep running: ${messageOf(error)}`;
      logChange(volumeFailure);
    }
  };
  let tag: string | undefined;
  let silentSince: number | undefined;
  let joinSince: number | undefined;
  let answeredOnce = false;
  volumeFailure = volumeProblemIn(() => dropIncoming(volume));
  for (;;) {
    const fencedOnVolume = isFenced(volume);
    const held = fencedInMemory || fencedOnVolume;
    const problem = volumeFailure ?? transferFailure;
    const message = { podUid, podName, disk, aside: quarantineNames(volume), held, problem };
    const began = now();
    const reply = await askController(ask, message, tag);
    let answer: Order | { kind: "silence"; forMs: number };
    if ("order" in reply) {
      ({ order: answer, tag } = reply);
      silentSince = undefined;
      answeredOnce = true;
    } else {
      tag = undefined;
      silentSince ??= reply.sinceMs;
      answer = { kind: "silence", forMs: now() - silentSince };
    }
    const step = decide({ disk, held, generation, version, answer, silenceMs: times.silenceMs });
    if (step.kind !== "lend" && step.kind !== "seed" && answer.kind !== "silence")
      transferFailure = undefined;
    if (step.kind === "ask") {
      if (step.hold && !fencedOnVolume) fence(step.why);
      const notes = "problem" in reply ? [reply.problem, ...networkHint(answeredOnce, answer)] : [];
      logChange([step.why, ...notes.map((note) => `(${note})`)].join(" "));
    } else if (step.kind === "lend") {
      if (!fencedOnVolume) fence("a recovery uses its data");
      logChange(`sending the data to ${step.url}`);
      const failure = await problemOf(lend(settings, step.url));
      transferFailure = failure && `its data can't be sent: ${inShort(failure)}`;
      // Without the tag, the controller repeats the order.
      if (transferFailure) tag = undefined;
      logChange(transferFailure ?? "the data was sent, and stays unchanged on this disk");
    } else if (step.kind === "seed") {
      logChange(`fetching the restored data from ${step.url}`);
      const failure = await problemOf(takeSeed(settings, step));
      transferFailure = failure && `the restored data can't be taken: ${inShort(failure)}`;
      if (transferFailure) logChange(transferFailure);
      disk = readDisk(dataDir, version);
      log(describe(disk));
    } else {
      const peers = step.kind === "join" ? await peerProblem(step.initialCluster, resolve) : undefined;
      joinSince ??= now();
      if (!peers || (peers.tolerable && now() - joinSince >= times.namesMs)) {
        volumeFailure = volumeProblemIn(() => carryOut(settings, step));
        if (!volumeFailure) {
          log(started(step));
          return;
        }
        logChange(`${ordered(step.kind)}, but the volume prevents it: ${volumeFailure}`);
        disk = readDisk(dataDir, version);
      } else logChange(`ordered to join, but ${peers.why}`);
    }
    // The time that the server kept the request counts as waiting.
    const waits = answer.kind === "wait" || answer.kind === "silence";
    const pauseMs = waits ? times.pauseMs : times.longPauseMs;
    await sleep(Math.max(0, pauseMs - (now() - began)));
  }
}

async function problemOf(work: Promise<void>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * The file system's message if `work` fails there. Any other error ends the gate, since no user can fix it meanwhile.
 */
function volumeProblemIn(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    const problem = volumeProblem(error);
    if (problem === undefined) throw error;
    return problem;
  }
}

/** Length of the controller's silence after which the log suggests a cause. */
const HINT_AFTER_MS = 30_000;

function networkHint(answeredOnce: boolean, answer: { kind: string; forMs?: number }): string[] {
  if (answeredOnce || (answer.forMs ?? 0) < HINT_AFTER_MS) return [];
  return [
    "the controller has never answered: check that it runs, and that this container may use the " +
      "network. The sidecar of a service mesh starts only after this container: disable its injection, " +
      "see docs/operation.md",
  ];
}

type Start = Extract<Step, { kind: "start" | "birth" | "join" }>;

const ordered = (kind: Start["kind"]): string => `ordered to ${kind === "birth" ? "bootstrap" : kind}`;

function started(step: Start): string {
  if (step.kind === "start") return `starting the member on this disk: ${step.why}`;
  return `${step.kind === "birth" ? "bootstrapping" : "joining"} the cluster ${step.initialCluster}`;
}

function describe(disk: ReturnType<typeof readDisk>): string {
  switch (disk.state) {
    case "empty":
      return "the disk holds no member";
    case "broken":
      return `the disk is broken: ${disk.reason}`;
    case "wal":
      return (
        `the disk holds member ${disk.memberId} of cluster ${disk.clusterId}, up to entry ${disk.lastIndex} ` +
        `of term ${disk.lastTerm}, generation ${disk.generation}, last used by etcd ${disk.lastVersion}`
      );
  }
}
