import type { Manifest } from "./manifest";
import { keys, parseKey, parseManifest } from "./manifest";
import { Refusal } from "./refusal";
import type { Store, Stored } from "./store";

/** What is below a cluster's folder, or below all of them. */
export interface Catalog {
  /** Whole ones: the manifest is there, fits its name, and what it tells of has the recorded length. Oldest first. */
  readonly good: readonly Manifest[];
  /** Objects of ours that belong to none of them. */
  readonly loose: readonly Stored[];
}

export async function readCatalog(store: Store, clusterId?: string): Promise<Catalog> {
  const stored = (await store.list(clusterId === undefined ? "" : keys.folder(clusterId))).filter((s) => {
    const parsed = parseKey(s.key);
    return parsed && (clusterId === undefined || parsed.clusterId === clusterId);
  });
  const lengths = new Map(stored.map((s) => [s.key, s.bytes]));
  const good: Manifest[] = [];
  const owned = new Set<string>();
  for (const { key } of stored) {
    const parsed = parseKey(key);
    if (parsed?.kind !== "manifest") continue;
    const manifest = await manifestAt(store, key);
    if (!manifest || manifest.name !== parsed.name || manifest.clusterId !== parsed.clusterId) continue;
    if (lengths.get(manifest.object.key) !== manifest.object.bytes) continue;
    good.push(manifest);
    owned.add(key).add(manifest.object.key);
  }
  return { good: good.sort(byAge), loose: stored.filter((s) => !owned.has(s.key)) };
}

/** Within a cluster ID the revision only rises, which a clock doesn't. */
export function byAge(a: Manifest, b: Manifest): number {
  return a.revision - b.revision || Date.parse(a.time) - Date.parse(b.time) || (a.name < b.name ? -1 : 1);
}

export async function listBackups(store: Store, clusterId?: string): Promise<readonly Manifest[]> {
  return (await readCatalog(store, clusterId)).good;
}

/** Undefined for one that can't be read as such, which then belongs to no backup. */
async function manifestAt(store: Store, key: string): Promise<Manifest | undefined> {
  const text = (await store.readSmall(key)).toString("utf8");
  try {
    return parseManifest(text);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
