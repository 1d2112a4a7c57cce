/**
 * A namespace with one etcd cluster: StatefulSet controller, kubelets, gates, volumes and etcd processes. It knows the
 * truth, which no controller sees, and reports every breach of a promise.
 */
import type { ControllerRecord, Desired, GateReport, Order } from "../../../../controller/model";
import { UNDECIDED } from "./controller";
import type { MemberDir, Process, RaftHost, Seat, Volume } from "./raft";
import { configAt, newer, quorumOf, Raft, votersOf } from "./raft";
import { RestorePod } from "./restore";

export interface Claim {
  readonly uid: string;
  readonly ordinal: number;
  node?: number;
  bound: boolean;
  bytes: number;
  deleting: boolean;
  volume: Volume;
}

export interface Pod {
  readonly uid: string;
  readonly name: string;
  readonly ordinal: number;
  readonly revision: string;
  /** Of its template: what its gate starts by itself. */
  readonly generation: number;
  readonly claimUid: string;
  node?: number;
  gate: "pending" | "asking" | "done";
  etcd: "waiting" | "running";
  restarts: number;
  lastExit?: { code: number; oomKilled: boolean; atMs: number };
  nextStartMs: number;
  silentTicks: number;
  unschedulable?: string;
  deleting?: { sinceMs: number; deadlineMs: number };
}

export interface Template {
  readonly etcdVersion: string;
  readonly fault?: "image" | "crash" | "oom";
}

export interface Door {
  /** The order for this pod by a controller that believes to lead; undefined when nobody answers. */
  answer(report: GateReport): Order | undefined;
}

export const urlOf = (ordinal: number) => `https://etcd-${ordinal}.etcd.test.svc:2380`;
const emptyVolume = (): Volume => ({
  broken: false,
  logless: false,
  held: false,
  aside: 0,
  condemned: false,
});
export const copyDir = (dir: MemberDir): MemberDir => ({ ...dir, log: [...dir.log] });

/** Longer than etcd takes, so that there is time to act on what is not so any more a moment later. */
const VERSIONS_COMPARED_MS = 10_000;

const minorOf = (version: string) => Number(version.split(".")[1] ?? 0);

export class Cluster implements RaftHost {
  nowMs = 1_000_000;
  readonly violations: string[] = [];
  readonly acked = new Set<number>();
  readonly processes: Process[] = [];
  readonly raft = new Raft(this);
  readonly restore = new RestorePod(this);
  pods: Pod[] = [];
  claims: Claim[] = [];
  /** Processes of force-deleted pods on nodes that are cut off. */
  nodes: ("up" | "dead" | "cut" | "gone")[] = Array<"up">(8).fill("up");
  nodeDownSince = new Map<number, number>();
  /** Their pods run on; no new one comes. */
  cordoned = new Set<number>();
  /** Nodes that were down or deleted at any time. */
  everDown = new Set<number>();
  replicas: number;
  stsVersion = 1;
  templates = new Map<string, Template>();
  revision = "r1";
  desired: Desired;
  record: { version: number; value?: ControllerRecord } = { version: 1 };
  isolated = new Set<string>();
  hidden = new Set<string>();
  /** Member IDs whose disk a fault has destroyed, changed or taken back. */
  destroyed = new Set<string>();
  /** Disks taken back in place: unseen if that stays above the floor. */
  rolledBack = new Set<string>();
  recordLost = false;
  /** A second voter was made, or the declared state was reported: no birth may follow. */
  sealed = false;
  /** A fault that no controller can see has made losses possible. */
  excused = false;
  faults = 0;
  door: Door = { answer: () => undefined };
  /** Voters by the newest committed configuration of the cluster that serves. */
  truth: { clusterId: string; voters: string[] } | undefined;
  private everMade = new Set<string>();
  private clusterMinors = new Map<string, number>();
  private versionsComparedMs = 0;
  private tokens = new Map<string, readonly [string, string]>();
  private uids = 0;
  private ids = 0n;
  private state: number;

