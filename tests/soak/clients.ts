import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { run } from "../../hack/kubectl";
import type { TestCluster } from "../e2e/support/etcd-cluster";
import { root } from "../../hack/root";
import { labFolder } from "../e2e/support/lab";
import type { Verdict } from "./verdict";

/** The Go program that `hack/cluster setup` builds. */
export const program = () => join(labFolder(), "programs", "soak");

/** The address of the cluster's DNS with both engines. */
const dns = "10.96.0.10:53";
const paceMs = 60;

/** Clients and watchers of a cluster that record what they see in a history. They run where no fault reaches them. */
export class Clients {
  private waiting: { resolve: (answer: string) => void; reject: (error: Error) => void } | undefined;
  private said = "";
  private readonly ended: Promise<void>;

  private constructor(private readonly process: ChildProcess) {
    createInterface(process.stderr!).on("line", (line) => {
      this.said = line;
      this.waiting?.resolve(line);
    });
    this.ended = new Promise((resolve) =>
      process.once("exit", () => {
        this.waiting?.reject(new Error(`the clients have ended: ${this.said}`));
        resolve();
      }),
    );
    // A failure shows when the process ends.
    process.stdin!.on("error", () => undefined);
  }

  static async start(cluster: TestCluster, history: string, seed: number): Promise<Clients> {
    const tls = await cluster.secret(`${cluster.name}-client-app`);
    const all = [0, 1, 2].map((ordinal) => `https://${cluster.host(ordinal)}:2379`);
    const service = `https://${cluster.serviceHost}:2379`;
    const one = all.map((endpoint) => [endpoint]);
    const out = openSync(history, "w");
    const clients = new Clients(
      spawn(join(root, "hack", "cluster"), ["clients", program(), "record"], {
        stdio: ["pipe", out, "pipe"],
      }),
    );
    closeSync(out);
    clients.write({
      ca: tls["ca.crt"],
      certificate: tls["tls.crt"],
      key: tls["tls.key"],
      dns,
      seed,
      paceMillis: paceMs,
      // The last client also begins and ends the epochs.
      clients: [...one, [service], [service], all, all, all],
      watchers: [...one, [service], all],
    });
    return clients;
  }

  begin = (epoch: number) => this.command({ do: "begin", epoch });
  /** Reads every key again, and waits until every write has reached the watchers or counts as lost. */
  end = () => this.command({ do: "end" });
  /** Reads what remains of an epoch after a restore to a revision. */
  restored = (epoch: number, revision: number) => this.command({ do: "restored", epoch, revision });

  /** Completes the history. */
  async close(): Promise<void> {
    this.process.stdin!.end();
    await this.ended;
  }

  private command(command: { do: string; epoch?: number; revision?: number }): Promise<void> {
    const answered = new Promise<string>((resolve, reject) => {
      if (this.process.exitCode !== null) reject(new Error(`the clients have ended: ${this.said}`));
      this.waiting = { resolve, reject };
    });
    this.write(command);
    return answered.then((answer) => {
      this.waiting = undefined;
      if (answer !== command.do) throw new Error(`the clients say ${answer}`);
    });
  }

  private write(line: object): void {
    this.process.stdin!.write(`${JSON.stringify(line)}\n`);
  }
}

/** Checks a history. The folder gets the violations in full. */
export async function judge(history: string, folder: string): Promise<Verdict> {
  const ran = await run(program(), ["judge", history, folder]);
  if (ran.code !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout) as Verdict;
}
