/**
 * Which steps between etcd versions are taken.
 *
 * Why it can't lose an acknowledged write: etcd's data is only read by a version that supports it. One minor up at a
 * time, from the patch that repairs the member store first; down by binary only while the cluster version hasn't moved
 * and can't, else through etcd's own downgrade, each member once its data is ready for it.
 */
import { parseVersion } from "../../../components/contract/versions";

/** Lowest patch that every member must run before the next minor may be started. */
const BEFORE_NEXT_MINOR: Readonly<Record<string, number>> = { "3.5": 26, "3.6": 11 };
/** From 3.7 on, etcd can't read what 3.5 has written into its log. */
export function readsOldLog(version: string): boolean {
  const v = parseVersion(version);
  return !v || v.major < 3 || (v.major === 3 && v.minor < 7);
}

export function oldLogProblem(oldEntry: number | undefined, version: string): string | undefined {
  if (oldEntry === undefined || readsOldLog(version)) return undefined;
  return `its log holds what etcd 3.5 wrote, up to entry ${oldEntry}, and etcd ${version} can't read that: declare 3.6 again`;
}

/** Why data of version `from` can't be started by `to`; undefined when it can. */
export function stepProblem(
  from: string,
  to: string,
  clusterVersion: string | undefined,
): string | undefined {
  const a = parseVersion(from);
  const b = parseVersion(to);
  if (!a || !b) return `can't compare etcd ${from} with ${to}`;
  if (a.major !== b.major) return `etcd ${from} to ${to} is another major version`;
  if (b.minor > a.minor + 1) return `etcd ${from} to ${to} skips a minor version: one at a time`;
  if (b.minor === a.minor + 1) {
    const floor = BEFORE_NEXT_MINOR[`${a.major}.${a.minor}`];
    if (floor === undefined || a.patch >= floor) return undefined;
    const need = `${a.major}.${a.minor}.${floor}`;
    return `etcd ${from} to ${to} needs ${need} or later on every member first`;
  }
  if (b.minor === a.minor) return undefined;
  const cluster = clusterVersion ? parseVersion(clusterVersion) : undefined;
  if (a.minor === b.minor + 1 && cluster && cluster.minor <= b.minor) return undefined;
  return `etcd ${from} to ${to} is a downgrade`;
}
