/** etcd's processes: how they start and end, and the version that a cluster has agreed on. */
import type { Cluster } from "./cluster";
import type { Pod } from "./kubernetes";
import { seatsOf } from "./log";
import type { Process } from "./raft";
import type { Volume } from "./volume";

/** Longer than etcd's own interval, so that a controller has time to act on a version that is about to change. */
const VERSIONS_COMPARED_MS = 10_000;

const minorOf = (version: string) => Number(version.split(".")[1] ?? 0);

export const urlOf = (ordinal: number) => `https://etcd-${ordinal}.etcd.test.svc:2380`;

export class Versions {
  private readonly minors = new Map<string, number>();
  private comparedMs = 0;

  /** A member of a lower minor version exits when it starts. */
  minor(clusterId: string): number {
    return this.minors.get(clusterId) ?? 0;
  }

  canRun(version: string, clusterId: string | undefined): boolean {
    return clusterId === undefined || minorOf(version) >= this.minor(clusterId);
  }

  /**
   * Every few seconds etcd's leader raises the cluster's version to what all members run, once it knows all
   * versions.
   */
  compare(c: Cluster): void {
    if (c.nowMs - this.comparedMs < VERSIONS_COMPARED_MS) return;
    this.comparedMs = c.nowMs;
    for (const leader of c.processes.filter((p) => p.role === "leader" && c.raft.isConfirmed(p))) {
      const { dir } = leader;
      const minors = [...seatsOf(dir).keys()].map((id) => {
        const member = c.processes.find((p) => p.dir.memberId === id && p.dir.clusterId === dir.clusterId);
        return member && c.raft.leaderFor(member) === leader ? minorOf(member.version) : 0;
      });
      const lowest = Math.min(...minors);
      if (lowest > this.minor(dir.clusterId)) this.minors.set(dir.clusterId, lowest);
    }
  }
}

export function exited(c: Cluster, pod: Pod, code: number, oomKilled = false): void {
  pod.etcd = "waiting";
  pod.restarts++;
  pod.lastExit = { code, oomKilled, atMs: c.nodeTime(pod) };
  pod.nextStartMs = c.nowMs + Math.min(60_000, pod.restarts < 2 ? 0 : 10_000 * 2 ** (pod.restarts - 2));
}

export function runEtcd(c: Cluster, pod: Pod, volume: Volume): void {
  const template = c.templates.get(pod.revision);
  if (template?.fault === "image") return;
  if (template?.fault) return exited(c, pod, template.fault === "oom" ? 137 : 1, template.fault === "oom");
  volume.wasFull ||= volume.full;
  if (!volume.yaml || volume.full) return exited(c, pod, 1);
  if (volume.broken) return exited(c, pod, 2);
  const version = template?.etcdVersion ?? "";
  if (!volume.dir && !makeDir(c, pod, volume, version)) return exited(c, pod, 1);
  const { dir } = volume;
  if (!dir) return;
  // The member's log has replaced the link to the order.
  volume.yaml = { kind: "start" };
  if (!c.versions.canRun(version, dir.clusterId)) {
    c.oracle.violated(`${pod.name} comes up as etcd ${version} below the cluster's version`);
    return exited(c, pod, 2);
  }
  dir.lastVersion = version;
  volume.wasFull = false;
  pod.etcd = "running";
  c.processes.push({
    pod,
    url: urlOf(pod.ordinal),
    version,
    volume,
    dir,
    sinceMs: c.nowMs,
    served: false,
    role: "follower",
    votes: new Set(),
    silentTicks: 0,
    electionTicks: 2 + Math.floor(c.random() * 4),
    match: new Map(),
    next: new Map(),
    busyUntilMs: 0,
    snapshotUntilMs: c.nowMs + c.snapshotMs,
  });
}

function makeDir(c: Cluster, pod: Pod, volume: Volume, lastVersion: string): boolean {
  const fresh = { log: [], term: 0, commit: 0, generation: pod.generation, lastVersion };
  if (volume.yaml?.kind === "new") {
    const [memberId, clusterId] = c.idsOf(volume.yaml.token);
    c.oracle.bootstrapped(memberId);
    const conf = { op: "add" as const, id: memberId, url: urlOf(pod.ordinal) };
    volume.dir = { ...fresh, memberId, clusterId, log: [{ term: 1, conf }], term: 1, commit: 1 };
    return true;
  }
  if (volume.yaml?.kind !== "existing" || c.isolated.has(pod.uid)) return false;
  const { urls } = volume.yaml;
  const peer = c.processes.find((p) => urls.includes(p.url) && inTouch(c, p));
  if (!peer) return false;
  const seats = [...seatsOf(peer.dir).values()];
  if (seats.length !== urls.length || seats.some((s) => !urls.includes(s.url))) return false;
  const own = seats.find((s) => s.url === urlOf(pod.ordinal));
  if (!own) return false;
  c.oracle.joined(own.id);
  volume.dir = { ...fresh, memberId: own.id, clusterId: peer.dir.clusterId };
  return true;
}

export function inTouch(c: Cluster, { pod }: Process): boolean {
  return pod.node !== undefined && c.nodes[pod.node]?.state === "up" && !c.isolated.has(pod.uid);
}
