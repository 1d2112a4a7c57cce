import { setTimeout as sleep } from "node:timers/promises";
import { ownClock } from "../../shared/clock";
import type { Cluster } from "../../shared/kubernetes/cluster";

/** The API server ends a watch after this long, and with it a connection that broke unnoticed. */
const FOR_MS = 240_000;
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15_000;
const LASTED_MS = 5000;

/** Calls `invalidate` for every change of the watched objects. The next observation reads what changed. */
export class Watches {
  private running: { readonly key: string; readonly abort: AbortController } | undefined;

  constructor(
    private readonly cluster: Pick<Cluster, "watch" | "watches">,
    private readonly invalidate: () => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Cheap to call again: only other labels start new watches. */
  follow(labels: Readonly<Record<string, string>> | undefined): void {
    if (!labels) return;
    const key = JSON.stringify(labels);
    if (this.running?.key === key) return;
    this.stop();
    const abort = new AbortController();
    this.running = { key, abort };
    for (const what of this.cluster.watches(labels)) void this.keepWatching(what, abort.signal);
  }

  stop(): void {
    this.running?.abort.abort();
    this.running = undefined;
  }

  private async keepWatching(
    what: { path: string; query: Record<string, string> },
    signal: AbortSignal,
  ): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const from = ownClock();
      try {
        await this.cluster.watch(what, FOR_MS, signal, this.invalidate);
        if (ownClock() - from > LASTED_MS) failures = 0;
        else failures += 1;
      } catch (error) {
        failures += 1;
        this.failed(error);
      }
      if (signal.aborted) return;
      // The next observation shows what happened in between.
      this.invalidate();
      if (failures > 0) await pause(Math.min(RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS), signal);
    }
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);
