/**
 * What a gate does: a pure function from what it sees and hears. Without an order it never begins a member and never
 * lets one join; a member that is whole it starts by itself once nobody answers.
 */
import type { Order } from "../shared/protocol";
import type { Disk } from "../shared/disk";
import { oldLogProblem, stepProblem } from "../shared/etcd/upgrade";

export interface Situation {
  readonly disk: Disk;
  /** Whether it was told to leave this disk alone. */
  readonly held: boolean;
  readonly generation: number;
  readonly version: string;
  /** The order just heard, or how long nobody has answered. */
  readonly heard: Order | { readonly kind: "silence"; readonly forMs: number };
  /** How long nobody has to answer before a whole member starts by itself. */
  readonly silenceMs: number;
}

export type Step =
  | {
      readonly kind: "start";
      readonly dropAside: boolean;
      /** The data's, which stays what it is. */
      readonly generation: number;
      readonly why: string;
    }
  | { readonly kind: "birth"; readonly token: string; readonly initialCluster: string }
  | { readonly kind: "join"; readonly initialCluster: string; readonly setAside: boolean }
  | { readonly kind: "seed"; readonly url: string; readonly sha256: string; readonly setAside: boolean }
  | { readonly kind: "lend"; readonly url: string }
  /** `hold`: to be written down first. */
  | { readonly kind: "ask"; readonly why: string; readonly hold: boolean };

const ask = (why: string, hold = false): Step => ({ kind: "ask", why, hold });

export function decide(s: Situation): Step {
  const { disk, heard } = s;
  switch (heard.kind) {
    case "start": {
      const { generation = s.generation, dropAside } = heard;
      const version = heard.acceptVersion ? undefined : versionProblem(s);
      const problem = dataProblem(s.disk, generation) ?? version ?? logProblem(s);
      if (problem) return ask(`told to start, but ${problem}`);
      return { kind: "start", dropAside, generation, why: "the controller says so" };
    }
    case "birth":
      if (disk.state !== "empty") return ask(`told to begin a cluster, but ${described(disk)}`);
      return { kind: "birth", token: heard.token, initialCluster: heard.initialCluster };
    case "join":
      if (disk.state !== "empty" && !heard.setAside) return ask(`told to join, but ${described(disk)}`);
      return {
        kind: "join",
        initialCluster: heard.initialCluster,
        setAside: disk.state !== "empty",
      };
    case "seed":
      if (disk.state === "wal" && disk.generation >= s.generation) {
        return ask(`told to take restored data, but ${described(disk)} of generation ${disk.generation}`);
      }
      return { kind: "seed", url: heard.url, sha256: heard.sha256, setAside: disk.state !== "empty" };
    case "lend":
      if (disk.state !== "wal") return ask(`told to lend its data, but ${described(disk)}`, true);
      return { kind: "lend", url: heard.url };
    case "wait":
      return ask(`waits: ${heard.reason}`, heard.hold);
    case "refuse":
      return ask(`refused: ${heard.reason}`, true);
    case "silence":
      return alone(s, heard.forMs);
  }
}

function alone(s: Situation, silentMs: number): Step {
  const problem = s.held
    ? "it was told to leave this disk alone"
    : (dataProblem(s.disk, s.generation) ?? versionProblem(s) ?? logProblem(s));
  if (problem) return ask(`no answer, and by itself it doesn't start: ${problem}`);
  if (silentMs < s.silenceMs) return ask("no answer yet");
  const why = "nobody answers, and its data is whole";
  return { kind: "start", dropAside: false, generation: s.generation, why };
}

function described(disk: Disk): string {
  switch (disk.state) {
    case "empty":
      return "the disk holds no member";
    case "wal":
      return `the disk holds member ${disk.memberId}`;
    case "broken":
      return `the disk can't be read: ${disk.reason}`;
  }
}

function dataProblem(disk: Disk, generation: number): string | undefined {
  if (disk.state !== "wal") return described(disk);
  if (disk.generation === generation) return undefined;
  return `the disk is of generation ${disk.generation}, to be started is ${generation}`;
}

function versionProblem({ disk, version }: Situation): string | undefined {
  return disk.state === "wal" ? stepProblem(disk.lastVersion, version, undefined) : undefined;
}

function logProblem({ disk, version }: Situation): string | undefined {
  return disk.state === "wal" ? oldLogProblem(disk.oldEntry, version) : undefined;
}
