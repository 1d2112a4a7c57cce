import type { Manifest } from "./manifest";
import { parseManifest } from "./manifest";

/** The data of the ConfigMap about a cluster's backups: one JSON value or one sentence per key. */
export type Told = Readonly<Record<string, string>>;

/** Keys of the ConfigMap about a cluster's backups. */
export const toldKeys = {
  /** The state of the backups, in one sentence. */
  reason: "reason",
  /** The manifest of the newest good backup. */
  newest: "newest",
  /** The result of the last backup. */
  lastRun: "lastRun",
  /** What a user has to check. Empty if there is nothing. */
  alert: "alert",
  /** The result of the last drill. */
  drill: "drill",
} as const;

/** Undefined without a backup, or if this release can't read the manifest. */
export function newestOf(told: Told): Manifest | undefined {
  const text = told[toldKeys.newest] ?? "";
  try {
    return text === "" ? undefined : parseManifest(text);
  } catch {
    return undefined;
  }
}
