/** A controller process that a fault can kill, freeze or run twice, between any two of its steps. */
import type { ControllerRecord, Decision, GateReport, World } from "../../programs/controller/model";
import type { Order } from "../../programs/shared/protocol";
import { Ages } from "../../programs/controller/loop/ages";
import { Attempts } from "../../programs/controller/loop/attempts";
import { recordData } from "../../programs/controller/model/record";
import { plan } from "../../programs/controller/plan";
import { UNWRITABLE } from "../../programs/controller/plan/writable";
import type { WallClock } from "./clock";
import type { Cluster } from "./cluster";
import { UNDECIDED } from "./gate";
import { execute } from "./actions";
import { observe } from "./observer";

const LEASE_MS = 15_000;
const DEADLINE_MS = 10_000;
/** As in the loop and the controller's server: once a decision is overdue by this long, gates stop waiting for it. */
const OVERDUE_MS = 10_000;
const FORGET_MS = 15_000;
/**
 * As in the loop: a converged cluster is observed again after this long, or when a watch or a gate reports a
 * change.
 */
const IDLE_MS = 10_000;
/** As in the controller's server: a gate that gets no order for this long is told that there is no answer. */
const NO_ORDER_MS = 10_000;
/** As in the loop: these errors prove that nothing was written, so the record is still the one that was read. */
const NOT_WRITTEN = /^(400|401|403|413|422) /;

const contentOf = (report: GateReport | undefined): string =>
  report ? JSON.stringify([report.disk, report.aside, report.held]) : "";

export class Lease {
  holder?: Controller;
  untilMs = 0;
}

export class Controller {
  readonly clock: WallClock;
  alive = true;
  frozenTicks = 0;
  /** Takes one step per tick instead of a whole round. */
  slow = false;
  /** Ignores its deadline, so that only the compare-and-swap protects the record. */
  ignoresDeadline = false;
  believesTo = false;
  lastDecision?: Decision;
  /** Happens right before or after the n-th write or action. `befalls` returns whether the process survives. */
  interruption?: { readonly n: number; readonly when: "before" | "after"; readonly befalls: () => boolean };
  /** Writes and actions so far. */
  done = 0;
  private stage = 0;
  private orders: Readonly<{ [podUid: string]: Order }> = {};
  private reports = new Map<string, GateReport>();
  /** The reports from which the orders were decided. */
  private ordered: ReadonlyMap<string, GateReport> = new Map();
  private recordVersion = 0;
  private recordSeen?: ControllerRecord;
  private world?: World;
  private observedMs = 0;
  private decision?: Decision;
  private readonly attempts = new Attempts(() => this.cluster.nowMs);
  /** Measured by the monotonic clock, which no fault can set. */
  private readonly ages = new Ages(() => this.cluster.nowMs);
  private faultsSeen = 0;
  private dueSinceMs?: number;
  /** Since when a gate has asked without getting an order. */
  private asked = new Map<string, number>();
  /** Only the certain orders were given out. The other gates shouldn't wait. */
  private certainOnly = false;
  private changesSeen = "";

  constructor(
    private readonly cluster: Cluster,
    private readonly lease: Lease,
  ) {
    this.clock = cluster.clock();
  }

  restart(): void {
    this.alive = true;
    this.frozenTicks = 0;
    this.slow = false;
    this.ignoresDeadline = false;
    this.stage = 0;
    this.orders = {};
    this.reports = new Map();
    this.attempts.forget();
    this.ages.forget();
    this.believesTo = false;
    this.lastDecision = undefined;
    this.dueSinceMs = undefined;
    this.asked.clear();
    this.certainOnly = false;
  }

  /** Undefined means that the controller gives no answer and the gate goes by its own rule. */
  answer(report: GateReport): Order | undefined {
    if (this.isOverdue()) return undefined;
    // As in the controller's server: an order is valid only for the report that its decision was made from.
    const same = contentOf(this.ordered.get(report.podUid)) === contentOf(report);
    const order = same ? this.orders[report.podUid] : undefined;
    if (!order) return this.hold(report, same && this.certainOnly);
    this.asked.delete(report.podUid);
    if (order.kind === "start" || order.kind === "birth" || order.kind === "join") {
      this.reports.delete(report.podUid);
      this.orders = Object.fromEntries(Object.entries(this.orders).filter(([uid]) => uid !== report.podUid));
    } else {
      this.reports.set(report.podUid, report);
    }
    return order;
  }

  private hold(report: GateReport, noWait: boolean): Order | undefined {
    const { podUid } = report;
    const { nowMs } = this.cluster;
    this.reports.set(podUid, report);
    const since = this.asked.get(podUid) ?? nowMs;
    this.asked.set(podUid, since);
    return noWait || nowMs - since >= NO_ORDER_MS ? undefined : UNDECIDED;
  }

  private isOverdue(): boolean {
    return this.dueSinceMs !== undefined && this.cluster.nowMs - this.dueSinceMs >= OVERDUE_MS;
  }

