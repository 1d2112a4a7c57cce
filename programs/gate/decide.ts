/**
 * The gate's next step, as a pure function of the disk and the controller's answer. Without an order, the gate never
 * bootstraps a member and never lets one join. It starts an intact member by itself once the controller is silent.
 */
import type { Order } from "../shared/protocol";
import type { Disk } from "../shared/disk";
import { stepProblem } from "../../components/contract/upgrade";
import { oldLogProblem } from "../shared/etcd/upgrade";

export interface Situation {
  readonly disk: Disk;
  /** Whether the disk is fenced. */
  readonly held: boolean;
  readonly generation: number;
  readonly version: string;
  /** The controller's order, or how long the controller has been silent. */
  readonly answer: Order | { readonly kind: "silence"; readonly forMs: number };
  /** Length of the silence after which an intact member starts by itself. */
  readonly silenceMs: number;
}

export type Step =
  | {
      readonly kind: "start";
      readonly dropAside: boolean;
      /** The generation of the data. The start doesn't change it. */
      readonly generation: number;
      readonly why: string;
    }
  | { readonly kind: "birth"; readonly token: string; readonly initialCluster: string }
  | { readonly kind: "join"; readonly initialCluster: string; readonly setAside: boolean }
  | { readonly kind: "seed"; readonly url: string; readonly sha256: string; readonly setAside: boolean }
  | { readonly kind: "lend"; readonly url: string }
  /** `hold`: the gate first fences the disk. */
  | { readonly kind: "ask"; readonly why: string; readonly hold: boolean };

const ask = (why: string, hold = false): Step => ({ kind: "ask", why, hold });

export function decide(s: Situation): Step {
  const { disk, answer } = s;
  switch (answer.kind) {
    case "start": {
      const { generation = s.generation, dropAside } = answer;
      const version = answer.acceptVersion ? undefined : versionProblem(s);
      const problem = dataProblem(s.disk, generation) ?? version ?? logProblem(s);
      if (problem) return ask(`ordered to start, but ${problem}`);
      return { kind: "start", dropAside, generation, why: "the controller ordered it" };
    }
    case "birth":
      if (disk.state !== "empty") return ask(`ordered to bootstrap a cluster, but ${describe(disk)}`);
      return { kind: "birth", token: answer.token, initialCluster: answer.initialCluster };
    case "join":
      if (disk.state !== "empty" && !answer.setAside) return ask(`ordered to join, but ${describe(disk)}`);
      return {
        kind: "join",
        initialCluster: answer.initialCluster,
        setAside: disk.state !== "empty",
      };
    case "seed":
      if (disk.state === "wal" && disk.generation >= s.generation) {
        return ask(
          `ordered to take the restored data, but ${describe(disk)} of generation ${disk.generation}`,
        );
      }
      return { kind: "seed", url: answer.url, sha256: answer.sha256, setAside: disk.state !== "empty" };
    case "lend":
      if (disk.state !== "wal") return ask(`ordered to send its data, but ${describe(disk)}`, true);
      return { kind: "lend", url: answer.url };
    case "wait":
      return ask(`waiting: ${answer.reason}`, answer.hold);
    case "refuse":
      return ask(`refused: ${answer.reason}`, true);
    case "silence":
      return withoutOrder(s, answer.forMs);
  }
}

function withoutOrder(s: Situation, silentMs: number): Step {
  const problem = s.held
    ? "the disk is fenced, and only an order of the controller lifts that"
    : (dataProblem(s.disk, s.generation) ?? versionProblem(s) ?? logProblem(s));
  if (problem)
    return ask(`no answer from the controller, and the gate doesn't start etcd by itself: ${problem}`);
  if (silentMs < s.silenceMs) return ask("no answer from the controller yet");
  const why = "the controller doesn't answer, and the data is intact";
  return { kind: "start", dropAside: false, generation: s.generation, why };
}

function describe(disk: Disk): string {
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
  if (disk.state !== "wal") return describe(disk);
  if (disk.generation === generation) return undefined;
  return `the disk is of generation ${disk.generation}, not of generation ${generation}`;
}

function versionProblem({ disk, version }: Situation): string | undefined {
  return disk.state === "wal" ? stepProblem(disk.lastVersion, version, undefined) : undefined;
}

function logProblem({ disk, version }: Situation): string | undefined {
  return disk.state === "wal" ? oldLogProblem(disk.oldEntry, version) : undefined;
}
