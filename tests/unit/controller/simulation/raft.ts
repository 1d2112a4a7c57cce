/**
 * Raft as far as losing acknowledged writes goes: logs on volumes, elections by quorum of the elector's own
 * configuration, commits by quorum of disks. Elections are atomic; replication is random and partial.
 */
import { listKey } from "../../../../controller/plan/view";
import type { MemberList } from "../../../../controller/model";

export interface Entry {
  readonly term: number;
  readonly write?: number;
  readonly conf?: {
    readonly op: "add" | "promote" | "remove" | "name";
    readonly id: string;
    readonly url?: string;
  };
}

export interface MemberDir {
  memberId: string;
  clusterId: string;
  log: Entry[];
  term: number;
  commit: number;
  generation: number;
  lastVersion: string;
}

/** What etcd would read at its start: goes with the directory, and an order is used up by the log made from it. */
export type Yaml =
  | { readonly kind: "start" }
  | { readonly kind: "new"; readonly token: string }
  | { readonly kind: "existing"; readonly urls: readonly string[] };

export interface Volume {
  dir?: MemberDir;
  yaml?: Yaml;
  broken: boolean;
  /** There is a database without a log: a gate sees something broken, etcd sees nothing. */
  logless: boolean;
  held: boolean;
  aside: number;
  /** A controller has answered its gate while it could know that this disk is lost. */
  condemned: boolean;
}

export interface Process {
  readonly podName: string;
  readonly podUid: string;
  readonly url: string;
  readonly version: string;
  readonly volume: Volume;
  readonly dir: MemberDir;
  readonly sinceMs: number;
  /** Its client port answers only after it has committed through a quorum once. */
  served: boolean;
  leader: boolean;
  match: Map<string, number>;
}

export interface Seat {
  readonly id: string;
  readonly url: string;
  learner: boolean;
  name: string;
}

export function quorumOf(n: number): number {
  return Math.floor(n / 2) + 1;
}

export function configAt(dir: MemberDir, upTo: number): Map<string, Seat> {
  const seats = new Map<string, Seat>();
  for (let i = 0; i < upTo; i++) {
    const conf = dir.log[i]?.conf;
    if (!conf) continue;
    if (conf.op === "remove") seats.delete(conf.id);
    else if (conf.op === "add")
      seats.set(conf.id, { id: conf.id, url: conf.url ?? "", learner: i > 0, name: "" });
    const seat = seats.get(conf.id);
    if (seat && conf.op === "promote") seat.learner = false;
    if (seat && conf.op === "name") seat.name = "started";
  }
  return seats;
}

export const votersOf = (seats: Map<string, Seat>) =>
  [...seats.values()].filter((s) => !s.learner).map((s) => s.id);

const lastTerm = (dir: MemberDir) => dir.log.at(-1)?.term ?? 0;
/** Above zero when `a` may not vote for `b`. */
export const newer = (a: MemberDir, b: MemberDir) => lastTerm(a) - lastTerm(b) || a.log.length - b.log.length;

export interface RaftHost {
  readonly processes: Process[];
  readonly acked: Set<number>;
  readonly nowMs: number;
  reaches(a: Process, b: Process): boolean;
  random(): number;
  exit(p: Process, code: number): void;
  violated(what: string): void;
  /** A configuration was committed. */
  configured(clusterId: string, seats: Map<string, Seat>): void;
}

export class Raft {
  private writes = 0;
  constructor(private readonly host: RaftHost) {}

  /** The process that leads the cluster this one is in, if both are in touch and it has its quorum. */
  leaderFor(p: Process): Process | undefined {
    const { host } = this;
    return host.processes.find(
      (l) =>
        l.leader &&
        l.dir.clusterId === p.dir.clusterId &&
        (l === p || host.reaches(l, p)) &&
        this.hasQuorum(l),
    );
  }

  private peers(p: Process): Process[] {
    return this.host.processes.filter(
      (q) => q !== p && q.dir.clusterId === p.dir.clusterId && this.host.reaches(p, q),
    );
  }

