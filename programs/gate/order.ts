/**
 * Stores an order to bootstrap or to join, in such a way that etcd uses it up when it creates its write-ahead log
 * (WAL).
 *
 * etcd reads `member/wal/../etcd.yaml`. With an order, `member/wal` is a link to the empty `member/order/wal`, so
 * etcd reads `member/order/etcd.yaml` and finds no WAL. It creates its WAL in `member/wal.tmp` and renames that to
 * `member/wal` (3.5 to 3.7), which replaces the link. From then on etcd reads `member/etcd.yaml`, which can neither
 * bootstrap nor join. If `member/wal` is gone, etcd finds no configuration and doesn't start. Only the gate of a new
 * pod can change that. So a restart of the container never makes a second cluster or a second member from one order,
 * whatever part of the directory was deleted.
 */
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { hasLog } from "../shared/wal";
import { syncFolder, writeWhole } from "../shared/files";

const memberDir = (dataDir: string) => join(dataDir, "member");
const orderDir = (dataDir: string) => join(dataDir, "member", "order");

/** The configuration that etcd reads once it has a WAL. */
export function writeConfig(dataDir: string, text: string): void {
  writeWhole(join(memberDir(dataDir), "etcd.yaml"), text);
}

/** The configuration that etcd reads until it has a WAL. The link comes last: until then etcd can read nothing. */
export function writeOrder(dataDir: string, text: string): void {
  const log = join(memberDir(dataDir), "wal");
  // With a WAL, etcd would start under its old identity, whatever the configuration says.
  if (hasLog(log)) throw new Error("a write-ahead log has appeared on a disk that had none");
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
