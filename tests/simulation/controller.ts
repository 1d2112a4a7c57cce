/** A controller process that can be killed, frozen or doubled between any two of its steps. */
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
/** As the loop and the door: a decision that is owed for so long isn't waited for. */
const OWED_MS = 10_000;
const FORGET_MS = 15_000;
/** As the loop: what is as declared is looked at again after so long, or when a watch or a gate tells something. */
const IDLE_MS = 10_000;
/** As the door: a gate for which decisions say nothing for so long is told that there is no answer. */
const KEPT_MS = 10_000;
/** As the loop: refused for sure, so that what was read is what stands there. */
const REFUSED = /^(400|401|403|413|422) /;

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
  /** One step a tick instead of a whole round. */
  slow = false;
  /** Doesn't notice that its deadline has passed: only the compare-and-swap stands in its way. */
  heedless = false;
  believesTo = false;
  lastDecision?: Decision;
  /** Befalls right before or after the n-th write or act that it comes to; says whether this process lives on. */
  interruption?: { readonly n: number; readonly when: "before" | "after"; readonly befalls: () => boolean };
  /** Writes and acts so far. */
  done = 0;
  private stage = 0;
  private orders: Readonly<{ [podUid: string]: Order }> = {};
  private reports = new Map<string, GateReport>();
  /** What the orders were decided from. */
  private ordered: ReadonlyMap<string, GateReport> = new Map();
  private recordVersion = 0;
  private recordSeen?: ControllerRecord;
  private world?: World;
  private observedMs = 0;
  private decision?: Decision;
  private readonly attempts = new Attempts(() => this.cluster.nowMs);
  /** By its own clock, which nobody can set. */
  private readonly ages = new Ages(() => this.cluster.nowMs);
  private faultsSeen = 0;
  private owedSinceMs?: number;
  /** Since when a gate has asked, without an order of any decision. */
  private asked = new Map<string, number>();
  /** Only what is certain could be said: the others aren't to wait. */
  private only = false;
  private signsSeen = "";

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
    this.heedless = false;
    this.stage = 0;
    this.orders = {};
    this.reports = new Map();
    this.attempts.forget();
    this.ages.forget();
    this.believesTo = false;
    this.lastDecision = undefined;
    this.owedSinceMs = undefined;
    this.asked.clear();
    this.only = false;
  }

  /** Undefined: it says nothing, and the gate goes by its own rule. */
  answer(report: GateReport): Order | undefined {
    if (this.owes()) return undefined;
    // As the door does: an order is for the report that its decision has seen.
    const same = contentOf(this.ordered.get(report.podUid)) === contentOf(report);
    const order = same ? this.orders[report.podUid] : undefined;
    if (!order) return this.keep(report, same && this.only);
    this.asked.delete(report.podUid);
    if (order.kind === "start" || order.kind === "birth" || order.kind === "join") {
      this.reports.delete(report.podUid);
      this.orders = Object.fromEntries(Object.entries(this.orders).filter(([uid]) => uid !== report.podUid));
    } else {
      this.reports.set(report.podUid, report);
    }
    return order;
  }

  private keep(report: GateReport, dismissed: boolean): Order | undefined {
    const { podUid } = report;
    const { nowMs } = this.cluster;
    this.reports.set(podUid, report);
    const since = this.asked.get(podUid) ?? nowMs;
    this.asked.set(podUid, since);
    return dismissed || nowMs - since >= KEPT_MS ? undefined : UNDECIDED;
  }

  private owes(): boolean {
    return this.owedSinceMs !== undefined && this.cluster.nowMs - this.owedSinceMs >= OWED_MS;
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
      if (this.rests(now)) return;
      this.owedSinceMs ??= now;
    }
    do this.step();
    while (!this.slow && this.stage !== 0);
  }

  private standBy(): void {
    this.orders = {};
    this.reports.clear();
    this.asked.clear();
    this.only = false;
    this.owedSinceMs = undefined;
    this.attempts.forget();
    this.ages.forget();
    this.lastDecision = undefined;
  }

  private rests(now: number): boolean {
    if (this.lastDecision?.converged === undefined || this.lastDecision.record) return false;
    return now - this.observedMs < IDLE_MS && this.signs() === this.signsSeen;
  }

  /** What Kubernetes' watches and the gates tell. */
  private signs(): string {
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
      if (cluster.requests.send("read", () => this.look()) !== undefined) this.stage = 0;
    } else if (stage === 2 && this.world) {
      this.decision = plan(this.world);
      this.lastDecision = this.decision;
      const unwritable = this.decision.warnings.find((w) => w.includes(UNWRITABLE));
      if (unwritable !== undefined) cluster.oracle.violated(unwritable);
    } else if (stage === 3) {
      if (this.late() || !this.write()) this.stage = 0;
    } else if (stage === 4 && this.decision?.action) {
      if (this.late()) return;
      const { action, reason } = this.decision;
      const judged = !this.heedless && !this.slow && cluster.faults === this.faultsSeen;
      const error = execute(cluster, action, judged ? reason : undefined);
      const kind = error?.includes("unhealthy cluster") ? "moment" : "unanswered";
      this.attempts.tried(action, error === undefined ? undefined : { kind, words: error }, 0);
    }
  }

  private look(): undefined {
    const { cluster } = this;
    const gates = [...this.reports.values()].filter((r) => cluster.nowMs - r.atMs < FORGET_MS);
    const { clock, recordSeen, believesTo } = this;
    const seen = observe(cluster, clock.at(cluster.nowMs), believesTo, recordSeen, gates);
    this.world = { ...seen, ages: this.ages.look(seen), tries: this.attempts.seen() };
    this.observedMs = cluster.nowMs;
    this.faultsSeen = cluster.faults;
    this.signsSeen = this.signs();
  }

  private late(): boolean {
    return !this.heedless && this.cluster.nowMs - this.observedMs > DEADLINE_MS;
  }

  private write(): boolean {
    const { cluster, decision, world } = this;
    if (!decision || !world) return false;
    if (decision.undecided) return false;
    const { record } = decision;
    const unkept = record && cluster.requests.send("record", () => this.store(record));
    if (unkept !== undefined) {
      // Orders of before stand, unless it is known that nothing was written.
      if (REFUSED.test(unkept)) this.tell(decision.starts ?? {}, true);
      return false;
    }
    this.tell(decision.orders, false);
    if (decision.restore?.kind === "done") cluster.restore.done();
    const { list } = world.etcd;
    if ("members" in list && world.holdsLease) cluster.oracle.round(this.observedMs, world.etcd.statuses);
    if (decision.converged !== undefined) cluster.oracle.sealed = true;
    return true;
  }

  private tell(orders: Decision["orders"], only: boolean): void {
    this.orders = orders;
    this.only = only;
    this.ordered = new Map(this.world?.gates.map((g) => [g.podUid, g]));
    this.owedSinceMs = undefined;
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
