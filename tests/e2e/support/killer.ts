import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestCluster } from "./etcd-cluster";
import { root } from "../../../hack/root";
import { kubectl, nodes } from "./lab";

/**
 * The most kills. A controller may die before it has told a gate to hold a removed member's kept disk. That
 * disk then starts by itself for a moment, the next controller stops it, and this would go on as long as the
 * controllers are killed.
 */
const MOST_KILLS = 12;

/**
 * Kills the controller right after each write of its record, so that the recorded action is done, half done
 * or not done. The process gets no warning. The second kill in a pod deletes the pod too, because the kubelet
 * would delay each restart further. The next controller then has to wait until the lease expires.
 */
export class Killer {
  kills = 0;
  /** The versions of the record after which it killed. */
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

  /** Stops killing. The present controller survives. */
  async stop(): Promise<void> {
    this.ended = true;
    this.ring();
    this.watching();
    await this.working;
    if (this.failure) throw this.failure;
  }

  /** Watches every change of the record. The returned function stops the watch. */
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
    // The first line describes the record as it was before.
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

  /** Kills the controller on the node by its pod's name, without a lookup, for which there is no time. */
  private script(): string {
    return [
      "for p in $(grep -lzs '/controller.js$' /proc/[0-9]*/cmdline); do d=${p%/cmdline}",
      `grep -qzxs 'POD_NAMESPACE=${this.cluster.namespace}' $d/environ || continue`,
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

/**
 * A shell on a node that is open before the record changes, because the controller acts some ten milliseconds
 * later.
 */
class Shell {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;

  constructor(node: number) {
    this.process = spawn(join(root, "hack", "cluster"), ["node", String(node), "bash"]);
    // The pending command gets no answer, and its caller reports that.
    this.process.stdin.on("error", () => undefined);
    this.lines = createInterface(this.process.stdout)[Symbol.asyncIterator]();
  }

  /** Returns the lines that the script prints. */
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
