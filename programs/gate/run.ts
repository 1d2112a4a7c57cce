import { setTimeout as sleep } from "node:timers/promises";
import type { Order } from "../shared/protocol";
import { carryOut } from "./act";
import { askController } from "./ask";
import { decide } from "./decide";
import { readDisk } from "./disk";
import { asideNames, isHeld, settle, writeHold } from "./files";
import type { Lookup } from "./peers";
import { peerProblem } from "./peers";
import { dropIncoming, lend, takeSeed } from "./restored";
import { volumeProblem, withRoom } from "./room";
import type { Settings } from "./settings";
import { inShort, messageOf } from "../shared/errors";

export interface GateTimes {
  /** From one question to the next at least. */
  readonly pauseMs: number;
  /** The same after an order that can't be carried out: each new question costs the controller an observation. */
  readonly longPauseMs: number;
  readonly patienceMs: number;
  /** How long nobody has to answer before a whole member starts by itself. */
  readonly silenceMs: number;
  /** How long a join waits for names that may never be known. */
  readonly namesMs: number;
}

/** What a gate takes from around it: for tests. */
export interface Surroundings {
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

const usual: Surroundings = { times: gateTimes, now: () => performance.now(), sleep };

/** Asks until etcd may start, and leaves everything ready for it. Says why it waits each time that changes. */
export async function runGate(
  settings: Settings,
  say: (text: string) => void,
  surroundings: Partial<Surroundings> = {},
): Promise<void> {
  const { times, resolve, now, sleep } = { ...usual, ...surroundings };
  const { volume, dataDir, podName, podUid, generation, version } = settings;
  const ask = { url: settings.controllerUrl, tlsDir: settings.tlsDir, patienceMs: times.patienceMs, now };
  settle(volume, dataDir);
  let disk = readDisk(dataDir, version);
  say(describe(disk));
  /** A hold that can't be written down: this process is it, for as long as it lives. */
  let holds = false;
  /** What its volume doesn't let it do. */
  let problem: string | undefined;
  /** Why data doesn't come, or doesn't go. */
  let moving: string | undefined;
  let last = "";
  const tell = (text: string) => {
    if (text !== last) say(text);
    last = text;
  };
  const hold = (why: string) => {
    try {
      withRoom(volume, () => writeHold(volume, why));
      problem = undefined;
    } catch (error) {
      holds = true;
      problem = `a hold can't be written down, so this gate has to stay: ${messageOf(error)}`;
      tell(problem);
    }
  };
  let tag: string | undefined;
  let silentSince: number | undefined;
  let joinSince: number | undefined;
  let heardOnce = false;
  problem = tried(() => dropIncoming(volume));
  for (;;) {
    const written = isHeld(volume);
    const held = holds || written;
    const message = { podUid, podName, disk, aside: asideNames(volume), held, problem: problem ?? moving };
    const began = now();
    const answer = await askController(ask, message, tag);
    let heard: Order | { kind: "silence"; forMs: number };
    if ("order" in answer) {
      ({ order: heard, tag } = answer);
      silentSince = undefined;
      heardOnce = true;
    } else {
      tag = undefined;
      silentSince ??= answer.sinceMs;
      heard = { kind: "silence", forMs: now() - silentSince };
    }
    const step = decide({ disk, held, generation, version, heard, silenceMs: times.silenceMs });
    if (step.kind !== "lend" && step.kind !== "seed" && heard.kind !== "silence") moving = undefined;
    if (step.kind === "ask") {
      if (step.hold && !written) hold(step.why);
      const notes = "problem" in answer ? [answer.problem, ...unheard(heardOnce, heard)] : [];
      tell([step.why, ...notes.map((note) => `(${note})`)].join(" "));
    } else if (step.kind === "lend") {
      if (!written) hold("its data is lent to a recovery");
      tell(`sends its data to ${step.url}`);
      const failure = await problemOf(lend(settings, step.url));
      moving = failure && `its data can't be sent: ${inShort(failure)}`;
      // Without the tag it is told again.
      if (moving) tag = undefined;
      tell(moving ?? "its data was sent, it is left as it is");
    } else if (step.kind === "seed") {
      tell(`takes the restored data from ${step.url}`);
      const failure = await problemOf(takeSeed(settings, step));
      moving = failure && `the restored data can't be taken: ${inShort(failure)}`;
      if (moving) tell(moving);
      disk = readDisk(dataDir, version);
      say(describe(disk));
    } else {
      const peers = step.kind === "join" ? await peerProblem(step.initialCluster, resolve) : undefined;
      joinSince ??= now();
      if (!peers || (peers.passes && now() - joinSince >= times.namesMs)) {
        problem = tried(() => carryOut(settings, step));
        if (!problem) {
          say(
            step.kind === "start" ? `starts as it is: ${step.why}` : `${step.kind}: ${step.initialCluster}`,
          );
          return;
        }
        tell(`told to ${step.kind}, but its volume doesn't let it: ${problem}`);
        disk = readDisk(dataDir, version);
      } else tell(`told to join, but ${peers.why}`);
    }
    // The server kept a request whose answer took its time: the gate has waited there already.
    const waits = heard.kind === "wait" || heard.kind === "silence";
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

/** What the file system said; whatever else goes wrong isn't for anybody to set right meanwhile. */
function tried(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    const problem = volumeProblem(error);
    if (problem === undefined) throw error;
    return problem;
  }
}

/** After so long without a word from the controller, somebody may wonder why. */
const WONDER_MS = 30_000;

function unheard(heardOnce: boolean, heard: { kind: string; forMs?: number }): string[] {
  if (heardOnce || (heard.forMs ?? 0) < WONDER_MS) return [];
  return [
    "never heard the controller: is it there, and may this container use the network? The sidecar of a service mesh runs only after it: switch its injection off, see docs/operation.md",
  ];
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
        `of term ${disk.lastTerm}, of generation ${disk.generation}, last used by etcd ${disk.lastVersion}`
      );
  }
}
