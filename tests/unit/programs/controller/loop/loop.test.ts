import { mock } from "node:test";
import { expect } from "chai";
import type { PendingRequest } from "../../../../../programs/controller/server/gate-requests";
import { GateRequests } from "../../../../../programs/controller/server/gate-requests";
import { Lease } from "../../../../../programs/controller/loop/lease";
import { Loop } from "../../../../../programs/controller/loop/loop";
import type { LoopParts } from "../../../../../programs/controller/loop/loop";
import { nameOf } from "../../../../../programs/controller/model/acts";
import type { ControllerRecord, Decision, Failure, World } from "../../../../../programs/controller/model";
import type { Observation } from "../../../../../programs/controller/observe/observer";
import { recordData, recordKey } from "../../../../../programs/controller/model/record";
import { emptyRecord } from "../../../../../programs/controller/plan/record";
import { until } from "../../../../support/until";
import { ApiServer } from "../../../../support/api-server";

const action = { kind: "deletePod", name: "etcd-0", uid: "u", force: false } as const;
const record = (sequence: number): ControllerRecord => ({ ...emptyRecord(1), sequence });
const acting: Decision = { record: record(1), action, orders: {}, reason: "acts", warnings: [] };
const quiet: Decision = { orders: {}, reason: "as declared", converged: "h", warnings: [] };

/** One controller with a lease of its own at one API server; `at` is called wherever it waits for something. */
class Process {
  readonly did: string[] = [];
  readonly seen: Decision[] = [];
  decision: Decision = acting;
  world: World | undefined;
  fresh = true;
  error: Failure | undefined;
  at: (place: string) => Promise<void> = () => Promise.resolve();
  mayAnswer = () => false;
  readonly room = new GateRequests(
    { keepMs: 10_000, forgetMs: 15_000 },
    () => undefined,
    () => this.mayAnswer(),
  );
  readonly lease: Lease;
  readonly loop: Loop;

  constructor(server: ApiServer, identity: string) {
    this.lease = new Lease(
      { lease: () => server.readLease(), writeLease: (spec, version) => server.writeLease(spec, version) },
      identity,
      server.clock,
      server.clock,
      () => undefined,
      () => undefined,
    );
    const observe = async (maxAgeMs: number): Promise<Observation> => {
      const recordVersion = server.record.metadata.resourceVersion;
      await this.at("observe");
      this.did.push(`observe ${maxAgeMs}`);
      const nothing = { pods: [], claims: [], desired: { problem: "" }, nowMs: 0 };
      const world = nothing as unknown as Observation["world"];
      return { world, recordVersion, fresh: this.fresh || maxAgeMs === 0 };
    };
    const parts: LoopParts = {
      observer: { observe, written: () => undefined, stale: () => undefined },
      plan: (world) => {
        this.world = world;
        return this.decision;
      },
      execute: async ({ kind }) => {
        await this.at("act");
        this.did.push(kind);
        return this.error;
      },
      writeRecord: async (next, version) => {
        await this.at("record");
        const written = await server.writeRecord(recordData(next)[recordKey] ?? "", version);
        this.did.push("record");
        await this.at("recorded");
        return written;
      },
      server: {
        answer: (orders) => {
          this.did.push("answer");
          this.room.answer(orders);
        },
        answerOnly: (orders) => {
          this.did.push(`only ${Object.keys(orders).join()}`);
          this.room.answer(orders, true);
        },
        setHolder: (mayAnswer) => {
          this.did.push(`holder ${mayAnswer !== false}`);
          this.mayAnswer = mayAnswer || (() => false);
          if (!mayAnswer) this.room.clear();
        },
      },
      lease: this.lease,
      report: (_world, decision) => this.seen.push(decision),
      logProblem: () => undefined,
      reportUndecided: (why) => this.did.push(why),
      steady: server.clock,
      own: server.clock,
    };
    this.loop = new Loop(parts);
  }
}

