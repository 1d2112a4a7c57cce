/**
 * Which backups may be deleted. Two rules keep backups: the newest `keepLast`, and all younger than `keepDays`. A
 * backup is deleted only if neither rule keeps it.
 *
 * Why it can't delete the last good backup: it runs only after a backup has been made and found complete. That backup
 * and the newest by revision are never deleted, whatever their age. Nothing else deceives it either:
 *
 * - A newer, emptier cluster: each cluster ID has its own folder, and only this cluster's folder is read. If the
 *   revision is lower than one that existed under the same ID before this backup was started, nothing is deleted.
 * - A copy of the cluster, which has the same ID (see `lineage.ts`): if another lineage has written since this one
 *   began, both are alive, and nothing is deleted. A lineage that ended before this one began may be its predecessor,
 *   or the original, which will write again. Each such lineage keeps its own `keepLast` until it has been silent for
 *   longer than any usual schedule.
 * - A wrong clock: a backup has two ages. By the store's clock it is the time between the writing of its manifest and
 *   that of the newest one. By the nodes' clocks it is the time since its start. The smaller one counts, so no single
 *   wrong clock makes a backup old. If a backup is from the future, no clock is trusted, and nothing is deleted.
 */
import { byAge } from "./catalog";
import type { Lineage } from "./lineage";
import { lineagesOf } from "./lineage";
import type { Manifest } from "../shared/backups/manifest";
import type { RetentionSettings } from "../../components/contract/jobs";

const DAY_MS = 24 * 3600_000;
/** The tolerated difference between the clocks of two nodes. */
const SKEW_MS = 10 * 60_000;
/** A lineage that wrote nothing for this long has ended. */
const SILENT_MS = 90 * DAY_MS;

export interface RetentionInput {
  /** All good backups of this cluster ID, including the one just made. */
  readonly good: readonly Manifest[];
  /** The name of the backup just made. */
  readonly made: string;
  readonly settings: RetentionSettings;
  /** The names of the backups that existed before the snapshot. Absent if unknown: then all may have existed. */
  readonly before?: ReadonlySet<string>;
  /** This node's clock. */
  readonly nowMs: number;
  /** When each backup's manifest was written, by the store's clock. The one just made was written now. */
  readonly writtenMs: ReadonlyMap<string, number>;
  /** Why a drill casts doubt on the newest backup. */
  readonly drillProblem?: string;
}

export type Retention =
  | { readonly remove: readonly Manifest[] }
  /** Nothing is deleted, and a human has to look. */
  | { readonly alert: string };

export function retention(input: RetentionInput): Retention {
  const { good, made, settings, drillProblem, before, writtenMs } = input;
  const own = good.find((m) => m.name === made);
  if (!own)
    return { alert: `the backup ${made} that was just made isn't in the store's list: nothing is deleted` };
  if (!own.volumes)
    return {
      alert:
        "the members' PVCs couldn't be read, so this cluster can't be distinguished from a copy of " +
        "it: this run deletes no backup",
    };
  const lineages = lineagesOf(good);
  const line = lineages.find((l) => l.includes(own)) ?? [own];
  const copy = alsoWritten(
    line,
    lineages.filter((l) => l !== line),
    writtenMs,
  );
  if (copy) return { alert: describeCopy(own, copy) };
  const others = good.filter((m) => m !== own);
  // A backup that was started later may have ended earlier. That is no sign of older data.
  const higher = others.find((m) => m.revision > own.revision && (before?.has(m.name) ?? true));
  if (higher)
    return {
      alert:
        `the revision went down, from ${higher.revision} in ${higher.name} to ${own.revision}, ` +
        "as if the cluster now had older data: no backup is deleted until you have checked this, and " +
        "have removed or moved the backups you don't want",
    };
  if (drillProblem !== undefined) return { alert: `no backup is deleted: ${drillProblem}` };
  const storeNowMs = writtenMs.get(made) ?? NaN;
  // The earlier clock makes fewer backups old.
  const nowMs = Number.isNaN(storeNowMs) ? input.nowMs : Math.min(input.nowMs, storeNowMs);
  const future = others.find((m) => Date.parse(m.time) > nowMs + SKEW_MS);
  if (future)
    return {
      alert:
        `the backup ${future.name} is from the future, so a clock is or was wrong: no backup is deleted ` +
        "until that time has come or you have removed that backup",
    };
  const youngMs = settings.keepDays === undefined ? 0 : settings.keepDays * DAY_MS;
  const ageMs = (m: Manifest) => {
    const byStore = storeNowMs - (writtenMs.get(m.name) ?? NaN);
    const byNodes = nowMs - Date.parse(m.time);
    return Number.isNaN(byStore) ? byNodes : Math.min(byStore, byNodes);
  };
  const isActive = (l: Lineage) => l === line || l.some((m) => ageMs(m) < SILENT_MS);
  const last = (of: readonly Manifest[]) => [...of].sort(byAge).slice(-settings.keepLast);
  const newest = new Set([...last(good), ...lineages.filter(isActive).flatMap(last)]);
  const keep = (m: Manifest) => m === own || newest.has(m) || ageMs(m) < youngMs;
  return { remove: good.filter((m) => !keep(m)) };
}

/** A backup of another lineage that was started and written after the first one of this lineage: both are alive. */
function alsoWritten(
  line: Lineage,
  others: readonly Lineage[],
  writtenMs: ReadonlyMap<string, number>,
): Manifest | undefined {
  const startedMs = (m: Manifest) => Date.parse(m.time);
  const first = line.reduce((a, b) => (startedMs(b) < startedMs(a) ? b : a));
  const since = (m: Manifest) =>
    startedMs(m) > startedMs(first) &&
    !((writtenMs.get(m.name) ?? NaN) <= (writtenMs.get(first.name) ?? NaN));
  // The message names the newest.
  return others
    .flatMap((l) => l.filter(since))
    .sort((a, b) => startedMs(a) - startedMs(b))
    .at(-1);
}

const describeCopy = (own: Manifest, copy: Manifest): string =>
  `two clusters with the ID ${own.clusterId} write to one place, as after copying volumes: ` +
  `${own.name} is of this cluster, ${own.cluster}, ` +
  `and ${copy.name} is of ${copy.cluster} on other volumes. No backup is deleted until one of the two ` +
  "has its own prefix (s3.prefix, claim.prefix), " +
  "and its backups have been moved there or removed";
