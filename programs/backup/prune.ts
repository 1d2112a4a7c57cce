import type { Catalog, Doubtful } from "./catalog";
import { readCatalog } from "./catalog";
import type { Manifest } from "../shared/backups/manifest";
import { keys, parseKey } from "../shared/backups/manifest";
import { retention } from "./retention";
import type { RetentionSettings } from "../../components/contract/jobs";
import type { Store } from "./store";
import { isRetryable } from "./store/s3-errors";
import { ABANDONED_MS } from "./store/store";
import { messageOf } from "../shared/errors";

export interface Pruned {
  readonly kept: number;
  readonly removed: number;
  /** The number of backups that are kept because this release, or any release, can't use them. */
  readonly doubtful: number;
  /** The number of objects that are named like a manifest and aren't one. */
  readonly foreign: number;
  /** What a human has to look at. */
  readonly alert?: string;
  /** Whether nothing was deleted because of the alert. */
  readonly stopped: boolean;
}

export interface PruneInput {
  readonly store: Store;
  /** The backup just made. */
  readonly made: Manifest;
  /** The backups that existed before it was started. */
  readonly before?: ReadonlySet<string>;
  readonly settings: RetentionSettings;
  readonly drillProblem?: string;
  readonly nowMs: number;
}

/** Applies retention after a successful backup, and removes what crashed runs left. */
export async function prune(input: PruneInput): Promise<Pruned> {
  const { store, made } = input;
  const catalog = await readCatalog(store, made.clusterId);
  const { good, writtenMs, doubtful, foreign } = catalog;
  const decided = retention({ ...input, good, writtenMs, made: made.name });
  const doubt = doubtful.length > 0 ? describe(doubtful) : undefined;
  const counts = { kept: good.length, removed: 0, doubtful: doubtful.length, foreign };
  if ("alert" in decided) return { ...counts, stopped: true, ...alertOf(decided.alert, doubt) };
  const { removed, failed } = await removeAll(store, decided.remove);
  const problem =
    failed && `${decided.remove.length - removed} expired backups couldn't be deleted: ${failed}`;
  const left = await removeOrphans(store, catalog, writtenMs.get(made.name) ?? NaN, made.clusterId).catch(
    (error: unknown) => `the leftovers of crashed runs couldn't be removed: ${messageOf(error)}`,
  );
  return {
    ...counts,
    kept: good.length - removed,
    removed,
    stopped: false,
    ...alertOf(problem, left, doubt),
  };
}

/** A backup that can't be removed doesn't stop the others. A store that doesn't answer does. */
async function removeAll(
  store: Store,
  backups: readonly Manifest[],
): Promise<{ removed: number; failed?: string }> {
  let removed = 0;
  let failed: string | undefined;
  for (const { clusterId, name, object } of backups) {
    try {
      // The manifest first: a manifest without data would look like a backup.
      await store.remove(keys.manifest(clusterId, name));
      removed += 1;
      await store.remove(object.key);
    } catch (error) {
      failed ??= messageOf(error);
      if (isRetryable(error)) break;
    }
  }
  return { removed, ...(failed === undefined ? {} : { failed }) };
}

/** Removes what crashed runs have left. All times are by the store's own clock. */
async function removeOrphans(
  store: Store,
  { orphans }: Catalog,
  nowMs: number,
  clusterId: string,
): Promise<undefined> {
  for (const { key, modifiedMs } of orphans) {
    if (!(nowMs - modifiedMs >= ABANDONED_MS)) continue;
    const { name = "" } = parseKey(key) ?? {};
    // The listing may lack its manifest.
    if ((await store.size(keys.manifest(clusterId, name))) === undefined) await store.remove(key);
  }
  await store.sweep(keys.folder(clusterId), nowMs);
}

const MAX_NAMES = 3;

function describe(doubtful: readonly Doubtful[]): string {
  const some = doubtful.slice(-MAX_NAMES).map(({ name, why }) => `${name}: ${why}`);
  const more = doubtful.length > MAX_NAMES ? `; and ${doubtful.length - MAX_NAMES} more` : "";
  return (
    `${doubtful.length === 1 ? "1 backup" : `${doubtful.length} backups`} can't be used here and will ` +
    "never be deleted automatically " +
    `(${some.join("; ")}${more}): use the release that wrote them, or remove them`
  );
}

function alertOf(...alerts: readonly (string | undefined)[]): { alert?: string } {
  const all = alerts.filter((alert) => alert !== undefined && alert !== "");
  return all.length > 0 ? { alert: all.join(". ") } : {};
}
