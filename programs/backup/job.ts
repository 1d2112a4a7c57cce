import { byAge, namesIn } from "./catalog";
import type { Manifest } from "../shared/backups/manifest";
import { drillProblem } from "./drill";
import type { Report } from "./report";
import type { BackupSettings } from "../../components/contract/jobs";
import { orStopped } from "./stopped";
import type { Store } from "./store";
import { takeBackup } from "./take";
import type { Taking } from "./take";
import { tidy } from "./tidy";
import type { Tidied, Tidying } from "./tidy";
import { newestOf, toldKeys } from "../shared/backups/status";
import { messageOf } from "../shared/errors";

export interface Job {
  readonly settings: BackupSettings;
  readonly store: Store;
  readonly report: Report;
  readonly open: Taking["open"];
  /** The UIDs of the members' claims. */
  readonly volumes: () => Promise<readonly string[]>;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  readonly now?: () => number;
  /** The most memory that was resident so far, in MiB. */
  readonly peakMebibytes?: () => number;
}

/** One backup, then retention. What went wrong is told, and thrown. */
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
  // Before any member is asked: whatever is there by now holds no write that the one to be made won't hold.
  const before = await orStopped(namesIn(store), job.signal).catch(() => undefined);
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
      say: job.say,
      now,
    });
  } catch (error) {
    const reason = `the backup to ${store.where} failed: ${messageOf(error)}`;
    await report.write((told) => ({
      [toldKeys.lastRun]: lastRun({ result: "failed", reason }),
      [toldKeys.reason]: `${reason}. ${newestInWords(newestOf(told))}`,
    }));
    await report.event("Warning", "BackupFailed", reason);
    throw error;
  }
  const told = await report.read();
  const tidied = await tidyUp({
    store,
    made,
    before,
    settings: settings.retention,
    distrust: drillProblem(told[toldKeys.drill], now()),
    nowMs: now(),
  });
  const reason = `the backup ${made.name} is in ${store.where}: revision ${made.revision}, ${made.snapshot.bytes} bytes`;
  const doubtful = tidied.doubtful > 0 ? `, ${tidied.doubtful} can't be used here` : "";
  const counts = `${tidied.kept} are there, ${tidied.removed} were removed${doubtful}`;
  await report.write((before) => ({
    [toldKeys.newest]: JSON.stringify(newer(newestOf(before), made)),
    [toldKeys.lastRun]: lastRun({
      result: "succeeded",
      backup: made.name,
      kept: tidied.kept,
      removed: tidied.removed,
      doubtful: tidied.doubtful,
      foreign: tidied.foreign,
      peakMebibytes: job.peakMebibytes?.(),
    }),
    [toldKeys.reason]: `${reason}; ${counts}`,
    [toldKeys.alert]: tidied.alert ?? "",
  }));
  await report.event("Normal", "BackedUp", `${reason}; ${counts}`);
  if (tidied.alert !== undefined)
    await report.event("Warning", tidied.stopped ? "RetentionStopped" : "BackupsInDoubt", tidied.alert);
  return made;
}

/** A backup is good without them; only retention waits for one that has them. */
async function volumesKnown(job: Job): Promise<readonly string[] | undefined> {
  try {
    const volumes = await orStopped(job.volumes(), job.signal);
    return volumes.length > 0 ? volumes : undefined;
  } catch (error) {
    job.say(`the members' claims can't be read: ${messageOf(error)}`);
    return undefined;
  }
}

async function tidyUp(tidying: Tidying): Promise<Tidied> {
  try {
    return await tidy(tidying);
  } catch (error) {
    // The backup is good all the same.
    const alert = `retention failed: ${messageOf(error)}`;
    return { kept: 0, removed: 0, doubtful: 0, foreign: 0, stopped: true, alert };
  }
}

/** A run that was begun earlier may end later. */
function newer(before: Manifest | undefined, made: Manifest): Manifest {
  return before && before.clusterId === made.clusterId && byAge(before, made) > 0 ? before : made;
}

const newestInWords = (newest: Manifest | undefined): string =>
  newest ? `The newest good backup is ${newest.name}` : "There is no good backup";
