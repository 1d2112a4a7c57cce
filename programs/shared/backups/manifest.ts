import { randomBytes } from "node:crypto";
import { Later, Unreadable } from "../refusal";

/**
 * What is known of one backup. It is written after all else, so that a backup that was cut short has none, and doesn't
 * count.
 */
export interface Manifest {
  readonly format: 1;
  readonly name: string;
  /** As etcdctl prints it. A restored cluster has another one. */
  readonly clusterId: string;
  /** Namespace and name of the cluster that was backed up. */
  readonly cluster: string;
  /** UIDs of its members' claims: see `lineage.ts`. Absent before it was recorded, or if they could not be asked for. */
  readonly volumes?: readonly string[];
  /** When the snapshot was begun. */
  readonly time: string;
  /** Of the last entry in the snapshot itself. */
  readonly revision: number;
  /** Entries of the snapshot's bucket `key`: every revision that it keeps of every key. */
  readonly keys: number;
  /** Keys at that revision, counted by the member. Absent if it had compacted that revision meanwhile. */
  readonly liveKeys?: number;
  readonly etcdVersion: string;
  readonly member: { readonly name: string; readonly id: string };
  /** Of the component: it counts restores. */
  readonly generation: number;
  readonly snapshot: {
    /** With the 32 bytes of the hash at its end. */
    readonly bytes: number;
    /** Of the database without them, so the same as they. */
    readonly sha256: string;
  };
  readonly object: {
    /** Below the store's prefix. */
    readonly key: string;
    readonly bytes: number;
    readonly compression: Compression;
  };
}

export type Compression = "none" | "gzip";

const NAME = /^\d{8}T\d{6}Z-[0-9a-f]{6}$/;
const CLUSTER_ID = /^[1-9a-f][0-9a-f]{0,15}$/;

/** Never given twice: neither two runs in one second nor a clock that goes back can make it so. */
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

/** `other`: has a backup's name, and isn't of this release's making. */
export type KeyKind = "manifest" | "data" | "other";

export interface ParsedKey {
  readonly clusterId: string;
  readonly name: string;
  readonly kind: KeyKind;
}

const kinds: Readonly<Record<string, KeyKind>> = { json: "manifest", db: "data", "db.gz": "data" };

/** Which backup's a key is. Undefined for anything that has no backup's name. */
export function parseKey(key: string): ParsedKey | undefined {
  const [clusterId = "", file = "", more] = key.split("/");
  const [, name = "", ending = ""] = /^(.*?)\.(.*)$/.exec(file) ?? [];
  if (more !== undefined || !isClusterId(clusterId) || !NAME.test(name)) return undefined;
  return { clusterId, name, kind: Object.hasOwn(kinds, ending) ? (kinds[ending] ?? "other") : "other" };
}

/** The decimal numbers of etcd's API, as etcdctl prints them. */
export const hexId = (decimal: string): string => BigInt.asUintN(64, BigInt(decimal)).toString(16);

export function parseManifest(text: string): Manifest {
  const problem = (what: string) => new Unreadable(`its manifest can't be used: ${what}`);
  let value: Manifest;
  try {
    value = JSON.parse(text) as Manifest;
  } catch {
    throw problem("it is no JSON");
  }
  if (value === null || typeof value !== "object") throw problem("it is no object");
  if (Number.isSafeInteger(value.format) && value.format > 1)
    throw new Later(`its manifest has the format ${value.format}, which a later release has written`);
  if (value.format !== 1) throw problem(`its format is ${JSON.stringify(value.format)}, and 1 is known`);
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
