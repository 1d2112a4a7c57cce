/**
 * What a gate sees of its member's disk. Files that belong to another user tell nothing of the member: a gate that may
 * not read them, or whose etcd may not write to them, reports no disk at all and ends with words. So nobody takes them for
 * an empty disk or a broken one, and no member is replaced because its pods run as somebody else.
 */
import { accessSync, closeSync, constants, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "../shared/disk";
import { readMember } from "../shared/wal";
import { isThere } from "../shared/files";
import { messageOf } from "../shared/errors";
import { readMark } from "./files";

/** What a member's disk holds, in the words of the controller. `version` is etcd's that is to start on it. */
export function readDisk(dataDir: string, version: string): Disk {
  try {
    const disk = read(dataDir, version);
    if (disk.state === "wal") mustBeOurs(dataDir);
    return disk;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const [user, group] = [String(process.geteuid?.()), String(process.getegid?.())];
    throw new Error(
      `its files belong to another user than the one it runs as, ${user} of group ${group}: set security back to what it was, or give the files to that user (${messageOf(error)})`,
      { cause: error },
    );
  }
}

const isForbidden = (error: unknown) =>
  ["EACCES", "EPERM"].includes(String((error as NodeJS.ErrnoException).code));

/** What etcd writes to. A file system that may only be read is another matter: see `room.ts`. */
function mustBeOurs(dataDir: string): void {
  const member = join(dataDir, "member");
  const { R_OK, W_OK, X_OK } = constants;
  try {
    for (const folder of [dataDir, member, join(member, "wal"), join(member, "snap")].filter(isThere)) {
      accessSync(folder, R_OK | W_OK | X_OK);
      const files = readdirSync(folder).filter((name) => /^(?:.*\.wal|db|gate\.json)$/.test(name));
      // Nothing is written to it.
      for (const name of files) closeSync(openSync(join(folder, name), "r+"));
    }
  } catch (error) {
    if (isForbidden(error)) throw error;
  }
}

function read(dataDir: string, version: string): Disk {
  const data = readMember(join(dataDir, "member"), version);
  switch (data.state) {
    case "empty":
    case "broken":
      return data;
    case "wal": {
      const { memberId, clusterId, lastTerm, lastIndex, voters, commit, term, voted, oldEntry } = data;
      const known = { memberId, clusterId, lastTerm, lastIndex, voters, commit, term, voted };
      const old = oldEntry === undefined ? {} : { oldEntry };
      return { state: "wal", ...known, ...old, ...readMark(dataDir) };
    }
  }
}
