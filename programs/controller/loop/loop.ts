import { LEAST_MS } from "../act";
import { failing } from "../model/acts";
import type { ControllerServer } from "../server";
import { ApiError } from "../../shared/kubernetes/api";
import type { ConfigMap } from "../../shared/kubernetes/objects";
import type { Action, ControllerRecord, Decision, Failure, World } from "../model";
import type { Observation, Observer } from "../observe/observer";
import { UnreadableRecord } from "../model/record";
import { Ages } from "./ages";
import { Attempts } from "./attempts";
import type { Clock } from "../../shared/clock";
import { messageOf } from "../../shared/errors";

export interface LoopParts {
  readonly observer: Pick<Observer, "observe" | "written" | "stale">;
  readonly plan: (world: World) => Decision;
  readonly execute: (action: Action, world: World) => Promise<Failure | undefined>;
  readonly writeRecord: (
    record: ControllerRecord,
    resourceVersion: string | undefined,
    timeoutMs: number,
  ) => Promise<ConfigMap>;
  readonly door: Pick<ControllerServer, "answer" | "answerOnly" | "setHolder">;
  /** How long this process may still act, and how often it has taken the lease. */
  readonly lease: { leftMs(): number; readonly term: number };
  readonly report: (world: World, decision: Decision, failure?: Failure) => void;
  /** Reports what went wrong outside of a decision. */
  readonly trouble: (what: string, error: unknown) => void;
  /** Reports why there has been no decision for a while. */
  readonly blind: (why: string) => void;
  readonly steady: Clock;
  /** This process's own clock, see `shared/clock`. */
  readonly own: Clock;
}

const IDLE_MS = 10_000;
const NEXT_MS = 20;
const BUSY_MS = 400;
/** Waiting for a user may take days. */
const PATIENT_MS = 2000;
const PATIENT_AFTER_MS = 120_000;
const STANDBY_MS = 1000;
const FAILED_MS = 1000;
/** The least time between two rounds, because events come in groups. */
const BREATH_MS = 50;
const CAS_MS = 3000;

/**
 * A decision that takes longer than this isn't waited for: the server stops answering, and intact members start by
 * themselves. So a controller that can't read, write or understand something does no more harm than none.
 */
const OWED_MS = 10_000;

/** How old the view of Kubernetes may be if the watches report no change. */
const AGE_IDLE_MS = 120_000;
const AGE_BUSY_MS = 8000;

/** Observe, plan, act; one action at a time. It gets its dependencies from outside, so that tests can run two of it. */
export class Loop {
  /** When the last round ended. */
  turnedMs: number;
  private converged = false;
  private readonly attempts: Attempts;
  private reason = "";
  private reasonSinceMs = 0;
  private term = 0;
  /** When the round began that hasn't come to a decision and carried it out yet. */
  private owedSinceMs: number | undefined;
  private stopped = false;
  private woken = false;
  private wakeUp: (() => void) | undefined;
  private readonly ages: Ages;

  constructor(private readonly parts: LoopParts) {
    this.turnedMs = parts.steady();
    this.ages = new Ages(parts.own);
    this.attempts = new Attempts(parts.steady);
  }

  /** Something happened: the next round starts at once. */
  wake(): void {
    this.woken = true;
    this.wakeUp?.();
  }

