/** The snapshot on the scratch volume, for the steps that follow. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { EtcdClient } from "../shared/etcd/client";
import type { Checked } from "../shared/etcd/snapshot";
import { streamSnapshot } from "../shared/etcd/snapshot";
import { syncFolder } from "../shared/files";
import { log } from "./log";
import { writeContents } from "./receipt";
import { place } from "./settings";

export const download = (scratch: string, client: EtcdClient): Promise<Checked> =>
  toFile(scratch, (write) =>
    streamSnapshot(client, (chunk) => {
      write(chunk);
      return undefined;
    }),
  );

/** The file gets its name only once it is complete, checked and synced to the disk. */
export async function toFile(
  scratch: string,
  fill: (write: (chunk: Buffer) => void) => Promise<Checked>,
): Promise<Checked> {
  const file = place(scratch, "snapshot");
  const draft = `${file}.partial`;
  rmSync(draft, { force: true });
  const fd = openSync(draft, "wx", 0o600);
  try {
    const checked = await fill((chunk) => {
      for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at);
    });
    fsyncSync(fd);
    writeContents(scratch, checked);
    renameSync(draft, file);
    syncFolder(dirname(file));
    return checked;
  } finally {
    closeSync(fd);
  }
}

export const summary = ({ revision, keys, bytes }: Checked): string =>
  `revision ${revision}, ${keys} entries, ${bytes} bytes`;

/** What the controller's status says of the generation. */
export function writeSource(scratch: string, source: string): void {
  log.info(source);
  writeFileSync(place(scratch, "source"), source, { flush: true });
}