  tick(): void {
    if (!this.alive) return;
    if (this.frozenTicks > 0) {
      this.frozenTicks--;
      return;
    }
    const now = this.cluster.nowMs;
    if (this.stage === 0) {
      if (this.lease.holder === this || now > this.lease.untilMs) {
        this.lease.holder = this;
        this.lease.untilMs = now + LEASE_MS;
      }
      this.believesTo = this.lease.holder === this;
      if (!this.believesTo) return this.standBy();
      if (this.isIdle(now)) return;
      this.dueSinceMs ??= now;
    }
    do this.step();
    while (!this.slow && this.stage !== 0);
  }

  private standBy(): void {
    this.orders = {};
    this.reports.clear();
    this.asked.clear();
    this.certainOnly = false;
    this.dueSinceMs = undefined;
    this.attempts.forget();
    this.ages.forget();
    this.lastDecision = undefined;
  }

  private isIdle(now: number): boolean {
    if (this.lastDecision?.converged === undefined || this.lastDecision.record) return false;
    return now - this.observedMs < IDLE_MS && this.changes() === this.changesSeen;
  }

  /** What Kubernetes' watches and the gates report. */
  private changes(): string {
    const { pods, claims, stsVersion, nowMs } = this.cluster;
    const asking = [...this.reports.values()].filter((r) => nowMs - r.atMs < FORGET_MS);
    return [
      stsVersion,
      ...pods.map((p) => `${p.uid} ${p.node} ${p.gate} ${p.etcd} ${p.restarts} ${p.deleting}`),
      ...claims.map((c) => `${c.uid} ${c.bound} ${c.deleting}`),
      ...asking.map((r) => `${r.podUid} ${contentOf(r)}`),
    ].join();
  }

  private step(): void {
    const stage = this.stage;
    this.stage = (stage + 1) % 5;
    const counts = (stage === 3 && this.decision?.record) || (stage === 4 && this.decision?.action);
    const due = counts && this.done++ === this.interruption?.n ? this.interruption : undefined;
    if (due?.when === "before" && !due.befalls()) return this.restart();
    this.take(stage);
    if (due?.when === "after" && !due.befalls()) this.restart();
  }

  private take(stage: number): void {
    const { cluster } = this;
    if (stage === 0) {
      this.recordVersion = cluster.record.version;
      this.recordSeen = cluster.record.value;
    } else if (stage === 1) {
      if (cluster.requests.send("read", () => this.observe()) !== undefined) this.stage = 0;
    } else if (stage === 2 && this.world) {
      this.decision = plan(this.world);
      this.lastDecision = this.decision;
      const unwritable = this.decision.warnings.find((w) => w.includes(UNWRITABLE));
      if (unwritable !== undefined) cluster.oracle.violated(unwritable);
    } else if (stage === 3) {
      if (this.isLate() || !this.write()) this.stage = 0;
    } else if (stage === 4 && this.decision?.action) {
      if (this.isLate()) return;
      const { action, reason } = this.decision;
      const judged = !this.ignoresDeadline && !this.slow && cluster.faults === this.faultsSeen;
      const error = execute(cluster, action, judged ? reason : undefined);
      const kind = error?.includes("unhealthy cluster") ? "moment" : "unanswered";
      this.attempts.tried(action, error === undefined ? undefined : { kind, words: error }, 0);
    }
  }

  private observe(): undefined {
    const { cluster } = this;
    const gates = [...this.reports.values()].filter((r) => cluster.nowMs - r.atMs < FORGET_MS);
    const { clock, recordSeen, believesTo } = this;
    const seen = observe(cluster, clock.at(cluster.nowMs), believesTo, recordSeen, gates);
    this.world = { ...seen, ages: this.ages.look(seen), tries: this.attempts.seen() };
    this.observedMs = cluster.nowMs;
    this.faultsSeen = cluster.faults;
    this.changesSeen = this.changes();
  }

  private isLate(): boolean {
    return !this.ignoresDeadline && this.cluster.nowMs - this.observedMs > DEADLINE_MS;
  }

  private write(): boolean {
    const { cluster, decision, world } = this;
    if (!decision || !world) return false;
    if (decision.undecided) return false;
    const { record } = decision;
    const error = record && cluster.requests.send("record", () => this.store(record));
    if (error !== undefined) {
      // Earlier orders stay valid unless the error proves that nothing was written.
      if (NOT_WRITTEN.test(error)) this.publish(decision.starts ?? {}, true);
      return false;
    }
    this.publish(decision.orders, false);
    if (decision.restore?.kind === "done") cluster.restore.done();
    const { list } = world.etcd;
    if ("members" in list && world.holdsLease) cluster.oracle.round(this.observedMs, world.etcd.statuses);
    if (decision.converged !== undefined) cluster.oracle.final = true;
    return true;
  }

  private publish(orders: Decision["orders"], certainOnly: boolean): void {
    this.orders = orders;
    this.certainOnly = certainOnly;
    this.ordered = new Map(this.world?.gates.map((g) => [g.podUid, g]));
    this.dueSinceMs = undefined;
  }

  private store(next: ControllerRecord): string | undefined {
    const { record, records } = this.cluster;
    if (record.version !== this.recordVersion) return "conflict";
    recordData(next);
    const value = JSON.parse(JSON.stringify(next)) as ControllerRecord;
    records.push(value);
    this.cluster.record = { version: record.version + 1, value };
    return undefined;
  }
}
