import { LEAST_MS } from "../act";
import { failing } from "../model/acts";
import type { ControllerServer } from "../server";
import { ApiError } from "../../shared/kubernetes/api";
import type { ConfigMap } from "../../shared/kubernetes/objects";
import type { Action, ControllerRecord, Decision, Failure, World } from "../model";
import type { Observation } from "../observe/observer";
import { UnreadableRecord } from "../model/record";
import { Ages } from "./ages";
import { Attempts } from "./attempts";
import type { Clock } from "../../shared/clock";
import { messageOf } from "../../shared/errors";

export interface Eyes {
  observe(maxAgeMs: number): Promise<Observation>;
  written(record: ConfigMap | undefined): void;
  stale(): void;
}

export interface LoopParts {
  readonly eyes: Eyes;
  readonly plan: (world: World) => Decision;
  readonly act: (action: Action, world: World) => Promise<Failure | undefined>;
  readonly writeRecord: (
    record: ControllerRecord,
    resourceVersion: string | undefined,
    timeoutMs: number,
  ) => Promise<ConfigMap>;
  readonly door: Pick<ControllerServer, "answer" | "answerOnly" | "setHolder">;
  /** How long this process may still act, and how often it has begun to be the one that may. */
  readonly lease: { leftMs(): number; readonly term: number };
  readonly report: (world: World, decision: Decision, failure?: Failure) => void;
  /** What went wrong outside of a decision. */
  readonly trouble: (what: string, error: unknown) => void;
  /** No decision has come about for a while: why. */
  readonly blind: (why: string) => void;
  readonly steady: Clock;
  /** Of this process alone, see `loop/clock`. */
  readonly own: Clock;
}

const IDLE_MS = 10_000;
const NEXT_MS = 20;
const BUSY_MS = 400;
/** Waiting for a person may take days. */
const PATIENT_MS = 2000;
const PATIENT_AFTER_MS = 120_000;
const STANDBY_MS = 1000;
const FAILED_MS = 1000;
/** Between two rounds, whatever wakes it: several events come at once. */
const BREATH_MS = 50;
const CAS_MS = 3000;

/**
 * A decision that is owed for so long isn't waited for: the door is shut then, and what is whole starts by itself. A
 * controller that can't read, write or understand something is no worse than none.
 */
const OWED_MS = 10_000;

/** How old what is known of Kubernetes may be: nothing changed in it since, as far as the watches tell. */
const AGE_IDLE_MS = 120_000;
const AGE_BUSY_MS = 8000;

/**
 * Observe, plan, act; one action at a time. Kept apart from what it uses, so that it can be tested with two of it.
 */
export class Loop {
  /** When a round ended last. */
  turnedMs: number;
  private converged = false;
  private readonly attempts: Attempts;
  private reason = "";
  private reasonSinceMs = 0;
  private term = 0;
  /** Since when a round is under way, or was, and hasn't come to a decision that was carried through. */
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

  /** Something happened: the next round comes at once. */
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
        this.parts.eyes.stale();
        this.parts.trouble("the round failed", error);
        if (this.owes()) this.parts.blind(`nothing can be decided: ${messageOf(error)}`);
      }
      this.turnedMs = this.parts.steady();
      if (!this.stopped) await this.sleep(pause);
    }
    this.parts.door.setHolder(false);
  }

  /** One observation, one decision, at most one action; returns how long to wait for the next. */
  async round(): Promise<number> {
    const { eyes, door, report, act, lease, steady } = this.parts;
    if (this.term !== lease.term) {
      // What is left of an earlier term, orders to gates as well, may have been overruled by another one.
      if (this.term > 0) this.standBy();
      this.term = lease.term;
    }
    if (!this.mayAct()) return this.standBy();
    this.owedSinceMs ??= steady();
    door.setHolder(() => this.mayAct() && !this.owes());
    let seen = await eyes.observe(this.converged ? AGE_IDLE_MS : AGE_BUSY_MS);
    let [world, decision] = this.decide(seen);
    if (!seen.fresh && !isQuiet(decision)) {
      seen = await eyes.observe(0);
      [world, decision] = this.decide(seen);
    }
    if (!world.holdsLease) return this.standBy();
    this.converged = decision.converged !== undefined;
    if (decision.undecided) {
      report(world, decision);
      return this.pauseAfter(decision);
    }
    const unkept = decision.record && (await this.remember(decision.record, seen.recordVersion));
    // It may have stood still for any time since it looked last.
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
    // What comes in meanwhile waits for it.
    this.owedSinceMs = steady();
    const failure = await act(decision.action, world);
    this.attempts.tried(decision.action, failure, steady() - this.owedSinceMs);
    this.owedSinceMs = undefined;
    eyes.stale();
    if (!failure) report(world, decision);
    else report(world, { ...decision, reason: failing(decision.reason, failure) }, failure);
    // After a failure the others have their turn: the same act isn't due yet.
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
    const { door, eyes } = this.parts;
    this.owedSinceMs = undefined;
    door.setHolder(false);
    eyes.stale();
    eyes.written(undefined);
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

  /** Compare-and-swap. One whose answer is lost may have been written: the next round reads it. */
  private async remember(
    record: ControllerRecord,
    version: string | undefined,
  ): Promise<Unwritten | undefined> {
    const { eyes, writeRecord, lease } = this.parts;
    if (!this.mayAct()) return { problem: "the lease runs out", refused: false };
    try {
      eyes.written(await writeRecord(record, version, Math.min(CAS_MS, lease.leftMs())));
      return undefined;
    } catch (error) {
      eyes.written(undefined);
      eyes.stale();
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
  "the record's ConfigMap is gone, and only the component can make it again: `pulumi up --refresh`";
/** Nothing could be written down: a right to create can't be limited to a name, so the controller has none. */
const GONE: Decision = { orders: {}, undecided: true, reason: gone, warnings: [gone] };

interface Unwritten {
  readonly problem: string;
  /** For sure: what was read is what stands there. */
  readonly refused: boolean;
}

/**
 * By a right, a policy, a quota, a webhook, or because nobody could read it. Not that it has changed or is gone, nor that
 * it may be written all the same.
 */
function isRefusal(error: unknown): boolean {
  if (error instanceof UnreadableRecord) return true;
  return error instanceof ApiError && [400, 401, 403, 413, 422].includes(error.status);
}

function unwritten(decision: Decision, problem: string): Decision {
  const reason = `the record can't be written, so nothing is done: ${problem}`;
  return { ...decision, action: undefined, converged: undefined, reason, warnings: [reason] };
}

/** Whether it may rest on what was known of Kubernetes a while ago. */
function isQuiet(decision: Decision): boolean {
  const held = Object.values(decision.orders).every((o) => o.kind === "wait" || o.kind === "refuse");
  return !decision.record && !decision.action && held;
}
