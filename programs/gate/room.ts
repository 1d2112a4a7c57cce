/**
 * Room on a volume that is full: a hold, the mark and etcd's configuration are a few hundred bytes, and without them a
 * member can be neither started nor held. A small file is kept to be given up for them.
 */
import { randomBytes } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../shared/errors";
import { dropAside } from "./files";
import { syncFolder } from "../shared/files";

const RESERVE_BYTES = 64 * 1024;

const reserveFile = (volume: string) => join(volume, "gate.reserve");

/** Where there is none, and there is room. Of bytes that no file system can make fewer. */
export function keepReserve(volume: string): void {
  const file = reserveFile(volume);
  if (existsSync(file)) return;
  try {
    writeFileSync(file, randomBytes(RESERVE_BYTES), { mode: 0o600, flush: true });
  } catch {
    rmSync(file, { force: true });
  }
}

function giveUpReserve(volume: string): void {
  rmSync(reserveFile(volume), { force: true });
  syncFolder(volume);
}

const isFull = (error: unknown) =>
  ["ENOSPC", "EDQUOT"].includes(String((error as NodeJS.ErrnoException).code));

/** Does what is safe to begin again, and makes room for it where there is none. */
export function withRoom(volume: string, work: () => void, mayDropAside = false): void {
  const ways = mayDropAside ? [giveUpReserve, () => dropAside(volume)] : [giveUpReserve];
  for (const makeRoom of ways) {
    try {
      return work();
    } catch (error) {
      if (!isFull(error)) throw error;
      makeRoom(volume);
    }
  }
  work();
}

/** What the file system said, or undefined for an error of another kind. Somebody may set it right meanwhile. */
export function volumeProblem(error: unknown): string | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code !== undefined && syscall !== undefined ? messageOf(error) : undefined;
}
