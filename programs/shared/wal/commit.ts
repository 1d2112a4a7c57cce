/**
 * Marks the entries of a log as committed, by a record at its end. Only for the copy of a survivor's log. Without the
 * mark, etcd would cut off the entries that the log doesn't know as committed, although some may have been
 * acknowledged. The members that could contradict are abandoned.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32c } from "./crc";
import { Log } from "./log";
import { recordTypes } from "./messages";
import { segmentNames, withFiles } from "./segments";

export interface Committed {
  readonly lastIndex: number;
  /** The highest index known as committed, by the log itself or by the caller. */
  readonly known: number;
  /** The commit index that the log has now. */
  readonly commit: number;
}

/** `known`: the commit index that other disks know. etcd has to be able to start from the log. */
export function commitLog(memberDir: string, known: number): Committed {
  const walDir = join(memberDir, "wal");
  const names = segmentNames(readdirSync(walDir)).map((n) => n.name);
  const log = new Log();
  withFiles(walDir, names, (segments) => log.read(segments));
  const { tail, state, last } = log;
  const lastIndex = Math.max(last.index, ...log.validSnapshots().map((s) => s.index));
  const sure = Math.min(lastIndex, Math.max(known, state.commit));
  // A membership change that no disk knows as committed is left out, and so are all entries after it.
  const change = log.changeAfter(sure);
  const commit = change === undefined ? lastIndex : change - 1;
  if (!tail) throw new Error("the log has no place for another record");
  if (commit > state.commit) {
    // A crash may leave the entries of a new term without the HardState that belongs to them.
    const term = Math.max(state.term, last.term);
    const vote = term === state.term ? state.vote : 0n;
    const data = Buffer.concat([number(1, term), number(2, vote), number(3, commit)]);
    append(join(walDir, tail.segment), tail.position, frame(recordTypes.state, crc32c(tail.sum, data), data));
  }
  return { lastIndex, known: sure, commit };
}

/** After `position` there is at most an incomplete record, which is cut off. */
function append(file: string, position: number, bytes: Buffer): void {
  const fd = openSync(file, "r+");
  try {
    ftruncateSync(fd, position);
    writeSync(fd, bytes, 0, bytes.length, position);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function frame(type: number, crc: number, data: Buffer): Buffer {
  const record = Buffer.concat([number(1, type), number(2, crc), number(3, data.length, 2), data]);
  const padding = (8 - (record.length % 8)) % 8;
  const head = Buffer.alloc(8);
  head.writeUInt32LE(record.length, 0);
  if (padding > 0) head[7] = 0x80 | padding;
  return Buffer.concat([head, record, Buffer.alloc(padding)]);
}

/** A field's key and a varint: the value itself, or the length of the data that follows (wire type 2). */
function number(field: number, value: bigint | number, wireType = 0): Buffer {
  const bytes = [(field << 3) | wireType];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
