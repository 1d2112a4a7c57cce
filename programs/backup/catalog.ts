import type { Manifest } from "../shared/backups/manifest";
import { keys, parseKey, parseManifest } from "../shared/backups/manifest";
import { Later, NotThere, Unreadable } from "../shared/refusal";
import type { Store, Stored } from "./store";
import { SMALL_BYTES } from "./store/store";

/** The content of one cluster's folder, or of all folders. */
export interface Catalog {
  /** Complete backups: the manifest matches its name, and the data has the recorded length. Oldest first. */
  readonly good: readonly Manifest[];
  /** When the manifests of the good backups were written, by the store's clock. The key is the backup's name. */
  readonly writtenMs: ReadonlyMap<string, number>;
  /** Backups that this release, or any release, can't use. They are reported and never deleted. */
  readonly doubtful: readonly Doubtful[];
  /** Data without a manifest or another file in the listing: of runs that crashed or that are still going on. */
  readonly orphans: readonly Stored[];
  /** The number of files that are named like a manifest, aren't one, and have no data. */
  readonly foreign: number;
}

export interface Doubtful {
  readonly clusterId: string;
  readonly name: string;
  readonly why: string;
}

interface Group {
  readonly clusterId: string;
  readonly name: string;
  manifest?: Stored;
  readonly data: Stored[];
  readonly others: Stored[];
}

type Verdict = { readonly good: Manifest } | { readonly why: string; readonly ours: boolean } | "gone";

export async function readCatalog(store: Store, clusterId?: string): Promise<Catalog> {
  const good: Manifest[] = [];
  const writtenMs = new Map<string, number>();
  const doubtful: Doubtful[] = [];
  const orphans: Stored[] = [];
  let foreign = 0;
  for (const group of await groups(store, clusterId)) {
    const { name, manifest, data, others } = group;
    const verdict = manifest ? await classify(store, group, manifest) : "none";
    if (verdict === "gone") continue;
    if (verdict === "none") {
      if (others.length === 0) orphans.push(...data);
      else if (data.length > 0)
        doubtful.push({ clusterId: group.clusterId, name, why: `its only description is ${others[0]?.key}` });
    } else if ("good" in verdict) {
      good.push(verdict.good);
      writtenMs.set(name, manifest?.modifiedMs ?? NaN);
    } else if (verdict.ours || data.length + others.length > 0) {
      doubtful.push({ clusterId: group.clusterId, name, why: verdict.why });
    } else foreign += 1;
  }
  return { good: good.sort(byAge), writtenMs, doubtful: doubtful.sort(byName), orphans, foreign };
}

/** Under one cluster ID the revision only rises. A clock may be set back. */
export function byAge(a: Manifest, b: Manifest): number {
  return a.revision - b.revision || Date.parse(a.time) - Date.parse(b.time) || byName(a, b);
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1;

/** The names of all possible backups, by the listing alone. */
export async function namesIn(store: Store): Promise<ReadonlySet<string>> {
  const stored = await store.list("", (key) => parseKey(key)?.kind === "manifest");
  return new Set(stored.map(({ key }) => parseKey(key)?.name ?? ""));
}

async function groups(store: Store, clusterId: string | undefined): Promise<Iterable<Group>> {
  const wanted = (key: string) => {
    const parsed = parseKey(key);
    return parsed !== undefined && (clusterId === undefined || parsed.clusterId === clusterId);
  };
  const found = new Map<string, Group>();
  for (const stored of await store.list(clusterId === undefined ? "" : keys.folder(clusterId), wanted)) {
    const parsed = parseKey(stored.key);
    if (!parsed) continue;
    const at = keys.manifest(parsed.clusterId, parsed.name);
    const group = found.get(at) ?? { clusterId: parsed.clusterId, name: parsed.name, data: [], others: [] };
    found.set(at, group);
    if (parsed.kind === "manifest") group.manifest = stored;
    else (parsed.kind === "data" ? group.data : group.others).push(stored);
  }
  return found.values();
}

async function classify(store: Store, group: Group, { key, bytes }: Stored): Promise<Verdict> {
  if (bytes > SMALL_BYTES)
    return { why: `its manifest has ${bytes} bytes, more than any known manifest`, ours: false };
  let manifest: Manifest;
  try {
    manifest = parseManifest((await store.readSmall(key)).toString("utf8"));
  } catch (error) {
    if (error instanceof NotThere) return goneOrUnreadable(store, group, key);
    if (error instanceof Unreadable) return { why: error.message, ours: error instanceof Later };
    throw error;
  }
  if (manifest.name !== group.name || manifest.clusterId !== group.clusterId)
    return { why: `its manifest belongs to ${manifest.clusterId}/${manifest.name}`, ours: false };
  const { object } = manifest;
  // A listing lacks what was written between two of its pages.
  const there = group.data.find((s) => s.key === object.key)?.bytes ?? (await store.size(object.key));
  if (there === object.bytes) return { good: manifest };
  const what = there === undefined ? "is missing" : `has ${there} bytes of ${object.bytes}`;
  return { why: `it is incomplete: its data ${what}`, ours: true };
}

/**
 * Retention of another job may delete a manifest at this moment, and the data right after it. But a store may also fail
 * for a while to find an object that it lists. Then the data belongs to a backup and isn't an orphan.
 */
async function goneOrUnreadable(store: Store, { data }: Group, key: string): Promise<Verdict> {
  for (const { key: dataKey } of data)
    if ((await store.size(dataKey)) !== undefined)
      return { why: `the store lists its manifest ${key} but doesn't find it`, ours: true };
  return "gone";
}
