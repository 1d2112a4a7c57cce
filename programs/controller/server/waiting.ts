/**
 * The gates that wait for an order, without the network: who they are, what they reported, and which order is for
 * which report. An order is only ever given to a report that its decision has seen.
 */
import { createHash } from "node:crypto";
import type { Decision, GateReport } from "../model";
import type { Order } from "../../shared/protocol";
import type { Uid } from "../../shared/disk";
import type { GateMessage } from "../../shared/protocol";

/** A request that is being kept. */
export interface Asker {
  /** Tag of the order that this gate has been given last. */
  readonly knownTag: string | undefined;
  readonly sinceMs: number;
  send(order: Order, tag: string): void;
  /** It is still being thought about. */
  signOfLife(): void;
  drop(): void;
}

interface Waiting {
  readonly message: GateMessage;
  readonly content: string;
  /** Counts reports that differ. The decision's is compared with it. */
  readonly version: number;
  seen: number;
  heardMs: number;
  order?: Order;
  asker?: Asker;
}

export interface Patience {
  /** How long a request is kept at most. */
  readonly keepMs: number;
  /** A gate that was not heard of for so long is gone. */
  readonly forgetMs: number;
}

export class WaitingRoom {
  private readonly gates = new Map<string, Waiting>();
  private versions = 0;

  constructor(
    private readonly patience: Patience,
    /** Something new is to be looked at, for this pod. */
    private readonly wake: (podUid: Uid, nowMs: number) => void,
    /**
     * Whether this process may still answer, asked right before each answer: one that stood still has orders left which
     * another one may have overruled since. A gate hangs up sooner on a silent door than another one can take the lease,
     * so what was on its way meanwhile reaches nobody.
     */
    private readonly mayAnswer: () => boolean,
  ) {}

  ask(message: GateMessage, asker: Asker, nowMs: number): void {
    const content = JSON.stringify(message);
    const known = this.gates.get(message.podUid);
    known?.asker?.drop();
    const same = known?.content === content ? known : undefined;
    const gate: Waiting = same ?? { message, content, version: ++this.versions, seen: 0, heardMs: nowMs };
    gate.heardMs = nowMs;
    gate.asker = asker;
    this.gates.set(message.podUid, gate);
    if (!same) this.wake(message.podUid, nowMs);
    this.deliver(gate);
  }

  /** The gate hung up. */
  leave(podUid: string, asker: Asker, nowMs: number): void {
    const gate = this.gates.get(podUid);
    if (gate?.asker !== asker) return;
    gate.asker = undefined;
    gate.heardMs = nowMs;
  }

  reports(nowMs: number): GateReport[] {
    return [...this.gates.values()].map((gate) => {
      gate.seen = gate.version;
      const { podUid, disk, aside, held, problem } = gate.message;
      const atMs = gate.asker ? nowMs : gate.heardMs;
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
      const { asker, order } = gate;
      if (!asker) {
        if (nowMs - gate.heardMs >= this.patience.forgetMs) this.gates.delete(podUid);
        return;
      }
      // A report that changed again and again wakes nobody each time.
      if (gate.seen !== gate.version) this.wake(podUid, nowMs);
      if (nowMs - asker.sinceMs < this.patience.keepMs) asker.signOfLife();
      else if (order) this.send(gate, order);
      // Decisions were made, and none was about this pod: it is no worse off than without a controller.
      else this.dismiss(gate);
    });
  }

  clear(): void {
    for (const gate of this.gates.values()) gate.asker?.drop();
    this.gates.clear();
  }

  /** Whatever goes wrong with one is no matter of the others, nor of the round. */
  private each(visit: (gate: Waiting, podUid: Uid) => void): void {
    for (const [podUid, gate] of [...this.gates]) {
      try {
        visit(gate, podUid);
      } catch {
        this.gates.delete(podUid);
      }
    }
  }

  private dismiss(gate: Waiting): void {
    const { asker } = gate;
    gate.asker = undefined;
    asker?.drop();
  }

  private deliver(gate: Waiting): void {
    const { order, asker } = gate;
    if (!order || !asker) return;
    if (!keepsAsking(order) || tagOf(order) !== asker.knownTag) this.send(gate, order);
  }

  private send(gate: Waiting, order: Order): void {
    if (!this.mayAnswer()) return this.dismiss(gate);
    const { asker } = gate;
    gate.asker = undefined;
    // What was reported is not true any more once the gate has done what it was told.
    if (!keepsAsking(order)) this.gates.delete(gate.message.podUid);
    asker?.send(order, tagOf(order));
  }
}

/** What a gate reports stays true when it does this, and the same order need not be given twice. */
function keepsAsking({ kind }: Order): boolean {
  return kind === "wait" || kind === "refuse" || kind === "lend";
}

function tagOf(order: Order): string {
  return `"${createHash("sha256").update(JSON.stringify(order)).digest("hex").slice(0, 16)}"`;
}
