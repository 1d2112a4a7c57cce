/**
 * Checks what happens against the true state: who acknowledged what, which disk holds it, what a fault did to
 * which disk. It never reads the controller's record. What a controller could have known follows from what it
 * was shown.
 */
import type { MemberStatus } from "../../programs/controller/model";
import type { Entry, MemberDir } from "./log";
import { quorumOf, seatsOf, votersOf } from "./log";
import type { Process } from "./raft";

/** The existing disks. A disk whose claim is being deleted doesn't count. */
export interface Disks {
  readonly nowMs: number;
  disks(): readonly MemberDir[];
}

/**
 * `plain`: anybody who reads the disk sees that it isn't the member's any more. `back`: the disk was rolled
 * back in place.
 */
export type Harm = "plain" | "back";

interface Acked {
  readonly write: number;
  readonly clusterId: string;
  /** The entry's index, from 1. */
  readonly index: number;
  readonly entry: Entry;
}

interface Sight {
  readonly atMs: number;
  readonly index: number;
}

/** The record has what was seen of a member once the member is seen again after this long. */
const RECORDED_AFTER_MS = 60_000;
const SLACK_MS = 5_000;

export class Oracle {
  readonly violations: string[] = [];
  /**
   * A lost disk that nobody could have recognized runs. Raft's guarantees no longer hold, so nothing more can
   * be checked.
   */
  excused = false;
  /** The record was deleted or rolled back, so it no longer says what a controller should know of the disks. */
  recordHarmed = false;
  /** The cluster can't be bootstrapped again: it had a second voter, or the declared state was reported. */
  final = false;
  /** By the newest committed configuration; the members are the voters and the learner. */
  truth:
    | { readonly clusterId: string; readonly voters: readonly string[]; readonly members: readonly string[] }
    | undefined;
  /** The generation that serves. */
  generation = 1;
  acked: Acked[] = [];
  private readonly harms = new Map<string, Harm>();
  private readonly committed = new Map<string, Entry[]>();
  private readonly leaders = new Map<string, string>();
  private readonly made = new Set<string>();
  private readonly sights = new Map<string, Sight[]>();
  private sightMs: number | undefined;
  private missing: { readonly podUid: string; readonly atMs: number } | undefined;
  private recordedAfterMs = RECORDED_AFTER_MS;

  constructor(private readonly host: Disks) {}

  violated(what: string): void {
    if (!this.excused) this.violations.push(`${this.host.nowMs}: ${what}`);
  }

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

  /** All members must apply the same entries. */
  applied(p: Process, from: number, to: number): void {
    const { clusterId, log } = p.dir;
    const all = this.committed.get(clusterId) ?? [];
    this.committed.set(clusterId, all);
    for (let i = from; i < to; i++) {
      const entry = log[i];
      if (!entry) return this.violated(`${p.pod.name} applies entry ${i + 1}, which it doesn't have`);
      all[i] ??= entry;
      if (all[i] !== entry)
        return this.violated(`${p.pod.name} applies an entry ${i + 1} that differs from the others'`);
    }
  }

