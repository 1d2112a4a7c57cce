import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import type { Catalog } from "./catalog";
import { byAge, readCatalog } from "./catalog";
import { Check } from "../shared/etcd/snapshot";
import type { Checked } from "../shared/etcd/snapshot";
import type { Lineage } from "./lineage";
import { lineagesOf } from "./lineage";
import type { Manifest } from "../shared/backups/manifest";
import { parseKey } from "../shared/backups/manifest";
import { NotThere, Refusal } from "../shared/refusal";
import type { Store } from "./store";
import { messageOf } from "../shared/errors";

/**
 * Selects a backup. Without a name it is the newest. Without a cluster ID it is one of the only cluster that has
 * backups in the store.
 */
export interface Which {
  readonly name?: string;
  readonly clusterId?: string;
}

export const files = { snapshot: "snapshot.db", manifest: "manifest.json" } as const;

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 1000;

/**
 * Finds the selected backup. It never chooses between clusters or between copies of one cluster, and it never skips a
 * newer backup that can't be used.
 */
export async function findBackup(store: Store, { name, clusterId }: Which): Promise<Manifest> {
  const catalog = await readCatalog(store, clusterId);
  if (name !== undefined) return namedBackup(store, catalog, name);
  const { good, doubtful } = catalog;
  const ids = [...new Set(good.map((m) => m.clusterId))];
  if (ids.length > 1)
    throw new Refusal(
      `there are backups of ${ids.length} clusters in ${store.where} (${ids.join(", ")}): set the ` +
        "cluster's ID or a backup's name",
    );
  const lineages = lineagesOf(good);
  if (lineages.length > 1)
    throw new Refusal(
      `the backups in ${store.where} are of ${lineages.length} clusters with the ID ${ids[0] ?? ""}, ` +
        `as after copying volumes: set a backup's name. The newest of each: ${newestOfEach(lineages)}`,
    );
  const newest = good.at(-1);
  const last = doubtful.at(-1);
  if (!newest)
    throw new Refusal(
      `there is no complete backup in ${store.where}${last ? `; ${last.name} can't be used: ${last.why}` : ""}`,
    );
  // Taking an older backup instead would silently lose what was written between the two.
  if (last && last.name > newest.name)
    throw new Refusal(
      `the newest backup in ${store.where}, ${last.name}, can't be used: ${last.why}. The newest good ` +
        `one is ${newest.name}: to use it, set its name`,
    );
  return newest;
}

const newestOfEach = (lineages: readonly Lineage[]): string =>
  lineages
    .map((line) => [...line].sort(byAge).at(-1))
    .map((m) => (m ? `${m.name} (of ${m.cluster}, revision ${m.revision})` : ""))
    .join(", ");

function namedBackup(store: Store, { good, doubtful, orphans }: Catalog, name: string): Manifest {
  const named = good.filter((m) => m.name === name);
  if (named[0] && named.length === 1) return named[0];
  const incomplete = orphans.some(({ key }) => parseKey(key)?.name === name);
  const why = incomplete
    ? "it is incomplete: it has no manifest"
    : doubtful.find((d) => d.name === name)?.why;
  throw new Refusal(
    why === undefined
      ? `there is no backup ${name} in ${store.where}; the last ones are: ${lastNames(good)}`
      : `the backup ${name} in ${store.where} can't be used: ${why}`,
  );
}

/**
 * Fetches a backup into a folder, as `snapshot.db` and `manifest.json`. Neither file exists until everything has been
 * checked: the length, the hash, the hash at the end of the snapshot, the pages, and the revision.
 */
export async function fetchBackup(store: Store, which: Which, folder: string): Promise<Manifest> {
  const manifest = await findBackup(store, which);
  const path = join(folder, files.snapshot);
  const partial = `${path}.partial`;
  await mkdir(folder, { recursive: true });
  await rm(path, { force: true });
  await rm(join(folder, files.manifest), { force: true });
  try {
    await retry(() => copy(store, manifest, partial));
    await rename(partial, path);
    await writeFile(join(folder, files.manifest), JSON.stringify(manifest), { flush: true });
  } finally {
    await rm(partial, { force: true });
  }
  return manifest;
}

async function copy(store: Store, manifest: Manifest, path: string): Promise<void> {
  const { object, snapshot, name } = manifest;
  const check = new Check();
  const file = await open(path, "w", 0o640);
  // Neither reads nor writes more than was recorded: a few compressed bytes can fill a disk.
  const stored = atMost(object.bytes, "has");
  const unpacked = atMost(snapshot.bytes, "unpacks to");
  try {
    const source = await store.read(object.key);
    const write = async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of unpacked(chunks)) {
        check.push(chunk);
        await writeAll(file, chunk);
      }
    };
    if (object.compression === "gzip") await pipeline(source, stored, createGunzip(), write);
    else await pipeline(source, stored, write);
    await file.sync();
  } catch (error) {
    throw damaged(error, name);
  } finally {
    await file.close();
  }
  const actual = resultOf(check, name);
  const differs = (what: string, recorded: unknown, found: unknown) => {
    if (recorded !== found)
      throw new Refusal(
        `the backup ${name} is damaged: ${what} recorded ${String(recorded)}, found ${String(found)}`,
      );
  };
  differs("bytes", snapshot.bytes, actual.bytes);
  differs("hash", snapshot.sha256, actual.sha256);
  differs("revision", manifest.revision, actual.revision);
  differs("entries", manifest.keys, actual.keys);
}

/** Passes chunks through and fails once they exceed `bytes`. */
const atMost = (bytes: number, verb: string) =>
  async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let total = 0;
    for await (const chunk of chunks) {
      total += chunk.length;
      if (total > bytes) throw new Refusal(`it ${verb} more than the recorded ${bytes} bytes`);
      yield chunk;
    }
  };

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let done = 0; done < chunk.length;)
    done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
}

function resultOf(check: Check, name: string): Checked {
  try {
    return check.result();
  } catch (error) {
    throw damaged(error, name);
  }
}

function damaged(error: unknown, name: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof NotThere) return error;
  if (code === "ENOSPC") return new Refusal(`the disk is too full for the backup ${name}`);
  return code?.startsWith("Z_") || error instanceof Refusal
    ? new Refusal(`the backup ${name} is damaged: ${messageOf(error)}`)
    : error;
}

/** Retries a broken connection, but not a damaged backup. */
async function retry<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refusal || attempt === ATTEMPTS) throw error;
    }
    await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
  }
}

const lastNames = (good: readonly Manifest[]): string =>
  good
    .slice(-5)
    .map((m) => m.name)
    .join(", ") || "none";
