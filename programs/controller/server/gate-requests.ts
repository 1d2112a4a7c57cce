/**
 * The requests of gates that wait for an order, independent of the network. It pairs reports and orders: a gate gets an
 * order only for a report that the decision has seen.
 */
import { createHash } from "node:crypto";
import type { Decision, GateReport } from "../model";
import type { Order } from "../../shared/protocol";
import type { Uid } from "../../shared/disk";
import type { GateMessage } from "../../shared/protocol";

/** A request without a response yet. */
export interface PendingRequest {
  /** The tag of the last order that this gate got. */
  readonly knownTag: string | undefined;
  readonly sinceMs: number;
  send(order: Order, tag: string): void;
  /** Shows the gate that the server still works on its request. */
  keepAlive(): void;
  drop(): void;
}

interface KnownGate {
  readonly message: GateMessage;
  readonly content: string;
  /** Rises with each report that differs. */
  readonly version: number;
  /** The version that the latest decision has seen. */
  seen: number;
  heardMs: number;
  order?: Order;
  pending?: PendingRequest;
}

export interface RequestTimes {
  /** How long a request is kept at most. */
  readonly keepMs: number;
  /** A gate that was silent for this long is gone. */
  readonly forgetMs: number;
}

export class GateRequests {
  private readonly gates = new Map<string, KnownGate>();
  private versions = 0;

  constructor(
    private readonly times: RequestTimes,
    /** Called for a new report of this pod. */
    private readonly wake: (podUid: Uid, nowMs: number) => void,
    /**
     * Whether this process may still answer. It is called right before each response: a process that was paused may
     * hold orders that another controller has overruled since. A gate gives up on a silent server before another
     * controller can take the lease, so a response that was in flight meanwhile reaches nobody.
     */
    private readonly mayAnswer: () => boolean,
  ) {}

  ask(message: GateMessage, pending: PendingRequest, nowMs: number): void {
    const content = JSON.stringify(message);
    const known = this.gates.get(message.podUid);
    known?.pending?.drop();
    const same = known?.content === content ? known : undefined;
    const gate: KnownGate = same ?? { message, content, version: ++this.versions, seen: 0, heardMs: nowMs };
    gate.heardMs = nowMs;
    gate.pending = pending;
    this.gates.set(message.podUid, gate);
    if (!same) this.wake(message.podUid, nowMs);
    this.deliver(gate);
  }

  /** The gate has disconnected. */
  leave(podUid: string, pending: PendingRequest, nowMs: number): void {
    const gate = this.gates.get(podUid);
    if (gate?.pending !== pending) return;
    gate.pending = undefined;
    gate.heardMs = nowMs;
  }

  reports(nowMs: number): GateReport[] {
    return [...this.gates.values()].map((gate) => {
      gate.seen = gate.version;
      const { podUid, disk, aside, held, problem } = gate.message;
      const atMs = gate.pending ? nowMs : gate.heardMs;
      return { podUid, atMs, disk, aside, held, ...(problem === undefined ? {} : { problem }) };
    });
  }

  /** `only`: there is no decision for the other gates, so they don't wait for one. */
  answer(orders: Decision["orders"], only = false): void {
    this.each((gate, podUid) => {
      // A report that arrived after the decision's observation waits for the next decision.
      if (gate.seen !== gate.version) return;
      gate.order = Object.hasOwn(orders, podUid) ? orders[podUid] : undefined;
      if (only && !gate.order) this.dismiss(gate);
      else this.deliver(gate);
    });
  }

  tick(nowMs: number): void {
    if (!this.mayAnswer()) return this.clear();
    this.each((gate, podUid) => {
      const { pending, order } = gate;
      if (!pending) {
        if (nowMs - gate.heardMs >= this.times.forgetMs) this.gates.delete(podUid);
        return;
      }
      // `wake` is throttled, so it may have ignored the report.
      if (gate.seen !== gate.version) this.wake(podUid, nowMs);
      if (nowMs - pending.sinceMs < this.times.keepMs) pending.keepAlive();
      else if (order) this.send(gate, order);
      // No decision was about this pod. Without an answer it is no worse off than without a controller.
      else this.dismiss(gate);
    });
  }

  clear(): void {
    for (const gate of this.gates.values()) gate.pending?.drop();
    this.gates.clear();
  }

  /** An error with one gate affects neither the others nor the round. */
  private each(visit: (gate: KnownGate, podUid: Uid) => void): void {
    for (const [podUid, gate] of [...this.gates]) {
      try {
        visit(gate, podUid);
      } catch {
        this.gates.delete(podUid);
      }
    }
  }

  private dismiss(gate: KnownGate): void {
    const { pending } = gate;
    gate.pending = undefined;
    pending?.drop();
  }

  private deliver(gate: KnownGate): void {
    const { order, pending } = gate;
    if (!order || !pending) return;
    if (!keepsAsking(order) || tagOf(order) !== pending.knownTag) this.send(gate, order);
  }

  private send(gate: KnownGate, order: Order): void {
    if (!this.mayAnswer()) return this.dismiss(gate);
    const { pending } = gate;
    gate.pending = undefined;
    // The report is outdated once the gate has carried out the order.
    if (!keepsAsking(order)) this.gates.delete(gate.message.podUid);
    pending?.send(order, tagOf(order));
  }
}

/** Whether the gate asks again after this order. Then its report stays valid, and the same order isn't sent twice. */
function keepsAsking({ kind }: Order): boolean {
  return kind === "wait" || kind === "refuse" || kind === "lend";
}

function tagOf(order: Order): string {
  return `"${createHash("sha256").update(JSON.stringify(order)).digest("hex").slice(0, 16)}"`;
}
