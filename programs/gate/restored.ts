/**
 * What a gate does for a restore: it takes the restored data in the place of its own, or lends its own for one. Data is
 * checked before anything is moved, and what was there is set aside: it is deleted by nothing that comes before the new
 * data, and comes back if the gate is stopped before that.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { download, upload } from "../shared/https";
import { receiveDirectory } from "../shared/archive/receive";
import { directoryStream } from "../shared/archive/send";
import { readMember } from "../shared/wal";
import { isThere } from "../shared/files";
import { dropAside, replace, writeMark } from "./files";
import type { Settings } from "./settings";

interface Seed {
  readonly url: string;
  readonly sha256: string;
  readonly setAside: boolean;
}

const incomingOf = (volume: string) => join(volume, "incoming");

/** What a gate was fetching when it was stopped. */
export const dropIncoming = (volume: string): void =>
  rmSync(incomingOf(volume), { recursive: true, force: true });

/** Safe to begin again at any point: the new directory comes into its place whole, with its generation in it. */
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
    // Room is made for the next try.
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") dropAside(volume);
    throw error;
  }
  const data = readMember(fresh, version);
  if (data.state !== "wal") throw new Error(`it holds no member that etcd ${version} would start`);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const place = join(dataDir, "member");
  // A database without its log may still be of use to somebody.
  const worthless = !seed.setAside && !isThere(join(place, "snap"));
  if (worthless) rmSync(place, { recursive: true, force: true });
  replace(volume, dataDir, fresh);
  dropIncoming(volume);
}

/** The directory is not touched. */
export async function lend(settings: Settings, url: string): Promise<void> {
  await upload(url, settings.tlsDir, directoryStream(join(settings.dataDir, "member")));
}
