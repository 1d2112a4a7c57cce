import type { Clock } from "../../shared/clock";
import type { Lease as LeaseObject } from "../../shared/kubernetes/objects";
import { ApiError } from "../../shared/kubernetes/api";
import { messageOf } from "../../shared/errors";
import { microTime } from "../../shared/kubernetes/time";

/** How long others wait after the last change of the lease before they take it. */
const DURATION_MS = 15_000;
/** How long the holder relies on it, counted from before its request, which may take time to arrive. */
const COUNTED_MS = 10_000;
const RENEW_EVERY_MS = 5000;
const RETRY_MS = 1000;
const STANDBY_MS = 2000;
/** If the lease hasn't changed for this long, no controller can act: one that could would have taken it. */
const VACANT_MS = DURATION_MS + 5000;
const REQUEST_MS = 3000;
/** Per tick. */
const MAX_REQUESTS = 3;
/** A timer that is this late means that the process was paused. */
const LATE_MS = 2000;

export interface LeaseStore {
  lease(): Promise<LeaseObject | undefined>;
  writeLease(spec: LeaseObject["spec"], version: string | undefined, timeoutMs: number): Promise<LeaseObject>;
}

/**
 * Leader election: only the holder of the lease acts. Every write has the last seen resourceVersion as its
 * precondition. The clocks of two machines are never compared.
 */
export class Lease {
  /**
   * How often this process has taken it. Decisions of an earlier term are void, even if this process holds it again.
   */
  term = 0;
  /** Whether the lease was ever read, so that this process knows its role. */
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
    /** Called after the process was paused beyond the end of its lease, for about this long. */
    private readonly paused: (forMs: number) => void,
  ) {}

  /** How long this process may still act. 0 if it doesn't hold the lease. */
  leftMs(): number {
    if (this.countedFromMs === undefined) return 0;
    return Math.max(0, this.countedFromMs + COUNTED_MS - this.now());
  }

  holder(): string | undefined {
    return this.seen?.lease?.spec?.holderIdentity;
  }

  /** Why no controller can act; undefined if one may. The user must learn of it although nobody decides anything. */
  vacancy(): string | undefined {
    if (!this.seen || this.failure === undefined || this.leftMs() > 0) return undefined;
    if (this.own() - this.seen.sinceMs < VACANT_MS) return undefined;
    if (this.looked && !this.seen.lease)
      return "the Lease is gone, and only the component can create it again: run `pulumi up --refresh`";
    // If this process can't read the lease, another one may hold it.
    if (!this.looked && this.holder() !== this.identity) return undefined;
    return `no controller has the Lease, and it can't be taken: ${this.failure}`;
  }

  start(): void {
    this.working = this.tick();
  }

  /** Releases the lease, so that the next controller needn't wait until it expires. */
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

  /** Renews the lease, or reads it and tries to take it. */
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
    this.notice(this.now() - began - MAX_REQUESTS * REQUEST_MS);
    const holds = this.leftMs() > 0;
    if (holds !== held || problem !== undefined) this.changed(problem);
    if (this.stopped) return;
    const pause = !holds ? STANDBY_MS : problem === undefined ? RENEW_EVERY_MS : RETRY_MS;
    this.dueMs = this.now() + pause;
    this.timer = setTimeout(() => void (this.working = this.tick()), pause).unref();
  }

  /** Detects a pause of the process: a timer or a request came this much too late. */
  private notice(lateMs: number): void {
    if (this.countedFromMs === undefined || this.leftMs() > 0) return;
    this.countedFromMs = undefined;
    if (lateMs >= LATE_MS) this.paused(lateMs);
  }

  private async renew(): Promise<void> {
    const lease = this.seen?.lease;
    try {
      await this.write({ ...lease?.spec, renewTime: this.stamp() });
    } catch (error) {
      if (!(error instanceof ApiError && (error.status === 409 || error.status === 404))) throw error;
      // Another process changed the object. If only a label changed, this process still holds the lease.
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
      // Another controller was faster.
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

  /** A change that isn't a holder's, such as a label, doesn't count as a renewal. */
  private note(lease: LeaseObject | undefined): void {
    this.known = true;
    const same = this.seen && holderFields(this.seen.lease) === holderFields(lease);
    this.seen = { lease, sinceMs: same && this.seen ? this.seen.sinceMs : this.own() };
  }

  /** Each timestamp is unique, even within a millisecond or after the clock was set back. */
  private stamp(): string {
    this.renewals = (this.renewals + 1) % 1000;
    return microTime().replace(/000Z$/, `${String(this.renewals).padStart(3, "0")}Z`);
  }
}

/** The fields that a holder changes with each write. */
function holderFields(lease: LeaseObject | undefined): string {
  const { holderIdentity, acquireTime, renewTime, leaseTransitions } = lease?.spec ?? {};
  return JSON.stringify([lease !== undefined, holderIdentity, acquireTime, renewTime, leaseTransitions]);
}
