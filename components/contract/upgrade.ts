import { parseVersion } from "./versions";

/** The lowest patch that every member has to run before any member starts the next minor version. */
const BEFORE_NEXT_MINOR: Readonly<Record<string, number>> = { "3.5": 26, "3.6": 11 };

/**
 * Why etcd `to` can't start on data of `from`. Undefined if it can.
 *
 * Why it can't lose an acknowledged write: only a version that supports the data reads it. An upgrade goes one minor
 * version at a time, and starts from the patch that repairs the member store. A downgrade replaces the binary only as
 * long as the cluster version is still the old one and can't change. Otherwise it uses etcd's own downgrade, and each
 * member restarts once its data is ready.
 */
export function stepProblem(
  from: string,
  to: string,
  clusterVersion: string | undefined,
): string | undefined {
  const a = parseVersion(from);
  const b = parseVersion(to);
  if (!a || !b) return `the etcd versions ${from} and ${to} can't be compared`;
  if (a.major !== b.major) return `etcd ${from} to ${to} changes the major version`;
  if (b.minor > a.minor + 1)
    return `etcd ${from} to ${to} skips a minor version: declare one minor version after the other`;
  if (b.minor === a.minor + 1) {
    const floor = BEFORE_NEXT_MINOR[`${a.major}.${a.minor}`];
    if (floor === undefined || a.patch >= floor) return undefined;
    const need = `${a.major}.${a.minor}.${floor}`;
    return `etcd ${from} to ${to} first needs ${need} or later on every member`;
  }
  if (b.minor === a.minor) return undefined;
  const cluster = clusterVersion ? parseVersion(clusterVersion) : undefined;
  if (a.minor === b.minor + 1 && cluster && cluster.minor <= b.minor) return undefined;
  return `etcd ${from} to ${to} is a downgrade`;
}
