import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  fsyncSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** What a member's disk holds. */
export type Disk =
  | { readonly state: "empty" }
  /** etcd counts a member as born once it has a file of its write-ahead log. */
  | { readonly state: "member" }
  | { readonly state: "broken"; readonly reason: string };

export function readDisk(dataDir: string): Disk {
  const wal = join(dataDir, "member", "wal");
  if (existsSync(wal) && readdirSync(wal).some((file) => file.endsWith(".wal"))) {
    return { state: "member" };
  }
  const database = join(dataDir, "member", "snap", "db");
  if (existsSync(database)) {
    return {
      state: "broken",
      reason: `there is a database (${database}) and no write-ahead log (${wal}): etcd would take this member for a new one`,
    };
  }
  return { state: "empty" };
}

/** Written whole or not at all, and on the disk before etcd reads it. */
export function writeConfig(file: string, text: string): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${file}.tmp`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  renameSync(draft, file);
  const directory = openSync(folder, "r");
  fsyncSync(directory);
  closeSync(directory);
}
