/**
 * Raft, as far as the loss of acknowledged writes depends on it, in ticks shorter than an election. Nothing
 * is atomic. A candidate asks one voter after the other, the voter saves its vote, and the request or the
 * answer may be lost. A leader that is cut off keeps appending entries that are never committed. Followers
 * compare only (index, term) and cut off what differs.
 */
import type { Pod } from "./kubernetes";
import type { Entry, MemberDir } from "./log";
import { newer, quorumOf, seatsOf, votersOf } from "./log";
import type { Oracle } from "./oracle";
import type { Volume } from "./volume";

export interface Process {
  readonly pod: Pod;
  readonly url: string;
  readonly version: string;
  readonly volume: Volume;
  readonly dir: MemberDir;
  readonly sinceMs: number;
  /** The client port answers only after the process has committed through a quorum once. */
  served: boolean;
  role: "follower" | "candidate" | "leader";
  /** The votes granted in its term. */
  votes: Set<string>;
  /** Ticks since a follower heard of a leader, or since a quorum answered a leader. */
  silentTicks: number;
  electionTicks: number;
  /** On a leader: the last index that each member is known to have, and the next index to send. */
  match: Map<string, number>;
  next: Map<string, number>;
  /** Until then the process is busy. It replicates but answers no requests. */
  busyUntilMs: number;
  /** Until then its snapshot is in transit. */
  snapshotUntilMs: number;
}

export interface RaftHost {
  readonly processes: Process[];
  readonly nowMs: number;
  readonly oracle: Oracle;
  /** The alarm that blocks all writes. */
  readonly alarmed: boolean;
  reaches(a: Process, b: Process): boolean;
  random(): number;
  exit(p: Process, code: number): void;
}

const TICKS = 3;
const LOSS = 0.1;
/**
 * For this many ticks after hearing of a leader, a member grants no vote. After as many without a quorum, a
 * leader steps down.
 */
const LEASE_TICKS = 2;

export class Raft {
  private writes = 0;

  constructor(private readonly host: RaftHost) {}

  /** The leader of this process's cluster, if the two are in touch and a quorum would confirm it. */
  leaderFor(p: Process): Process | undefined {
    return this.host.processes.find(
      (l) =>
        l.role === "leader" &&
        l.dir.clusterId === p.dir.clusterId &&
        (l === p || (l.dir.term >= p.dir.term && this.host.reaches(l, p))) &&
        this.isConfirmed(l),
    );
  }

  /** As a linearizable read finds out: a quorum answers and knows of no later term. */
  isConfirmed(l: Process): boolean {
    const voters = votersOf(l.dir);
    if (!voters.includes(l.dir.memberId)) return false;
    const here = this.peers(l).filter((q) => q.dir.term <= l.dir.term && voters.includes(q.dir.memberId));
    return here.length + 1 >= quorumOf(voters.length);
  }

  peers(p: Process): Process[] {
    return this.host.processes.filter(
      (q) => q !== p && q.dir.clusterId === p.dir.clusterId && this.host.reaches(p, q),
    );
  }

  tick(): void {
    for (const l of this.host.processes) {
      if (l.role === "leader" && !this.host.alarmed) this.push(l, { write: ++this.writes });
    }
    for (let i = 0; i < TICKS; i++) this.raftTick();
  }

  private raftTick(): void {
    const { host } = this;
    for (const p of [...host.processes].sort(() => host.random() - 0.5)) {
      if (!host.processes.includes(p)) continue;
      const banned = this.peers(p).some((q) => hasRemoved(q, p.dir.memberId));
      if (banned && host.random() < 0.5) host.exit(p, 0);
      else if (p.role === "leader") this.lead(p);
      else this.follow(p);
    }
  }

  private lost(): boolean {
    return this.host.random() < LOSS;
  }