  /** A leader has committed these entries and has told the clients. */
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
    this.final ||= this.truth.voters.length > 1;
  }

  isHarmed(memberId: string): boolean {
    return this.harms.has(memberId);
  }

  get anyHarm(): boolean {
    return this.harms.size > 0;
  }

  /** A fault has taken or changed a member's disk. */
  harm(memberId: string, how: Harm): void {
    if (this.harms.get(memberId) !== "plain") this.harms.set(memberId, how);
    if (how === "back") this.forgetUnsafeWrites();
  }

  /**
   * A disk that was rolled back without a trace may vote twice. Writes that no quorum of the other disks
   * holds may be lost.
   */
  private forgetUnsafeWrites(): void {
    const voters = this.truth?.voters ?? [];
    const intact = this.intactDisks();
    this.acked = this.acked.filter((a) => {
      const holders = intact.filter((d) => voters.includes(d.memberId) && holds(d, a));
      return holders.length >= quorumOf(voters.length);
    });
  }

  private intactDisks(): readonly MemberDir[] {
    return this.host.disks().filter((d) => !this.harms.has(d.memberId));
  }

  /** The voters' disks that no fault has touched. */
  intactVoters(): readonly MemberDir[] {
    const { truth } = this;
    return this.intactDisks().filter(
      (d) => d.clusterId === truth?.clusterId && truth.voters.includes(d.memberId),
    );
  }

  /** A controller has completed a round and written its record. */
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
  firstDiskMissing(podUid: string): void {
    if (this.missing?.podUid !== podUid) this.missing = { podUid, atMs: this.host.nowMs };
  }

  /** Nothing was acknowledged, but the member was away for too long for a controller to be sure of that. */
  get firstMemberForgotten(): boolean {
    if (this.truth || this.sightMs === undefined) return false;
    return (this.missing?.atMs ?? this.host.nowMs) - this.sightMs >= RECORDED_AFTER_MS - SLACK_MS;
  }

  harmRecord(): void {
    this.recordHarmed = true;
    this.sights.clear();
  }

  /**
   * A timestamp from a clock that was ahead stays valid for up to the same time again once it isn't in the
   * future any more.
   */
  clockIsSet(): void {
    this.recordedAfterMs += RECORDED_AFTER_MS;
  }

  /** What was seen in the last minute before the latest sighting need not be in the record. */
  private minRecordedIndex(memberId: string): number {
    const sights = this.sights.get(memberId) ?? [];
    const since = (sights.at(-1)?.atMs ?? 0) - this.recordedAfterMs - SLACK_MS;
    return Math.max(0, ...sights.filter((s) => s.atMs <= since).map((s) => s.index));
  }

  /** Whether a controller that has its record must see that this isn't the member's disk any more. */
  isPlain({ memberId, log }: MemberDir): boolean {
    const harm = this.harms.get(memberId);
    if (harm === undefined || this.recordHarmed || !this.truth) return false;
    return harm === "plain" || log.length < this.minRecordedIndex(memberId);
  }

  /** A member's disk is started under its old identity. */
  started(name: string, dir: MemberDir, alone: boolean): void {
    if (!this.harms.has(dir.memberId)) return;
    if (!alone && this.isPlain(dir) && this.truth?.clusterId === dir.clusterId)
      this.violated(`${name} is told to start a disk that is lost`);
    this.excused = true;
  }

  /** A member joins with an empty disk, and its old data is quarantined. */
  quarantined(name: string, dir: MemberDir): void {
    if (!this.truth || this.recordHarmed || dir.generation < this.generation) return;
    if (dir.clusterId !== this.truth.clusterId) this.violated(`${name} quarantines another cluster's data`);
  }

  /**
   * A member is created on an empty disk. etcd asks any one peer for the member's ID, and a peer that was cut
   * off may name an ID that was removed. Such a member is harmless: the others reject it, and it counts for
   * no quorum.
   */
  joined(memberId: string): void {
    if (this.made.has(memberId) && this.truth?.members.includes(memberId))
      this.violated(`member ${memberId} is created again with an empty disk`);
    this.made.add(memberId);
  }

  bootstrapped(memberId: string): void {
    const beside = this.intactDisks().length > 0;
    if (this.final && !(this.recordHarmed && !beside))
      this.violated("a cluster is bootstrapped again after a promotion or after it had converged");
    if (beside) this.violated("a cluster is bootstrapped beside disks with data");
    this.acked = [];
    this.joined(memberId);
  }

  /** A survivor's directory is uploaded. It must hold every write that any remaining disk knows as committed. */
  uploaded(dir: MemberDir): void {
    const has = new Set(dir.log);
    for (const other of this.intactDisks()) {
      if (other.clusterId !== dir.clusterId) continue;
      const left = other.log.slice(0, other.commit).find((e) => e.write !== undefined && !has.has(e));
      if (left) this.violated(`write ${left.write} is on a disk but not in the recovered data`);
    }
  }

  /** A generation is made. From now on, exactly the writes in it count as acknowledged. */
  remade(dir: MemberDir, running: number): void {
    if (running > 0) this.violated("a gate fetches the new generation's data while a member runs");
    const before = new Set(this.acked.map((a) => a.write));
    for (const { memberId } of this.host.disks()) this.harms.set(memberId, "plain");
    // The data is fetched again: the disk with the first copy is lost, and this copy is as intact as that one was.
    this.harms.delete(dir.memberId);
    this.acked = dir.log.flatMap((entry, i) => {
      const { write } = entry;
      if (write === undefined || !before.has(write)) return [];
      return [{ write, clusterId: dir.clusterId, index: i + 1, entry }];
    });
    this.committed.set(dir.clusterId, [...dir.log]);
    this.truth = { clusterId: dir.clusterId, voters: [dir.memberId], members: [dir.memberId] };
    this.generation = dir.generation;
    this.final = true;
  }
}

const holds = (d: MemberDir, { index, entry }: Acked) => d.log[index - 1] === entry;
