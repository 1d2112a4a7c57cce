import type { Clock } from "../../shared/clock";
import type { MemberHash } from "../model";
import type { MemberId } from "../../shared/disk";

/** The timeout of a hash request, because etcd hashes the whole database: a minimum, and more for each GiB. */
const LEAST_MS = 30_000;
const PER_GIB_MS = 120_000;
/** The pause between two rounds of requests. */
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
 * The hashes of all voters' data at one revision. They are requested in the background, because they may take minutes.
 * No new request is sent while etcd may still work on the last one: etcd doesn't stop when the client gives up, and its
 * writes wait for the hash.
 */
export class Hashes {
  private done: readonly MemberHash[] | undefined;
  private running = false;
  private nextMs = 0;
  private round = 0;

  constructor(private readonly own: Clock) {}

  /** The last result; undefined until the first answers arrive. */
  of(members: readonly Hashing[], revision: number): readonly MemberHash[] | undefined {
    if (!this.running && members.length > 0 && this.own() >= this.nextMs) void this.ask(members, revision);
    return this.done;
  }

  /** Discards all results once the alarm is over. */
  forget(): void {
    this.done = undefined;
    this.round++;
  }

  private async ask(members: readonly Hashing[], revision: number): Promise<void> {
    this.running = true;
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
    // A member that timed out may need as long again.
    this.nextMs = this.own() + (found.length < members.length ? timeoutMs : PAUSE_MS);
    this.running = false;
  }
}
