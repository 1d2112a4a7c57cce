import type { Clock } from "../../shared/clock";
import type { Lease as LeaseObject } from "../../shared/kubernetes/objects";
import { ApiError } from "../../shared/kubernetes/api";
import { messageOf } from "../../shared/errors";
import { microTime } from "../../shared/kubernetes/time";

/** How long others wait after the lease last changed before they take it. */
const DURATION_MS = 15_000;
/** How long the holder itself counts on it, from before its request: that may take time to arrive. */
const COUNTED_MS = 10_000;
const RENEW_EVERY_MS = 5000;
const RETRY_MS = 1000;
const STANDBY_MS = 2000;
/** If the lease hasn't changed for this long, no controller can act: one that could would have taken it. */
const VACANT_MS = DURATION_MS + 5000;
const REQUEST_MS = 3000;
/** In one tick. */
const MOST_REQUESTS = 3;
/** In a running process no timer is this late. */
const LATE_MS = 2000;

export interface LeaseStore {
  lease(): Promise<LeaseObject | undefined>;
  writeLease(spec: LeaseObject["spec"], version: string | undefined, timeoutMs: number): Promise<LeaseObject>;
}

/**
 * Only one controller acts. Every write has the last seen resourceVersion as its precondition. Clocks of other machines
 * are never compared with this one's.
 */
export class Lease {
  /**
   * How often this process has taken it. Decisions of an earlier term are void, even if this process holds it again.
   */
  term = 0;
  /** Whether it was ever read: then this process knows its role. */
  known = false;
  private seen: { readonly lease: LeaseObject | undefined; readonly sinceMs: number } | undefined;
  private countedFromMs: number | undefined;
  /** Whether the last read succeeded. */
  private looked = false;
  /** Why the last attempt failed. */
  private failure: string | undefined;
  private renewals = 0;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> = Promise.resolve();
  private stopped = false;
  /** When the next tick was due. */
  private dueMs: number | undefined;

  constructor(
    private readonly store: LeaseStore,
    private readonly identity: string,
    /** For this process's own claim to the lease. */
    private readonly now: Clock,
    /** For the time to wait before taking another's lease. */
    private readonly own: Clock,
    private readonly changed: (problem?: string) => void,
    /** The process was paused beyond the end of its lease, for about this long. */
    private readonly slept: (forMs: number) => void,
  ) {}

  /** How long this process may still act. 0 if another one holds it. */
  leftMs(): number {
    if (this.countedFromMs === undefined) return 0;
    return Math.max(0, this.countedFromMs + COUNTED_MS - this.now());
  }

  holder(): string | undefined {
    return this.seen?.lease?.spec?.holderIdentity;
  }

  /** Why no controller can act, once that is so. The user must know, and no controller decides anything. */
  vacancy(): string | undefined {
    if (!this.seen || this.failure === undefined || this.leftMs() > 0) return undefined;
    if (this.own() - this.seen.sinceMs < VACANT_MS) return undefined;
    if (this.looked && !this.seen.lease)
      return "the Lease is gone, and only the component can create it again: `pulumi up --refresh`";
    // For all that this one sees, another one may have it.
    if (!this.looked && this.holder() !== this.identity) return undefined;
    return `no controller has the Lease, and it can't be taken: ${this.failure}`;
  }

  start(): void {
    this.working = this.tick();
  }

  /** Gives it back, so that the next controller needn't wait until it expires. */
  async release(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.working;
    const held = this.leftMs() > 0;
    this.countedFromMs = undefined;
    if (!held) return;
    const lease = this.seen?.lease;
    try {
      await this.store.writeLease(
        { ...lease?.spec, holderIdentity: "", renewTime: this.stamp() },
        lease?.metadata.resourceVersion,
        REQUEST_MS,
      );
    } catch {
      // It expires by itself.
    }
  }

  /** One read, and a renewal or an attempt to take it. */
  async tick(): Promise<void> {
    const held = this.leftMs() > 0;
    const began = this.now();
    this.notice(began - (this.dueMs ?? began));
    let problem: string | undefined;
    try {
      await (held ? this.renew() : this.take());
    } catch (error) {
      problem = this.failure = messageOf(error);
    }
    problem ??= this.vacancy();
    this.notice(this.now() - began - MOST_REQUESTS * REQUEST_MS);
    const holds = this.leftMs() > 0;
    if (holds !== held || problem !== undefined) this.changed(problem);
    if (this.stopped) return;
    const pause = !holds ? STANDBY_MS : problem === undefined ? RENEW_EVERY_MS : RETRY_MS;
    this.dueMs = this.now() + pause;
    this.timer = setTimeout(() => void (this.working = this.tick()), pause).unref();
  }

  /** Detects a pause: something came this much later than in a running process. */
  private notice(lateMs: number): void {
    if (this.countedFromMs === undefined || this.leftMs() > 0) return;
    this.countedFromMs = undefined;
    if (lateMs >= LATE_MS) this.slept(lateMs);
  }

  private async renew(): Promise<void> {
    const lease = this.seen?.lease;
    try {
      await this.write({ ...lease?.spec, renewTime: this.stamp() });
    } catch (error) {
      if (!(error instanceof ApiError && (error.status === 409 || error.status === 404))) throw error;
      // It was changed, perhaps only a label: who holds it now?
      await this.look();
      if (this.holder() !== this.identity) this.countedFromMs = undefined;
      else await this.write({ ...this.seen?.lease?.spec, renewTime: this.stamp() });
    }
  }

  private async take(): Promise<void> {
    await this.look();
    const spec = this.seen?.lease?.spec;
    const free = !spec?.holderIdentity || spec.holderIdentity === this.identity;
    if (!free && this.own() - (this.seen?.sinceMs ?? this.own()) < DURATION_MS) return;
    const at = this.stamp();
    try {
      await this.write({
        ...spec,
        holderIdentity: this.identity,
        leaseDurationSeconds: DURATION_MS / 1000,
        acquireTime: at,
        renewTime: at,
        leaseTransitions: (spec?.leaseTransitions ?? 0) + 1,
      });
    } catch (error) {
      // Another one was faster.
      if (!(error instanceof ApiError && error.status === 409)) throw error;
      this.failure = messageOf(error);
    }
  }

  private async write(spec: NonNullable<LeaseObject["spec"]>): Promise<void> {
    const from = this.now();
    const written = await this.store.writeLease(spec, this.seen?.lease?.metadata.resourceVersion, REQUEST_MS);
    this.note(written);
    this.failure = undefined;
    if (this.countedFromMs === undefined) this.term += 1;
    this.countedFromMs = from;
  }

  private async look(): Promise<void> {
    this.looked = false;
    this.note(await this.store.lease());
    this.looked = true;
  }

  /** A change that isn't a holder's, a label for example, renews nothing. */
  private note(lease: LeaseObject | undefined): void {
    this.known = true;
    const same = this.seen && heldBy(this.seen.lease) === heldBy(lease);
    this.seen = { lease, sinceMs: same && this.seen ? this.seen.sinceMs : this.own() };
  }

  /** No two timestamps are equal, even within a millisecond or after the clock was set back. */
  private stamp(): string {
    this.renewals = (this.renewals + 1) % 1000;
    return microTime().replace(/000Z$/, `${String(this.renewals).padStart(3, "0")}Z`);
  }
}

/** What every holder changes with each of its writes. */
function heldBy(lease: LeaseObject | undefined): string {
  const { holderIdentity, acquireTime, renewTime, leaseTransitions } = lease?.spec ?? {};
  return JSON.stringify([lease !== undefined, holderIdentity, acquireTime, renewTime, leaseTransitions]);
}
