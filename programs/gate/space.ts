/**
 * Space on a full volume. The fence, the mark and etcd's configuration take a few hundred bytes, and without them a
 * member can be neither started nor fenced. So a small file reserves space, and is deleted when they need it.
 */
import { randomBytes } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../shared/errors";
import { dropQuarantine } from "./files";
import { syncFolder } from "../shared/files";

const RESERVE_BYTES = 64 * 1024;

const reserveFile = (volume: string) => join(volume, "gate.reserve");

/** Creates the reserve if the volume has space for it. Random bytes can't be compressed by the file system. */
export function keepReserve(volume: string): void {
  const file = reserveFile(volume);
  if (existsSync(file)) return;
  try {
    writeFileSync(file, randomBytes(RESERVE_BYTES), { mode: 0o600, flush: true });
  } catch {
    rmSync(file, { force: true });
  }
}

function dropReserve(volume: string): void {
  rmSync(reserveFile(volume), { force: true });
  syncFolder(volume);
}

const isFull = (error: unknown) =>
  ["ENOSPC", "EDQUOT"].includes(String((error as NodeJS.ErrnoException).code));

/** Runs `work`, and again after freeing space if the volume is full. `work` has to be repeatable. */
export function withSpace(volume: string, work: () => void, mayDropQuarantine = false): void {
  const ways = mayDropQuarantine ? [dropReserve, dropQuarantine] : [dropReserve];
  for (const freeSpace of ways) {
    try {
      return work();
    } catch (error) {
      if (!isFull(error)) throw error;
      freeSpace(volume);
    }
  }
  work();
}

/** The message of a file system's error, which a user can fix while the gate waits. Undefined for any other error. */
export function volumeProblem(error: unknown): string | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code !== undefined && syscall !== undefined ? messageOf(error) : undefined;
}
