/**
 * Which steps between etcd versions are taken.
 *
 * Why it can't lose an acknowledged write: etcd's data is only read by a version that supports it. One minor up at a
 * time, from the patch that repairs the member store first; down by binary only while the cluster version hasn't moved
 * and can't, else through etcd's own downgrade, each member once its data is ready for it.
 */
import type { PodView } from "../../controller/model";
import type { Facts } from "../../controller/plan/view";
import { gateOf, label, podAt, statusOf } from "../../controller/plan/view";

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

/** Versions that the members' data was last used with. What lies on other disks says nothing of them. */
function versionsInUse(f: Facts): readonly string[] {
  return f.record.members.flatMap((m) => {
    const pod = podAt(f.world, m.ordinal);
    if (!pod) return [];
    const disk = gateOf(f.world, pod)?.disk;
    // Without a mark nobody knows its version, and it isn't started.
    const marked = disk?.state === "wal" && disk.memberId === m.memberId && disk.generation > 0;
    if (disk) return marked ? [disk.lastVersion] : [];
    const version = statusOf(f.world, pod)?.version;
    if (version) return [version];
    return pod.etcd.state === "running" && m.phase === "started" ? [pod.etcdVersion] : [];
  });
}

/**
 * The cluster version, if it stays where it is while pods are brought down to this version. etcd raises it within
 * seconds once every member runs a newer one, and then the older one exits at its start: what keeps it down is a member
 * that runs the older one, or doesn't answer, or a downgrade that etcd was told of.
 */
function steadyClusterVersion(f: Facts, to: string): string | undefined {
  const target = parseVersion(to);
  const upTo = (version?: string) => {
    const v = parseVersion(version ?? "");
    return !!v && !!target && v.major === target.major && v.minor <= target.minor;
  };
  const { downgrade } = f.world.etcd;
  const keeps =
    !f.list ||
    (downgrade?.enabled === true && upTo(downgrade.targetVersion)) ||
    f.members.some((m) => !m.status?.version || upTo(m.status.version));
  return keeps ? f.record.clusterVersion : undefined;
}

/** The lowest version that a member's data was last used with. */
function lowestInUse(f: Facts): Version | undefined {
  const versions = versionsInUse(f).flatMap((text) => parseVersion(text) ?? []);
  return versions.sort((a, b) => a.major - b.major || a.minor - b.minor)[0];
}

/** Why a step that is possible isn't taken yet: etcd itself has not finished the one before. */
export function unfinishedStep(f: Facts, to: string): string | undefined {
  const target = parseVersion(to);
  if (!target) return undefined;
  const cluster = parseVersion(f.record.clusterVersion ?? "");
  const from = lowestInUse(f);
  if (from && cluster && target.minor > from.minor && cluster.minor < from.minor) {
    return `etcd ${to} waits until the cluster's version is ${from.major}.${from.minor}, as its members' is`;
  }
  for (const m of f.members) {
    const data = parseVersion(m.status?.storageVersion ?? "");
    if (data && data.minor > target.minor) {
      const name = label(f, m.ordinal);
      return `etcd ${to} waits until ${name}'s data, of ${data.major}.${data.minor}, is ready for it`;
    }
  }
  return undefined;
}

/** Why no pod may be brought to this version while the members are what they are. */
export function versionProblem(f: Facts, to: string): string | undefined {
  const clusterVersion = steadyClusterVersion(f, to);
  for (const version of versionsInUse(f)) {
    const problem = stepProblem(version, to, clusterVersion);
    if (problem) return problem;
  }
  return undefined;
}

/** The same for one pod that waits in its gate, with what it would start from if that is its own. */
export function podVersionProblem(f: Facts, pod: PodView, own?: string): string | undefined {
  const disk = gateOf(f.world, pod)?.disk;
  const found = own && disk?.state === "wal" ? disk.oldEntry : undefined;
  const unreadable = oldLogProblem(found, pod.etcdVersion);
  if (own === pod.etcdVersion) return unreadable;
  const step = own && stepProblem(own, pod.etcdVersion, steadyClusterVersion(f, pod.etcdVersion));
  return step || versionProblem(f, pod.etcdVersion) || unreadable;
}

export function adviceOn(version: string): string | undefined {
  const v = parseVersion(version);
  const floor = v && ADVISED[`${v.major}.${v.minor}`];
  if (!v || floor === undefined || v.patch >= floor) return undefined;
  return `etcd ${version} has published security advisories: ${v.major}.${v.minor}.${floor} or later is advised`;
}
