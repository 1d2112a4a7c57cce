/** etcd's cluster API with its own errors. */
import { listKey } from "../../programs/shared/etcd/members";
import type { MemberList } from "../../programs/shared/etcd/members";
import { quorumOf, seatsOf, votersOf } from "./log";
import type { Process, Raft } from "./raft";

const TIMED_OUT = "etcdserver: request timed out";
const UNHEALTHY = "etcdserver: unhealthy cluster";
const CONNECTED_MS = 5000;

export class Members {
  constructor(
    private readonly raft: Raft,
    private readonly now: () => number,
  ) {}

  list(p: Process): MemberList | undefined {
    const l = p.served ? this.raft.leaderFor(p) : undefined;
    if (!l) return undefined;
    const members = [...seatsOf(l.dir).values()].map((s) => ({
      memberId: s.id,
      name: s.name,
      peerUrls: [s.url],
      isLearner: s.learner,
    }));
    return { clusterId: l.dir.clusterId, members };
  }

  private connectedVoters(l: Process): number {
    const up = [l, ...this.raft.peers(l)].filter((q) => this.now() - q.sinceMs >= CONNECTED_MS);
    return votersOf(l.dir).filter((v) => up.some((q) => q.dir.memberId === v)).length;
  }

  addLearner(l: Process, url: string, id: string, key: string): string | undefined {
    const list = this.list(l);
    if (!list || listKey(list) !== key) return "the member list has changed";
    const seats = [...seatsOf(l.dir).values()];
    if (seats.some((s) => s.url === url)) return "etcdserver: Peer URLs already exists";
    if (seats.some((s) => s.learner)) return "etcdserver: too many learner members in cluster";
    if (this.connectedVoters(l) < quorumOf(votersOf(l.dir).length)) return UNHEALTHY;
    return this.raft.propose(l, { op: "add", id, url }) ? undefined : TIMED_OUT;
  }

  promote(l: Process, id: string): string | undefined {
    if (!seatsOf(l.dir).get(id)?.learner) return "etcdserver: can only promote a learner member";
    if ((l.match.get(id) ?? 0) < l.dir.log.length * 0.9) return "etcdserver: not in sync with leader";
    return this.raft.propose(l, { op: "promote", id }) ? undefined : TIMED_OUT;
  }

  remove(l: Process, id: string): string | undefined {
    const seat = seatsOf(l.dir).get(id);
    if (!seat) return undefined;
    if (!seat.learner) {
      const others = votersOf(l.dir).filter((v) => v !== id);
      const up = [l, ...this.raft.peers(l)].map((q) => q.dir.memberId);
      if (others.filter((v) => up.includes(v)).length < quorumOf(others.length)) return UNHEALTHY;
    }
    const done = this.raft.propose(l, { op: "remove", id });
    if (done && l.dir.memberId === id) l.role = "follower";
    return done ? undefined : TIMED_OUT;
  }

  moveLeader(l: Process, to: string): string | undefined {
    const q = this.raft.peers(l).find((x) => x.dir.memberId === to);
    if (!q || seatsOf(l.dir).get(to)?.learner !== false) return "etcdserver: bad leader transferee";
    return this.raft.transfer(l, q) ? undefined : TIMED_OUT;
  }
}
