/**
 * The gate's part in a restore: it replaces its data by the restored data, or sends its own data to a recovery. New
 * data is checked before anything is moved. The old data is quarantined. Nothing deletes it before the new data is in
 * place, and it comes back if the gate is stopped earlier.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { download, upload } from "../shared/https";
import { receiveDirectory } from "../shared/archive/receive";
import { directoryStream } from "../shared/archive/send";
import { readMember } from "../shared/wal";
import { isThere } from "../shared/files";
import { dropQuarantine, replace, writeMark } from "./files";
import type { Settings } from "./settings";

interface Seed {
  readonly url: string;
  readonly sha256: string;
  readonly setAside: boolean;
}

const incomingOf = (volume: string) => join(volume, "incoming");

/** Removes what an interrupted download left behind. */
export const dropIncoming = (volume: string): void =>
  rmSync(incomingOf(volume), { recursive: true, force: true });

/** Can be repeated after a stop at any point: one rename moves the complete directory, with its mark, into place. */
export async function takeSeed(settings: Settings, seed: Seed): Promise<void> {
  const { volume, dataDir, tlsDir, generation, version } = settings;
  const incoming = incomingOf(volume);
  const fresh = join(incoming, "member");
  dropIncoming(volume);
  try {
    await download(seed.url, tlsDir, (stream) => receiveDirectory(stream, fresh, seed.sha256));
    writeMark(incoming, { generation, lastVersion: version });
  } catch (error) {
    dropIncoming(volume);
    // This frees space for the next attempt.
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") dropQuarantine(volume);
    throw error;
  }
  const data = readMember(fresh, version);
  if (data.state !== "wal")
    throw new Error(`the restored data holds no member that etcd ${version} would start`);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const place = join(dataDir, "member");
  // A database without its WAL may still be useful, so it is kept.
  const worthless = !seed.setAside && !isThere(join(place, "snap"));
  if (worthless) rmSync(place, { recursive: true, force: true });
  replace(volume, dataDir, fresh);
  dropIncoming(volume);
}

/** Only reads the member's directory. */
export async function lend(settings: Settings, url: string): Promise<void> {
  await upload(url, settings.tlsDir, directoryStream(join(settings.dataDir, "member")));
}
