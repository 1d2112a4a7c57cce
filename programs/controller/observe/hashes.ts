import type { Clock } from "../../shared/clock";
import type { MemberHash } from "../model";
import type { MemberId } from "../../shared/disk";

/** A hash is made of the whole database: at least so long, and for each GiB, is etcd given for it. */
const LEAST_MS = 30_000;
const PER_GIB_MS = 120_000;
/** Between two rounds of questions. */
const PAUSE_MS = 60_000;

export interface Hashing {
  readonly memberId: MemberId;
  readonly dbBytes: number;
  ask(
    revision: number,
    timeoutMs: number,
  ): Promise<{ readonly compactRevision: number; readonly hash: number }>;
}

/**
 * The hashes of all voters' data at one revision. They are asked for beside the observations, since they may take minutes;
 * and not again while etcd may still be at the last ones, for it doesn't stop when nobody waits any more, and its writes
 * wait for it.
 */
export class Hashes {
  private done: readonly MemberHash[] | undefined;
  private atWork = false;
  private nextMs = 0;
  private round = 0;

  constructor(private readonly own: Clock) {}

  /** What was found last; nothing while the first answers are waited for. */
  of(members: readonly Hashing[], revision: number): readonly MemberHash[] | undefined {
    if (!this.atWork && members.length > 0 && this.own() >= this.nextMs) void this.ask(members, revision);
    return this.done;
  }

  /** The alarm is over: the next one is another story. */
  forget(): void {
    this.done = undefined;
    this.round++;
  }

  private async ask(members: readonly Hashing[], revision: number): Promise<void> {
    this.atWork = true;
    const { round } = this;
    const largest = Math.max(...members.map((m) => m.dbBytes));
    const timeoutMs = LEAST_MS + (largest / 2 ** 30) * PER_GIB_MS;
    const answers = await Promise.allSettled(
      members.map(async (member) => {
        const { compactRevision, hash } = await member.ask(revision, timeoutMs);
        return { memberId: member.memberId, revision, compactRevision, hash };
      }),
    );
    const found = answers.flatMap((a) => (a.status === "fulfilled" ? [a.value] : []));
    if (round === this.round) this.done = found;
    // One that ran out of time may be at it for as long again.
    this.nextMs = this.own() + (found.length < members.length ? timeoutMs : PAUSE_MS);
    this.atWork = false;
  }
}
