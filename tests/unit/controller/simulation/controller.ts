/** A controller process that can be killed, frozen or doubled between any two of its steps. */
import type {
  Action,
  ControllerRecord,
  Decision,
  GateReport,
  Order,
  World,
} from "../../../../controller/model";
import { Ages } from "../../../../controller/loop/ages";
import { plan } from "../../../../controller/plan";
import type { Cluster } from "./cluster";
import { observe } from "./observer";
import { configAt, quorumOf, votersOf } from "./raft";

/** The door's answer between a gate's first question and the next decision. */
export const UNDECIDED: Order = { kind: "wait", reason: "not decided yet", hold: false };
const LEASE_MS = 15_000;
const DEADLINE_MS = 10_000;

const contentOf = (report: GateReport | undefined): string =>
  report ? JSON.stringify([report.disk, report.aside, report.held]) : "";

export class Lease {
  holder?: Controller;
  untilMs = 0;
}

export class Controller {
  alive = true;
  frozenTicks = 0;
  /** One step a tick instead of a whole round. */
  slow = false;
  /** Doesn't notice that its deadline has passed: only the compare-and-swap stands in its way. */
  heedless = false;
  believesTo = false;
  lastDecision?: Decision;
  /** Dies right before or after the n-th write or act that it comes to, and starts anew with nothing in memory. */
  killAt?: { readonly n: number; readonly when: "before" | "after" };
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
  private decision?: Decision;
  private last?: World["last"];
  private readonly ages = new Ages(() => this.cluster.nowMs);
  private faultsSeen = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly lease: Lease,
  ) {}

  restart(): void {
    this.alive = true;
    this.frozenTicks = 0;
    this.slow = false;
    this.heedless = false;
    this.stage = 0;
    this.orders = {};
    this.reports = new Map();
    this.last = undefined;
    this.ages.forget();
    this.believesTo = false;
    this.lastDecision = undefined;
  }

  answer(report: GateReport): Order {
    // As the door does: an order is for the report that its decision has seen.
    const same = contentOf(this.ordered.get(report.podUid)) === contentOf(report);
    const order = (same ? this.orders[report.podUid] : undefined) ?? UNDECIDED;
    if (order.kind === "start" || order.kind === "birth" || order.kind === "join") {
      this.reports.delete(report.podUid);
      this.orders = Object.fromEntries(Object.entries(this.orders).filter(([uid]) => uid !== report.podUid));
    } else {
      this.reports.set(report.podUid, report);
    }
    return order;
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
      if (!this.believesTo) {
        this.orders = {};
        this.ages.forget();
      }
    }
    do this.step();
    while (!this.slow && this.stage !== 0);
  }

  private step(): void {
    const stage = this.stage;
    this.stage = (stage + 1) % 5;
    const counts = (stage === 3 && this.decision?.record) || (stage === 4 && this.decision?.action);
    const dies = counts && this.done++ === this.killAt?.n ? this.killAt.when : undefined;
    if (dies === "before") return this.restart();
    this.take(stage);
    if (dies === "after") this.restart();
  }

  private take(stage: number): void {
    const { cluster } = this;
    if (stage === 0) {
      this.recordVersion = cluster.record.version;
      this.recordSeen = cluster.record.value;
    } else if (stage === 1) {
      const gates = [...this.reports.values()].filter((r) => cluster.nowMs - r.atMs < 15_000);
      const seen = observe(cluster, this.believesTo, this.recordSeen, gates);
      this.world = { ...seen, ages: this.ages.look(seen), last: this.last };
      this.faultsSeen = cluster.faults;
    } else if (stage === 2 && this.world) {
      this.decision = plan(this.world);
      this.lastDecision = this.decision;
    } else if (stage === 3) {
      if (this.late() || !this.write()) this.stage = 0;
    } else if (stage === 4 && this.decision?.action) {
      if (this.late()) return;
      const error = this.act(this.decision.action);
      this.last = { action: this.decision.action, error };
    }
  }

  private late(): boolean {
    return !this.heedless && this.cluster.nowMs - (this.world?.nowMs ?? 0) > DEADLINE_MS;
  }

  private write(): boolean {
    const { record } = this.cluster;
    const decided = this.decision;
    if (!decided) return false;
    if (decided.record) {
      if (record.version !== this.recordVersion) {
        this.orders = {};
        return false;
      }
      this.cluster.record = { version: record.version + 1, value: structuredClone(decided.record) };
    }
    this.orders = decided.orders;
    this.ordered = new Map(this.world?.gates.map((g) => [g.podUid, g]));
    this.cluster.sealed ||= decided.converged !== undefined;
    return true;
  }

  private act(action: Action): string | undefined {
    const c = this.cluster;
    this.checkQuorum(action);
    const pod = "uid" in action ? c.pods.find((p) => p.uid === action.uid) : undefined;
    const leader = c.processes.find((p) => {
      const seen = c.pods.find((x) => x.uid === p.podUid);
      return (
        p.leader &&
        seen &&
        !c.hidden.has(seen.uid) &&
        c.raft.hasQuorum(p) &&
        p.dir.clusterId === this.clusterId()
      );
    });
    switch (action.kind) {
      case "setReplicas":
        if (action.resourceVersion !== String(c.stsVersion)) return "conflict";
        c.replicas = action.replicas;
        c.stsVersion++;
        return undefined;
      case "deletePod":
        if (!pod) return "not found";
        if (action.force) c.removePod(pod);
        else c.deletePod(pod);
        return undefined;
      case "evictPod":
        if (!pod) return "not found";
        if (c.pods.filter((p) => p !== pod && c.isHealthy(p)).length < c.replicas - 1)
          return "too many requests";
        if (!c.canRun(c.revision, this.clusterId())) {
          c.violated(
            `${pod.name} is evicted, and can't come up in a cluster that has gone beyond its version`,
          );
        }
        c.deletePod(pod);
        return undefined;
      case "deleteClaim": {
        const claim = c.claims.find((x) => x.uid === action.uid);
        if (!claim) return undefined;
        if (!c.everDown.has(claim.node ?? -1)) c.violated(`${action.name} is deleted, its node is well`);
        claim.deleting = true;
        return undefined;
      }
      case "growClaim": {
        const claim = c.claims.find((x) => x.uid === action.uid);
        if (claim) claim.bytes = action.bytes;
        return undefined;
      }
      case "addLearner":
        return leader ? c.raft.addLearner(leader, action.peerUrl, c.newId(), action.listKey) : "unavailable";
      case "promote":
        return leader ? c.raft.promote(leader, action.memberId) : "unavailable";
      case "removeMember":
        return leader ? c.raft.remove(leader, action.memberId) : "unavailable";
      case "moveLeader":
        return leader?.dir.memberId === action.from ? c.raft.moveLeader(leader, action.to) : "not leader";
      case "defragment":
      case "fillLog":
      case "compact":
      case "disarm":
      case "enableDowngrade":
      case "cancelDowngrade":
        return undefined;
    }
  }

  private clusterId(): string | undefined {
    const birth = this.cluster.record.value?.birth;
    return birth?.state === "born" ? birth.clusterId : undefined;
  }

  /** Nothing this controller does may take the quorum, as long as the cluster is what it saw. */
  private checkQuorum(action: Action): void {
    const c = this.cluster;
    if (this.heedless || c.faults !== this.faultsSeen || this.slow) return;
    const leader = c.processes.find((p) => p.leader && c.raft.hasQuorum(p));
    if (!leader) return;
    const voters = votersOf(configAt(leader.dir, leader.dir.commit));
    const up = voters.filter((v) => {
      const p = c.processes.find((x) => x.dir.memberId === v && x.dir.clusterId === leader.dir.clusterId);
      return p && c.raft.leaderFor(p) === leader;
    });
    const gone =
      action.kind === "deletePod" || action.kind === "evictPod"
        ? c.processes.find((p) => p.podUid === action.uid)?.dir.memberId
        : action.kind === "removeMember"
          ? action.memberId
          : undefined;
    if (gone === undefined || !voters.includes(gone) || voters.length < 3) return;
    const left = up.filter((v) => v !== gone).length;
    const need = quorumOf(action.kind === "removeMember" ? voters.length - 1 : voters.length);
    if (left < need && up.length >= quorumOf(voters.length) && left < up.length) {
      c.violated(`${action.kind} leaves ${left} of ${voters.length} voters: ${this.decision?.reason}`);
    }
    if (action.kind === "removeMember" && left < need) {
      c.violated(
        `removeMember leaves ${left} healthy voters of ${voters.length - 1}: ${this.decision?.reason}`,
      );
    }
    if (
      action.kind === "evictPod" &&
      up.includes(gone) &&
      leader.dir.memberId === gone &&
      voters.length > 1
    ) {
      c.violated(`the leader is evicted without moving leadership: ${this.decision?.reason}`);
    }
  }
}
