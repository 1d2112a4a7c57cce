import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { isThere, syncFolder, writeWhole } from "../shared/files";

/**
 * Lies beside the data, so that both are removed together. It has the generation of the data and the etcd version that
 * the gate last let start on it. A gate that takes restored data writes it too.
 */
export interface Mark {
  readonly generation: number;
  readonly lastVersion: string;
}

/** Data without a mark belongs to no generation, so nothing starts from it. */
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

/** The fence is on the volume, so it outlives the data directory. Only an order lifts it. */
const fenceFile = (volume: string) => join(volume, "gate.json");

/** A fence that can't be looked for counts as present. */
export function isFenced(volume: string): boolean {
  try {
    return isThere(fenceFile(volume));
  } catch {
    return true;
  }
}

export function writeFence(volume: string, reason: string): void {
  writeWhole(fenceFile(volume), `${JSON.stringify({ format: 1, hold: reason })}\n`);
}

export function liftFence(volume: string): void {
  if (!isFenced(volume)) return;
  rmSync(fenceFile(volume), { force: true });
  syncFolder(volume);
}

/** etcd's name for the copy that a defragmentation writes. */
const DEFRAGMENTATION_COPY = /^db\.tmp\.\d+$/;

/**
 * Removes the copy that an interrupted defragmentation left behind. It is as large as a database and useless. etcd up
 * to 3.6 removes it at its start, 3.7 doesn't. etcd isn't running yet, so nothing writes to it. A copy that can't be
 * removed prevents no start.
 */
export function dropDefragmentationCopies(dataDir: string): void {
  const folder = join(dataDir, "member", "snap");
  try {
    for (const name of readdirSync(folder)) if (DEFRAGMENTATION_COPY.test(name)) rmSync(join(folder, name));
  } catch {
    // The folder doesn't exist before the first start.
  }
}

const QUARANTINE = /^aside-(\d+)$/;

/** Names of the quarantined directories, newest first. */
export function quarantineNames(volume: string): string[] {
  const numbers = readdirSync(volume).flatMap((name) => QUARANTINE.exec(name)?.[1] ?? []);
  return numbers.sort((a, b) => Number(b) - Number(a)).map((n) => `aside-${n}`);
}

/**
 * Moves the member's directory to where etcd doesn't look. One directory of each generation is kept, so a directory
 * that a restore quarantined outlives a later replacement of the member.
 */
export const quarantine = (volume: string, dataDir: string): string =>
  quarantineDirectory(volume, join(dataDir, "member"));

function quarantineDirectory(volume: string, directory: string): string {
  const [newest] = quarantineNames(volume);
  const { generation } = markIn(directory);
  const name = `aside-${Number(QUARANTINE.exec(newest ?? "aside-0")?.[1]) + 1}`;
  move(directory, join(volume, name));
  for (const other of quarantineNames(volume).filter((n) => n !== name))
    if (markIn(join(volume, other)).generation === generation) drop(volume, other);
  return name;
}

/** The old directory between two moves. It exists afterwards only if the gate was stopped in between. */
const replacedIn = (volume: string) => join(volume, "replaced");

/**
 * Moves a complete new directory to the member's place. The old directory is quarantined only afterwards, and only
 * then is an older quarantined directory deleted. If the gate is stopped in between, `finishReplacement` undoes or
 * completes it.
 */
export function replace(volume: string, dataDir: string, fresh: string): void {
  const place = join(dataDir, "member");
  if (isThere(place)) move(place, replacedIn(volume));
  try {
    move(fresh, place);
  } finally {
    finishReplacement(volume, dataDir);
  }
}

/**
 * Without a new directory in the member's place, the old one goes back there, so that the gate reads and reports it.
 */
export function finishReplacement(volume: string, dataDir: string): void {
  const replaced = replacedIn(volume);
  if (!isThere(replaced)) return;
  const place = join(dataDir, "member");
  if (isThere(place)) quarantineDirectory(volume, replaced);
  else move(replaced, place);
}

function move(from: string, to: string): void {
  renameSync(from, to);
  for (const folder of new Set([dirname(from), dirname(to)])) syncFolder(folder);
}

export function dropQuarantine(volume: string): void {
  for (const name of quarantineNames(volume)) drop(volume, name);
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
