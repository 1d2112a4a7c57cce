import { randomBytes } from "node:crypto";
import { Later, Unreadable } from "../refusal";

/**
 * Describes one backup. It is written last: an incomplete backup has no manifest and doesn't count.
 */
export interface Manifest {
  readonly format: 1;
  readonly name: string;
  /** As etcdctl prints it. A restored cluster has another one. */
  readonly clusterId: string;
  /** Namespace and name of the cluster that was backed up. */
  readonly cluster: string;
  /** UIDs of the members' PVCs: see `lineage.ts`. Absent in old backups, and if the UIDs could not be read. */
  readonly volumes?: readonly string[];
  /** The start of the snapshot. */
  readonly time: string;
  /** The revision of the last entry in the snapshot. */
  readonly revision: number;
  /** Number of entries in the snapshot's bucket `key`. Each kept revision of a key is one entry. */
  readonly keys: number;
  /** Number of keys at that revision, as the member counts them. Absent if the revision was compacted meanwhile. */
  readonly liveKeys?: number;
  readonly etcdVersion: string;
  readonly member: { readonly name: string; readonly id: string };
  /** The cluster's generation at the time of the backup. */
  readonly generation: number;
  readonly snapshot: {
    /** Includes the 32 bytes of the hash at its end. */
    readonly bytes: number;
    /** The hash of the database without those 32 bytes, so it has their value. */
    readonly sha256: string;
  };
  readonly object: {
    /** Relative to the store's prefix. */
    readonly key: string;
    readonly bytes: number;
    readonly compression: Compression;
  };
}

export type Compression = "none" | "gzip";

const NAME = /^\d{8}T\d{6}Z-[0-9a-f]{6}$/;
const CLUSTER_ID = /^[1-9a-f][0-9a-f]{0,15}$/;

/** Unique, even for two runs in one second or after a clock was set back. */
export function newName(time: Date): string {
  const stamp = time.toISOString().replace(/[-:]|\.\d+/g, "");
  return `${stamp}-${randomBytes(3).toString("hex")}`;
}

export const keys = {
  folder: (clusterId: string) => `${clusterId}/`,
  manifest: (clusterId: string, name: string) => `${clusterId}/${name}.json`,
  data: (clusterId: string, name: string, compression: Compression) =>
    `${clusterId}/${name}.db${compression === "gzip" ? ".gz" : ""}`,
};

export const isClusterId = (text: string): boolean => CLUSTER_ID.test(text);

/** `other`: has a backup's name, but a kind that this release doesn't write. */
export type KeyKind = "manifest" | "data" | "other";

export interface ParsedKey {
  readonly clusterId: string;
  readonly name: string;
  readonly kind: KeyKind;
}

const kinds: Readonly<Record<string, KeyKind>> = { json: "manifest", db: "data", "db.gz": "data" };

/** Undefined for a key that isn't a backup's. */
export function parseKey(key: string): ParsedKey | undefined {
  const [clusterId = "", file = "", more] = key.split("/");
  const [, name = "", ending = ""] = /^(.*?)\.(.*)$/.exec(file) ?? [];
  if (more !== undefined || !isClusterId(clusterId) || !NAME.test(name)) return undefined;
  return { clusterId, name, kind: Object.hasOwn(kinds, ending) ? (kinds[ending] ?? "other") : "other" };
}

/** Converts a decimal ID of etcd's API to the form that etcdctl prints. */
export const hexId = (decimal: string): string => BigInt.asUintN(64, BigInt(decimal)).toString(16);

export function parseManifest(text: string): Manifest {
  const problem = (what: string) => new Unreadable(`its manifest can't be used: ${what}`);
  let value: Manifest;
  try {
    value = JSON.parse(text) as Manifest;
  } catch {
    throw problem("it is not JSON");
  }
  if (value === null || typeof value !== "object") throw problem("it is not an object");
  if (Number.isSafeInteger(value.format) && value.format > 1)
    throw new Later(`its manifest has format ${value.format}, which is from a later release`);
  if (value.format !== 1) throw problem(`its format is ${JSON.stringify(value.format)}, but only 1 is known`);
  const need = (right: boolean, field: string) => {
    if (!right) throw problem(`${field} is missing or wrong`);
  };
  const whole = (n: unknown, least: number) => Number.isSafeInteger(n) && Number(n) >= least;
  need(typeof value.name === "string" && NAME.test(value.name), "name");
  need(typeof value.clusterId === "string" && CLUSTER_ID.test(value.clusterId), "clusterId");
  need(typeof value.cluster === "string", "cluster");
  const isUid = (uid: unknown) => typeof uid === "string" && uid !== "";
  const { volumes } = value;
  need(
    volumes === undefined || (Array.isArray(volumes) && volumes.length > 0 && volumes.every(isUid)),
    "volumes",
  );
  need(typeof value.time === "string" && !Number.isNaN(Date.parse(value.time)), "time");
  need(whole(value.revision, 0), "revision");
  need(whole(value.keys, 0), "keys");
  need(value.liveKeys === undefined || whole(value.liveKeys, 0), "liveKeys");
  need(typeof value.etcdVersion === "string", "etcdVersion");
  need(typeof value.member?.name === "string" && typeof value.member.id === "string", "member");
  need(whole(value.generation, 1), "generation");
  need(whole(value.snapshot?.bytes, 33) && /^[0-9a-f]{64}$/.test(value.snapshot.sha256), "snapshot");
  const { object } = value;
  need(
    (object?.compression === "none" || object?.compression === "gzip") && whole(object.bytes, 1),
    "object",
  );
  need(object.key === keys.data(value.clusterId, value.name, object.compression), "object.key");
  return value;
}
