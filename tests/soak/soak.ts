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
import type { Fallen, Whole } from "./summary";
import type { Verdict } from "./verdict";

/** From the beginning of one fault to that of the next, if the cluster is as declared by then. */
const EVERY_SECONDS = 20;
/** How often the next fault doesn't wait for the end of the one before. */
const OVERLAP = 0.3;
/** The kubelet alone waits up to 300 s before it starts a container that has ended often. */
const WHOLE_SECONDS = 600;

export interface Options {
  readonly minutes: number;
  readonly seed: number;
  /** Where everything is written that can be looked at later. */
  readonly folder: string;
}

export interface Soaked {
  readonly scene: Scene;
  readonly minutes: number;
  readonly fallen: readonly Fallen[];
  readonly whole: readonly Whole[];
  readonly verdict: Verdict;
  /** Why it ended early. */
  readonly failure?: string;
}

/** Faults on a cluster of its own, while clients use it; then the judge. */
export class Soak {
  private readonly passed = stopwatch();
  private readonly random: Random;
  private readonly deck: Deck;
  private readonly fallen: Fallen[] = [];
  private readonly wholes: Whole[] = [];
  /** Since the last fault was over; undefined if the cluster has been as declared since. */
  private broken: { readonly by: string; readonly since: () => number } | undefined;
  private scene!: Scene;

  constructor(private readonly options: Options) {
    this.random = new Random(options.seed);
    this.deck = new Deck(this.random, faults);
  }

  /** What is left at the end: the cluster, and the nodes. */
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
      this.tell(`ends: ${failure}`);
      writeFileSync(join(this.options.folder, "cluster.txt"), await report(this.scene.cluster.namespace));
      // What was seen up to here is judged, to its end if the cluster still answers.
      await this.scene.clients.end().catch((why: unknown) => this.tell(String(why)));
    }
    const minutes = soaking() / 60;
    await this.scene.clients.close();
    const verdict = await judge(history, this.options.folder);
    return { scene: this.scene, minutes, fallen: this.fallen, whole: this.wholes, verdict, failure };
  }

  private async next(): Promise<void> {
    const fault = this.deck.draw();
    if (fault.alone) await this.wait();
    const began = stopwatch();
    const how = await this.fall(fault);
    this.broken = { by: fault.kind, since: stopwatch() };
    this.tell(`${fault.kind}: ${how}`, { kind: fault.kind, how, seconds: began() });
    if (fault.alone || !this.random.chance(OVERLAP)) await this.wait();
    await sleep(Math.max(2, EVERY_SECONDS * (0.5 + this.random.next()) - began()));
  }

  /** One that can't be made, because of those before, is told, and whatever it left half done is undone. */
  private async fall(fault: Fault): Promise<string> {
    try {
      const how = await fault.run(this.scene);
      this.fallen.push({ kind: fault.kind, how });
      return how;
    } catch (error) {
      if (fault.alone) throw error;
      await this.scene.repairLab();
      const how = `half done: ${error instanceof Error ? error.message.split("\n").slice(0, 2).join(" ") : String(error)}`;
      this.fallen.push({ kind: fault.kind, how, half: true });
      return how;
    }
  }

  /** Until the cluster is as declared. */
  private async wait(): Promise<void> {
    if (!this.broken) return;
    await this.scene.whole(WHOLE_SECONDS);
    const seconds = this.broken.since();
    this.wholes.push({ seconds, after: this.broken.by });
    this.tell(`  whole again after ${seconds.toFixed(1)} s`, { whole: seconds });
    this.broken = undefined;
  }

  private tell(words: string, more: object = {}): void {
    const at = this.passed();
    const clock = `${Math.floor(at / 60)}:${String(Math.floor(at % 60)).padStart(2, "0")}`;
    console.log(`${clock.padStart(6)} ${words}`);
    const line = { time: new Date().toISOString(), words, ...more };
    appendFileSync(join(this.options.folder, "faults.jsonl"), `${JSON.stringify(line)}\n`);
  }
}