  private follow(p: Process): void {
    p.silentTicks++;
    const voters = votersOf(p.dir);
    if (!voters.includes(p.dir.memberId)) return;
    if (p.role === "candidate" && p.silentTicks <= p.electionTicks) return this.solicit(p, false);
    if (p.silentTicks <= p.electionTicks) return;
    // Pre-vote: a member that couldn't win doesn't raise the term.
    const granting = this.peers(p).filter(
      (q) => voters.includes(q.dir.memberId) && q.silentTicks >= LEASE_TICKS && newer(q.dir, p.dir) <= 0,
    );
    if (granting.length + 1 >= quorumOf(voters.length)) this.campaign(p, false);
  }

  private campaign(p: Process, transfer: boolean): void {
    p.dir.term++;
    p.dir.vote = p.dir.memberId;
    p.role = "candidate";
    p.votes = new Set([p.dir.memberId]);
    this.resetTimer(p);
    this.solicit(p, transfer);
  }

  private resetTimer(p: Process): void {
    p.silentTicks = 0;
    p.electionTicks = LEASE_TICKS + Math.floor(this.host.random() * 4);
  }

  private solicit(c: Process, transfer: boolean): void {
    for (const q of this.peers(c)) {
      if (this.wins(c)) break;
      if (c.votes.has(q.dir.memberId) || this.lost()) continue;
      const granted = this.vote(q, c, transfer);
      // The vote is on disk now, whether the answer arrives or not.
      if (this.lost()) continue;
      if (q.dir.term > c.dir.term) return this.stepDown(c, q.dir.term);
      if (granted) c.votes.add(q.dir.memberId);
    }
    if (this.wins(c)) this.win(c);
  }

  private wins(c: Process): boolean {
    const voters = votersOf(c.dir);
    return voters.filter((v) => c.votes.has(v)).length >= quorumOf(voters.length);
  }

  private vote(q: Process, c: Process, transfer: boolean): boolean {
    if (q.silentTicks < LEASE_TICKS && q.role !== "candidate" && !transfer) return false;
    if (c.dir.term < q.dir.term) return false;
    if (c.dir.term > q.dir.term) this.stepDown(q, c.dir.term);
    const free = q.dir.vote === undefined || q.dir.vote === c.dir.memberId;
    if (!free || newer(q.dir, c.dir) > 0) return false;
    q.dir.vote = c.dir.memberId;
    this.resetTimer(q);
    return true;
  }

  private stepDown(p: Process, term: number): void {
    if (term > p.dir.term) {
      p.dir.term = term;
      p.dir.vote = undefined;
    }
    p.role = "follower";
  }

  private win(p: Process): void {
    p.role = "leader";
    p.silentTicks = 0;
    p.match = new Map();
    p.next = new Map();
    this.host.oracle.elected(p);
    this.push(p, {});
  }

  private push(l: Process, what: Omit<Entry, "term">): void {
    l.dir.log.push({ term: l.dir.term, ...what });
  }

  private lead(l: Process): void {
    this.replicate(l);
    if (l.role !== "leader") return;
    this.publish(l);
  }

  private replicate(l: Process): void {
    const voters = votersOf(l.dir);
    let answered = voters.includes(l.dir.memberId) ? 1 : 0;
    for (const q of this.peers(l)) {
      if (!seatsOf(l.dir).has(q.dir.memberId) || this.lost()) continue;
      if (!this.append(l, q)) continue;
      if (l.role !== "leader") return;
      if (voters.includes(q.dir.memberId)) answered++;
    }
    this.commit(l);
    if (answered >= quorumOf(voters.length)) l.silentTicks = 0;
    else if (++l.silentTicks > LEASE_TICKS) l.role = "follower";
  }