  hasQuorum(l: Process): boolean {
    const voters = votersOf(configAt(l.dir, l.dir.commit));
    const here = new Set([l, ...this.peers(l)].map((q) => q.dir.memberId));
    return (
      voters.includes(l.dir.memberId) && voters.filter((v) => here.has(v)).length >= quorumOf(voters.length)
    );
  }

  tick(): void {
    const { host } = this;
    for (const l of host.processes.filter((p) => p.leader)) {
      const rival = this.peers(l).some((q) => q.dir.term > l.dir.term);
      if (rival || !this.hasQuorum(l)) l.leader = false;
    }
    const order = [...host.processes].sort(() => host.random() - 0.5);
    for (const p of order) {
      if (!host.processes.includes(p)) continue;
      const banned = this.peers(p).some((q) => this.hasRemoved(q, p.dir.memberId));
      if (banned && host.random() < 0.7) host.exit(p, 0);
      else if (!this.leaderFor(p)) this.campaign(p);
    }
    for (const l of host.processes.filter((p) => p.leader)) {
      this.write(l);
      this.publish(l);
    }
  }

  private hasRemoved(q: Process, id: string): boolean {
    return q.dir.log.slice(0, q.dir.commit).some((e) => e.conf?.op === "remove" && e.conf.id === id);
  }

  private campaign(p: Process): void {
    const voters = votersOf(configAt(p.dir, p.dir.commit));
    if (!voters.includes(p.dir.memberId)) return;
    const granted = [p, ...this.peers(p)].filter(
      (q) => voters.includes(q.dir.memberId) && (q === p || newer(q.dir, p.dir) <= 0),
    );
    const ids = new Set(granted.map((q) => q.dir.memberId));
    if (ids.size < quorumOf(voters.length)) return;
    const term = Math.max(...[p, ...this.peers(p)].map((q) => q.dir.term)) + 1;
    for (const q of granted) {
      q.dir.term = term;
      q.leader = false;
    }
    p.leader = true;
    p.match = new Map();
    const has = new Set(p.dir.log.map((e) => e.write));
    for (const write of this.host.acked) {
      if (!has.has(write))
        this.host.violated(`acknowledged write ${write} is lost: ${p.podName} leads without it`);
    }
    this.append(p, {});
  }

  /** Appends, replicates to at least a quorum when it can, and says whether it was committed. */
  append(l: Process, what: Omit<Entry, "term">): boolean {
    l.dir.log.push({ term: l.dir.term, ...what });
    const target = l.dir.log.length;
    const peers = this.peers(l).sort(() => this.host.random() - 0.5);
    for (const q of peers) {
      if (this.commit(l) < target || this.host.random() < 0.6) this.replicate(l, q);
    }
    this.commit(l);
    return l.dir.commit >= target;
  }

  private replicate(l: Process, q: Process): void {
    if (!this.host.processes.includes(q) || !configAt(l.dir, l.dir.commit).has(q.dir.memberId)) return;
    const known = l.match.get(q.dir.memberId) ?? 0;
    if (known > q.dir.log.length) {
      this.host.exit(q, 2);
      return;
    }
    let same = 0;
    while (
      same < q.dir.log.length &&
      q.dir.log[same]?.term === l.dir.log[same]?.term &&
      same < l.dir.log.length
    )
      same++;
    q.dir.log = [...q.dir.log.slice(0, same), ...l.dir.log.slice(same)];
    q.dir.term = Math.max(q.dir.term, l.dir.term);
    q.leader = false;
    q.dir.commit = Math.max(q.dir.commit, Math.min(l.dir.commit, q.dir.log.length));
    l.match.set(q.dir.memberId, q.dir.log.length);
    if (l.dir.commit > 0) q.served = true;
  }

