/**
 * The drill restores the newest backup with etcdutl and starts etcd from it, in a throw-away pod. `prepare` fetches and
 * checks the backup before that. `verify` queries the started etcd after that.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { EtcdClient } from "../shared/etcd/client";
import { KV } from "../shared/etcd/rpc_pb";
import { countKeys } from "./count-keys";
import { fetchBackup } from "./fetch";
import type { Manifest } from "../shared/backups/manifest";
import { Refusal } from "../shared/refusal";
import type { Report } from "./report";
import type { Store } from "./store";
import { newestOf, toldKeys } from "../shared/backups/status";
import { messageOf } from "../shared/errors";

/** As stored in the ConfigMap. */
export interface DrillResult {
  readonly result: "running" | "passed" | "failed";
  readonly time: string;
  readonly backup?: string;
  readonly backupTime?: string;
  /** The age of the backup at that time. */
  readonly ageSeconds?: number;
  readonly seconds?: number;
  readonly revision?: number;
  readonly liveKeys?: number;
  readonly reason?: string;
  /** Only while it runs. */
  readonly timeoutSeconds?: number;
}

/** A drill that reports nothing for this long has crashed, unless its timeout is longer. */
const SILENT_MS = 6 * 3600_000;
/** The tolerated difference between the clocks of two nodes. */
const SKEW_MS = 10 * 60_000;

/** Why the last drill casts doubt on the backups; undefined if it doesn't. */
export function drillProblem(drillJson: string | undefined, nowMs: number): string | undefined {
  const last = parse(drillJson);
  if (last?.result === "failed")
    return `the last drill, started at ${last.time}, failed: ${last.reason ?? ""}`;
  if (last?.result !== "running") return undefined;
  const ageMs = nowMs - Date.parse(last.time);
  const silentMs = Math.max(SILENT_MS, 2000 * (last.timeoutSeconds ?? 0));
  // A start in the future means that a clock was ahead, so the drill's real age is unknown.
  return ageMs >= -SKEW_MS && ageMs <= silentMs ? undefined : `the drill started at ${last.time} never ended`;
}

/** Fetches the newest backup in the cluster's backup status. Reports a failure there and throws it. */
export async function prepare(
  store: Store,
  report: Report,
  folder: string,
  timeoutSeconds: number,
  now: () => number = Date.now,
): Promise<Manifest> {
  const time = new Date(now()).toISOString();
  const recorded = newestOf(await report.read());
  try {
    if (!recorded) throw new Refusal("there is no backup yet that this release can read");
    const { name, clusterId } = recorded;
    await writeResult(report, {
      result: "running",
      time,
      backup: name,
      backupTime: recorded.time,
      timeoutSeconds,
    });
    const manifest = await fetchBackup(store, { name, clusterId }, folder);
    // The ConfigMap keeps these values apart from the store.
    if (manifest.snapshot.sha256 !== recorded.snapshot.sha256 || manifest.keys !== recorded.keys)
      throw new Refusal(`the backup ${name} isn't the one that was recorded when it was made`);
    return manifest;
  } catch (error) {
    await fail(report, { time, backup: recorded?.name }, error);
    throw error;
  }
}

const ASK_MS = 5000;
/** The key need not exist. */
const ANY_KEY = Buffer.from("a");

/** Compares the restored etcd with the manifest. */
export async function verify(
  manifest: Manifest,
  client: EtcdClient,
  report: Report,
  timeoutMs: number,
  now: () => number = Date.now,
): Promise<void> {
  const started = parse((await report.read())[toldKeys.drill])?.time ?? new Date(now()).toISOString();
  const base = { time: started, backup: manifest.name, backupTime: manifest.time };
  try {
    const revision = await revisionOf(client, timeoutMs);
    if (revision < manifest.revision)
      throw new Refusal(
        `etcd started from it with revision ${revision}, but the recorded revision is ${manifest.revision}`,
      );
    const liveKeys = await countKeys(client, manifest.revision);
    if (manifest.liveKeys !== undefined && liveKeys !== manifest.liveKeys)
      throw new Refusal(
        `etcd started from it with ${liveKeys ?? "an unknown number of"} keys, but ${manifest.liveKeys} were recorded`,
      );
    const seconds = secondsSince(started, now());
    const ageSeconds = secondsSince(manifest.time, now());
    await writeResult(report, { result: "passed", ...base, ageSeconds, seconds, revision, liveKeys });
    const text =
      `the backup ${manifest.name}, ${ageSeconds} s old, was restored and started: revision ` +
      `${revision}, ${liveKeys ?? "?"} keys`;
    await report.event("Normal", "DrillPassed", text);
  } catch (error) {
    await fail(report, base, error);
    throw error;
  }
}

/** Never negative: another node's clock may have been ahead. */
const secondsSince = (time: string, nowMs: number): number =>
  Math.max(0, Math.round((nowMs - Date.parse(time)) / 1000));

async function revisionOf(client: EtcdClient, timeoutMs: number): Promise<number> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      const { header } = await client.call(
        KV.method.range,
        { key: ANY_KEY, limit: 1n, countOnly: true },
        ASK_MS,
      );
      return Number(header?.revision ?? 0);
    } catch (error) {
      if (performance.now() > end)
        throw new Refusal(`etcd didn't start from it within ${timeoutMs / 1000} s: ${messageOf(error)}`);
    }
    await sleep(500);
  }
}

async function fail(
  report: Report,
  base: { readonly time: string; readonly backup?: string },
  error: unknown,
): Promise<void> {
  const reason = messageOf(error);
  await writeResult(report, { result: "failed", ...base, reason });
  const what = base.backup ? `of the backup ${base.backup} ` : "";
  await report.event("Warning", "DrillFailed", `the drill ${what}failed: ${reason}`);
}

const writeResult = (report: Report, result: DrillResult): Promise<void> =>
  report.write(() => ({ [toldKeys.drill]: JSON.stringify(result) }));

function parse(json: string | undefined): DrillResult | undefined {
  try {
    return JSON.parse(json ?? "") as DrillResult;
  } catch {
    return undefined;
  }
}
