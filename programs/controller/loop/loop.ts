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
  readonly server: Pick<ControllerServer, "answer" | "answerOnly" | "setHolder">;
  /** How long this process may still act, and how often it has acquired the lease. */
  readonly lease: { leftMs(): number; readonly term: number };
  readonly report: (world: World, decision: Decision, failure?: Failure) => void;
  /** Logs an error that belongs to no decision. */
  readonly logProblem: (what: string, error: unknown) => void;
  /** Reports why there has been no decision for a while. */
  readonly reportUndecided: (why: string) => void;
  readonly steady: Clock;
  /** This process's own clock, see `shared/clock`. */
  readonly own: Clock;
}

const IDLE_MS = 10_000;
const NEXT_MS = 20;
const BUSY_MS = 400;
/** After a while of the same reason the loop runs less often: waiting for a user may take days. */
const PATIENT_MS = 2000;
const PATIENT_AFTER_MS = 120_000;
const STANDBY_MS = 1000;
const FAILED_MS = 1000;
/** The minimum time between two rounds, because events come in groups. */
const MIN_PAUSE_MS = 50;
const CAS_MS = 3000;

/**
 * If a decision takes longer than this, the server stops answering, and intact members start by themselves. So a
 * controller that can't read, write or understand something does no more harm than no controller.
 */
const DECISION_DEADLINE_MS = 10_000;

/** How old the view of Kubernetes may be if the watches report no change. */
const AGE_IDLE_MS = 120_000;
const AGE_BUSY_MS = 8000;

/** Observe, plan, act: one action at a time. Dependencies are injected, so that a test can run two loops. */
export class Loop {
  /** When the last round ended. */
  lastRoundMs: number;
  private converged = false;
  private readonly attempts: Attempts;
  private reason = "";
  private reasonSinceMs = 0;
  private term = 0;
  /** When the current round began; undefined once its decision has been made and carried out. */
  private undecidedSinceMs: number | undefined;
  private stopped = false;
  private woken = false;
  private wakeUp: (() => void) | undefined;
  private readonly ages: Ages;

  constructor(private readonly parts: LoopParts) {
    this.lastRoundMs = parts.steady();
    this.ages = new Ages(parts.own);
    this.attempts = new Attempts(parts.steady);
  }

  /** Starts the next round at once. */
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
        this.parts.logProblem("the round failed", error);
        if (this.isOverdue()) this.parts.reportUndecided(`nothing can be decided: ${messageOf(error)}`);
      }
      this.lastRoundMs = this.parts.steady();
      if (!this.stopped) await this.sleep(pause);
    }
    this.parts.server.setHolder(false);
  }

  /** One observation, one decision, at most one action. Returns the pause before the next round. */
  async round(): Promise<number> {
    const { observer, server, report, execute, lease, steady } = this.parts;
    if (this.term !== lease.term) {
      // Another controller may have overruled everything from an earlier term, even orders to gates.
      if (this.term > 0) this.standBy();
      this.term = lease.term;
    }
    if (!this.mayAct()) return this.standBy();
    this.undecidedSinceMs ??= steady();
    server.setHolder(() => this.mayAct() && !this.isOverdue());
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
    const failedWrite = decision.record && (await this.saveRecord(decision.record, seen.recordVersion));
    // The process may have been paused since the last check, for any length of time.
    if (!this.mayAct()) return this.standBy();
    if (failedWrite) {
      if (failedWrite.refused) {
        this.undecidedSinceMs = undefined;
        server.answerOnly(decision.starts ?? {});
      }
      report(world, withoutWrite(decision, failedWrite.problem));
      return FAILED_MS;
    }
    this.undecidedSinceMs = undefined;
    server.answer(decision.orders, decision.restore);
    if (!decision.action) {
      report(world, decision);
      return decision.record ? NEXT_MS : this.pauseAfter(decision);
    }
    // Gates that ask during the action wait for it.
    this.undecidedSinceMs = steady();
    const failure = await execute(decision.action, world);
    this.attempts.tried(decision.action, failure, steady() - this.undecidedSinceMs);
    this.undecidedSinceMs = undefined;
    observer.stale();
    if (!failure) report(world, decision);
    else report(world, { ...decision, reason: failing(decision.reason, failure) }, failure);
    // After a failure the next round is for the other actions: this one is in its back-off pause.
    return NEXT_MS;
  }

  private mayAct(): boolean {
    const { lease } = this.parts;
    return lease.term === this.term && lease.leftMs() >= LEAST_MS;
  }

  private isOverdue(): boolean {
    return (
      this.undecidedSinceMs !== undefined &&
      this.parts.steady() - this.undecidedSinceMs >= DECISION_DEADLINE_MS
    );
  }

  private standBy(): number {
    const { server, observer } = this.parts;
    this.undecidedSinceMs = undefined;
    server.setHolder(false);
    observer.stale();
    observer.written(undefined);
    this.attempts.forget();
    this.ages.forget();
    this.converged = false;
    return STANDBY_MS;
  }

  private decide(seen: Observation): [World, Decision] {
    const { world: observed } = seen;
    const tries = this.attempts.seen();
    const world = { ...observed, ages: this.ages.look(observed), holdsLease: this.mayAct(), tries };
    return [world, seen.recordVersion === undefined ? RECORD_MISSING : this.parts.plan(world)];
  }

  /** Compare-and-swap. If the response is lost, the record may have been written: the next round reads it. */
  private async saveRecord(
    record: ControllerRecord,
    version: string | undefined,
  ): Promise<FailedWrite | undefined> {
    const { observer, writeRecord, lease } = this.parts;
    if (!this.mayAct()) return { problem: "the lease is about to expire", refused: false };
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
    await this.wait(Math.min(pauseMs, MIN_PAUSE_MS), false);
    if (!this.woken) await this.wait(pauseMs - MIN_PAUSE_MS, true);
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

const recordMissing =
  "the record's ConfigMap is gone, and only the component can create it again: run `pulumi up --refresh`";
/** RBAC can't limit the right to create to one name, so the controller can't create the record itself. */
const RECORD_MISSING: Decision = {
  orders: {},
  undecided: true,
  reason: recordMissing,
  warnings: [recordMissing],
};

interface FailedWrite {
  readonly problem: string;
  /** Whether the record is certainly still as it was read. */
  readonly refused: boolean;
}

/**
 * Whether a permission, a policy, a quota or a webhook refused the write, or the record couldn't be read. False if the
 * record has changed or is gone, or may have been written after all.
 */
function isRefusal(error: unknown): boolean {
  if (error instanceof UnreadableRecord) return true;
  return error instanceof ApiError && [400, 401, 403, 413, 422].includes(error.status);
}

function withoutWrite(decision: Decision, problem: string): Decision {
  const reason = `the record can't be written, so nothing is done: ${problem}`;
  return { ...decision, action: undefined, converged: undefined, reason, warnings: [reason] };
}

/** Whether the decision may rely on an older view of Kubernetes. */
function isQuiet(decision: Decision): boolean {
  const held = Object.values(decision.orders).every((o) => o.kind === "wait" || o.kind === "refuse");
  return !decision.record && !decision.action && held;
}
