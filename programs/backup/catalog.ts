import type { Manifest } from "../shared/backups/manifest";
import { keys, parseKey, parseManifest } from "../shared/backups/manifest";
import { Later, NotThere, Unreadable } from "../shared/refusal";
import type { Store, Stored } from "./store";
import { SMALL_BYTES } from "./store/store";

/** What is below a cluster's folder, or below all of them. */
export interface Catalog {
  /** Whole ones: the manifest is there, fits its name, and what it tells of has the recorded length. Oldest first. */
  readonly good: readonly Manifest[];
  /** When the manifests of the good ones were written, by the store's clock and by their names. */
  readonly writtenMs: ReadonlyMap<string, number>;
  /** Backups that can't be used by this release, or by any: they are told of, and nothing of them is ever deleted. */
  readonly doubtful: readonly Doubtful[];
  /** Data beside which the listing shows nothing by its name: of runs that died, or that are not yet through. */
  readonly loose: readonly Stored[];
  /** How many there are that look like a manifest, are none, and have no data. */
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
  const loose: Stored[] = [];
  let foreign = 0;
  for (const group of await groups(store, clusterId)) {
    const { name, manifest, data, others } = group;
    const verdict = manifest ? await judge(store, group, manifest) : "none";
    if (verdict === "gone") continue;
    if (verdict === "none") {
      if (others.length === 0) loose.push(...data);
      else if (data.length > 0)
        doubtful.push({ clusterId: group.clusterId, name, why: `only ${others[0]?.key} tells of it` });
    } else if ("good" in verdict) {
      good.push(verdict.good);
      writtenMs.set(name, manifest?.modifiedMs ?? NaN);
    } else if (verdict.ours || data.length + others.length > 0) {
      doubtful.push({ clusterId: group.clusterId, name, why: verdict.why });
    } else foreign += 1;
  }
  return { good: good.sort(byAge), writtenMs, doubtful: doubtful.sort(byName), loose, foreign };
}

/** Within a cluster ID the revision only rises, which a clock doesn't. */
export function byAge(a: Manifest, b: Manifest): number {
  return a.revision - b.revision || Date.parse(a.time) - Date.parse(b.time) || byName(a, b);
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1;

/** The names of all that may be a backup, as far as a listing tells. */
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

async function judge(store: Store, group: Group, { key, bytes }: Stored): Promise<Verdict> {
  if (bytes > SMALL_BYTES)
    return { why: `its manifest has ${bytes} bytes, more than any that is known`, ours: false };
  let manifest: Manifest;
  try {
    manifest = parseManifest((await store.readSmall(key)).toString("utf8"));
  } catch (error) {
    if (error instanceof NotThere) return goneOrHeld(store, group, key);
    if (error instanceof Unreadable) return { why: error.message, ours: error instanceof Later };
    throw error;
  }
  if (manifest.name !== group.name || manifest.clusterId !== group.clusterId)
    return { why: `its manifest is that of ${manifest.clusterId}/${manifest.name}`, ours: false };
  const { object } = manifest;
  // What was written between two pages of a listing isn't in it.
  const there = group.data.find((s) => s.key === object.key)?.bytes ?? (await store.size(object.key));
  if (there === object.bytes) return { good: manifest };
  const what = there === undefined ? "is missing" : `has ${there} bytes of ${object.bytes}`;
  return { why: `it is not whole: its data ${what}`, ours: true };
}

/**
 * Retention of another job takes manifests away while they are read here, and the data right after them. But a store may
 * fail to find for a while what it lists, and data beside a manifest is no leaving of a run that died.
 */
async function goneOrHeld(store: Store, { data }: Group, key: string): Promise<Verdict> {
  for (const { key: of } of data)
    if ((await store.size(of)) !== undefined)
      return { why: `the store lists its manifest ${key} and doesn't find it`, ours: true };
  return "gone";
}
