/**
 * Plays many fresh stories of the simulated cluster on all cores. STORIES sets how many, SEED repeats a run,
 * and STORY (as a failure prints it) plays one story.
 */
import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { KINDS } from "./kinds";
import { keepsPromises } from "./run";
import type { Story } from "./story";
import type { Batch, Played } from "./worker";

const BATCH = 50;
/** With this many failures, further stories add no information. */
const MOST_FAILURES = 10;
const PROGRESS_EVERY_MS = 30_000;

const seed = Number(process.env.SEED ?? randomInt(1_000_000_000));
const wanted = Number(process.env.STORIES ?? 5000);

/** Alternates between the kinds, so that a run that is cut short has played some of each. */
function* batches(): Generator<Batch, undefined> {
  const shares = KINDS.reduce((sum, kind) => sum + kind.share, 0);
  const left = KINDS.map((kind) => Math.ceil((wanted * kind.share) / shares));
  for (let n = 0; left.some((stories) => stories > 0); n++) {
    const kind = left.indexOf(Math.max(...left));
    const stories = Math.min(BATCH, left[kind] ?? 0);
    left[kind] = (left[kind] ?? 0) - stories;
    yield { kind, seed: (seed * 100_003 + n) % 2 ** 31, stories };
  }
  return undefined;
}

class Run {
  readonly counts = KINDS.map(() => 0);
  readonly failures: Played[] = [];
  private readonly began = Date.now();
  private printedMs = Date.now();

  get stories(): number {
    return this.counts.reduce((a, b) => a + b, 0);
  }

  note(played: Played): void {
    this.counts[played.batch.kind] = (this.counts[played.batch.kind] ?? 0) + played.stories;
    if (played.failure) {
      this.failures.push(played);
      console.log(describe(played));
    }
    if (Date.now() - this.printedMs < PROGRESS_EVERY_MS) return;
    this.printedMs = Date.now();
    console.log(`${this.stories} of ${wanted} stories, ${this.pace()}`);
  }

  end(): void {
    console.log(`\nseed ${seed}: ${this.stories} stories, ${this.pace()}`);
    KINDS.forEach(({ title }, i) => {
      const failed = this.failures.filter((f) => f.batch.kind === i).length;
      console.log(`${String(this.counts[i]).padStart(8)}  keeps its promises ${title}: ${failed} failed`);
    });
    for (const failure of this.failures) console.log(describe(failure));
    process.exitCode = this.failures.length > 0 ? 1 : 0;
  }

  private pace(): string {
    const seconds = (Date.now() - this.began) / 1000;
    return `${seconds.toFixed(0)} s, ${(this.stories / seconds).toFixed(1)} a second`;
  }
}

function describe({ batch, failure }: Played): string {
  return [
    `\nFAILED (seed ${batch.seed}): keeps its promises ${KINDS[batch.kind]?.title ?? ""}`,
    `  ${failure?.why ?? ""}`,
    `  make simulate STORY='${JSON.stringify(failure?.story)}'`,
  ].join("\n");
}

async function many(): Promise<void> {
  const run = new Run();
  const next = batches();
  console.log(`seed ${seed}: ${wanted} stories`);
  const worker = () =>
    new Promise<void>((resolve, reject) => {
      const child: ChildProcess = fork(join(__dirname, "worker.ts"));
      const give = () => {
        const batch = run.failures.length < MOST_FAILURES ? next.next().value : undefined;
        if (batch) child.send(batch);
        else child.disconnect();
      };
      child.on("message", (played: Played) => {
        run.note(played);
        give();
      });
      child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
      give();
    });
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  run.end();
}

if (process.env.STORY) {
  keepsPromises(JSON.parse(process.env.STORY) as Story);
  console.log("it keeps its promises");
} else {
  void many();
}
