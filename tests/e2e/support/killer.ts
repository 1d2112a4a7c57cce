import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestCluster } from "./etcd-cluster";
import { kubectl, root } from "./lab";
import { eventually } from "./poll";
import { Processes } from "./process";

interface Target {
  readonly pod: string;
  readonly pid: string;
  /** On its node, and there before the record is: the controller's next step is only some ten milliseconds away. */
  readonly shell: Shell;
}

/**
 * Kills the controller whenever it has written its record: what it has written down is then done, half done or not
 * done. The process gets no warning. The second one in a pod takes the pod along, for the kubelet would wait longer and
 * longer before each new start; the next controller then has to wait for the lease to run out.
 */
export class Killer {
  kills = 0;
  /** Numbers of the records after which it killed. */
  readonly after: number[] = [];
  private readonly wounded = new Set<string>();
  private ended = false;
  private ring: () => void = () => undefined;
  private pending = 0;
  private last = -1;
  private failure: Error | undefined;
  private readonly watching: () => void;
  private readonly working: Promise<void>;

  constructor(private readonly cluster: TestCluster) {
    this.watching = this.watch();
    this.working = this.work().catch((error: unknown) => {
      this.failure = error instanceof Error ? error : new Error(String(error));
    });
  }

  /** Ends it; what is there then lives on. */
  async stop(): Promise<void> {
    this.ended = true;
    this.ring();
    this.watching();
    await this.working;
    if (this.failure) throw this.failure;
  }

  /** Each change of the record is heard; returns what ends it. */
  private watch(): () => void {
    const { namespace, name } = this.cluster;
    const path = 'jsonpath={.data.record}{"\\n"}';
    const args = ["-n", namespace, "get", "configmap", `${name}-record`, "--watch", "-o", path];
    const begin = () => {
      const started = spawn("kubectl", args, { env: kubectl().env, stdio: ["ignore", "pipe", "ignore"] });
      createInterface(started.stdout).on("line", (line) => this.heard(line));
      started.on("exit", () => {
        if (!this.ended) child = begin();
      });
      return started;
    };
    let child = begin();
    return () => child.kill();
  }

  private heard(line: string): void {
    const sequence = Number(/"sequence":(\d+)/.exec(line)?.[1] ?? "-1");
    // The first line tells what was there before.
    if (this.last >= 0 && sequence > this.last) {
      this.pending = sequence;
      this.ring();
    }
    this.last = Math.max(this.last, sequence, 0);
  }

  private async work(): Promise<void> {
    for (;;) {
      const target = await this.aim();
      this.pending = 0;
      await new Promise<void>((resolve) => {
        this.ring = resolve;
        if (this.ended) resolve();
      });
      if (target === "nobody") return;
      if (this.ended) return target.shell.run("exit");
      this.after.push(this.pending);
      await this.kill(target);
    }
  }

  /** The controller that runs now. */
  private aim(): Promise<Target | "nobody"> {
    return eventually(
      "a controller runs",
      async () => {
        if (this.ended) return "nobody";
        for (const processes of await Processes.ofController(this.cluster)) {
          const [pid] = await processes.running("node");
          if (pid) return { pod: processes.pod, pid, shell: new Shell(processes.node) };
        }
        return undefined;
      },
      60,
    );
  }

  private async kill({ pod, pid, shell }: Target): Promise<void> {
    // It may have ended meanwhile.
    await shell.run(`kill -9 ${pid} || true`);
    this.kills++;
    if (this.wounded.has(pod)) {
      await this.cluster.kubectl([
        ...["delete", "pod", pod, "--ignore-not-found", "--force", "--grace-period=0", "--wait=false"],
      ]);
    }
    this.wounded.add(pod);
  }
}

class Shell {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly ended: Promise<void>;

  constructor(node: number) {
    this.process = spawn(join(root, "hack", "cluster"), ["node", String(node), "bash"]);
    this.ended = new Promise((resolve, reject) => {
      this.process.once("error", reject);
      this.process.once("exit", (code) =>
        code === 0 ? resolve() : reject(new Error(`its shell ended: ${code}`)),
      );
    });
    // Told by whoever runs something in it.
    this.ended.catch(() => undefined);
    this.process.stdin.on("error", () => undefined);
  }

  /** Its last command. */
  run(command: string): Promise<void> {
    this.process.stdin.end(`${command}\n`);
    return this.ended;
  }
}
