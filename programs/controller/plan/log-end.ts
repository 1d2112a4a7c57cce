import type { LogEnd } from "../../shared/disk";

export type End = Pick<LogEnd, "lastTerm" | "lastIndex">;

/** Compares two logs as raft does before it votes: the later one comes last. */
export const byEnd = (a: End, b: End): number => a.lastTerm - b.lastTerm || a.lastIndex - b.lastIndex;

export const isLater = (a: End, b: End): boolean => byEnd(a, b) > 0;
