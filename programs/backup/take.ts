import type { EtcdClient } from "../shared/etcd/client";
import { countKeys } from "./count-keys";
import { streamSnapshot } from "../shared/etcd/snapshot";
import type { Source } from "./source";
import { sources } from "./source";
import type { Compression, Manifest } from "../shared/backups/manifest";
import { keys, newName } from "../shared/backups/manifest";
import { abortable } from "./abortable";
import type { Store, Writer } from "./store";
import { GzipWriter } from "./gzip-writer";
import { messageOf } from "../shared/errors";

export interface TakeOptions {
  readonly store: Store;
  readonly clientUrls: readonly string[];
  readonly open: (url: string) => EtcdClient;
  /** Namespace and name. */
  readonly cluster: string;
  /** UIDs of the members' PVCs; undefined if unknown. */
  readonly volumes?: readonly string[];
  readonly generation: number;
  readonly compression: Compression;
  readonly signal: AbortSignal;
  readonly now?: () => number;
  readonly log?: (text: string) => void;
}

/** How many members are tried, one after the other. */
const MAX_SOURCES = 3;

/**
 * Makes one backup. It streams the database from the member to the store, so neither memory nor a disk holds it. The
 * hash and the pages are checked before the object is completed, and the manifest is written last. Only a manifest
 * makes an object a backup. So a failure or a crash at any point leaves no incomplete backup.
 */
export async function takeBackup(options: TakeOptions): Promise<Manifest> {
  const found = await sources(options.clientUrls, options.open);
  const problems: string[] = [];
  try {
    for (const source of found.slice(0, MAX_SOURCES)) {
      const attempt = new Attempt(options, source);
      try {
        return await attempt.run();
      } catch (error) {
        if (attempt.storeFailed || options.signal.aborted) throw error;
        problems.push(`${source.name}: ${messageOf(error)}`);
        options.log?.(`no snapshot from ${source.name}: ${messageOf(error)}`);
      }
    }
  } finally {
    for (const { client } of found) client.close();
  }
  throw new Error(`no member gave a complete snapshot: ${problems.join("; ")}`);
}

class Attempt {
  /** Then another member can't help. */
  storeFailed = false;

  constructor(
    private readonly options: TakeOptions,
    private readonly source: Source,
  ) {}

  async run(): Promise<Manifest> {
    const { store, compression, signal, volumes, now = Date.now } = this.options;
    const { clusterId, client } = this.source;
    const started = new Date(now());
    const name = newName(started);
    const key = keys.data(clusterId, name, compression);
    this.options.log?.(
      `takes a snapshot from ${this.source.name} (${this.source.leads ? "the leader" : "a follower"})`,
    );
    const inner = await this.guardStore(() => store.writer(key));
    let complete = false;
    const writer: Writer = compression === "gzip" ? new GzipWriter(inner) : inner;
    try {
      const write = (chunk: Buffer) => this.guarded(writer.write(chunk));
      const { bytes, sha256, ...contents } = await streamSnapshot(client, write, signal);
      const storedBytes = await this.guardStore(() => this.abortable(writer.finish()));
      complete = true;
      const liveKeys = await countKeys(client, contents.revision);
      const manifest: Manifest = {
        format: 1,
        name,
        clusterId,
        cluster: this.options.cluster,
        ...(volumes === undefined ? {} : { volumes }),
        time: started.toISOString(),
        ...contents,
        ...(liveKeys === undefined ? {} : { liveKeys }),
        etcdVersion: this.source.version,
        member: { name: this.source.name, id: this.source.memberId },
        generation: this.options.generation,
        snapshot: { bytes, sha256 },
        object: { key, bytes: storedBytes, compression },
      };
      const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
      await this.guardStore(() => this.abortable(store.writeSmall(keys.manifest(clusterId, name), text)));
      return manifest;
    } catch (error) {
      await writer.abort();
      if (complete) await this.discard(name, key);
      throw error;
    }
  }

  /** Removes an object whose manifest wasn't written, or may have been. */
  private async discard(name: string, key: string): Promise<void> {
    const { store } = this.options;
    try {
      await store.remove(keys.manifest(this.source.clusterId, name));
      await store.remove(key);
    } catch {
      // Without a manifest it isn't a backup, and a later run removes it.
    }
  }

  /** The signal ends the stream itself. This ends the steps after it. */
  private abortable<T>(work: Promise<T>): Promise<T> {
    return abortable(work, this.options.signal);
  }

  private guarded(until: Promise<void> | undefined): Promise<void> | undefined {
    return until && this.guardStore(() => until);
  }

  private async guardStore<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.storeFailed = true;
      throw error;
    }
  }
}
