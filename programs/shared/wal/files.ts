import { statSync } from "node:fs";

/**
 * Whether it is there. Unlike `existsSync`, which says no as well when it may not look, or the disk can't be read: what
 * can't be seen is never taken for absent.
 */
export function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
