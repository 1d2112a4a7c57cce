import type { Manifest } from "./manifest";
import { parseManifest } from "./manifest";

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

/** Undefined if there is none, or if this release can't read it. */
export function newestOf(told: Told): Manifest | undefined {
  const text = told[toldKeys.newest] ?? "";
  try {
    return text === "" ? undefined : parseManifest(text);
  } catch {
    return undefined;
  }
}