  constructor(seed: number, desired: Desired, template: Template) {
    this.state = seed >>> 0;
    this.desired = desired;
    this.replicas = desired.members;
    this.templates.set(this.revision, template);
  }

  random(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  uid(kind: string): string {
    return `${kind}-${++this.uids}`;
  }

  newId(): string {
    return ((1n << 63n) + ++this.ids).toString();
  }

  violated(what: string): void {
    if (!this.excused) this.violations.push(`${this.nowMs}: ${what}`);
  }

  configured(clusterId: string, seats: Map<string, Seat>): void {
    if ([...seats.values()].filter((s) => s.learner).length > 1) this.violated("two learners at once");
    this.truth = { clusterId, voters: votersOf(seats) };
    this.sealed ||= this.truth.voters.length > 1;
  }

  reaches(a: Process, b: Process): boolean {
    if (this.isolated.has(a.podUid) || this.isolated.has(b.podUid)) return false;
    return this.alive(a) && this.alive(b);
  }

  private alive(p: Process): boolean {
    const node = this.pods.find((x) => x.uid === p.podUid)?.node;
    return node !== undefined && this.nodes[node] === "up";
  }

  processOf(pod: Pod): Process | undefined {
    return this.processes.find((p) => p.podUid === pod.uid);
  }

  claimOf(pod: Pod): Claim | undefined {
    return this.claims.find((c) => c.uid === pod.claimUid);
  }

  exit(p: Process, code: number, oomKilled = false): void {
    this.processes.splice(this.processes.indexOf(p), 1);
    const pod = this.pods.find((x) => x.uid === p.podUid);
    if (pod) this.exited(pod, code, oomKilled);
  }

  private exited(pod: Pod, code: number, oomKilled = false): void {
    pod.etcd = "waiting";
    pod.restarts++;
    pod.lastExit = { code, oomKilled, atMs: this.nowMs };
    pod.nextStartMs = this.nowMs + Math.min(60_000, pod.restarts < 2 ? 0 : 10_000 * 2 ** (pod.restarts - 2));
  }

  isHealthy(pod: Pod): boolean {
    const p = this.processOf(pod);
    if (!p?.served || pod.deleting) return false;
    const leader = this.raft.leaderFor(p);
    return (
      leader !== undefined && configAt(leader.dir, leader.dir.commit).get(p.dir.memberId)?.learner === false
    );
  }

  tick(ms: number): void {
    this.nowMs += ms;
    this.statefulSet();
    for (const pod of [...this.pods]) this.kubelet(pod);
    this.restore.tick();
    this.raft.tick();
    this.raiseClusterVersion();
    this.claims = this.claims.filter((c) => !c.deleting || this.pods.some((p) => p.claimUid === c.uid));
  }

  private statefulSet(): void {
    for (let ordinal = 0; ordinal < this.replicas; ordinal++) {
      if (this.pods.some((p) => p.ordinal === ordinal)) continue;
      let claim = this.claims.find((c) => c.ordinal === ordinal);
      if (claim?.deleting) continue;
      if (!claim) {
        claim = {
          uid: this.uid("claim"),
          ordinal,
          bound: false,
          bytes: 10,
          deleting: false,
          volume: emptyVolume(),
        };
        this.claims.push(claim);
      }
      this.pods.push({
        uid: this.uid("pod"),
        name: `etcd-${ordinal}`,
        ordinal,
        revision: this.revision,
        generation: this.desired.generation,
        claimUid: claim.uid,
        gate: "pending",
        etcd: "waiting",
        restarts: 0,
        nextStartMs: 0,
        silentTicks: 0,
      });
    }
    for (const pod of this.pods) if (pod.ordinal >= this.replicas) this.deletePod(pod);
    for (const pod of this.pods) {
      const since = pod.node === undefined ? undefined : this.nodeDownSince.get(pod.node);
      if (since !== undefined && this.nowMs - since > 40_000) this.deletePod(pod);
    }
  }

  deletePod(pod: Pod): void {
    pod.deleting ??= { sinceMs: this.nowMs, deadlineMs: this.nowMs + 10_000 };
  }

  removePod(pod: Pod): void {
    this.pods = this.pods.filter((p) => p !== pod);
    const p = this.processes.find((x) => x.podUid === pod.uid);
    if (p) this.processes.splice(this.processes.indexOf(p), 1);
  }

  private kubelet(pod: Pod): void {
    const claim = this.claimOf(pod);
    if (pod.node === undefined) {
      if (pod.deleting) return this.removePod(pod);
      this.schedule(pod, claim);
    }
    if (pod.node === undefined || this.nodes[pod.node] !== "up" || !claim) return;
    if (pod.deleting) return this.removePod(pod);
    if (pod.gate === "pending") pod.gate = "asking";
    if (pod.gate === "asking") this.ask(pod, claim.volume);
    else if (pod.etcd === "waiting" && this.nowMs >= pod.nextStartMs) this.startEtcd(pod, claim.volume);
  }

  private schedule(pod: Pod, claim: Claim | undefined): void {
    if (!claim || claim.deleting) return;
    const taken = new Set(this.pods.map((p) => p.node));
    const open = this.nodes.map((_, i) => i).filter((i) => this.nodes[i] === "up" && !this.cordoned.has(i));
    const free = open.filter((i) => !taken.has(i));
    const node = claim.node ?? free[Math.floor(this.random() * free.length)];
    pod.unschedulable = undefined;
    if (node === undefined || !open.includes(node)) {
      pod.unschedulable = this.refusal(open, claim.node !== undefined);
      return;
    }
    claim.node = node;
    claim.bound = true;
    pod.node = node;
  }

  /** As the scheduler says it: where a node is out of the question, nobody asks for its volumes. */
  private refusal(open: readonly number[], bound: boolean): string {
    const there = this.nodes.filter((state) => state !== "gone").length;
    const reasons = [
      [there - open.length, "node(s) had untolerated taint(s)"],
      [
        open.length,
        bound
          ? "node(s) didn't match PersistentVolume's node affinity"
          : "node(s) didn't match pod anti-affinity rules",
      ],
    ] as const;
    const said = reasons.filter(([n]) => n > 0).map(([n, reason]) => `${n} ${reason}`);
    return `0/${there} nodes are available: ${said.join(", ")}. preemption: not helpful.`;
  }

  private ask(pod: Pod, volume: Volume): void {
    const order = this.door.answer(this.reportOf(pod, volume));
    const { dir } = volume;
    if (!order || order.kind === "wait") {
      if (order?.kind === "wait" && order.hold) volume.held = true;
      if (order && order !== UNDECIDED && dir && this.seenAsLost(pod, dir)) volume.condemned = true;
      pod.silentTicks = order ? 0 : pod.silentTicks + 1;
      const own = dir?.generation === pod.generation;
      if (!order && dir && own && !volume.broken && !volume.held && pod.silentTicks > 3)
        this.startAlone(pod, volume);
      return;
    }
    pod.silentTicks = 0;
    if (order.kind === "refuse") {
      volume.held = true;
      return;
    }
    if (order.kind === "lend") {
      volume.held = true;
      if (dir) this.restore.lend(dir, order.url);
      return;
    }
    if (order.kind === "seed") {
      const data = dir?.generation === pod.generation ? undefined : this.restore.take(order.url);
      if (data) Object.assign(volume, { dir: data, broken: false, logless: false, aside: 1 });
      return;
    }
    if (order.kind === "start" && dir && (order.generation ?? pod.generation) !== dir.generation) return;
    volume.held = false;
    volume.condemned = false;
    if (order.kind === "birth") volume.yaml = { kind: "new", token: order.token };
    if (order.kind === "start") {
      if (dir && this.destroyed.has(dir.memberId)) this.startedLost(pod, dir);
      volume.yaml = { kind: "start" };
    }
    if (order.kind === "join") {
      if (order.setAside && (dir || volume.broken || volume.logless)) {
        volume.dir = undefined;
        volume.broken = false;
        volume.logless = false;
        volume.aside = 1;
      }
      const urls = order.initialCluster.split(",").map((x) => x.slice(x.indexOf("=") + 1));
      volume.yaml = { kind: "existing", urls };
    }
    pod.gate = "done";
  }

  /** Told to wait by a controller that had it in its record, and whose record shows what was done to it. */
  private seenAsLost(pod: Pod, dir: MemberDir): boolean {
    const known = this.record.value?.members.find((m) => m.ordinal === pod.ordinal);
    if (!known || this.recordLost || !this.destroyed.has(dir.memberId)) return false;
    return known.memberId !== dir.memberId || known.claimUid !== pod.claimUid || dir.log.length < known.floor;
  }

  private startedLost(pod: Pod, dir: MemberDir): void {
    const floor = this.record.value?.members.find((m) => m.memberId === dir.memberId)?.floor ?? 0;
    const unseen = this.rolledBack.has(dir.memberId) && dir.log.length >= floor;
    // Before a birth is recorded nothing is known that a disk could be compared with.
    const unborn = this.record.value?.birth.state !== "born";
    if (unseen || unborn || this.recordLost) this.excused = true;
    else this.violated(`${pod.name} is told to start a disk that is lost`);
  }

  private startAlone(pod: Pod, volume: Volume): void {
    if (volume.condemned) this.violated(`${pod.name} starts by itself what a controller knew to be lost`);
    // What was changed while nobody watched can't be told from the disk alone.
    if (volume.dir && this.destroyed.has(volume.dir.memberId)) this.excused = true;
    volume.yaml = { kind: "start" };
    pod.gate = "done";
  }

  reportOf(pod: Pod, volume: Volume): GateReport {
    const { dir } = volume;
    const base = { podUid: pod.uid, atMs: this.nowMs, aside: [], held: volume.held };
    if (volume.broken)
      return { ...base, disk: { state: "broken", reason: "crc mismatch", memberId: dir?.memberId } };
    if (volume.logless)
      return { ...base, disk: { state: "broken", reason: "there is a database and no write-ahead log" } };
    if (!dir) return { ...base, disk: { state: "empty" } };
    return {
      ...base,
      disk: {
        state: "wal",
        memberId: dir.memberId,
        clusterId: dir.clusterId,
        lastTerm: dir.log.at(-1)?.term ?? 0,
        lastIndex: dir.log.length,
        voters: votersOf(configAt(dir, dir.commit)),
        generation: dir.generation,
        lastVersion: dir.lastVersion,
      },
    };
  }

  private startEtcd(pod: Pod, volume: Volume): void {
    const template = this.templates.get(pod.revision);
    if (template?.fault === "image") return;
    if (template?.fault)
      return this.exited(pod, template.fault === "oom" ? 137 : 1, template.fault === "oom");
    if (!volume.yaml) return this.exited(pod, 1);
    if (volume.broken) return this.exited(pod, 2);
    const version = template?.etcdVersion ?? "";
    if (!volume.dir && !this.makeDir(pod, volume, version)) return this.exited(pod, 1);
    const dir = volume.dir;
    if (!dir) return;
    // Its log has taken the place of the link to the order.
    volume.yaml = { kind: "start" };
    if (!this.canRun(pod.revision, dir.clusterId)) {
      this.violated(`${pod.name} comes up as etcd ${version} in a cluster that has gone beyond it`);
      return this.exited(pod, 2);
    }
    dir.lastVersion = version;
    pod.etcd = "running";
    this.processes.push({
      podName: pod.name,
      podUid: pod.uid,
      url: urlOf(pod.ordinal),
      version,
      volume,
      dir,
      sinceMs: this.nowMs,
      served: false,
      leader: false,
      match: new Map(),
    });
  }

  /** Of the version that a cluster has agreed on: a member of a lower one exits at its start. */
  clusterMinor(clusterId: string): number {
    return this.clusterMinors.get(clusterId) ?? 0;
  }

  canRun(revision: string, clusterId: string | undefined): boolean {
    const version = this.templates.get(revision)?.etcdVersion ?? "";
    return clusterId === undefined || minorOf(version) >= this.clusterMinor(clusterId);
  }

  /** As etcd's leader does every few seconds: up to what every member runs, once it knows that of all of them. */
  private raiseClusterVersion(): void {
    if (this.nowMs - this.versionsComparedMs < VERSIONS_COMPARED_MS) return;
    this.versionsComparedMs = this.nowMs;
    for (const leader of this.processes.filter((p) => p.leader && this.raft.hasQuorum(p))) {
      const { dir } = leader;
      const minors = [...configAt(dir, dir.commit).keys()].map((id) => {
        const member = this.processes.find((p) => p.dir.memberId === id && p.dir.clusterId === dir.clusterId);
        return member && this.raft.leaderFor(member) === leader ? minorOf(member.version) : 0;
      });
      const lowest = Math.min(...minors);
      if (lowest > this.clusterMinor(dir.clusterId)) this.clusterMinors.set(dir.clusterId, lowest);
    }
  }

  private makeDir(pod: Pod, volume: Volume, version: string): boolean {
    const fresh = { log: [], term: 0, commit: 0, generation: pod.generation, lastVersion: version };
    if (volume.yaml?.kind === "new") {
      const { token } = volume.yaml;
      // As etcd does: the same token gives the same IDs.
      const [memberId, clusterId] = this.tokens.get(token) ?? [this.newId(), this.newId()];
      this.tokens.set(token, [memberId, clusterId]);
      this.birth(memberId);
      const log = [{ term: 1, conf: { op: "add" as const, id: memberId, url: urlOf(pod.ordinal) } }];
      volume.dir = { ...fresh, memberId, clusterId, log, term: 1, commit: 1 };
      return true;
    }
    if (volume.yaml?.kind !== "existing") return false;
    const { urls } = volume.yaml;
    const peer = this.processes.find(
      (p) => urls.includes(p.url) && this.alive(p) && !this.isolated.has(p.podUid),
    );
    if (!peer || this.isolated.has(pod.uid)) return false;
    const seats = [...configAt(peer.dir, peer.dir.commit).values()];
    if (seats.length !== urls.length || seats.some((s) => !urls.includes(s.url))) return false;
    const own = seats.find((s) => s.url === urlOf(pod.ordinal));
    if (!own) return false;
    this.made(own.id);
    volume.dir = { ...fresh, memberId: own.id, clusterId: peer.dir.clusterId };
    return true;
  }

  private birth(memberId: string): void {
    if (this.sealed && !this.recordLost)
      this.violated("a cluster is born again after a promotion, or once converged");
    const alive = this.claims.some((c) => c.volume.dir && !this.destroyed.has(c.volume.dir.memberId));
    if (alive) this.violated("a cluster is born beside disks with data");
    if (this.acked.size > 0 && this.truth?.voters.some((v) => !this.destroyed.has(v))) {
      this.violated("a cluster is born although the first one's disk was not destroyed");
    }
    this.acked.clear();
    this.made(memberId);
  }

  private made(memberId: string): void {
    if (this.everMade.has(memberId)) this.violated(`member ${memberId} is made again with an empty disk`);
    this.everMade.add(memberId);
  }

  /**
   * Whether the voters' disks that are left are a quorum, and one of them can still win an election: that a change of
   * the members was committed may have been known to a lost disk only.
   */
  recoverable(): boolean {
    if (!this.truth) return true;
    const { clusterId } = this.truth;
    const intact = this.claims
      .filter((c) => !c.volume.broken && !c.deleting)
      .flatMap((c) => (c.volume.dir ? [c.volume.dir] : []))
      .filter((d) => d.clusterId === clusterId && !this.destroyed.has(d.memberId));
    const left = this.truth.voters.filter((v) => intact.some((d) => d.memberId === v));
    if (left.length < quorumOf(this.truth.voters.length)) return false;
    return intact.some((d) => {
      const voters = votersOf(configAt(d, d.commit));
      const granting = intact.filter((o) => voters.includes(o.memberId) && newer(o, d) <= 0);
      return voters.includes(d.memberId) && granting.length >= quorumOf(voters.length);
    });
  }
}
