/**
 * Reads a member's directory from etcd's write-ahead log (WAL): its member ID, its last entry, and whether etcd could
 * start from it. It accepts the same logs as etcd 3.5, 3.6 and 3.7, and writes nothing.
 *
 * Both `empty` and `broken` may lead to the removal of a member. So a disk is one of them only if its content was
 * readable or the disk itself failed. Anything else, such as files of another user, is an error that a user has to fix.
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
  /** etcd would find no member here. */
  | { readonly state: "empty" }
  | {
      readonly state: "wal";
      /** Unsigned 64-bit number, in decimal. */
      readonly memberId: string;
      readonly clusterId: string;
      readonly lastTerm: number;
      readonly lastIndex: number;
      /** The last commit index in the log. The cluster's may have been higher. */
      readonly commit: number;
      /** The member's last term, and whether it voted in that term. */
      readonly term: number;
      readonly voted: boolean;
      /** The voters of the configuration at that commit index. */
      readonly voters: readonly string[];
      /** Index of the last entry after the last snapshot that etcd 3.7 can't read: see `isOldRequest`. */
      readonly oldEntry?: number;
      /** The last write was interrupted. etcd drops it, and so does this reader. */
      readonly torn: boolean;
    }
  | { readonly state: "broken"; readonly reason: string; readonly memberId?: string };

/** `memberDir`: `<data-dir>/member`. `etcdVersion`: the version that is about to start on it. */
export function readMember(memberDir: string, etcdVersion: string): MemberData {
  try {
    return read(memberDir, etcdVersion);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EIO") return { state: "broken", reason: `reading the disk failed: ${message}` };
    throw error;
  }
}

function read(memberDir: string, etcdVersion: string): MemberData {
  const walDir = join(memberDir, "wal");
  const database = join(memberDir, "snap", "db");
  if (!hasLog(walDir)) {
    return wasUsed(database)
      ? {
          state: "broken",
          reason: "there is a database and no write-ahead log: etcd would start as a new member",
        }
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
    // The segments before the gap are read to get the member ID.
    const files = missing ? names.slice(0, names.indexOf(missing)) : names;
    withFiles(
      walDir,
      files.map((n) => n.name),
      (segments) => log.read(segments),
    );
  } catch (error) {
    if (error instanceof BrokenLog) return broken(error.message);
    const { code, message } = error as NodeJS.ErrnoException;
    // The member ID may be known already, so this error is handled here.
    if (code === "EIO") return broken(`reading the log failed: ${message}`);
    throw error;
  }
  if (missing) return broken(`the segment before ${missing.name} is missing`);
  const { metadata } = log;
  if (!metadata?.memberId || !metadata.clusterId) return broken("the log has no member ID or no cluster ID");
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

/** Why etcd would not start, although every record of the log is valid. */
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
    return first
      ? `the log begins at ${first.index}, and there is no snapshot of the entries before`
      : "the log has no segment with a valid name";
  }
  const found = log.problemFrom(start);
  if (found) return found;
  if (start.index > 0 && !isThere(join(memberDir, "snap", "db"))) return "the database is missing";
  return undefined;
}

/** Up to etcd 3.6, a snapshot record counts only if its file exists. etcd 3.7 needs only the record. */
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

/** A start that failed before it created a log leaves a small database without any applied entry. */
const FRESH_DATABASE_BYTES = 64 * 1024 * 1024;

function wasUsed(database: string): boolean {
  if (!isThere(database)) return false;
  if (statSync(database).size > FRESH_DATABASE_BYTES) return true;
  return readFileSync(database).includes("consistent_index");
}