describe("the loop", () => {
  let server: ApiServer;
  let a: Process;
  let b: Process;
  beforeEach(async () => {
    server = new ApiServer();
    [a, b] = [new Process(server, "a"), new Process(server, "b")];
    await a.lease.tick();
    await b.lease.tick();
  });

  it("writes the record, then answers the gates, then acts, one action a round", async () => {
    expect(await a.loop.round()).to.be.lessThan(100);
    expect(a.did).to.deep.equal(["holder true", "observe 8000", "record", "answer", "deletePod"]);
    expect(a.world).to.deep.include({ holdsLease: true, tries: { done: undefined, failed: [] } });
    await a.loop.round();
    expect(a.world?.tries).to.deep.equal({ done: nameOf(action), failed: [] });
  });

  it("does nothing without the lease, and answers no gate", async () => {
    await b.loop.round();
    expect(b.did).to.deep.equal(["holder false"]);
  });

  it("looks again before it acts on what it saw a while ago", async () => {
    a.fresh = false;
    await a.loop.round();
    expect(a.did).to.deep.equal([
      "holder true",
      "observe 8000",
      "observe 0",
      "record",
      "answer",
      "deletePod",
    ]);
    a.did.length = 0;
    a.decision = { ...quiet, orders: { p: { kind: "start", acceptVersion: false, dropAside: false } } };
    await a.loop.round();
    expect(a.did).to.deep.equal(["holder true", "observe 8000", "observe 0", "answer"]);
  });

  it("rests once all is as declared, on one look", async () => {
    a.decision = quiet;
    a.fresh = false;
    expect(await a.loop.round()).to.equal(10_000);
    a.did.length = 0;
    await a.loop.round();
    expect(a.did).to.deep.equal(["holder true", "observe 120000", "answer"]);
  });

  it("neither acts nor answers when the record was changed by another one, and says so", async () => {
    a.at = async (place) => {
      if (place === "record") await server.writeRecord("another's", server.record.metadata.resourceVersion);
    };
    await a.loop.round();
    expect(a.did).to.deep.equal(["holder true", "observe 8000"]);
    expect(a.seen[0]?.reason).to.match(/the record can't be written, so nothing is done: it has changed/);
    expect(a.seen[0]?.converged).to.equal(undefined);
  });

  it("says start to the recorded disks when the next record is one that nobody could read", async () => {
    const start = { kind: "start", acceptVersion: false, dropAside: false } as const;
    a.decision = { ...acting, record: { ...record(1), generation: 0.5 }, starts: { p: start } };
    for (let i = 0; i < 20; i++) {
      server.nowMs += 1000;
      await a.lease.tick();
      await a.loop.round();
      expect(a.mayAnswer()).to.equal(true);
    }
    expect(new Set(a.did.slice(-3))).to.deep.equal(new Set(["holder true", "observe 8000", "only p"]));
    expect(a.seen.at(-1)?.reason).to.match(/the record can't be written, so nothing is done: .*generation/);
  });

  it("tells of an act that fails, and lets the next round plan with it", async () => {
    a.error = { kind: "refused", words: "a webhook says no" };
    expect(await a.loop.round()).to.be.lessThan(100);
    expect(a.seen.at(-1)?.reason).to.equal("acts, which fails: a webhook says no");
    await a.loop.round();
    const act = nameOf(action);
    expect(a.world?.tries?.failed).to.deep.equal([{ act, ...a.error, rests: true }]);
    await a.lease.release();
    await a.lease.tick();
    a.error = undefined;
    await a.loop.round();
    await a.loop.round();
    expect(a.world?.tries).to.deep.equal({ done: act, failed: [] });
  });

  for (const place of ["observe", "record", "recorded"]) {
    it(`wakes up late (at: ${place}) and does nothing more, while the other one works`, async () => {
      a.at = async (here) => {
        if (here !== place) return;
        a.at = () => Promise.resolve();
        server.nowMs += 20_000;
        await b.lease.tick();
        await b.loop.round();
        await b.loop.round();
        a.did.push("awake");
      };
      await a.loop.round();
      const after = a.did.slice(a.did.indexOf("awake") + 1);
      expect(after.filter((did) => !did.startsWith("observe") && did !== "holder false")).to.deep.equal([]);
      expect(b.did.filter((did) => did === "deletePod")).to.have.length(2);
      await a.lease.tick();
      await a.loop.round();
      expect(a.did.filter((did) => did === "deletePod")).to.have.length(0);
    });
  }

  it("wakes up late with an order that another one has overruled: the gate doesn't hear it", async () => {
    const message = {
      podUid: "p",
      podName: "etcd-0",
      disk: { state: "empty" as const },
      aside: [],
      held: false,
    };
    const heard: string[] = [];
    const asker = (who: string): PendingRequest => ({
      knownTag: undefined,
      sinceMs: 0,
      send: (order) => heard.push(`${who}: ${order.kind}`),
      keepAlive: () => heard.push(`${who}: sign of life`),
      drop: () => heard.push(`${who}: ask again`),
    });
    const orders: Decision["orders"] = { p: { kind: "birth", token: "t", initialCluster: "x" } };
    a.decision = { ...quiet, converged: undefined, orders };
    const lost = asker("lost");
    a.room.ask(message, lost, 0);
    a.room.reports(0);
    // Its gate hung up: the order is left over.
    a.room.leave("p", lost, 0);
    await a.loop.round();
    expect(heard).to.deep.equal([]);
    server.nowMs += 20_000;
    await b.lease.tick();
    await b.loop.round();
    // It wakes up with the gate's next question, before its loop or its lease has looked at the clock.
    a.room.ask(message, asker("late"), 0);
    a.room.tick(10_000);
    expect(heard).to.deep.equal(["late: ask again"]);
  });

  for (const place of ["observe", "record", "recorded"]) {
    it(`had the lease again before it woke up (at: ${place}): it does nothing with what it saw before`, async () => {
      a.at = async (here) => {
        if (here !== place) return;
        a.at = () => Promise.resolve();
        server.nowMs += 20_000;
        await b.lease.tick();
        await b.loop.round();
        await b.lease.release();
        await a.lease.tick();
        expect(a.lease.leftMs()).to.equal(10_000);
        a.did.push("awake");
      };
      await a.loop.round();
      const after = a.did.slice(a.did.indexOf("awake") + 1);
      expect(after.filter((did) => !did.startsWith("observe") && did !== "holder false")).to.deep.equal([]);
      await a.loop.round();
      expect(a.did.filter((did) => did === "deletePod")).to.have.length(1);
    });
  }

  it("orders of an earlier term of its own are told to nobody", async () => {
    const message = {
      podUid: "p",
      podName: "etcd-0",
      disk: { state: "empty" as const },
      aside: [],
      held: false,
    };
    const heard: string[] = [];
    const asker: PendingRequest = {
      knownTag: undefined,
      sinceMs: 0,
      send: (order) => heard.push(order.kind),
      keepAlive: () => heard.push("sign of life"),
      drop: () => heard.push("ask again"),
    };
    a.decision = { ...quiet, orders: { p: { kind: "birth", token: "t", initialCluster: "x" } } };
    a.room.ask(message, asker, 0);
    a.room.reports(0);
    a.room.leave("p", asker, 0);
    await a.loop.round();
    server.nowMs += 20_000;
    await b.lease.tick();
    await b.lease.release();
    await a.lease.tick();
    a.room.ask(message, asker, 0);
    expect(heard).to.deep.equal(["ask again"]);
    a.decision = quiet;
    await a.loop.round();
    a.room.ask(message, asker, 0);
    expect(heard).to.deep.equal(["ask again"]);
  });

  it("with two of it on one cluster, one acts", async () => {
    const acted: string[] = [];
    for (const p of [a, b]) {
      p.at = (place) => {
        if (place === "act") acted.push(p === a ? "a" : "b");
        return Promise.resolve();
      };
    }
    for (let round = 0; round < 30; round++) {
      // The first one is cut off for a while, twice.
      const cutOff = (round > 5 && round < 12) || (round > 18 && round < 25);
      server.nowMs += 3000;
      if (!cutOff) await a.lease.tick();
      await b.lease.tick();
      const before = acted.length;
      await Promise.all([a.loop.round(), b.loop.round()]);
      expect(new Set(acted.slice(before)).size, `round ${round}`).to.be.lessThan(2);
    }
    expect(new Set(acted)).to.deep.equal(new Set(["a", "b"]));
  });

  it("ends when it is told to, and gives the gates up", async () => {
    a.decision = quiet;
    const running = a.loop.run();
    await until("a first round", () => a.did.includes("answer"));
    a.loop.stop();
    await running;
    expect(a.did.at(-1)).to.equal("holder false");
  });

  describe("between two rounds", () => {
    let running: Promise<void>;
    const rounds = () => a.did.filter((did) => did.startsWith("observe")).length;
    /** Nothing but promises is waited for in a round. */
    const passes = async (ms: number) => {
      mock.timers.tick(ms);
      await new Promise((resolve) => setImmediate(resolve));
    };
    beforeEach(async () => {
      mock.timers.enable({ apis: ["setTimeout"] });
      a.decision = quiet;
      let failures = 0;
      a.at = () => {
        if (failures++ === 0) throw new Error("the API server is gone");
        return Promise.resolve();
      };
      running = a.loop.run();
      await passes(0);
    });
    afterEach(async () => {
      a.loop.stop();
      for (let i = 0; i < 2; i++) await passes(10_000);
      mock.timers.reset();
      await running;
    });

    it("waits a second after one that failed, and goes on", async () => {
      await passes(50);
      await passes(949);
      expect(rounds()).to.equal(0);
      await passes(1);
      expect(rounds()).to.equal(1);
    });

    it("sleeps no longer than until it is woken", async () => {
      await passes(50);
      a.loop.wake();
      await passes(0);
      expect(rounds()).to.equal(1);
    });

    it("takes a breath all the same, for several events come at once", async () => {
      a.loop.wake();
      await passes(49);
      expect(rounds()).to.equal(0);
      await passes(1);
      expect(rounds()).to.equal(1);
    });
  });
});
