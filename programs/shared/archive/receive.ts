import { createHash } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { syncFolder } from "../files";
import type { Line } from "./format";
import { LONGEST_LINE, parseLine } from "./format";

/**
 * Synced at least once per this number of bytes. Syncing a whole database at once takes longer than the sender's
 * timeout.
 */
const SYNC_BYTES = 1 << 25;

/**
 * Writes a directory's stream to a new folder. The folder must not exist, so that no other attempt's files are touched.
 * Returns the checksum once everything has arrived, matches the sender's checksum (and `expected`, if given), and is
 * synced to the disk. Deletes the folder on any failure.
 */
export async function receiveDirectory(
  stream: AsyncIterable<Uint8Array>,
  folder: string,
  expected?: string,
): Promise<string> {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  mkdirSync(folder, { mode: 0o700 });
  const writer = new Writer(folder);
  try {
    for await (const part of stream) writer.take(Buffer.from(part));
    return writer.finish(expected);
  } catch (error) {
    writer.close();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

class Writer {
  private readonly hash = createHash("sha256");
  private readonly folders = new Set<string>();
  private line = Buffer.alloc(0);
  private file: { readonly fd: number; left: number } | undefined;
  private unsynced = 0;
  private end: Extract<Line, { end: true }> | undefined;

  constructor(private readonly folder: string) {
    this.folders.add(folder);
  }

  take(part: Buffer): void {
    let rest = part;
    while (rest.length > 0) rest = this.file ? this.content(rest) : this.head(rest);
  }

  finish(expected: string | undefined): string {
    if (!this.end) throw new Error("the stream is incomplete: its last line is missing");
    const sum = this.hash.digest("hex");
    if (sum !== this.end.sha256)
      throw new Error("the received data differs from the sent data: wrong SHA-256");
    if (expected !== undefined && sum !== expected)
      throw new Error("the received data isn't what was announced: wrong SHA-256");
    for (const folder of this.folders) syncFolder(folder);
    return sum;
  }

  close(): void {
    if (this.file) closeSync(this.file.fd);
    this.file = undefined;
  }

  private content(part: Buffer): Buffer {
    const file = this.file!;
    const mine = part.subarray(0, file.left);
    this.hash.update(mine);
    for (let at = 0; at < mine.length;) at += writeSync(file.fd, mine, at);
    file.left -= mine.length;
    this.unsynced += mine.length;
    if (this.unsynced >= SYNC_BYTES) this.sync(file.fd);
    if (file.left === 0) this.closeFile();
    return part.subarray(mine.length);
  }

  private head(part: Buffer): Buffer {
    if (this.end) throw new Error("the stream has data after its last line");
    const at = part.indexOf(10);
    this.line = Buffer.concat([this.line, at < 0 ? part : part.subarray(0, at + 1)]);
    if (this.line.length > LONGEST_LINE) throw new Error("the stream has a line that is too long");
    if (at < 0) return Buffer.alloc(0);
    const bytes = this.line;
    this.line = Buffer.alloc(0);
    const line = parseLine(bytes.toString("utf8"));
    if ("end" in line) this.end = line;
    else {
      this.hash.update(bytes);
      this.openFile(line.path, line.size);
    }
    return part.subarray(at + 1);
  }

  private openFile(path: string, size: number): void {
    const name = join(this.folder, path);
    for (let f = dirname(name); f.length >= this.folder.length; f = dirname(f)) this.folders.add(f);
    mkdirSync(dirname(name), { recursive: true, mode: 0o700 });
    // `wx` never overwrites a file: each path may occur only once.
    this.file = { fd: openSync(name, "wx", 0o600), left: size };
    if (size === 0) this.closeFile();
  }

  private closeFile(): void {
    if (!this.file) return;
    this.sync(this.file.fd);
    this.close();
  }

  private sync(fd: number): void {
    fsyncSync(fd);
    this.unsynced = 0;
  }
}
