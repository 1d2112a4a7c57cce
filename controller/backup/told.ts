import type { Manifest } from "./manifest";

/** What the ConfigMap of a cluster's backups says, one JSON value or sentence a key. */
export type Told = Readonly<Record<string, string>>;

/** Keys of the ConfigMap that tells of a cluster's backups. */
export const toldKeys = {
  /** One sentence on how things stand. */
  reason: "reason",
  /** The newest good backup: its manifest. */
  newest: "newest",
  /** What became of the last run. */
  lastRun: "lastRun",
  /** What somebody has to look at; empty if there is nothing. */
  alert: "alert",
  /** What became of the last drill. */
  drill: "drill",
} as const;

export function newestOf(told: Told): Manifest | undefined {
  try {
    return JSON.parse(told[toldKeys.newest] ?? "") as Manifest;
  } catch {
    return undefined;
  }
}
