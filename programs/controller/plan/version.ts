/** The steps between etcd versions, by what the members' data was last used with: see `contract/upgrade`. */
import type { Version } from "../../../components/contract/versions";
import { parseKnownVersion, parseVersion, securePatch } from "../../../components/contract/versions";
import { stepProblem } from "../../../components/contract/upgrade";
import { oldLogProblem } from "../../shared/etcd/upgrade";
import type { PodView } from "../model";
import type { Facts } from "./facts";
import { gateOf, label, podAt, statusOf } from "./view";

/** Versions that the members' data was last used with. Other disks don't count. */
function versionsInUse(f: Facts): readonly string[] {
  return f.record.members.flatMap((m) => {
    const pod = podAt(f.world, m.ordinal);
    if (!pod) return [];
    const disk = gateOf(f.world, pod)?.disk;
    // Without the generation mark its version isn't known, and it isn't started.
    const marked = disk?.state === "wal" && disk.memberId === m.memberId && disk.generation > 0;
    if (disk) return marked ? [disk.lastVersion] : [];
    const version = statusOf(f.world, pod)?.version;
    if (version) return [version];
    return pod.etcd.state === "running" && m.phase === "started" ? [pod.etcdVersion] : [];
  });
}

/**
 * The cluster version, if it stays while pods are brought down to this version. etcd raises it within seconds once
 * every member runs a newer one, and then the older one exits at start. It stays down while a member runs the older one
 * or doesn't answer, or while a downgrade is enabled.
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

/** Why a possible step isn't taken yet: etcd hasn't finished the one before. */
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

/** Why no pod may get this version in the present cluster. */
export function versionProblem(f: Facts, to: string): string | undefined {
  const clusterVersion = steadyClusterVersion(f, to);
  for (const version of versionsInUse(f)) {
    const problem = stepProblem(version, to, clusterVersion);
    if (problem) return problem;
  }
  return undefined;
}

/** The same for one pod whose gate asks, with the version of its own data if it would start from that. */
export function podVersionProblem(f: Facts, pod: PodView, own?: string): string | undefined {
  const disk = gateOf(f.world, pod)?.disk;
  const found = own && disk?.state === "wal" ? disk.oldEntry : undefined;
  const unreadable = oldLogProblem(found, pod.etcdVersion);
  if (own === pod.etcdVersion) return unreadable;
  const step = own && stepProblem(own, pod.etcdVersion, steadyClusterVersion(f, pod.etcdVersion));
  return step || versionProblem(f, pod.etcdVersion) || unreadable;
}

export function adviceOn(version: string): string | undefined {
  const known = parseKnownVersion(version);
  if (!known) return undefined;
  const { from, ok } = securePatch(known);
  return ok
    ? undefined
    : `etcd ${version} has published security advisories: ${known.minor}.${from} or later is advised`;
}
