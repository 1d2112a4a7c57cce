import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { syncFolder, writeWhole } from "../shared/files";
import { isThere } from "../shared/files";

/**
 * Beside the data and gone with it: which generation it is of, and which etcd was let to start on it last. Who restores
 * a member writes it, too.
 */
export interface Mark {
  readonly generation: number;
  readonly lastVersion: string;
}

/** Data that nobody marked is of no generation, so that nothing starts from it. */
export const UNMARKED: Mark = { generation: 0, lastVersion: "0.0.0" };

const markFile = (memberDir: string) => join(memberDir, "gate.json");

export const readMark = (dataDir: string): Mark => markIn(join(dataDir, "member"));

function markIn(memberDir: string): Mark {
  const value = readJson(markFile(memberDir));
  const { generation, lastVersion } = value ?? {};
  if (!Number.isSafeInteger(generation) || typeof lastVersion !== "string") return UNMARKED;
  return { generation: generation as number, lastVersion };
}

export function writeMark(dataDir: string, { generation, lastVersion }: Mark): void {
  writeWhole(
    markFile(join(dataDir, "member")),
    `${JSON.stringify({ format: 1, generation, lastVersion })}\n`,
  );
}

/** A hold is the volume's: it stands whatever becomes of the directory, until an order lifts it. */
const holdFile = (volume: string) => join(volume, "gate.json");

/** What can't be looked for may be there. */
export function isHeld(volume: string): boolean {
  try {
    return isThere(holdFile(volume));
  } catch {
    return true;
  }
}

export function writeHold(volume: string, reason: string): void {
  writeWhole(holdFile(volume), `${JSON.stringify({ format: 1, hold: reason })}\n`);
}

export function liftHold(volume: string): void {
  if (!isHeld(volume)) return;
  rmSync(holdFile(volume), { force: true });
  syncFolder(volume);
}

/** As etcd calls the copy that it writes in a defragmentation. */
const TORN_COPY = /^db\.tmp\.\d+$/;

/**
 * What a defragmentation left behind that was killed: the size of a database, and of no use. etcd up to 3.6 removes it at
 * its start, 3.7 doesn't. Nothing runs here yet, so that nobody writes to it; what can't be removed keeps nobody from
 * starting.
 */
export function dropTornCopies(dataDir: string): void {
  const folder = join(dataDir, "member", "snap");
  try {
    for (const name of readdirSync(folder)) if (TORN_COPY.test(name)) rmSync(join(folder, name));
  } catch {
    // There is no such folder before the first start.
  }
}

const ASIDE = /^aside-(\d+)$/;

/** Directories that were set aside, newest first. */
export function asideNames(volume: string): string[] {
  const numbers = readdirSync(volume).flatMap((name) => ASIDE.exec(name)?.[1] ?? []);
  return numbers.sort((a, b) => Number(b) - Number(a)).map((n) => `aside-${n}`);
}

/**
 * Moves the member's directory out of etcd's sight. Of each generation one is kept: what a restore has set aside doesn't
 * go because its member is replaced later.
 */
export const setAside = (volume: string, dataDir: string): string =>
  keepAside(volume, join(dataDir, "member"));

function keepAside(volume: string, directory: string): string {
  const [newest] = asideNames(volume);
  const { generation } = markIn(directory);
  const name = `aside-${Number(ASIDE.exec(newest ?? "aside-0")?.[1]) + 1}`;
  move(directory, join(volume, name));
  for (const other of asideNames(volume).filter((n) => n !== name))
    if (markIn(join(volume, other)).generation === generation) drop(volume, other);
  return name;
}

/** On its way out. Whoever finds it was stopped between two moves. */
const replacedIn = (volume: string) => join(volume, "replaced");

/**
 * A whole new directory takes the member's place; the old one is set aside, and what that replaces is deleted, only
 * afterwards. If it ends in between, `settle` goes back or on.
 */
export function replace(volume: string, dataDir: string, fresh: string): void {
  const place = join(dataDir, "member");
  if (isThere(place)) move(place, replacedIn(volume));
  try {
    move(fresh, place);
  } finally {
    settle(volume, dataDir);
  }
}

/** Without a new directory in its place the old one goes back there, so that it is looked at. */
export function settle(volume: string, dataDir: string): void {
  const replaced = replacedIn(volume);
  if (!isThere(replaced)) return;
  const place = join(dataDir, "member");
  if (isThere(place)) keepAside(volume, replaced);
  else move(replaced, place);
}

function move(from: string, to: string): void {
  renameSync(from, to);
  for (const folder of new Set([dirname(from), dirname(to)])) syncFolder(folder);
}

export function dropAside(volume: string): void {
  for (const name of asideNames(volume)) drop(volume, name);
}

const drop = (volume: string, name: string): void =>
  rmSync(join(volume, name), { recursive: true, force: true });

function readJson(file: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
