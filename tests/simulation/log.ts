/** What a member has on its disk: raft's log and hard state, and the configuration that follows from them. */

export interface Entry {
  readonly term: number;
  readonly write?: number;
  readonly conf?: {
    readonly op: "add" | "promote" | "remove" | "name";
    readonly id: string;
    readonly url?: string;
  };
}

export interface Seat {
  readonly id: string;
  readonly url: string;
  readonly learner: boolean;
  readonly name: string;
}

interface Config {
  readonly upTo: number;
  readonly seats: ReadonlyMap<string, Seat>;
  readonly voters: readonly string[];
}

export interface MemberDir {
  memberId: string;
  clusterId: string;
  /** The first entry has index 1. Disks share entries: the same entry is the same object. */
  log: Entry[];
  term: number;
  /** The candidate that got the vote in this term. A disk that was rolled back has forgotten it. */
  vote?: string;
  commit: number;
  generation: number;
  lastVersion: string;
  /** A cache: the configuration at the commit index of the last call. */
  config?: Config;
}

export function quorumOf(n: number): number {
  return Math.floor(n / 2) + 1;
}

export const copyDir = (dir: MemberDir): MemberDir => ({ ...dir, log: [...dir.log] });

const EMPTY: Config = { upTo: 0, seats: new Map(), voters: [] };

function configOf(dir: MemberDir): Config {
  const known = dir.config && dir.config.upTo <= dir.commit ? dir.config : EMPTY;
  if (known.upTo === dir.commit) return known;
  let seats: Map<string, Seat> | undefined;
  for (let i = known.upTo; i < dir.commit; i++) {
    const conf = dir.log[i]?.conf;
    if (!conf) continue;
    seats ??= new Map(known.seats);
    apply(seats, conf, i === 0);
  }
  dir.config = seats
    ? { upTo: dir.commit, seats, voters: [...seats.values()].filter((s) => !s.learner).map((s) => s.id) }
    : { ...known, upTo: dir.commit };
  return dir.config;
}

function apply(seats: Map<string, Seat>, { op, id, url }: NonNullable<Entry["conf"]>, first: boolean): void {
  const seat = seats.get(id);
  if (op === "remove") seats.delete(id);
  else if (op === "add") seats.set(id, { id, url: url ?? "", learner: !first, name: "" });
  else if (seat) seats.set(id, op === "promote" ? { ...seat, learner: false } : { ...seat, name: "started" });
}

/** The members by what this disk knows as committed. */
export const seatsOf = (dir: MemberDir) => configOf(dir).seats;
export const votersOf = (dir: MemberDir) => configOf(dir).voters;

const lastTerm = (dir: MemberDir) => dir.log.at(-1)?.term ?? 0;
/** Positive when `a` may not vote for `b`. */
export const newer = (a: MemberDir, b: MemberDir) => lastTerm(a) - lastTerm(b) || a.log.length - b.log.length;

/** Whether these disks form a quorum of the voters and one of them can win an election by its own configuration. */
export function canElect(voters: readonly string[], disks: readonly MemberDir[]): boolean {
  if (disks.length < quorumOf(voters.length)) return false;
  return disks.some((d) => {
    const own = votersOf(d);
    const granting = disks.filter((o) => own.includes(o.memberId) && newer(o, d) <= 0);
    return own.includes(d.memberId) && granting.length >= quorumOf(own.length);
  });
}
