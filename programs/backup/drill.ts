/**
 * The drill: the newest backup is fetched, restored by etcdutl, and started by etcd, in a throw-away pod. This is what
 * comes before and after those two: `prepare` fetches and checks, `judge` asks the etcd that was started.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { EtcdClient } from "../shared/etcd/client";
import { KV } from "../shared/etcd/rpc_pb";
import { countKeys } from "./count";
import { fetchBackup } from "./fetch";
import type { Manifest } from "../shared/backups/manifest";
import { Refusal } from "../shared/refusal";
import type { Report } from "./report";
import type { Store } from "./store";
import { newestOf, toldKeys } from "../shared/backups/status";
import { messageOf } from "../shared/errors";

/** As it stands in the ConfigMap. */
export interface DrillResult {
  readonly result: "running" | "passed" | "failed";
  readonly time: string;
  readonly backup?: string;
  readonly backupTime?: string;
  /** How old the backup was then. */
  readonly ageSeconds?: number;
  readonly seconds?: number;
  readonly revision?: number;
  readonly liveKeys?: number;
  readonly reason?: string;
  /** How long it may take, while it runs. */
  readonly timeoutSeconds?: number;
}

/** A drill that was begun and tells nothing for so long has died, unless it may take longer. */
const SILENT_MS = 6 * 3600_000;
/** Clocks of nodes are set by the network, and never quite the same. */
const SKEW_MS = 10 * 60_000;

/** Why the backups can't be relied on, after what the last drill told. */
export function drillProblem(told: string | undefined, nowMs: number): string | undefined {
  const last = parse(told);
  if (last?.result === "failed") return `the last drill, of ${last.time}, failed: ${last.reason ?? ""}`;
  if (last?.result !== "running") return undefined;
  const ageMs = nowMs - Date.parse(last.time);
  const silentMs = Math.max(SILENT_MS, 2000 * (last.timeoutSeconds ?? 0));
  // Begun in the future: a clock was ahead then, and how long ago it really was, nobody knows.
  return ageMs >= -SKEW_MS && ageMs <= silentMs
    ? undefined
    : `the drill that was begun at ${last.time} never ended`;
}

/** Fetches the newest backup that this cluster is known to have. What is wrong with it is told, and thrown. */
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
    if (!recorded) throw new Refusal("no backup has been made yet that this release can read");
    const { name, clusterId } = recorded;
    await tell(report, { result: "running", time, backup: name, backupTime: recorded.time, timeoutSeconds });
    const manifest = await fetchBackup(store, { name, clusterId }, folder);
    // What was recorded here, away from the store, when the backup was made.
    if (manifest.snapshot.sha256 !== recorded.snapshot.sha256 || manifest.keys !== recorded.keys)
      throw new Refusal(`the backup ${name} is another one than was recorded when it was made`);
    return manifest;
  } catch (error) {
    await fail(report, { time, backup: recorded?.name }, error);
    throw error;
  }
}

const ASK_MS = 5000;
/** Need not exist. */
const ANY_KEY = Buffer.from("a");

/** Asks the restored etcd for what the manifest says of it. */
export async function judge(
  manifest: Manifest,
  client: EtcdClient,
  report: Report,
  patienceMs: number,
  now: () => number = Date.now,
): Promise<void> {
  const begun = parse((await report.read())[toldKeys.drill])?.time ?? new Date(now()).toISOString();
  const base = { time: begun, backup: manifest.name, backupTime: manifest.time };
  try {
    const revision = await revisionOf(client, patienceMs);
    if (revision < manifest.revision)
      throw new Refusal(
        `etcd started from it with revision ${revision}, and ${manifest.revision} was recorded`,
      );
    const liveKeys = await countKeys(client, manifest.revision);
    if (manifest.liveKeys !== undefined && liveKeys !== manifest.liveKeys)
      throw new Refusal(
        `etcd started from it with ${liveKeys ?? "an unknown number of"} keys, and ${manifest.liveKeys} were recorded`,
      );
    const seconds = secondsSince(begun, now());
    const ageSeconds = secondsSince(manifest.time, now());
    await tell(report, { result: "passed", ...base, ageSeconds, seconds, revision, liveKeys });
    const text = `the backup ${manifest.name}, ${ageSeconds} s old, was restored and started: revision ${revision}, ${liveKeys ?? "?"} keys`;
    await report.event("Normal", "DrillPassed", text);
  } catch (error) {
    await fail(report, base, error);
    throw error;
  }
}

/** Another node's clock may have been ahead. */
const secondsSince = (time: string, nowMs: number): number =>
  Math.max(0, Math.round((nowMs - Date.parse(time)) / 1000));

async function revisionOf(client: EtcdClient, patienceMs: number): Promise<number> {
  const end = performance.now() + patienceMs;
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
        throw new Refusal(`etcd didn't start from it within ${patienceMs / 1000} s: ${messageOf(error)}`);
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
  await tell(report, { result: "failed", ...base, reason });
  const what = base.backup ? `of the backup ${base.backup} ` : "";
  await report.event("Warning", "DrillFailed", `the drill ${what}failed: ${reason}`);
}

const tell = (report: Report, result: DrillResult): Promise<void> =>
  report.write(() => ({ [toldKeys.drill]: JSON.stringify(result) }));

function parse(told: string | undefined): DrillResult | undefined {
  try {
    return JSON.parse(told ?? "") as DrillResult;
  } catch {
    return undefined;
  }
}
