import { byAge, namesIn } from "./catalog";
import type { Manifest } from "../shared/backups/manifest";
import { drillProblem } from "./drill";
import type { Report } from "./report";
import type { BackupSettings } from "../../components/contract/jobs";
import { abortable } from "./abortable";
import type { Store } from "./store";
import { takeBackup } from "./take";
import type { TakeOptions } from "./take";
import { prune } from "./prune";
import type { Pruned, PruneInput } from "./prune";
import { newestOf, toldKeys } from "../shared/backups/status";
import { messageOf } from "../shared/errors";

export interface Job {
  readonly settings: BackupSettings;
  readonly store: Store;
  readonly report: Report;
  readonly open: TakeOptions["open"];
  /** The UIDs of the members' PVCs. */
  readonly volumes: () => Promise<readonly string[]>;
  readonly signal: AbortSignal;
  readonly log: (text: string) => void;
  readonly now?: () => number;
  /** The peak of the resident memory so far. */
  readonly peakMebibytes?: () => number;
}

/** Makes one backup and then applies retention. Reports a failure and throws it. */
export async function runBackup(job: Job): Promise<Manifest> {
  const { settings, store, report, now = Date.now } = job;
  const begunMs = now();
  const lastRun = (rest: object) =>
    JSON.stringify({
      time: new Date(begunMs).toISOString(),
      seconds: Math.round((now() - begunMs) / 1000),
      ...rest,
    });
  let made: Manifest;
  // Listed before the snapshot: the new backup contains every write that a backup in this list contains.
  const before = await abortable(namesIn(store), job.signal).catch(() => undefined);
  try {
    const volumes = await volumesKnown(job);
    made = await takeBackup({
      store,
      clientUrls: settings.clientUrls,
      open: job.open,
      cluster: `${settings.namespace}/${settings.cluster}`,
      volumes,
      generation: settings.generation,
      compression: settings.compression,
      signal: job.signal,
      log: job.log,
      now,
    });
  } catch (error) {
    const reason = `the backup to ${store.where} failed: ${messageOf(error)}`;
    await report.write((status) => ({
      [toldKeys.lastRun]: lastRun({ result: "failed", reason }),
      [toldKeys.reason]: `${reason}. ${describeNewest(newestOf(status))}`,
    }));
    await report.event("Warning", "BackupFailed", reason);
    throw error;
  }
  const status = await report.read();
  const pruned = await pruneSafely({
    store,
    made,
    before,
    settings: settings.retention,
    drillProblem: drillProblem(status[toldKeys.drill], now()),
    nowMs: now(),
  });
  const reason =
    `the backup ${made.name} is in ${store.where}: revision ${made.revision}, ${made.snapshot.bytes} ` +
    "bytes";
  const doubtful = pruned.doubtful > 0 ? `, not usable here: ${pruned.doubtful}` : "";
  const counts = `backups kept: ${pruned.kept}, deleted: ${pruned.removed}${doubtful}`;
  await report.write((before) => ({
    [toldKeys.newest]: JSON.stringify(newer(newestOf(before), made)),
    [toldKeys.lastRun]: lastRun({
      result: "succeeded",
      backup: made.name,
      kept: pruned.kept,
      removed: pruned.removed,
      doubtful: pruned.doubtful,
      foreign: pruned.foreign,
      peakMebibytes: job.peakMebibytes?.(),
    }),
    [toldKeys.reason]: `${reason}; ${counts}`,
    [toldKeys.alert]: pruned.alert ?? "",
  }));
  await report.event("Normal", "BackedUp", `${reason}; ${counts}`);
  if (pruned.alert !== undefined)
    await report.event("Warning", pruned.stopped ? "RetentionStopped" : "BackupsInDoubt", pruned.alert);
  return made;
}

/** A backup is good without its volumes. Only retention needs them. */
async function volumesKnown(job: Job): Promise<readonly string[] | undefined> {
  try {
    const volumes = await abortable(job.volumes(), job.signal);
    return volumes.length > 0 ? volumes : undefined;
  } catch (error) {
    job.log(`the members' PVCs can't be read: ${messageOf(error)}`);
    return undefined;
  }
}

async function pruneSafely(input: PruneInput): Promise<Pruned> {
  try {
    return await prune(input);
  } catch (error) {
    // The backup is good nevertheless.
    const alert = `retention failed: ${messageOf(error)}`;
    return { kept: 0, removed: 0, doubtful: 0, foreign: 0, stopped: true, alert };
  }
}

/** An earlier run may end after a later one. */
function newer(before: Manifest | undefined, made: Manifest): Manifest {
  return before && before.clusterId === made.clusterId && byAge(before, made) > 0 ? before : made;
}

const describeNewest = (newest: Manifest | undefined): string =>
  newest ? `The newest good backup is ${newest.name}` : "There is no good backup";