  /** Sends one message and receives its answer. Returns whether the answer arrived. */
  private append(l: Process, q: Process): boolean {
    const { host } = this;
    if (!host.processes.includes(q)) return false;
    if (q.dir.term > l.dir.term) {
      this.stepDown(l, q.dir.term);
      return true;
    }
    const known = l.match.get(q.dir.memberId) ?? 0;
    if (known > q.dir.log.length) {
      // etcd panics with "tocommit is out of range": the member has lost entries that it had acknowledged.
      host.exit(q, 2);
      return false;
    }
    this.stepDown(q, l.dir.term);
    this.resetTimer(q);
    if (q.dir.log.length === 0 && host.nowMs < q.snapshotUntilMs) return true;
    let prev = (l.next.get(q.dir.memberId) ?? l.dir.log.length) - 1;
    prev = Math.min(Math.max(prev, 0), q.dir.log.length);
    while (prev > 0 && q.dir.log[prev - 1]?.term !== l.dir.log[prev - 1]?.term) prev--;
    if (!this.take(q, l.dir.log, prev)) return false;
    const to = Math.min(l.dir.commit, l.dir.log.length);
    if (to > q.dir.commit) this.applied(q, to);
    if (l.dir.commit > 0) q.served = true;
    if (this.lost()) return false;
    l.match.set(q.dir.memberId, l.dir.log.length);
    l.next.set(q.dir.memberId, l.dir.log.length + 1);
    return true;
  }

  /** Like raft, it takes entries with the same index and term for the same entry. */
  private take(q: Process, log: readonly Entry[], prev: number): boolean {
    let at = prev;
    while (at < log.length && at < q.dir.log.length && q.dir.log[at]?.term === log[at]?.term) at++;
    if (at === log.length) return true;
    if (at < q.dir.commit) {
      this.host.oracle.violated(`${q.pod.name} is told to cut off entry ${at + 1}, which is committed there`);
      this.host.exit(q, 2);
      return false;
    }
    if (at < q.dir.log.length) q.dir.log.length = at;
    for (let i = at; i < log.length; i++) q.dir.log.push(log[i] as Entry);
    return true;
  }

  private applied(p: Process, to: number): void {
    this.host.oracle.applied(p, p.dir.commit, to);
    p.dir.commit = to;
  }

  private commit(l: Process): void {
    for (let n = l.dir.log.length; n > l.dir.commit; n--) {
      if (l.dir.log[n - 1]?.term !== l.dir.term) return;
      const voters = votersOf(l.dir);
      const have = voters.filter((v) => v === l.dir.memberId || (l.match.get(v) ?? 0) >= n);
      if (have.length < quorumOf(voters.length)) continue;
      const from = l.dir.commit;
      this.applied(l, n);
      l.served = true;
      this.host.oracle.acknowledged(l, from, n);
      return;
    }
  }

  private publish(l: Process): void {
    const seats = seatsOf(l.dir);
    for (const q of [l, ...this.peers(l)]) {
      const { memberId } = q.dir;
      const named = l.dir.log
        .slice(l.dir.commit)
        .some((e) => e.conf?.op === "name" && e.conf.id === memberId);
      if (q.served && !named && seats.get(memberId)?.name === "")
        this.push(l, { conf: { op: "name", id: memberId } });
    }
  }

  /** Returns whether the change was committed in time. If not, it may be committed later. */
  propose(l: Process, conf: NonNullable<Entry["conf"]>): boolean {
    const pending = l.dir.log.slice(l.dir.commit).some((e) => e.conf && e.conf.op !== "name");
    if (pending) return false;
    this.push(l, { conf });
    const target = l.dir.log.length;
    for (let i = 0; i < TICKS && l.role === "leader" && l.dir.commit < target; i++) this.replicate(l);
    return l.dir.commit >= target;
  }

  transfer(l: Process, q: Process): boolean {
    if (!this.append(l, q) || (l.match.get(q.dir.memberId) ?? 0) < l.dir.log.length) return false;
    this.campaign(q, true);
    return q.role === "leader";
  }
}

function hasRemoved(q: Process, id: string): boolean {
  const seats = seatsOf(q.dir);
  return (
    !seats.has(id) &&
    q.dir.log.slice(0, q.dir.commit).some((e) => e.conf?.op === "remove" && e.conf.id === id)
  );
}
