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
import { Verdict } from "./report/verdict";
import type { Settings } from "./settings";

const PAIR_EVERY_MS = 10_000;
/** A loop without a round for this long hangs. */
const ALIVE_MS = 60_000;

/** Wires up all parts of the process. */
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
  private readonly verdict: Verdict;
  private readonly events: Events;
  private readonly cluster: Cluster;

  constructor(
    private readonly settings: Settings,
    access: Access,
    private readonly logger: Logger,
    private readonly steady: Clock,
    server: Omit<ControllerServer, "port" | "close">,
  ) {
    this.api = new Api(access);
    const cluster = new Cluster(this.api, settings.names);
    this.cluster = cluster;
    this.log = new DecisionLog(logger, steady);
    const logProblem = (what: string) => (error: unknown) => this.log.problem(what, error);

    const pair = pairReader(settings.etcdTlsDir, PAIR_EVERY_MS, steady);
    this.fleet = new Fleet(pair);
    this.observer = new Observer(settings.observer, {
      reads: cluster,
      fleet: this.fleet,
      expect: (pods) => server.expect(pods),
      gates: () => server.reports(),
      restore: () => server.restore(),
      wantsBackup,
      clusterVersion: (place) => clusterVersion(place, pair()),
      logProblem: logProblem("the status of the backups can't be read"),
      steady,
      now: Date.now,
    });
    this.lease = new Lease(
      cluster,
      settings.identity,
      steady,
      ownClock,
      (problem) => this.leaseChanged(problem),
      (forMs) => this.wasPaused(forMs),
    );
    const { lease } = this;
    this.status = new Status(
      (data) => cluster.writeNotice("status", data),
      steady,
      logProblem("the status can't be written"),
    );
    this.trust = new TrustStatus(
      (data) => cluster.writeNotice("trust", data),
      steady,
      logProblem("the trust status can't be written"),
    );
    this.verdict = new Verdict(
      (data) => cluster.writeNotice("verdict", data),
      steady,
      logProblem("the verdict can't be written"),
    );
    const writeEvent = (event: object) => cluster.writeEvent(event);
    this.events = new Events(settings.identity, writeEvent, steady, logProblem("an event can't be written"));
    this.loop = new Loop({
      observer: this.observer,
      plan,
      execute: (action, world) => {
        const { term } = lease;
        const leftMs = () => (lease.term === term ? lease.leftMs() : 0);
        return execute(action, world, { cluster, fleet: this.fleet, leftMs });
      },
      writeRecord: (record, version, timeoutMs) => this.writeRecord(record, version, timeoutMs),
      server,
      lease,
      report: (world, decision, failure) => this.report(world, decision, failure),
      logProblem: (what, error) => this.log.problem(what, error),
      reportUndecided: (why) => this.reportUndecided(why),
      steady,
      own: ownClock,
    });
    this.watches = new Watches(cluster, () => this.invalidate(), logProblem("a watch failed"));
    server.onReport((unseen) => (unseen ? this.invalidate() : this.loop.wake()));
  }

  async run(): Promise<void> {
    const { healthPort } = this.settings;
    const health = serveHealth(healthPort, {
      alive: () => this.steady() - this.loop.lastRoundMs < ALIVE_MS,
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

  /** Finishes the current action and releases the lease. */
  stop(): void {
    this.loop.stop();
  }

  private invalidate(): void {
    this.observer.stale();
    this.loop.wake();
  }

  private leaseChanged(problem?: string): void {
    const holds = this.lease.leftMs() > 0;
    if (problem !== undefined) this.log.problem("the lease can't be renewed or acquired", problem);
    else
      this.logger.info(
        holds
          ? "this controller holds the lease"
          : `this controller doesn't hold the lease; the holder is ${this.lease.holder() || "nobody"}`,
      );
    if (!holds) this.watches.stop();
    const vacancy = this.lease.vacancy();
    if (vacancy !== undefined) this.reportUndecided(vacancy);
    this.loop.wake();
  }

  private wasPaused(forMs: number): void {
    this.logger.warn(
      `this process was paused for ${Math.round(forMs / 1000)} s and lost its lease: it discards what it had observed`,
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
    this.verdict.show(world, decision);
    this.writeEvents(decision, failure);
  }

  private reportUndecided(why: string): void {
    this.status.unknown(why);
    this.writeEvents({ orders: {}, undecided: true, reason: why, warnings: [why] });
  }

  private writeEvents(decision: Decision, failure?: Failure): void {
    const { object } = this.observer;
    if (!object) return;
    const { namespace } = this.settings.names;
    this.events.report({ namespace, name: object.name, uid: object.uid }, decision, failure);
  }
}
