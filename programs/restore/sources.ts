/** Sources of a snapshot besides the backups: a file, an etcd elsewhere, or the copy of a survivor's disk. */
import {
  closeSync,
  createReadStream,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { addressOfUrl } from "../shared/etcd/address";
import { EtcdClient } from "../shared/etcd/client";
import type { Checked } from "../shared/etcd/snapshot";
import { Check, streamSnapshot } from "../shared/etcd/snapshot";
import { Refusal } from "../shared/refusal";
import { KV, Maintenance } from "../shared/etcd/rpc_pb";
import { syncFolder } from "../shared/files";
import { log } from "./log";
import { readReceipt, writeContents } from "./receipt";
import type { Settings } from "./settings";
import { place } from "./settings";
import { messageOf } from "../shared/errors";
import { list, optional, shape, text } from "../shared/schema";
import { readKeyPair } from "../shared/tls";

const CALL_MS = 5000;
/** Only read, and need not exist. */
const ANY_KEY = Buffer.from("health");
const POLL_MS = 500;

/**
 * Saves a snapshot of the etcd beside this container, which runs on the survivor's copy, once it has applied all
 * entries.
 */
export async function save(settings: Settings, url = "https://127.0.0.1:2379"): Promise<void> {
  const receipt = readReceipt(settings.scratch);
  if (!receipt) throw new Error("the copy of the survivor's disk is missing");
  const client = new EtcdClient(addressOfUrl(url, "localhost"), readKeyPair(settings.tlsDir));
  let last = "";
  for (;;) {
    try {
      // A linearizable read is answered only after the entries of the log are applied.
      await client.call(KV.method.range, { key: ANY_KEY, countOnly: true }, CALL_MS);
      break;
    } catch (error) {
      const message = messageOf(error);
      if (message !== last) log.info(`etcd on the survivor's copy doesn't answer yet: ${(last = message)}`);
      client.close();
      await sleep(POLL_MS);
    }
  }
  const { header, raftAppliedIndex } = await client.call(Maintenance.method.status, {}, CALL_MS);
  if (header?.memberId !== receipt.memberId || header.clusterId !== receipt.clusterId)
    throw new Error(
      `this etcd is member ${header?.memberId} of cluster ${header?.clusterId}, but the survivor is ` +
        `member ${receipt.memberId} of cluster ${receipt.clusterId}`,
    );
  if (raftAppliedIndex < receipt.commit)
    throw new Error(
      `entries up to ${raftAppliedIndex} are applied, but entries up to ${receipt.commit} are committed`,
    );
  const checked = await download(settings.scratch, client);
  client.close();
  if (checked.revision === 0)
    throw new Refusal(
      `the survivor's disk, up to entry ${receipt.commit}, holds no data at all (revision 0): no ` +
        "client has ever written to it",
    );
  log.info(`saved a snapshot of the survivor's copy: ${summary(checked)}`);
}

export interface Endpoints {
  readonly urls: readonly string[];
  /** The name in the certificates, if it differs from the URLs' hosts. */
  readonly serverName?: string;
}

export const endpoints = shape<Endpoints>({ urls: list(text), serverName: optional(text) });

/** Saves a snapshot of a running etcd elsewhere, from its first endpoint that answers a linearizable read. */
export async function fromEndpoints(settings: Settings, from: Endpoints, tlsDir: string): Promise<void> {
  const problems: string[] = [];
  for (const url of from.urls) {
    const client = new EtcdClient(addressOfUrl(url, from.serverName), readKeyPair(tlsDir));
    try {
      await client.call(KV.method.range, { key: ANY_KEY, countOnly: true }, CALL_MS);
      const { version: etcdVersion } = await client.call(Maintenance.method.status, {}, CALL_MS);
      const checked = await download(settings.scratch, client);
      writeFileSync(place(settings.scratch, "version"), JSON.stringify({ etcdVersion }), { flush: true });
      return writeSource(settings, `the etcd at ${url}, ${summary(checked)}`);
    } catch (error) {
      problems.push(`${url}: ${messageOf(error)}`);
    } finally {
      client.close();
    }
  }
  throw new Error(`no endpoint returned a snapshot: ${problems.join("; ")}`);
}

/** Checks and copies a file on a PVC, as `etcdctl snapshot save` writes it. */
export async function fromFile(settings: Settings, file: string): Promise<void> {
  const check = new Check();
  const checked = await toFile(settings.scratch, async (write) => {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
      check.push(chunk as Buffer);
      write(chunk as Buffer);
    }
    return check.result();
  }).catch((error: unknown) => {
    throw new Refusal(`the snapshot file ${file} can't be used: ${messageOf(error)}`);
  });
  writeSource(settings, `the snapshot file ${file}, ${summary(checked)}`);
}

const summary = ({ revision, keys, bytes }: Checked) =>
  `revision ${revision}, ${keys} entries, ${bytes} bytes`;

function writeSource({ scratch }: Settings, source: string): void {
  log.info(source);
  writeFileSync(place(scratch, "source"), source, { flush: true });
}

function download(scratch: string, client: EtcdClient): Promise<Checked> {
  return toFile(scratch, (write) =>
    streamSnapshot(client, (chunk) => {
      write(chunk);
      return undefined;
    }),
  );
}

/** The file gets its name only once it is complete, checked and synced to the disk. */
async function toFile(
  scratch: string,
  fill: (write: (chunk: Buffer) => void) => Promise<Checked>,
): Promise<Checked> {
  const file = place(scratch, "snapshot");
  const draft = `${file}.partial`;
  rmSync(draft, { force: true });
  const fd = openSync(draft, "wx", 0o600);
  try {
    const checked = await fill((chunk) => {
      for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at);
    });
    fsyncSync(fd);
    writeContents(scratch, checked);
    renameSync(draft, file);
    syncFolder(dirname(file));
    return checked;
  } finally {
    closeSync(fd);
  }
}