  stop(): void {
    this.stopped = true;
    this.wake();
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      let pause = FAILED_MS;
      try {
        pause = await this.round();
      } catch (error) {
        this.parts.observer.stale();
        this.parts.trouble("the round failed", error);
        if (this.owes()) this.parts.blind(`nothing can be decided: ${messageOf(error)}`);
      }
      this.turnedMs = this.parts.steady();
      if (!this.stopped) await this.sleep(pause);
    }
    this.parts.door.setHolder(false);
  }

  /** One observation, one decision, at most one action. Returns how long to wait for the next. */
  async round(): Promise<number> {
    const { observer, door, report, execute, lease, steady } = this.parts;
    if (this.term !== lease.term) {
      // What is left of an earlier term, even orders to gates, may have been overruled by another controller.
      if (this.term > 0) this.standBy();
      this.term = lease.term;
    }
    if (!this.mayAct()) return this.standBy();
    this.owedSinceMs ??= steady();
    door.setHolder(() => this.mayAct() && !this.owes());
    let seen = await observer.observe(this.converged ? AGE_IDLE_MS : AGE_BUSY_MS);
    let [world, decision] = this.decide(seen);
    if (!seen.fresh && !isQuiet(decision)) {
      seen = await observer.observe(0);
      [world, decision] = this.decide(seen);
    }
    if (!world.holdsLease) return this.standBy();
    this.converged = decision.converged !== undefined;
    if (decision.undecided) {
      report(world, decision);
      return this.pauseAfter(decision);
    }
    const unkept = decision.record && (await this.remember(decision.record, seen.recordVersion));
    // The process may have been paused for any time since it last checked.
    if (!this.mayAct()) return this.standBy();
    if (unkept) {
      if (unkept.refused) {
        this.owedSinceMs = undefined;
        door.answerOnly(decision.starts ?? {});
      }
      report(world, unwritten(decision, unkept.problem));
      return FAILED_MS;
    }
    this.owedSinceMs = undefined;
    door.answer(decision.orders, decision.restore);
    if (!decision.action) {
      report(world, decision);
      return decision.record ? NEXT_MS : this.pauseAfter(decision);
    }
    // Gates that ask during the action wait for it.
    this.owedSinceMs = steady();
    const failure = await execute(decision.action, world);
    this.attempts.tried(decision.action, failure, steady() - this.owedSinceMs);
    this.owedSinceMs = undefined;
    observer.stale();
    if (!failure) report(world, decision);
    else report(world, { ...decision, reason: failing(decision.reason, failure) }, failure);
    // After a failure the other actions have their turn: this one isn't due yet.
    return NEXT_MS;
  }

  private mayAct(): boolean {
    const { lease } = this.parts;
    return lease.term === this.term && lease.leftMs() >= LEAST_MS;
  }

  private owes(): boolean {
    return this.owedSinceMs !== undefined && this.parts.steady() - this.owedSinceMs >= OWED_MS;
  }

  private standBy(): number {
    const { door, observer } = this.parts;
    this.owedSinceMs = undefined;
    door.setHolder(false);
    observer.stale();
    observer.written(undefined);
    this.attempts.forget();
    this.ages.forget();
    this.converged = false;
    return STANDBY_MS;
  }

  private decide(seen: Observation): [World, Decision] {
    const { world: looked } = seen;
    const tries = this.attempts.seen();
    const world = { ...looked, ages: this.ages.look(looked), holdsLease: this.mayAct(), tries };
    return [world, seen.recordVersion === undefined ? GONE : this.parts.plan(world)];
  }

  /** Compare-and-swap. If the answer is lost, it may have been written: the next round reads it. */
  private async remember(
    record: ControllerRecord,
    version: string | undefined,
  ): Promise<Unwritten | undefined> {
    const { observer, writeRecord, lease } = this.parts;
    if (!this.mayAct()) return { problem: "the lease runs out", refused: false };
    try {
      observer.written(await writeRecord(record, version, Math.min(CAS_MS, lease.leftMs())));
      return undefined;
    } catch (error) {
      observer.written(undefined);
      observer.stale();
      return { problem: messageOf(error), refused: isRefusal(error) };
    }
  }

  private pauseAfter(decision: Decision): number {
    if (decision.converged !== undefined) return IDLE_MS;
    const now = this.parts.steady();
    if (decision.reason !== this.reason) {
      this.reason = decision.reason;
      this.reasonSinceMs = now;
    }
    return now - this.reasonSinceMs > PATIENT_AFTER_MS ? PATIENT_MS : BUSY_MS;
  }

  private async sleep(pauseMs: number): Promise<void> {
    await this.wait(Math.min(pauseMs, BREATH_MS), false);
    if (!this.woken) await this.wait(pauseMs - BREATH_MS, true);
    this.woken = false;
  }

  private wait(ms: number, wakeable: boolean): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.wakeUp = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      if (wakeable) this.wakeUp = done;
    });
  }
}

const gone =
  "the record's ConfigMap is gone, and only the component can create it again: `pulumi up --refresh`";
/** Nothing can be recorded: the right to create can't be limited to a name, so the controller doesn't have it. */
const GONE: Decision = { orders: {}, undecided: true, reason: gone, warnings: [gone] };

interface Unwritten {
  readonly problem: string;
  /** Certain: the record is still as it was read. */
  readonly refused: boolean;
}

/**
 * Refused by a permission, a policy, a quota or a webhook, or because it couldn't be read. Not because it has changed
 * or is gone, nor if it may have been written after all.
 */
function isRefusal(error: unknown): boolean {
  if (error instanceof UnreadableRecord) return true;
  return error instanceof ApiError && [400, 401, 403, 413, 422].includes(error.status);
}

function unwritten(decision: Decision, problem: string): Decision {
  const reason = `the record can't be written, so nothing is done: ${problem}`;
  return { ...decision, action: undefined, converged: undefined, reason, warnings: [reason] };
}

/** Whether it may rely on an older view of Kubernetes. */
function isQuiet(decision: Decision): boolean {
  const held = Object.values(decision.orders).every((o) => o.kind === "wait" || o.kind === "refuse");
  return !decision.record && !decision.action && held;
}
