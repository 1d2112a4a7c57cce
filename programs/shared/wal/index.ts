/**
 * What a member's directory says about itself, read from etcd's write-ahead log: whose it is, how far it got, and
 * whether etcd could start from it. Reads in 3.5, 3.6 and 3.7 and is held to what these accept. Changes nothing.
 *
 * A disk is empty, or broken, only by what was seen on it: either may lead to a member's removal. What may not be looked
 * at (another user's files, say) is an error for a person to set right; what the disk itself can't give is broken.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BrokenLog } from "./decoder";
import { isThere } from "../files";
import { Log } from "./log";
import type { Snapshot } from "./messages";
import type { SegmentName } from "./segments";
import { hasLog, segmentNames, withFiles } from "./segments";

export { hasLog } from "./segments";

export type MemberData =
  /** Nothing that etcd would take for a member. */
  | { readonly state: "empty" }
  | {
      readonly state: "wal";
      /** Unsigned 64 bit, in decimal. */
      readonly memberId: string;
      readonly clusterId: string;
      readonly lastTerm: number;
      readonly lastIndex: number;
      /** Commit index that was last written down; the cluster's may have been higher. */
      readonly commit: number;
      /** Term that it was in last, and whether it has voted in that. */
      readonly term: number;
      readonly voted: boolean;
      /** Voters by the configuration at that commit index. */
      readonly voters: readonly string[];
      /** Index of the last entry, of those after the last snapshot, that 3.7 can't read: see `isOldRequest`. */
      readonly oldEntry?: number;
      /** The last write was cut off: etcd drops it, and so does this. */
      readonly torn: boolean;
    }
  | { readonly state: "broken"; readonly reason: string; readonly memberId?: string };

/** `memberDir` is `<data-dir>/member`; `etcdVersion` is the one that is to start on it. */
export function readMember(memberDir: string, etcdVersion: string): MemberData {
  try {
    return read(memberDir, etcdVersion);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EIO") return { state: "broken", reason: `it can't be read: ${message}` };
    throw error;
  }
}

function read(memberDir: string, etcdVersion: string): MemberData {
  const walDir = join(memberDir, "wal");
  const database = join(memberDir, "snap", "db");
  if (!hasLog(walDir)) {
    return wasUsed(database)
      ? { state: "broken", reason: "there is a database and no write-ahead log: etcd would be a new member" }
      : { state: "empty" };
  }
  const names = segmentNames(readdirSync(walDir));
  const log = new Log();
  const broken = (reason: string): MemberData => {
    const memberId = log.metadata?.memberId;
    return { state: "broken", reason, ...(memberId ? { memberId: memberId.toString() } : {}) };
  };
  const missing = names.find((n, i) => i > 0 && n.sequence !== names[i - 1]!.sequence + 1n);
  try {
    // Read all the same, so that it is known whose it was.
    const files = missing ? names.slice(0, names.indexOf(missing)) : names;
    withFiles(
      walDir,
      files.map((n) => n.name),
      (segments) => log.read(segments),
    );
  } catch (error) {
    if (error instanceof BrokenLog) return broken(error.message);
    const { code, message } = error as NodeJS.ErrnoException;
    // Here it may be known whose it was.
    if (code === "EIO") return broken(`the log can't be read: ${message}`);
    throw error;
  }
  if (missing) return broken(`the segment before ${missing.name} is missing`);
  const { metadata } = log;
  if (!metadata?.memberId || !metadata.clusterId) return broken("the log doesn't say whose it is");
  const snapshot = log.validSnapshots().at(-1) ?? { index: 0, term: 0 };
  const reason = problem(log, names, memberDir, snapshot, etcdVersion);
  if (reason) return broken(reason);
  const oldEntry = log.lastOldRequest(snapshot);
  const ahead = log.last.index > snapshot.index;
  return {
    state: "wal",
    memberId: metadata.memberId.toString(),
    clusterId: metadata.clusterId.toString(),
    lastTerm: ahead ? log.last.term : snapshot.term,
    lastIndex: ahead ? log.last.index : snapshot.index,
    commit: log.state.commit,
    term: log.state.term,
    voted: log.state.vote !== 0n,
    voters: log.voters().map(String).sort(),
    ...(oldEntry === undefined ? {} : { oldEntry }),
    torn: log.torn,
  };
}

/** Why etcd would not start, although every record of the log is sound. */
function problem(
  log: Log,
  names: readonly SegmentName[],
  memberDir: string,
  last: Pick<Snapshot, "index" | "term">,
  etcdVersion: string,
): string | undefined {
  const start = needsFile(etcdVersion) ? newestWithFile(log, join(memberDir, "snap")) : last;
  const first = names[0];
  if (!first || first.index > BigInt(start.index)) {
    return `the log begins at ${first?.index ?? "nothing"}, and there is no snapshot for what was before`;
  }
  const found = log.problemFrom(start);
  if (found) return found;
  if (start.index > 0 && !isThere(join(memberDir, "snap", "db"))) return "the database is missing";
  return undefined;
}

/** Up to 3.6 a snapshot record counts only together with its file; 3.7 goes by the record alone. */
function needsFile(etcdVersion: string): boolean {
  const [major = 0, minor = 0] = etcdVersion.split(".").map(Number);
  return major < 3 || (major === 3 && minor < 7);
}

function newestWithFile(log: Log, snapDir: string): Pick<Snapshot, "index" | "term"> {
  const hex = (n: number) => n.toString(16).padStart(16, "0");
  const files = new Set(isThere(snapDir) ? readdirSync(snapDir) : []);
  const found = log
    .validSnapshots()
    .filter((s) => files.has(`${hex(s.term)}-${hex(s.index)}.snap`))
    .sort((a, b) => a.term - b.term || a.index - b.index);
  return found.at(-1) ?? { index: 0, term: 0 };
}

/** A start that failed before it had a log leaves a database in which nothing was ever applied. */
const FRESH_DATABASE = 64 * 1024 * 1024;

function wasUsed(database: string): boolean {
  if (!isThere(database)) return false;
  if (statSync(database).size > FRESH_DATABASE) return true;
  return readFileSync(database).includes("consistent_index");
}
