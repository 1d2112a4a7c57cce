import type { EtcdClient } from "../shared/etcd/client";
import { countKeys } from "./count";
import { streamSnapshot } from "../shared/etcd/snapshot";
import type { Source } from "./source";
import { sources } from "./source";
import type { Compression, Manifest } from "../shared/backups/manifest";
import { keys, newName } from "../shared/backups/manifest";
import { orStopped } from "./stopped";
import type { Store, Writer } from "./store";
import { GzipWriter } from "./zip";
import { messageOf } from "../shared/errors";

export interface Taking {
  readonly store: Store;
  readonly clientUrls: readonly string[];
  readonly open: (url: string) => EtcdClient;
  /** Namespace and name. */
  readonly cluster: string;
  /** UIDs of its members' claims; undefined if nobody knows. */
  readonly volumes?: readonly string[];
  readonly generation: number;
  readonly compression: Compression;
  readonly signal: AbortSignal;
  readonly now?: () => number;
  readonly say?: (text: string) => void;
}

/** So many members are tried, one after the other. */
const MOST_SOURCES = 3;

/**
 * Makes one backup. The database goes from the member to the store as it comes: neither memory nor a disk holds it.
 * Its hash and its pages are checked before the store is told that it is whole, and the manifest, by which alone it
 * counts, is written after that; so whatever fails in between, and wherever this process dies, no backup is there.
 */
export async function takeBackup(taking: Taking): Promise<Manifest> {
  const found = await sources(taking.clientUrls, taking.open);
  const problems: string[] = [];
  try {
    for (const source of found.slice(0, MOST_SOURCES)) {
      const attempt = new Attempt(taking, source);
      try {
        return await attempt.run();
      } catch (error) {
        if (attempt.storeFailed || taking.signal.aborted) throw error;
        problems.push(`${source.name}: ${messageOf(error)}`);
        taking.say?.(`no snapshot from ${source.name}: ${messageOf(error)}`);
      }
    }
  } finally {
    for (const { client } of found) client.close();
  }
  throw new Error(`no member gave a whole snapshot: ${problems.join("; ")}`);
}

class Attempt {
  /** Another member can't help then. */
  storeFailed = false;

  constructor(
    private readonly taking: Taking,
    private readonly source: Source,
  ) {}

  async run(): Promise<Manifest> {
    const { store, compression, signal, volumes, now = Date.now } = this.taking;
    const { clusterId, client } = this.source;
    const begun = new Date(now());
    const name = newName(begun);
    const key = keys.data(clusterId, name, compression);
    this.taking.say?.(
      `takes a snapshot from ${this.source.name} (${this.source.leads ? "the leader" : "a follower"})`,
    );
    const inner = await this.stored(() => store.writer(key));
    let whole = false;
    const writer: Writer = compression === "gzip" ? new GzipWriter(inner) : inner;
    try {
      const write = (chunk: Buffer) => this.watched(writer.write(chunk));
      const { bytes, sha256, ...contents } = await streamSnapshot(client, write, signal);
      const storedBytes = await this.stored(() => this.orStopped(writer.finish()));
      whole = true;
      const liveKeys = await countKeys(client, contents.revision);
      const manifest: Manifest = {
        format: 1,
        name,
        clusterId,
        cluster: this.taking.cluster,
        ...(volumes === undefined ? {} : { volumes }),
        time: begun.toISOString(),
        ...contents,
        ...(liveKeys === undefined ? {} : { liveKeys }),
        etcdVersion: this.source.version,
        member: { name: this.source.name, id: this.source.memberId },
        generation: this.taking.generation,
        snapshot: { bytes, sha256 },
        object: { key, bytes: storedBytes, compression },
      };
      const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
      await this.stored(() => this.orStopped(store.writeSmall(keys.manifest(clusterId, name), text)));
      return manifest;
    } catch (error) {
      await writer.abort();
      if (whole) await this.discard(name, key);
      throw error;
    }
  }

  /** What was stored without its manifest, or with one of which nobody knows whether it arrived. */
  private async discard(name: string, key: string): Promise<void> {
    const { store } = this.taking;
    try {
      await store.remove(keys.manifest(this.source.clusterId, name));
      await store.remove(key);
    } catch {
      // It doesn't count, and a later run removes it.
    }
  }

  /** The stream is ended by itself; what comes after it has to be left as well. */
  private orStopped<T>(work: Promise<T>): Promise<T> {
    return orStopped(work, this.taking.signal);
  }

  private watched(until: Promise<void> | undefined): Promise<void> | undefined {
    return until && this.stored(() => until);
  }

  private async stored<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.storeFailed = true;
      throw error;
    }
  }
}