  private commit(l: Process): number {
    const before = l.dir.commit;
    for (let n = l.dir.log.length; n > l.dir.commit; n--) {
      if (l.dir.log[n - 1]?.term !== l.dir.term) break;
      const voters = votersOf(configAt(l.dir, l.dir.commit));
      const have = voters.filter((v) => v === l.dir.memberId || (l.match.get(v) ?? 0) >= n);
      if (have.length < quorumOf(voters.length)) continue;
      l.dir.commit = n;
      l.served = true;
      for (let i = before; i < n; i++) {
        const entry = l.dir.log[i];
        if (entry?.write !== undefined) this.host.acked.add(entry.write);
        if (entry?.conf) this.host.configured(l.dir.clusterId, configAt(l.dir, n));
      }
      break;
    }
    return l.dir.commit;
  }

  private write(l: Process): void {
    if (this.hasQuorum(l)) this.append(l, { write: ++this.writes });
  }

  private publish(l: Process): void {
    const seats = configAt(l.dir, l.dir.commit);
    for (const q of [l, ...this.peers(l)]) {
      if (q.served && seats.get(q.dir.memberId)?.name === "")
        this.append(l, { conf: { op: "name", id: q.dir.memberId } });
    }
  }

  // The cluster API, with etcd's own refusals.

  list(p: Process): MemberList | undefined {
    const l = p.served ? this.leaderFor(p) : undefined;
    if (!l) return undefined;
    const members = [...configAt(l.dir, l.dir.commit).values()].map((s) => ({
      memberId: s.id,
      name: s.name,
      peerUrls: [s.url],
      isLearner: s.learner,
    }));
    return { clusterId: l.dir.clusterId, members };
  }

  private settled(l: Process): number {
    const voters = votersOf(configAt(l.dir, l.dir.commit));
    const up = [l, ...this.peers(l)].filter((q) => this.host.nowMs - q.sinceMs >= 5000);
    return voters.filter((v) => up.some((q) => q.dir.memberId === v)).length;
  }

  addLearner(l: Process, url: string, id: string, key: string): string | undefined {
    const list = this.list(l);
    if (!list || listKey(list) !== key) return "the member list has changed";
    const seats = configAt(l.dir, l.dir.commit);
    if ([...seats.values()].some((s) => s.url === url)) return "etcdserver: Peer URLs already exists";
    if (this.settled(l) < quorumOf(votersOf(seats).length)) return "etcdserver: unhealthy cluster";
    return this.append(l, { conf: { op: "add", id, url } }) ? undefined : "etcdserver: request timed out";
  }

  promote(l: Process, id: string): string | undefined {
    const seat = configAt(l.dir, l.dir.commit).get(id);
    if (!seat?.learner) return "etcdserver: can only promote a learner member";
    if ((l.match.get(id) ?? 0) < l.dir.log.length * 0.9) return "etcdserver: not in sync with leader";
    return this.append(l, { conf: { op: "promote", id } }) ? undefined : "etcdserver: request timed out";
  }

  remove(l: Process, id: string): string | undefined {
    const seats = configAt(l.dir, l.dir.commit);
    const seat = seats.get(id);
    if (!seat) return "etcdserver: member not found";
    if (!seat.learner) {
      const others = votersOf(seats).filter((v) => v !== id);
      const up = [l, ...this.peers(l)].map((q) => q.dir.memberId);
      if (others.filter((v) => up.includes(v)).length < quorumOf(others.length))
        return "etcdserver: unhealthy cluster";
    }
    const done = this.append(l, { conf: { op: "remove", id } });
    if (done && l.dir.memberId === id) l.leader = false;
    return done ? undefined : "etcdserver: request timed out";
  }

  moveLeader(l: Process, to: string): string | undefined {
    const q = this.peers(l).find((x) => x.dir.memberId === to);
    if (!q || configAt(l.dir, l.dir.commit).get(to)?.learner !== false)
      return "etcdserver: bad leader transferee";
    this.replicate(l, q);
    l.leader = false;
    this.campaign(q);
    return undefined;
  }
}
