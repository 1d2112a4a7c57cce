import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Stats } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { isClusterId } from "../../shared/backups/manifest";
import { NotThere, Refusal, Unreadable } from "../../shared/refusal";
import type { FolderSettings } from "../../../components/contract/jobs";
import { Parts } from "./parts";
import { ABANDONED_MS, SMALL_BYTES } from "./store";
import type { Store, Stored, Writer } from "./store";

const PART_BYTES = 2 * 2 ** 20;
const BUFFERS = 3;
const PARTIAL = /^\.(.+)\.[0-9a-f]{12}\.partial$/;

/** A folder of a volume. A file gets its final name only when it is complete and synced to the disk. */
export class FolderStore implements Store {
  readonly where: string;
  private readonly root: string;

  constructor(settings: FolderSettings) {
    this.root = join(settings.folder, settings.prefix);
    this.where = `the backup volume, folder ${settings.prefix || "/"}`;
  }

  async list(under: string, wanted: (key: string) => boolean = () => true): Promise<readonly Stored[]> {
    const found: Stored[] = [];
    for (const { file, key } of await this.files(under)) {
      if (PARTIAL.test(basename(file)) || !wanted(key)) continue;
      const there = await this.explain(() => statIfThere(file));
      // Another job may delete files meanwhile.
      if (there) found.push({ key, bytes: there.size, modifiedMs: there.mtimeMs });
    }
    return found;
  }

  async size(key: string): Promise<number | undefined> {
    return (await this.explain(() => statIfThere(this.path(key))))?.size;
  }

  read(key: string): Promise<Readable> {
    return this.explain(async () => (await open(this.path(key), "r")).createReadStream());
  }

  readSmall(key: string): Promise<Buffer> {
    return this.explain(async () => {
      const chunks: Buffer[] = [];
      const file = createReadStream(this.path(key), { end: SMALL_BYTES });
      for await (const chunk of file as AsyncIterable<Buffer>) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      if (bytes.length > SMALL_BYTES) throw new Unreadable(`${key} is too large for what it should be`);
      return bytes;
    });
  }

  async writeSmall(key: string, bytes: Buffer): Promise<void> {
    const writer = await this.writer(key);
    try {
      await writer.write(bytes);
      await writer.finish();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  async writer(key: string): Promise<Writer> {
    const path = this.path(key);
    const partial = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.partial`);
    const file = await this.explain(async () => {
      await mkdir(dirname(path), { recursive: true });
      return open(partial, "wx", 0o640);
    });
    return new FileWriter(file, partial, path, (work) => this.explain(work));
  }

  remove(key: string): Promise<void> {
    return this.explain(() => unlinkIfThere(this.path(key)));
  }

  async sweep(under: string, nowMs: number): Promise<number> {
    let swept = 0;
    for (const { file } of await this.files(under)) {
      if (!PARTIAL.test(basename(file))) continue;
      const there = await this.explain(() => statIfThere(file));
      if (!there || !(nowMs - there.mtimeMs >= ABANDONED_MS)) continue;
      await this.explain(() => unlinkIfThere(file));
      swept += 1;
    }
    return swept;
  }

  close(): void {}

  private path(key: string): string {
    return join(this.root, key);
  }

  /** Two levels: one folder for each cluster, and the files in it. */
  private files(under: string): Promise<readonly { readonly file: string; readonly key: string }[]> {
    return this.explain(async () => {
      // This process may have no permission to read other folders, such as `lost+found`.
      const all = under === "" ? await entries(this.root, "folder") : [under.replace(/\/$/, "")];
      const top = all.filter(isClusterId);
      const found: { file: string; key: string }[] = [];
      for (const folder of top)
        for (const name of await entries(join(this.root, folder), "file"))
          found.push({ file: join(this.root, folder, name), key: `${folder}/${name}` });
      return found;
    });
  }

  private async explain<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explained(error, this.where);
    }
  }
}

class FileWriter implements Writer {
  private readonly parts: Parts;
  private bytes = 0;
  private closed = false;

  constructor(
    private readonly file: FileHandle,
    private readonly partial: string,
    private readonly path: string,
    private readonly explain: <T>(work: () => Promise<T>) => Promise<T>,
  ) {
    this.parts = new Parts(PART_BYTES, BUFFERS, (number, part) =>
      explain(() => writeAll(file, part, (number - 1) * PART_BYTES)),
    );
  }

  write(chunk: Buffer): Promise<void> | undefined {
    this.bytes += chunk.length;
    return this.parts.write(chunk);
  }

  async finish(): Promise<number> {
    await this.parts.finish();
    await this.explain(async () => {
      await this.file.sync();
      await this.close();
      await publish(this.partial, this.path);
      await syncFolder(dirname(this.path));
    });
    return this.bytes;
  }

  async abort(): Promise<void> {
    await this.parts.settled();
    await this.close().catch(() => undefined);
    await unlinkIfThere(this.partial).catch(() => undefined);
  }

  private async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.file.close();
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}

/** A link never overwrites. On a file system without links, a check before the rename has to do. */
async function publish(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path);
    await unlink(partial);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new Refusal(`${basename(path)} already exists and is never overwritten`);
    if (!["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"].includes(code ?? "")) throw error;
    if (await lstat(path).catch(() => undefined))
      throw new Refusal(`${basename(path)} already exists and is never overwritten`);
    await rename(partial, path);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function entries(folder: string, kind: "file" | "folder"): Promise<readonly string[]> {
  try {
    const all = await readdir(folder, { withFileTypes: true });
    return all
      .filter((e) => (kind === "file" ? e.isFile() : e.isDirectory()))
      .map((e) => e.name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function statIfThere(file: string): Promise<Stats | undefined> {
  try {
    return await lstat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

function explained(error: unknown, where: string): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  const file = path ? basename(path) : "a file";
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new Refusal(`${where} is full: enlarge it, or keep fewer backups (backup.retention)`);
    case "EROFS":
      return new Refusal(`${where} is mounted read-only`);
    case "EISDIR":
      return new Unreadable(`${file} in ${where} is a folder`);
    case "EIO":
      return new Unreadable(`${file} can't be read from the disk of ${where}`);
    case "EACCES":
      return new Refusal(`no permission for ${file} in ${where}: this job's user and group can't access it`);
    case "ENOENT":
      return new NotThere(`${file} is not in ${where}`);
    default:
      return error;
  }
}
