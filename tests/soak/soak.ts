import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stopwatch } from "../bench/clock";
import { bringUp } from "../e2e/support/lab";
import { report } from "../e2e/support/report";
import { Clients, judge } from "./clients";
import type { Fault } from "./faults";
import { faults } from "./faults";
import { Deck } from "./faults/deck";
import { Random } from "./random";
import { nodeCount, Scene, sleep } from "./scene";
import type { Injected, Recovery } from "./summary";
import type { Verdict } from "./verdict";

/** The average time from the start of one fault to the start of the next. */
const EVERY_SECONDS = 20;
/** The share of faults that are followed by the next before the cluster has recovered. */
const OVERLAP = 0.3;
/** The kubelet alone waits up to 300 s before it restarts a container that has ended often. */
const RECOVERY_SECONDS = 600;

export interface Options {
  readonly minutes: number;
  readonly seed: number;
  /** Where the history, the faults and the verdict are written. */
  readonly folder: string;
}

export interface Soaked {
  readonly scene: Scene;
  readonly minutes: number;
  readonly injected: readonly Injected[];
  readonly whole: readonly Recovery[];
  readonly verdict: Verdict;
  /** Why the soak ended early. */
  readonly failure?: string;
}

/** Injects faults into a new cluster while clients use it, then runs the judge. */
export class Soak {
  private readonly passed = stopwatch();
  private readonly random: Random;
  private readonly deck: Deck;
  private readonly injected: Injected[] = [];
  private readonly recoveries: Recovery[] = [];
  /** Since the end of the last fault. It is undefined once the cluster has converged. */
  private unsettled: { readonly by: string; readonly since: () => number } | undefined;
  private scene!: Scene;

  constructor(private readonly options: Options) {
    this.random = new Random(options.seed);
    this.deck = new Deck(this.random, faults);
  }

  /** Leaves the cluster and its nodes running. */
  async run(): Promise<Soaked> {
    await bringUp(nodeCount);
    const history = join(this.options.folder, "history.jsonl");
    this.scene = await Scene.deploy(this.random);
    this.scene.clients = await Clients.start(this.scene.cluster, history, this.options.seed);
    await this.scene.clients.begin(this.scene.epoch);
    const soaking = stopwatch();
    let failure: string | undefined;
    try {
      while (soaking() < this.options.minutes * 60) await this.next();
      await this.wait();
      await this.scene.clients.end();
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      this.log(`ends: ${failure}`);
      writeFileSync(join(this.options.folder, "cluster.txt"), await report(this.scene.cluster.namespace));
      // The judge checks what was seen so far, up to the end if the cluster still answers.
      await this.scene.clients.end().catch((why: unknown) => this.log(String(why)));
    }
    const minutes = soaking() / 60;
    await this.scene.clients.close();
    const verdict = await judge(history, this.options.folder);
    return { scene: this.scene, minutes, injected: this.injected, whole: this.recoveries, verdict, failure };
  }

  private async next(): Promise<void> {
    const fault = this.deck.draw();
    if (fault.alone) await this.wait();
    const began = stopwatch();
    const how = await this.inject(fault);
    this.unsettled = { by: fault.kind, since: stopwatch() };
    this.log(`${fault.kind}: ${how}`, { kind: fault.kind, how, seconds: began() });
    if (fault.alone || !this.random.chance(OVERLAP)) await this.wait();
    await sleep(Math.max(2, EVERY_SECONDS * (0.5 + this.random.next()) - began()));
  }

  /** Earlier faults may make this one impossible. Then the failure is reported and half-done changes are undone. */
  private async inject(fault: Fault): Promise<string> {
    try {
      const how = await fault.run(this.scene);
      this.injected.push({ kind: fault.kind, how });
      return how;
    } catch (error) {
      if (fault.alone) throw error;
      await this.scene.repairLab();
      const how = `half done: ${error instanceof Error ? error.message.split("\n").slice(0, 2).join(" ") : String(error)}`;
      this.injected.push({ kind: fault.kind, how, half: true });
      return how;
    }
  }

  /** Waits until the cluster is as declared. */
  private async wait(): Promise<void> {
    if (!this.unsettled) return;
    await this.scene.whole(RECOVERY_SECONDS);
    const seconds = this.unsettled.since();
    this.recoveries.push({ seconds, after: this.unsettled.by });
    this.log(`  whole again after ${seconds.toFixed(1)} s`, { whole: seconds });
    this.unsettled = undefined;
  }

  private log(words: string, more: object = {}): void {
    const at = this.passed();
    const clock = `${Math.floor(at / 60)}:${String(Math.floor(at % 60)).padStart(2, "0")}`;
    console.log(`${clock.padStart(6)} ${words}`);
    const line = { time: new Date().toISOString(), words, ...more };
    appendFileSync(join(this.options.folder, "faults.jsonl"), `${JSON.stringify(line)}\n`);
  }
}
