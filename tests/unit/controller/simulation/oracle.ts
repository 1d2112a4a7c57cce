/**
 * Judges what happens by what really is: who acknowledged what, which disk holds it, what a fault has done to which disk.
 * It never reads the controller's record; what a controller could have known follows from what was shown to it.
 */
import type { MemberStatus } from "../../../../controller/model";
import type { Entry, MemberDir } from "./log";
import { quorumOf, seatsOf, votersOf } from "./log";
import type { Process } from "./raft";

/** The disks there are: of claims that nobody deletes. */
export interface Disks {
  readonly nowMs: number;
  disks(): readonly MemberDir[];
}

/** `plain`: anybody who looks sees that it isn't the member's disk any more. `back`: an older state of it, in place. */
export type Harm = "plain" | "back";

interface Acked {
  readonly write: number;
  readonly clusterId: string;
  /** Number of the entry, from 1. */
  readonly index: number;
  readonly entry: Entry;
}

interface Sight {
  readonly atMs: number;
  readonly index: number;
}

/** What was seen of a member is in the record once it is seen again after so long. */
const FLOOR_AGE_MS = 60_000;
const SLACK_MS = 5_000;

export class Oracle {
  readonly violations: string[] = [];
  /** Nobody could have seen a lost disk, and it runs: raft's own promises are gone, and so is what could be judged. */
  excused = false;
  /** The record was deleted, or is an older one: what it knew of the disks is no measure any more. */
  recordHarmed = false;
  /** Of what has no member that anybody knows of: a second voter was there, or the declared state was reported. */
  sealed = false;
  /** By the newest committed configuration; the members are the voters and the learner. */
  truth:
    | { readonly clusterId: string; readonly voters: readonly string[]; readonly members: readonly string[] }
    | undefined;
  /** That which serves. */
  generation = 1;
  acked: Acked[] = [];
  private readonly harms = new Map<string, Harm>();
  private readonly committed = new Map<string, Entry[]>();
  private readonly leaders = new Map<string, string>();
  private readonly made = new Set<string>();
  private readonly sights = new Map<string, Sight[]>();
  private sightMs: number | undefined;
  private missing: { readonly podUid: string; readonly atMs: number } | undefined;
  private floorAgeMs = FLOOR_AGE_MS;

  constructor(private readonly host: Disks) {}

  violated(what: string): void {
    if (!this.excused) this.violations.push(`${this.host.nowMs}: ${what}`);
  }

  // Raft.

  elected(p: Process): void {
    const { clusterId, term, memberId, log } = p.dir;
    const key = `${clusterId}/${term}`;
    const other = this.leaders.get(key);
    if (other !== undefined && other !== memberId)
      this.violated(`two leaders of term ${term}: ${p.pod.name}`);
    this.leaders.set(key, memberId);
    for (const { write, index, entry, clusterId: of } of this.acked) {
      if (of === clusterId && log[index - 1] !== entry) {
        this.violated(`acknowledged write ${write} is lost: ${p.pod.name} leads without it`);
        return;
      }
    }
  }

  /** Entries are applied: everywhere the same ones. */
  applied(p: Process, from: number, to: number): void {
    const { clusterId, log } = p.dir;
    const all = this.committed.get(clusterId) ?? [];
    this.committed.set(clusterId, all);
    for (let i = from; i < to; i++) {
      const entry = log[i];
      if (!entry) return this.violated(`${p.pod.name} applies entry ${i + 1}, which it hasn't got`);
      all[i] ??= entry;
      if (all[i] !== entry)
        return this.violated(`${p.pod.name} applies another entry ${i + 1} than others have`);
    }
  }

  /** A leader has committed them, and clients are told. */
  acknowledged(l: Process, from: number, to: number): void {
    const { clusterId, log } = l.dir;
    for (let i = from; i < to; i++) {
      const entry = log[i];
      if (entry?.write !== undefined) this.acked.push({ write: entry.write, clusterId, index: i + 1, entry });
      if (entry?.conf) this.configured(l.dir);
    }
  }

  private configured(dir: MemberDir): void {
    const seats = [...seatsOf(dir).values()];
    if (seats.filter((s) => s.learner).length > 1) this.violated("two learners at once");
    this.truth = { clusterId: dir.clusterId, voters: votersOf(dir), members: seats.map((s) => s.id) };
    this.sealed ||= this.truth.voters.length > 1;
  }

  // Disks.

  isHarmed(memberId: string): boolean {
    return this.harms.has(memberId);
  }

  get anyHarm(): boolean {
    return this.harms.size > 0;
  }

  /** A fault has taken or changed a member's disk. */
  harm(memberId: string, how: Harm): void {
    if (this.harms.get(memberId) !== "plain") this.harms.set(memberId, how);
    if (how === "back") this.forgive();
  }

  /** A disk that was taken back, and hides it, may vote again: what no quorum of the other disks holds may be lost. */
  private forgive(): void {
    const voters = this.truth?.voters ?? [];
    const whole = this.whole();
    this.acked = this.acked.filter((a) => {
      const holders = whole.filter((d) => voters.includes(d.memberId) && holds(d, a));
      return holders.length >= quorumOf(voters.length);
    });
  }

