/**
 * Which backups may go. What is kept is the union of two wishes, the newest so many and all younger than so many days;
 * one that goes is wanted by neither.
 *
 * It can't take the last good one: it runs only after a backup has been made and found whole, that one is never in the
 * list, and the newest by revision aren't either. It can't be fooled by a younger, emptier cluster: each cluster ID has a
 * folder of its own, and only this one's is looked at; and where a revision is lower than one before, under the same ID,
 * nothing goes at all. Nor by a clock: one that went back makes nothing older; one that is ahead makes no more than the
 * days run out, and a number stays whatever its age; and if anything is from the future, the clock is not believed.
 */
import { byAge } from "./catalog";
import type { Manifest } from "./manifest";
import type { RetentionSettings } from "./settings";

const DAY_MS = 24 * 3600_000;
/** Clocks of nodes are set by the network, and never quite the same. */
const SKEW_MS = 10 * 60_000;

export interface RetentionInput {
  /** All good backups of this cluster ID, the one just made among them. */
  readonly good: readonly Manifest[];
  /** The name of the one just made. */
  readonly made: string;
  readonly settings: RetentionSettings;
  /** This node's clock, and the store's if it has one. */
  readonly nowMs: number;
  readonly storeNowMs?: number;
  /** Why the newest can't be relied on: a drill that failed. */
  readonly distrust?: string;
}

export type Retention =
  | { readonly remove: readonly Manifest[] }
  /** Nothing goes, and somebody has to look. */
  | { readonly alert: string };

export function retention(input: RetentionInput): Retention {
  const { good, made, settings, distrust } = input;
  const own = good.find((m) => m.name === made);
  if (!own)
    return { alert: `the backup ${made} that was just made isn't in the store's list: nothing is deleted` };
  const others = good.filter((m) => m !== own);
  const higher = others.find((m) => m.revision > own.revision);
  if (higher)
    return {
      alert:
        `the revision went down, from ${higher.revision} in ${higher.name} to ${own.revision}, ` +
        "as if older data had taken the cluster's place: no backup is deleted until somebody has looked, and has removed or moved those that are not wanted",
    };
  if (distrust !== undefined) return { alert: `no backup is deleted: ${distrust}` };
  // Whichever clock is behind makes fewer backups old.
  const nowMs = Math.min(input.nowMs, input.storeNowMs ?? Infinity);
  const future = others.find((m) => Date.parse(m.time) > nowMs + SKEW_MS);
  if (future)
    return {
      alert: `the backup ${future.name} is from the future: a clock is wrong or was, and no backup is deleted until its time has come or it has been removed`,
    };
  const newest = new Set([...good].sort(byAge).slice(-settings.keepLast));
  const youngMs = settings.keepDays === undefined ? 0 : settings.keepDays * DAY_MS;
  const keep = (m: Manifest) => m === own || newest.has(m) || nowMs - Date.parse(m.time) < youngMs;
  return { remove: good.filter((m) => !keep(m)) };
}
