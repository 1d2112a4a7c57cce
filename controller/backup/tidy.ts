import type { Manifest } from "./manifest";
import { keys, parseKey } from "./manifest";
import { readCatalog } from "./catalog";
import { retention } from "./retention";
import type { RetentionSettings } from "./settings";
import type { Store } from "./store";
import { ABANDONED_MS } from "./store/store";

export interface Tidied {
  readonly kept: number;
  readonly removed: number;
  readonly alert?: string;
}

/** After a backup that succeeded: what may go, goes. */
export async function tidy(
  store: Store,
  made: Manifest,
  settings: RetentionSettings,
  distrust: string | undefined,
  now: () => number = Date.now,
): Promise<Tidied> {
  const { good, loose } = await readCatalog(store, made.clusterId);
  const storeNowMs = store.clockMs();
  const decided = retention({
    good,
    made: made.name,
    settings,
    nowMs: now(),
    ...(storeNowMs === undefined ? {} : { storeNowMs }),
    ...(distrust === undefined ? {} : { distrust }),
  });
  if ("alert" in decided) return { kept: good.length, removed: 0, alert: decided.alert };
  for (const { clusterId, name, object } of decided.remove) {
    // A backup without its manifest is none; one without its data would look like one.
    await store.remove(keys.manifest(clusterId, name));
    await store.remove(object.key);
  }
  const nowMs = storeNowMs ?? now();
  for (const { key, modifiedMs } of loose) {
    // What a run that died had written whole, and not yet told of. A manifest that can't be read is left to somebody.
    if (parseKey(key)?.kind === "data" && nowMs - modifiedMs >= ABANDONED_MS) await store.remove(key);
  }
  await store.sweep(keys.folder(made.clusterId));
  return { kept: good.length - decided.remove.length, removed: decided.remove.length };
}
