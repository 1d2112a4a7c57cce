import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Manifest } from "../../../../programs/shared/backups/manifest";
import { keys } from "../../../../programs/shared/backups/manifest";
import { root } from "../../../../hack/root";

export const minors = ["3.5", "3.6", "3.7"] as const;
export const cases = ["empty", "small", "large"] as const;
export type Minor = (typeof minors)[number];
export type Case = (typeof cases)[number];

const folder = join(root, "tests/fixtures/snapshots");

/** As `etcdctl snapshot save` wrote it. */
export const snapshot = (minor: Minor, name: Case): Buffer =>
  gunzipSync(readFileSync(join(folder, minor, `${name}.db.gz`)));

export const statusOf = (minor: Minor, name: Case) =>
  JSON.parse(readFileSync(join(folder, minor, `${name}.json`), "utf8")) as {
    revision: number;
    totalKey: number;
    totalSize: number;
  };

/** Entries of the bucket `key`, by what `make.sh` wrote. */
export const entries: Record<Case, number> = { empty: 0, small: 4, large: 8003 };

/** Hands it over in pieces of these lengths, again and again. */
export function* pieces(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = Math.max(1, lengths[i % lengths.length] ?? bytes.length);
    yield bytes.subarray(at, (at += length));
  }
}

/** What a promise was rejected with. */
export const failure = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error("no error"),
    (error: Error) => error,
  );

const folders: string[] = [];

export function temporaryFolder(): string {
  const made = mkdtempSync(join(tmpdir(), "backup-"));
  folders.push(made);
  return made;
}

export function removeFolders(): void {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
}

const hour = 3600_000;
/** `now` of these tests. */
export const nowMs = Date.UTC(2026, 10, 26, 12);

/** UIDs of the claims of the cluster that all of these are of. */
export const volumes = ["claim-0", "claim-1", "claim-2"];

/** A manifest of a backup that was made so many hours ago. */
export function manifest(hoursAgo: number, more: Partial<Manifest> = {}): Manifest {
  const time = new Date(nowMs - hoursAgo * hour);
  const clusterId = more.clusterId ?? "c1";
  const suffix = String(Math.abs(Math.round(hoursAgo * 10)) % 1e6).padStart(6, "0");
  const name = more.name ?? `${time.toISOString().replace(/[-:]|\.\d+/g, "")}-${suffix}`;
  return {
    format: 1,
    name,
    clusterId,
    cluster: "ns/etcd",
    volumes,
    time: time.toISOString(),
    revision: 1000 - Math.floor(hoursAgo),
    keys: 5,
    etcdVersion: "3.6.16",
    member: { name: "etcd-1", id: "ab" },
    generation: 1,
    snapshot: { bytes: 20512, sha256: "0".repeat(64) },
    object: { key: keys.data(clusterId, name, "none"), bytes: 10, compression: "none" },
    ...more,
  };
}
