/** Sources of a snapshot besides backups and an etcd elsewhere: a file, or the copy of a survivor's disk. */
import { createReadStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { addressOfUrl } from "../shared/etcd/address";
import { EtcdClient } from "../shared/etcd/client";
import { Check } from "../shared/etcd/snapshot";
import { Refusal } from "../shared/refusal";
import { KV, Maintenance } from "../shared/etcd/rpc_pb";
import { log } from "./log";
import { readReceipt } from "./receipt";
import type { Settings } from "./settings";
import { download, summary, toFile, writeSource } from "./snapshot-file";
import { messageOf } from "../shared/errors";
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
  writeSource(settings.scratch, `the snapshot file ${file}, ${summary(checked)}`);
}
