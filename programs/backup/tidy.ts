import type { Catalog, Doubtful } from "./catalog";
import { readCatalog } from "./catalog";
import type { Manifest } from "../shared/backups/manifest";
import { keys, parseKey } from "../shared/backups/manifest";
import { retention } from "./retention";
import type { RetentionSettings } from "../../components/contract/jobs";
import type { Store } from "./store";
import { worthAnotherTry } from "./store/s3-words";
import { ABANDONED_MS } from "./store/store";
import { messageOf } from "../shared/errors";

export interface Tidied {
  readonly kept: number;
  readonly removed: number;
  /** How many are kept because they can't be used, or not by this release. */
  readonly doubtful: number;
  /** How many objects have a manifest's name and are none. */
  readonly foreign: number;
  /** What somebody has to look at. */
  readonly alert?: string;
  /** Whether nothing was removed because of it. */
  readonly stopped: boolean;
}

export interface Tidying {
  readonly store: Store;
  /** The backup that was just made. */
  readonly made: Manifest;
  /** What was there before it was begun. */
  readonly before?: ReadonlySet<string>;
  readonly settings: RetentionSettings;
  readonly distrust?: string;
  readonly nowMs: number;
}

/** After a backup that succeeded: what may go, goes. */
export async function tidy(tidying: Tidying): Promise<Tidied> {
  const { store, made } = tidying;
  const catalog = await readCatalog(store, made.clusterId);
  const { good, writtenMs, doubtful, foreign } = catalog;
  const decided = retention({ ...tidying, good, writtenMs, made: made.name });
  const told = doubtful.length > 0 ? inWords(doubtful) : undefined;
  const counts = { kept: good.length, removed: 0, doubtful: doubtful.length, foreign };
  if ("alert" in decided) return { ...counts, stopped: true, ...alertOf(decided.alert, told) };
  const { removed, failed } = await removeAll(store, decided.remove);
  const problem =
    failed && `${decided.remove.length - removed} of the backups that may go are still there: ${failed}`;
  const left = await clear(store, catalog, writtenMs.get(made.name) ?? NaN, made.clusterId).catch(
    (error: unknown) => `what runs that died have left is still there: ${messageOf(error)}`,
  );
  return {
    ...counts,
    kept: good.length - removed,
    removed,
    stopped: false,
    ...alertOf(problem, left, told),
  };
}

/** One that can't be removed is no reason to keep the others; a store that doesn't answer is. */
async function removeAll(
  store: Store,
  backups: readonly Manifest[],
): Promise<{ removed: number; failed?: string }> {
  let removed = 0;
  let failed: string | undefined;
  for (const { clusterId, name, object } of backups) {
    try {
      // A backup without its manifest is none; one without its data would look like one.
      await store.remove(keys.manifest(clusterId, name));
      removed += 1;
      await store.remove(object.key);
    } catch (error) {
      failed ??= messageOf(error);
      if (worthAnotherTry(error)) break;
    }
  }
  return { removed, ...(failed === undefined ? {} : { failed }) };
}

/** What runs that died have left. Its age is by the store's own clock, which has written both. */
async function clear(store: Store, { loose }: Catalog, nowMs: number, clusterId: string): Promise<undefined> {
  for (const { key, modifiedMs } of loose) {
    if (!(nowMs - modifiedMs >= ABANDONED_MS)) continue;
    const { name = "" } = parseKey(key) ?? {};
    // A listing may have left its manifest out.
    if ((await store.size(keys.manifest(clusterId, name))) === undefined) await store.remove(key);
  }
  await store.sweep(keys.folder(clusterId), nowMs);
}

const NAMED = 3;

function inWords(doubtful: readonly Doubtful[]): string {
  const some = doubtful.slice(-NAMED).map(({ name, why }) => `${name}: ${why}`);
  const more = doubtful.length > NAMED ? `; and ${doubtful.length - NAMED} more` : "";
  return (
    `${doubtful.length === 1 ? "a backup" : `${doubtful.length} backups`} can't be used here, and nothing of them is deleted ` +
    `(${some.join("; ")}${more}): use the release that wrote them, or remove them`
  );
}

function alertOf(...alerts: readonly (string | undefined)[]): { alert?: string } {
  const all = alerts.filter((alert) => alert !== undefined && alert !== "");
  return all.length > 0 ? { alert: all.join(". ") } : {};
}
