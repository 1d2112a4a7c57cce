import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestCluster } from "./etcd-cluster";
import { root } from "../../../hack/root";
import { kubectl, nodes } from "./lab";

/**
 * After so many it lets be. One that dies sooner than a gate has heard it can't hold a removed member's kept disk back, which
 * then starts by itself for a moment, is stopped by the next one, and so on for as long as somebody kills.
 */
const MOST_KILLS = 12;

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
    const shells = [...(await nodes()).keys()].map((node) => new Shell(node));
    try {
      for (;;) {
        if (this.pending === 0 && !this.ended) await new Promise<void>((resolve) => (this.ring = resolve));
        if (this.ended || this.kills >= MOST_KILLS) return;
        const record = this.pending;
        this.pending = 0;
        const killed = (await Promise.all(shells.map((shell) => shell.run(this.script())))).flat();
        if (killed.length > 0) this.after.push(record);
        for (const pod of killed) await this.wound(pod);
      }
    } finally {
      for (const shell of shells) shell.end();
    }
  }

  /** Whichever runs on the node at this moment, by the name of its pod: there is no time to look first. */
  private script(): string {
    return [
      "for p in $(grep -lxs node /proc/[0-9]*/comm); do d=${p%/comm}",
      `grep -qzxs 'POD_NAMESPACE=${this.cluster.namespace}' $d/environ || continue`,
      "grep -qzs '/controller.js$' $d/cmdline || continue",
      "pod=$(grep -zs ^POD_NAME= $d/environ | tr -d '\\0')",
      "kill -9 ${d#/proc/} && echo ${pod#*=}",
      "done",
    ].join("; ");
  }

  private async wound(pod: string): Promise<void> {
    this.kills++;
    if (this.wounded.has(pod)) {
      await this.cluster.kubectl([
        ...["delete", "pod", pod, "--ignore-not-found", "--force", "--grace-period=0", "--wait=false"],
      ]);
    }
    this.wounded.add(pod);
  }
}

/** On a node, and there before the record is: the controller's next step is only some ten milliseconds away. */
class Shell {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;

  constructor(node: number) {
    this.process = spawn(join(root, "hack", "cluster"), ["node", String(node), "bash"]);
    // What it was asked is then never answered, which is told.
    this.process.stdin.on("error", () => undefined);
    this.lines = createInterface(this.process.stdout)[Symbol.asyncIterator]();
  }

  /** The lines that it prints. */
  async run(script: string): Promise<string[]> {
    this.process.stdin.write(`${script}; echo .\n`);
    const printed: string[] = [];
    for (;;) {
      const line = (await this.lines.next()) as IteratorResult<string, undefined>;
      if (line.done) throw new Error("a node's shell has ended");
      if (line.value === ".") return printed;
      printed.push(line.value);
    }
  }

  end(): void {
    this.process.stdin.end();
  }
}
