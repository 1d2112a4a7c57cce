/**
 * Reads the member's disk. If the gate may not read the files, or etcd may not write to them, the gate fails with a
 * message and reports no disk. Otherwise the controller could take files of another user for an empty or broken disk,
 * and replace a member only because its pod runs as a different user.
 */
import { accessSync, closeSync, constants, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "../shared/disk";
import { readMember } from "../shared/wal";
import { isThere } from "../shared/files";
import { messageOf } from "../shared/errors";
import { readMark } from "./files";

/** `version` is the etcd version that is about to start on the disk. */
export function readDisk(dataDir: string, version: string): Disk {
  try {
    const disk = read(dataDir, version);
    if (disk.state === "wal") requireAccess(dataDir);
    return disk;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const [user, group] = [String(process.geteuid?.()), String(process.getegid?.())];
    throw new Error(
      `the member's files belong to another user than the one that the pod runs as, user ${user} of ` +
        `group ${group}: set security back to its previous value, or change the owner of the files ` +
        `(${messageOf(error)})`,
      { cause: error },
    );
  }
}

const isForbidden = (error: unknown) =>
  ["EACCES", "EPERM"].includes(String((error as NodeJS.ErrnoException).code));

/** Opens whatever etcd will write to. A read-only file system is handled in `space.ts`. */
function requireAccess(dataDir: string): void {
  const member = join(dataDir, "member");
  const { R_OK, W_OK, X_OK } = constants;
  try {
    for (const folder of [dataDir, member, join(member, "wal"), join(member, "snap")].filter(isThere)) {
      accessSync(folder, R_OK | W_OK | X_OK);
      const files = readdirSync(folder).filter((name) => /^(?:.*\.wal|db|gate\.json)$/.test(name));
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
