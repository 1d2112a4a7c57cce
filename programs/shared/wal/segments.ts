import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Segment } from "./decoder";
import { isThere } from "../files";

export interface SegmentName {
  readonly name: string;
  readonly sequence: bigint;
  /** The lowest index that an entry in it may have. */
  readonly index: bigint;
}

/** etcd's own criterion for a disk with a member: any file name that ends in `.wal`. */
export function hasLog(walDir: string): boolean {
  return isThere(walDir) && readdirSync(walDir).some((name) => name.endsWith(".wal"));
}

/** The segments in order. Other names are ignored, as etcd does. */
export function segmentNames(names: readonly string[]): SegmentName[] {
  return [...names].sort().flatMap((name) => {
    const found = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/.exec(name);
    return found ? [{ name, sequence: BigInt(`0x${found[1]}`), index: BigInt(`0x${found[2]}`) }] : [];
  });
}

/** Opens all files before it runs `use`, so that no file can be deleted in between. */
export function withFiles<T>(walDir: string, names: readonly string[], use: (segments: Segment[]) => T): T {
  const open: number[] = [];
  try {
    const segments = names.map((name) => {
      const fd = openSync(join(walDir, name), "r");
      open.push(fd);
      return fileSegment(name, fd);
    });
    return use(segments);
  } finally {
    open.forEach((fd) => closeSync(fd));
  }
}

function fileSegment(name: string, fd: number): Segment {
  return {
    name,
    size: fstatSync(fd).size,
    read(into, at) {
      let done = 0;
      while (done < into.length) {
        const count = readSync(fd, into, done, into.length - done, at + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    },
  };
}