  private whole(): readonly MemberDir[] {
    return this.host.disks().filter((d) => !this.harms.has(d.memberId));
  }

  /** Which voters' disks are as they were left. */
  wholeVoters(): readonly MemberDir[] {
    const { truth } = this;
    return this.whole().filter((d) => d.clusterId === truth?.clusterId && truth.voters.includes(d.memberId));
  }

  /** A round of a controller was carried through, with its record. */
  round(atMs: number, statuses: readonly MemberStatus[]): void {
    for (const { memberId, appliedIndex } of statuses) {
      if (memberId === undefined || appliedIndex === undefined) continue;
      this.sightMs = atMs;
      this.missing = undefined;
      const sights = this.sights.get(memberId) ?? [];
      sights.push({ atMs, index: appliedIndex });
      this.sights.set(memberId, sights.slice(-200));
    }
  }

  /** All gates ask, and the first member's disk is empty. */
  missed(podUid: string): void {
    if (this.missing?.podUid !== podUid) this.missing = { podUid, atMs: this.host.nowMs };
  }

  /** Nothing was acknowledged; but the member was gone for too long for a controller to be sure of that. */
  get forgotten(): boolean {
    if (this.truth || this.sightMs === undefined) return false;
    return (this.missing?.atMs ?? this.host.nowMs) - this.sightMs >= FLOOR_AGE_MS - SLACK_MS;
  }

  harmRecord(): void {
    this.recordHarmed = true;
    this.sights.clear();
  }

  /** A stamp by a clock that was ahead, and isn't in the future any more, holds for up to as long again. */
  clockIsSet(): void {
    this.floorAgeMs += FLOOR_AGE_MS;
  }

  /** What was seen of it in the last minute before it was seen last need not be in the record. */
  private floor(memberId: string): number {
    const sights = this.sights.get(memberId) ?? [];
    const since = (sights.at(-1)?.atMs ?? 0) - this.floorAgeMs - SLACK_MS;
    return Math.max(0, ...sights.filter((s) => s.atMs <= since).map((s) => s.index));
  }

  /** Whether a controller that has its record must see that it isn't the member's disk any more. */
  isPlain({ memberId, log }: MemberDir): boolean {
    const harm = this.harms.get(memberId);
    if (harm === undefined || this.recordHarmed || !this.truth) return false;
    return harm === "plain" || log.length < this.floor(memberId);
  }

  /** A member's disk is started under its old identity. */
  started(name: string, dir: MemberDir, alone: boolean): void {
    if (!this.harms.has(dir.memberId)) return;
    if (!alone && this.isPlain(dir) && this.truth?.clusterId === dir.clusterId)
      this.violated(`${name} is told to start a disk that is lost`);
    this.excused = true;
  }

  /** A member joins in the place of what is on its disk, which goes later. */
  setAside(name: string, dir: MemberDir): void {
    if (!this.truth || this.recordHarmed || dir.generation < this.generation) return;
    if (dir.clusterId !== this.truth.clusterId) this.violated(`${name} sets another cluster's data aside`);
  }

  /**
   * A member is made on an empty disk. etcd asks any one peer which ID it has, and a peer that was cut off names one that was
   * removed: it doesn't count for a quorum of the others, who send it away.
   */
  joined(memberId: string): void {
    if (this.made.has(memberId) && this.truth?.members.includes(memberId))
      this.violated(`member ${memberId} is made again with an empty disk`);
    this.made.add(memberId);
  }

  born(memberId: string): void {
    const beside = this.whole().length > 0;
    if (this.sealed && !(this.recordHarmed && !beside))
      this.violated("a cluster is born again after a promotion, or once converged");
    if (beside) this.violated("a cluster is born beside disks with data");
    this.acked = [];
    this.joined(memberId);
  }

  // Restore and recovery.

  /** A survivor's directory is sent. What is committed for sure on any disk that is left has to be in it. */
  lent(dir: MemberDir): void {
    const has = new Set(dir.log);
    for (const other of this.whole()) {
      if (other.clusterId !== dir.clusterId) continue;
      const left = other.log.slice(0, other.commit).find((e) => e.write !== undefined && !has.has(e));
      if (left) this.violated(`write ${left.write} is on a disk, and not in what is recovered`);
    }
  }

  /** A generation is made: from now on what is in it was acknowledged, and nothing else. */
  remade(dir: MemberDir, running: number): void {
    if (running > 0) this.violated("data is taken while a member runs");
    const before = new Set(this.acked.map((a) => a.write));
    for (const { memberId } of this.host.disks()) this.harms.set(memberId, "plain");
    // Taken once more: the disk with the first copy is lost, and this one is as whole as that was.
    this.harms.delete(dir.memberId);
    this.acked = dir.log.flatMap((entry, i) => {
      const { write } = entry;
      if (write === undefined || !before.has(write)) return [];
      return [{ write, clusterId: dir.clusterId, index: i + 1, entry }];
    });
    this.committed.set(dir.clusterId, [...dir.log]);
    this.truth = { clusterId: dir.clusterId, voters: [dir.memberId], members: [dir.memberId] };
    this.generation = dir.generation;
    this.sealed = true;
  }
}

const holds = (d: MemberDir, { index, entry }: Acked) => d.log[index - 1] === entry;
