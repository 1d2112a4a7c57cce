/**
 * Which backups may go. What is kept is the union of two wishes, the newest so many and all younger than so many days;
 * one that goes is wanted by neither.
 *
 * It can't take the last good one: it runs only after a backup has been made and found whole, that one is never in the
 * list, and the newest by revision aren't either. It can't be fooled by a younger, emptier cluster: each cluster ID has a
 * folder of its own, and only this one's is looked at; and where a revision is lower than one that was there before this
 * backup was begun, under the same ID, nothing goes at all. Nor by a copy of the cluster, which has the same ID (see
 * `lineage.ts`): where another lineage has written since this one began, both are alive, and nothing goes. One that ended
 * before this one began may be what this one goes on from, or the original, which will write again: as many of it are kept
 * as of this one, until it has been silent for longer than any usual schedule. Nor by a clock: a backup is as old as the store's own clock
 * says, from the writing of its manifest to that of the newest one, and as old as the clocks of the nodes say, from its
 * time to now; it counts as the younger of the two, so that no single clock, wrong in either direction, now or then,
 * makes it old. A number stays whatever its age; and if anything is from the future, the clock is not believed.
 */
import { byAge } from "./catalog";
import type { Lineage } from "./lineage";
import { lineagesOf } from "./lineage";
import type { Manifest } from "../shared/backups/manifest";
import type { RetentionSettings } from "../../components/contract/jobs";

const DAY_MS = 24 * 3600_000;
/** Clocks of nodes are set by the network, and never quite the same. */
const SKEW_MS = 10 * 60_000;
/** A lineage that wrote nothing for so long has ended. */
const SILENT_MS = 90 * DAY_MS;

export interface RetentionInput {
  /** All good backups of this cluster ID, the one just made among them. */
  readonly good: readonly Manifest[];
  /** The name of the one just made. */
  readonly made: string;
  readonly settings: RetentionSettings;
  /** What was there before the snapshot was asked for, by name. Absent: nobody knows, so all may have been. */
  readonly before?: ReadonlySet<string>;
  /** This node's clock. */
  readonly nowMs: number;
  /** When the manifests were written, by the store's clock, by name. The one just made was written now. */
  readonly writtenMs: ReadonlyMap<string, number>;
  /** Why the newest can't be relied on: a drill that failed. */
  readonly distrust?: string;
}

export type Retention =
  | { readonly remove: readonly Manifest[] }
  /** Nothing goes, and somebody has to look. */
  | { readonly alert: string };

export function retention(input: RetentionInput): Retention {
  const { good, made, settings, distrust, before, writtenMs } = input;
  const own = good.find((m) => m.name === made);
  if (!own)
    return { alert: `the backup ${made} that was just made isn't in the store's list: nothing is deleted` };
  if (!own.volumes)
    return {
      alert:
        "the members' claims couldn't be read, so that this cluster can't be told from a copy of it: no backup is deleted by this run",
    };
  const lineages = lineagesOf(good);
  const line = lineages.find((l) => l.includes(own)) ?? [own];
  const copy = alsoWritten(
    line,
    lineages.filter((l) => l !== line),
    writtenMs,
  );
  if (copy) return { alert: inWords(own, copy) };
  const others = good.filter((m) => m !== own);
  // One that was begun later may have ended before: it is not older data that took the cluster's place.
  const higher = others.find((m) => m.revision > own.revision && (before?.has(m.name) ?? true));
  if (higher)
    return {
      alert:
        `the revision went down, from ${higher.revision} in ${higher.name} to ${own.revision}, ` +
        "as if older data had taken the cluster's place: no backup is deleted until somebody has looked, and has removed or moved those that are not wanted",
    };
  if (distrust !== undefined) return { alert: `no backup is deleted: ${distrust}` };
  const storeNowMs = writtenMs.get(made) ?? NaN;
  // Whichever clock is behind makes fewer backups old.
  const nowMs = Number.isNaN(storeNowMs) ? input.nowMs : Math.min(input.nowMs, storeNowMs);
  const future = others.find((m) => Date.parse(m.time) > nowMs + SKEW_MS);
  if (future)
    return {
      alert: `the backup ${future.name} is from the future: a clock is wrong or was, and no backup is deleted until its time has come or it has been removed`,
    };
  const youngMs = settings.keepDays === undefined ? 0 : settings.keepDays * DAY_MS;
  const ageMs = (m: Manifest) => {
    const byStore = storeNowMs - (writtenMs.get(m.name) ?? NaN);
    const byNodes = nowMs - Date.parse(m.time);
    return Number.isNaN(byStore) ? byNodes : Math.min(byStore, byNodes);
  };
  const goesOn = (l: Lineage) => l === line || l.some((m) => ageMs(m) < SILENT_MS);
  const last = (of: readonly Manifest[]) => [...of].sort(byAge).slice(-settings.keepLast);
  const newest = new Set([...last(good), ...lineages.filter(goesOn).flatMap(last)]);
  const keep = (m: Manifest) => m === own || newest.has(m) || ageMs(m) < youngMs;
  return { remove: good.filter((m) => !keep(m)) };
}

/** One of another lineage that was begun, and written, after the first of this one: both are alive. */
function alsoWritten(
  line: Lineage,
  others: readonly Lineage[],
  writtenMs: ReadonlyMap<string, number>,
): Manifest | undefined {
  const begun = (m: Manifest) => Date.parse(m.time);
  const first = line.reduce((a, b) => (begun(b) < begun(a) ? b : a));
  const since = (m: Manifest) =>
    begun(m) > begun(first) && !((writtenMs.get(m.name) ?? NaN) <= (writtenMs.get(first.name) ?? NaN));
  // The one to be shown is the newest.
  return others
    .flatMap((l) => l.filter(since))
    .sort((a, b) => begun(a) - begun(b))
    .at(-1);
}

const inWords = (own: Manifest, copy: Manifest): string =>
  `two clusters with the ID ${own.clusterId} write to one place, as copies of volumes make them: ${own.name} is of ${own.cluster} here, ` +
  `and ${copy.name} of ${copy.cluster} on other volumes. No backup is deleted until one of the two has a prefix of its own (s3.prefix, claim.prefix), ` +
  "and its backups have been moved there or removed";
