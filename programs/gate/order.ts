/**
 * Where an order to begin or to join stands, so that it is used up by the log that is made from it.
 *
 * etcd reads `member/wal/../etcd.yaml`. With an order, `member/wal` is a link to the empty `member/order/wal`: what etcd
 * reads is `member/order/etcd.yaml`, and it finds no log. It makes its log in `member/wal.tmp` and renames that to
 * `member/wal` (3.5 to 3.7), which takes the place of the link: from then on it reads `member/etcd.yaml`, by which nothing
 * can be begun or joined. Where `member/wal` is gone, it reads nothing and doesn't start, and only a new pod's gate can
 * change that. So no container restart in place makes a second cluster or a second member out of one order, whatever
 * part of the directory was deleted.
 */
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { hasLog } from "../shared/wal";
import { syncFolder, writeWhole } from "../shared/files";

const memberDir = (dataDir: string) => join(dataDir, "member");
const orderDir = (dataDir: string) => join(dataDir, "member", "order");

/** What etcd reads once it has a log. */
export function writeConfig(dataDir: string, text: string): void {
  writeWhole(join(memberDir(dataDir), "etcd.yaml"), text);
}

/** What etcd reads as long as it has none. The link comes last: before it there is nothing to read. */
export function writeOrder(dataDir: string, text: string): void {
  const log = join(memberDir(dataDir), "wal");
  // Looked at right before: with a log, etcd would start under its old identity whatever it is told.
  if (hasLog(log)) throw new Error("there is a log now where there was none");
  rmSync(log, { recursive: true, force: true });
  dropOrder(dataDir);
  mkdirSync(join(orderDir(dataDir), "wal"), { recursive: true, mode: 0o700 });
  writeWhole(join(orderDir(dataDir), "etcd.yaml"), text);
  symlinkSync(join("order", "wal"), log);
  syncFolder(memberDir(dataDir));
}

export function dropOrder(dataDir: string): void {
  rmSync(orderDir(dataDir), { recursive: true, force: true });
}
