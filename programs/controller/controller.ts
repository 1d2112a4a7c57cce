import type { Logger } from "pino";
import { execute } from "./act";
import type { ControllerServer } from "./server";
import { Fleet } from "../shared/etcd/fleet";
import { pairReader } from "../shared/etcd/pair";
import { clusterVersion } from "../shared/etcd/version";
import type { Access } from "../shared/kubernetes/access";
import { Api } from "../shared/kubernetes/api";
import { Cluster } from "../shared/kubernetes/cluster";
import { ownClock } from "../shared/clock";
import type { Clock } from "../shared/clock";
import { Lease } from "./loop/lease";
import { Loop } from "./loop/loop";
import { Watches } from "./loop/watches";
import type { ControllerRecord, Decision, Failure, World } from "./model";
import { recordData } from "./model/record";
import { Observer } from "./observe/observer";
import { plan } from "./plan";
import { wantsBackup } from "./plan/quarantine";
import { Events } from "./report/events";
import { serveHealth } from "./server/health";
import { DecisionLog } from "./report/log";
import { Status } from "./report/status";
import { TrustStatus } from "./report/trust";
import type { Settings } from "./settings";

const PAIR_EVERY_MS = 10_000;
/** A loop that hasn't turned for so long hangs. */
const ALIVE_MS = 60_000;

/** All parts of the process, connected. */
export class Controller {
  readonly api: Api;
  private readonly loop: Loop;
  private readonly lease: Lease;
  private readonly watches: Watches;
  private readonly fleet: Fleet;
  private readonly observer: Observer;
  private readonly log: DecisionLog;
  private readonly status: Status;
  private readonly trust: TrustStatus;
  private readonly events: Events;
  private readonly cluster: Cluster;

  constructor(
    private readonly settings: Settings,
    access: Access,
    private readonly logger: Logger,
    private readonly steady: Clock,
    door: Omit<ControllerServer, "port" | "close">,
  ) {
    this.api = new Api(access);
    const cluster = new Cluster(this.api, settings.names);
    this.cluster = cluster;
    this.log = new DecisionLog(logger, steady);
    const trouble = (what: string) => (error: unknown) => this.log.trouble(what, error);

    const pair = pairReader(settings.etcdTlsDir, PAIR_EVERY_MS, steady);
    this.fleet = new Fleet(pair);
    this.observer = new Observer(settings.observer, {
      reads: cluster,
      fleet: this.fleet,
      expect: (guests) => door.expect(guests),
      gates: () => door.reports(),
      restore: () => door.restore(),
      wantsBackup,
      clusterVersion: (place) => clusterVersion(place, pair()),
      trouble: trouble("what became of backups can't be read"),
      steady,
      now: Date.now,
    });
    this.lease = new Lease(
      cluster,
      settings.identity,
      steady,
      ownClock,
      (problem) => this.leaseChanged(problem),
      (forMs) => this.slept(forMs),
    );
    const { lease } = this;
    this.status = new Status(
      (data) => cluster.writeNotice("status", data),
      steady,
      trouble("the status can't be written"),
    );
    this.trust = new TrustStatus(
      (data) => cluster.writeNotice("trust", data),
      steady,
      trouble("what all pods trust can't be written"),
    );
    const writeEvent = (event: object) => cluster.writeEvent(event);
    this.events = new Events(settings.identity, writeEvent, steady, trouble("an event can't be written"));
    this.loop = new Loop({
      observer: this.observer,
      plan,
      execute: (action, world) => {
        const { term } = lease;
        const leftMs = () => (lease.term === term ? lease.leftMs() : 0);
        return execute(action, world, { cluster, fleet: this.fleet, leftMs });
      },
      writeRecord: (record, version, timeoutMs) => this.writeRecord(record, version, timeoutMs),
      door,
      lease,
      report: (world, decision, failure) => this.report(world, decision, failure),
      trouble: (what, error) => this.log.trouble(what, error),
      blind: (why) => this.blind(why),
      steady,
      own: ownClock,
    });
    this.watches = new Watches(cluster, () => this.invalidate(), trouble("a watch failed"));
    door.onReport((unseen) => (unseen ? this.invalidate() : this.loop.wake()));
  }

  async run(): Promise<void> {
    const { healthPort } = this.settings;
    const health = serveHealth(healthPort, {
      alive: () => this.steady() - this.loop.turnedMs < ALIVE_MS,
      ready: () => this.lease.known,
    });
    this.lease.start();
    await this.loop.run();
    this.watches.stop();
    await this.lease.release();
    this.logger.info("stopped");
    this.fleet.close();
    this.api.close();
    health.close();
  }

  /** The action under way is finished, and the lease given back. */
  stop(): void {
    this.loop.stop();
  }

  private invalidate(): void {
    this.observer.stale();
    this.loop.wake();
  }

  private leaseChanged(problem?: string): void {
    const holds = this.lease.leftMs() > 0;
    if (problem !== undefined) this.log.trouble("the lease can't be renewed or taken", problem);
    else
      this.logger.info(
        holds ? "holds the lease" : `doesn't hold the lease: ${this.lease.holder() ?? "nobody"} does`,
      );
    if (!holds) this.watches.stop();
    const vacancy = this.lease.vacancy();
    if (vacancy !== undefined) this.blind(vacancy);
    this.loop.wake();
  }

  private slept(forMs: number): void {
    this.logger.warn(
      `stood still for ${Math.round(forMs / 1000)} s, beyond its lease: nothing is done or answered by what it knew`,
    );
    this.invalidate();
  }

  private writeRecord(record: ControllerRecord, version: string | undefined, timeoutMs: number) {
    return this.cluster.writeRecord(recordData(record), version, timeoutMs);
  }

  private report(world: World, decision: Decision, failure?: Failure): void {
    this.watches.follow(this.observer.podLabels);
    this.log.decision(decision, failure);
    this.status.show(world, decision);
    this.trust.show(decision);
    this.tellEvents(decision, failure);
  }

  private blind(why: string): void {
    this.status.blind(why);
    this.tellEvents({ orders: {}, undecided: true, reason: why, warnings: [why] });
  }

  private tellEvents(decision: Decision, failure?: Failure): void {
    const { object } = this.observer;
    if (!object) return;
    const { namespace } = this.settings.names;
    this.events.tell({ namespace, name: object.name, uid: object.uid }, decision, failure);
  }
}
