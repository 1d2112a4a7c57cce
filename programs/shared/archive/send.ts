import { createHash } from "node:crypto";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Line } from "./format";
import { lineOf } from "./format";

const CHUNK = 1 << 18;

/**
 * Streams a directory while reading it. Files that end in `.tmp` are left out, since etcd only prepares them for later.
 * Nothing may write to the directory meanwhile. A file that became shorter ends the stream with an error.
 */
export async function* directoryStream(folder: string): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  const put = (bytes: Buffer) => {
    hash.update(bytes);
    return bytes;
  };
  const line = (content: Line) => put(lineOf(content));
  for (const path of await filesIn(folder)) {
    const { size } = await stat(join(folder, path));
    yield line({ path, size });
    const file = await open(join(folder, path), "r");
    try {
      for (let at = 0; at < size;) {
        const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - at));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`);
        at += bytesRead;
        yield put(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }
  yield lineOf({ end: true, sha256: hash.digest("hex") });
}

/** The checksum at the end of the directory's stream. */
export async function directorySum(folder: string): Promise<string> {
  let last: Buffer = Buffer.alloc(0);
  for await (const part of directoryStream(folder)) last = part;
  return (JSON.parse(last.toString("utf8")) as { sha256: string }).sha256;
}

/** Sorted, so that the same directory always has the same checksum. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((e) => e.isFile() && !e.name.endsWith(".tmp"))
    .map((e) => join(e.parentPath.slice(folder.length).replace(/^\//, ""), e.name))
    .sort();
}
