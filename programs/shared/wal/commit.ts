/**
 * Writes down at the end of a log that its entries are committed. For a copy of a survivor's log only: the members that
 * could say otherwise are given up, and etcd would cut off what the log doesn't know to be committed, although some of
 * it may have been acknowledged.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32c } from "./crc";
import { Log } from "./log";
import { recordTypes } from "./messages";
import { segmentNames, withFiles } from "./segments";

export interface Committed {
  readonly lastIndex: number;
  /** What the log itself knew, or the caller, if that was more. */
  readonly known: number;
  /** Up to here it is committed now. */
  readonly commit: number;
}

/** `known`: what other disks know to be committed. The log has to be one that etcd would start from. */
export function commitLog(memberDir: string, known: number): Committed {
  const walDir = join(memberDir, "wal");
  const names = segmentNames(readdirSync(walDir)).map((n) => n.name);
  const log = new Log();
  withFiles(walDir, names, (segments) => log.read(segments));
  const { tail, state, last } = log;
  const lastIndex = Math.max(last.index, ...log.validSnapshots().map((s) => s.index));
  const sure = Math.min(lastIndex, Math.max(known, state.commit));
  // A change of the members that nobody knows of as committed is left out, and what comes after it.
  const change = log.changeAfter(sure);
  const commit = change === undefined ? lastIndex : change - 1;
  if (!tail) throw new Error("the log has no end");
  if (commit > state.commit) {
    // The entries of a new term may be there, and what was to be written with them not.
    const term = Math.max(state.term, last.term);
    const vote = term === state.term ? state.vote : 0n;
    const data = Buffer.concat([number(1, term), number(2, vote), number(3, commit)]);
    append(join(walDir, tail.segment), tail.position, frame(recordTypes.state, crc32c(tail.sum, data), data));
  }
  return { lastIndex, known: sure, commit };
}

/** What stands behind is a record that was not written to its end, or nothing. */
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

/** A field's key and a varint: the value itself, or the length of what follows (wire type 2). */
function number(field: number, value: bigint | number, wireType = 0): Buffer {
  const bytes = [(field << 3) | wireType];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
