/**
 * The requests of gates that wait for an order, without the network: what each gate reported, and which order is for
 * which report. A gate gets an order only for a report that the decision has seen.
 */
import { createHash } from "node:crypto";
import type { Decision, GateReport } from "../model";
import type { Order } from "../../shared/protocol";
import type { Uid } from "../../shared/disk";
import type { GateMessage } from "../../shared/protocol";

/** A request that is not answered yet. */
export interface PendingRequest {
  /** Tag of the order that this gate has been given last. */
  readonly knownTag: string | undefined;
  readonly sinceMs: number;
  send(order: Order, tag: string): void;
  /** It is still being thought about. */
  keepAlive(): void;
  drop(): void;
}

interface KnownGate {
  readonly message: GateMessage;
  readonly content: string;
  /** Counts reports that differ. The decision's is compared with it. */
  readonly version: number;
  seen: number;
  heardMs: number;
  order?: Order;
  pending?: PendingRequest;
}

export interface RequestTimes {
  /** How long a request is kept at most. */
  readonly keepMs: number;
  /** A gate that was not heard of for so long is gone. */
  readonly forgetMs: number;
}

export class GateRequests {
  private readonly gates = new Map<string, KnownGate>();
  private versions = 0;

  constructor(
    private readonly times: RequestTimes,
    /** Something new is to be looked at, for this pod. */
    private readonly wake: (podUid: Uid, nowMs: number) => void,
    /**
     * Whether this process may still answer, asked right before each answer: a process that was paused has orders left
     * which another controller may have overruled since. A gate gives up on a silent server before another controller
     * can take the lease, so an answer that was under way meanwhile reaches nobody.
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

  /** The gate hung up. */
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

  /** `only`: nothing is decided for the others, and they aren't to wait for it. */
  answer(orders: Decision["orders"], only = false): void {
    this.each((gate, podUid) => {
      // A report that came in after the decision's observation waits for the next one.
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
      // A report that changed again and again wakes nobody each time.
      if (gate.seen !== gate.version) this.wake(podUid, nowMs);
      if (nowMs - pending.sinceMs < this.times.keepMs) pending.keepAlive();
      else if (order) this.send(gate, order);
      // Decisions were made, and none was about this pod: it is no worse off than without a controller.
      else this.dismiss(gate);
    });
  }

  clear(): void {
    for (const gate of this.gates.values()) gate.pending?.drop();
    this.gates.clear();
  }

  /** Whatever goes wrong with one is no matter of the others, nor of the round. */
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
    // What was reported is not true any more once the gate has done what it was told.
    if (!keepsAsking(order)) this.gates.delete(gate.message.podUid);
    pending?.send(order, tagOf(order));
  }
}

/** What a gate reports stays true when it does this, and the same order need not be given twice. */
function keepsAsking({ kind }: Order): boolean {
  return kind === "wait" || kind === "refuse" || kind === "lend";
}

function tagOf(order: Order): string {
  return `"${createHash("sha256").update(JSON.stringify(order)).digest("hex").slice(0, 16)}"`;
}
