/**
 * Which steps between etcd versions are taken.
 *
 * Why it can't lose an acknowledged write: etcd's data is only read by a version that supports it. One minor up at a
 * time, from the patch that repairs the member store first; down by binary only while the cluster version hasn't moved,
 * else through etcd's own downgrade.
 */
import type { PodView } from "../model";
import type { Facts } from "./view";
import { gateOf, podAt, statusOf } from "./view";

/** Lowest patch that every member must run before the next minor may be started. */
const BEFORE_NEXT_MINOR: Readonly<Record<string, number>> = { "3.5": 26, "3.6": 11 };
/** Lowest patch without a published advisory. */
const ADVISED: Readonly<Record<string, number>> = { "3.5": 33, "3.6": 14, "3.7": 1 };

interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

export function parseVersion(text: string): Version | undefined {
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (!found) return undefined;
  return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3]) };
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

/** Versions that the members' data was last used with. What lies on other disks says nothing of them. */
function versionsInUse(f: Facts): readonly string[] {
  return f.record.members.flatMap((m) => {
    const pod = podAt(f.world, m.ordinal);
    if (!pod) return [];
    const disk = gateOf(f.world, pod)?.disk;
    if (disk) return disk.state === "wal" && disk.memberId === m.memberId ? [disk.lastVersion] : [];
    const version = statusOf(f.world, pod)?.version;
    if (version) return [version];
    return pod.etcd.state === "running" && m.phase === "started" ? [pod.etcdVersion] : [];
  });
}

/** Why no pod may be brought to this version while the members are what they are. */
export function versionProblem(f: Facts, to: string): string | undefined {
  for (const version of versionsInUse(f)) {
    const problem = stepProblem(version, to, f.record.clusterVersion);
    if (problem) return problem;
  }
  return undefined;
}

/** The same for one pod that waits in its gate, with what it would start from if that is its own. */
export function podVersionProblem(f: Facts, pod: PodView, own?: string): string | undefined {
  if (own === pod.etcdVersion) return undefined;
  const step = own && stepProblem(own, pod.etcdVersion, f.record.clusterVersion);
  return step || versionProblem(f, pod.etcdVersion);
}

export function adviceOn(version: string): string | undefined {
  const v = parseVersion(version);
  const floor = v && ADVISED[`${v.major}.${v.minor}`];
  if (!v || floor === undefined || v.patch >= floor) return undefined;
  return `etcd ${version} has published security advisories: ${v.major}.${v.minor}.${floor} or later is advised`;
}
