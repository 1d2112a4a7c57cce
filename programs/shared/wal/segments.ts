import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Segment } from "./decoder";
import { isThere } from "../files";

export interface SegmentName {
  readonly name: string;
  readonly sequence: bigint;
  /** Index of the first entry that may stand in it. */
  readonly index: bigint;
}

/** What etcd goes by to tell a member's disk from an empty one: any name that ends so. */
export function hasLog(walDir: string): boolean {
  return isThere(walDir) && readdirSync(walDir).some((name) => name.endsWith(".wal"));
}

/** In order; other names are passed over, as etcd does. */
export function segmentNames(names: readonly string[]): SegmentName[] {
  return [...names].sort().flatMap((name) => {
    const found = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/.exec(name);
    return found ? [{ name, sequence: BigInt(`0x${found[1]}`), index: BigInt(`0x${found[2]}`) }] : [];
  });
}

/** Runs `use` on the files, opened together, so that none can go in between. */
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
