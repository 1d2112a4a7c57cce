import { expect } from "chai";
import type { Decision, Desired, World } from "../../../../../programs/controller/model";
import { Events } from "../../../../../programs/controller/report/events";
import { DecisionLog } from "../../../../../programs/controller/report/log";
import { Status } from "../../../../../programs/controller/report/status";
import { withoutNumbers } from "../../../../../programs/controller/report/without-numbers";
import { TrustStatus } from "../../../../../programs/controller/report/trust";
import { Verdict } from "../../../../../programs/controller/report/verdict";
import type { StatusData } from "../../../../../programs/controller/report/status-writer";

const decision = (reason: string, more: Partial<Decision> = {}): Decision => ({
  orders: {},
  reason,
  warnings: [],
  ...more,
});
const world: Pick<World, "desired" | "etcd" | "pods"> = {
  desired: { problem: "none" },
  pods: [],
  etcd: { list: { problem: "none" }, statuses: [], alarms: [] },
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("what the controller tells", () => {
  let now = 0;
  const clock = () => now;
  beforeEach(() => {
    now = 0;
  });

  describe("what all pods trust", () => {
    it("is told when it is news, and is kept while nothing can be said", async () => {
      const written: StatusData[] = [];
      const status = new TrustStatus(
        (data) => Promise.resolve(void written.push(data)),
        clock,
        () => undefined,
      );
      const said: Decision["trust"][] = [
        { agreed: "one" },
        { agreed: "one" },
        undefined,
        { problem: "refused: no" },
        undefined,
        { agreed: "two" },
      ];
      for (const trust of said) {
        status.show(decision("waits", { trust }));
        await settled();
        await settled();
      }
      expect(written.map((data) => data.agreed)).to.deep.equal(["one", "refused: no", "two"]);
    });
  });

  it("comes to a verdict when the declaration is reached or refused, and says so by its hash", async () => {
    const written: StatusData[] = [];
    const verdict = new Verdict(
      (data) => Promise.resolve(void written.push(data)),
      clock,
      () => undefined,
    );
    const desired = { hash: "h2" } as Desired;
    const pods = ["old", "new", "new"].map((revision) => ({ revision })) as unknown as World["pods"];
    const statefulSet = { updateRevision: "new", observed: true } as World["statefulSet"];
    const unseen = { updateRevision: "old", observed: false } as World["statefulSet"];
    for (const [seen, said] of [
      [{ ...world, statefulSet: undefined }, decision("waits")],
      [{ desired, pods, statefulSet: unseen }, decision("etcd-1 restarts")],
      [{ desired, pods: [], statefulSet }, decision("refused: no", { refused: "refused: no" })],
      [{ desired, pods, statefulSet }, decision("etcd-2 restarts", { refused: "refused: it can't shrink" })],
      [{ desired, pods, statefulSet }, decision("as declared", { converged: "h2" })],
    ] as const) {
      verdict.show(seen, said);
      await settled();
      await settled();
    }
    expect(written).to.deep.equal([
      { decided: "waits", refused: "", taken: "" },
      { decided: "etcd-1 restarts", refused: "", taken: "" },
      { decided: "h2", refused: "refused: no", taken: "0" },
      { decided: "h2", refused: "refused: it can't shrink", taken: "2" },
      { decided: "h2", refused: "", taken: "2" },
    ]);
  });

  describe("the status", () => {
    let written: StatusData[];
    let fails: boolean;
    let status: Status;
    const show = async (said: Decision) => {
      status.show(world, said);
      await settled();
      await settled();
    };
    beforeEach(() => {
      written = [];
      fails = false;
      const write = (data: StatusData) => {
        if (fails) return Promise.reject(new Error("no"));
        written.push(data);
        return Promise.resolve();
      };
      status = new Status(write, clock, () => undefined);
    });

    it("is the hash once it is reached, and the reason before", async () => {
      await show(decision("waits"));
      await show(decision("as declared", { converged: "h1" }));
      expect(written.map((d) => d.converged)).to.deep.equal(["waits", "h1"]);
      expect(written[1]?.reason).to.equal("as declared");
    });

    it("says which declaration is refused, and no longer once it isn't", async () => {
      const declared = { ...world, desired: { hash: "h2" } as Desired };
      status.show(declared, decision("refused: no", { refused: "refused: no" }));
      await settled();
      status.show(declared, decision("waits"));
      await settled();
      expect(written.map((d) => [d.declared, d.refused])).to.deep.equal([
        ["h2", "refused: no"],
        ["h2", ""],
      ]);
    });

    it("isn't written again while nothing changes, but for half a minute", async () => {
      for (let i = 0; i < 59; i++) {
        now += 1000;
        await show(decision("waits"));
      }
      expect(written).to.have.length(2);
      expect(written[1]).to.deep.equal(written[0]);
    });

    it("counts down every two seconds", async () => {
      for (let i = 10; i > 0; i--) {
        now += 500;
        await show(decision(`replaced in ${i} s`));
      }
      expect(written).to.have.length(3);
      await show(decision("something else"));
      expect(written).to.have.length(4);
    });

    it("is written once it can be, and then it is the last that counts", async () => {
      fails = true;
      await show(decision("one"));
      fails = false;
      status.show(world, decision("two"));
      status.show(world, decision("three"));
      await settled();
      await settled();
      expect(written.map((d) => d.reason)).to.deep.equal(["two", "three"]);
    });
  });

  describe("events", () => {
    let written: { type: string; reason: string; note: string; regarding: object }[];
    let events: Events;
    const target = { namespace: "ns", name: "etcd", uid: "u" };
    beforeEach(() => {
      written = [];
      const write = (event: object) => {
        written.push(event as (typeof written)[number]);
        return Promise.resolve();
      };
      events = new Events("me", write, clock, () => undefined);
    });

    it("are about the StatefulSet, one for each new reason", () => {
      events.report(target, decision("waits for 1 of 3"));
      events.report(target, decision("waits for 2 of 3"));
      events.report(target, decision("done", { converged: "h" }));
      events.report(target, decision("waits for 1 of 3"));
      expect(written.map((e) => [e.type, e.reason, e.note])).to.deep.equal([
        ["Normal", "Waiting", "waits for 1 of 3"],
        ["Normal", "Converged", "done"],
        ["Normal", "Waiting", "waits for 1 of 3"],
      ]);
      expect(written[0]?.regarding).to.deep.include({ kind: "StatefulSet", name: "etcd", uid: "u" });
    });

    it("warn of what lasts for a minute, every ten minutes", () => {
      for (now = 0; now < 1_000_000; now += 10_000) {
        events.report(target, decision("waits", { warnings: ["waits"] }));
      }
      const warnings = written.filter((e) => e.type === "Warning");
      expect(warnings).to.have.length(2);
    });

    it("warn of a refusal at once, and once", () => {
      for (let i = 0; i < 3; i++) {
        events.report(target, decision("refused: no", { refused: "refused: no", warnings: ["refused: no"] }));
      }
      expect(written.map((e) => [e.type, e.reason, e.note])).to.deep.equal([
        ["Warning", "Refused", "refused: no"],
        ["Normal", "Waiting", "refused: no"],
      ]);
    });

    it("warn without the UID, by which Pulumi would find old warnings", () => {
      events.report(target, decision("refused: no", { refused: "refused: no", warnings: ["refused: no"] }));
      const named = {
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        namespace: target.namespace,
        name: target.name,
      };
      expect(written.map((e) => [e.type, e.regarding])).to.deep.equal([
        ["Warning", named],
        ["Normal", { ...named, uid: target.uid }],
      ]);
    });

    it("never come as a flood", () => {
      const words = (i: number) => String.fromCharCode(97 + (i % 26)).repeat(1 + i / 26);
      for (let i = 0; i < 200; i++) events.report(target, decision(words(i)));
      expect(written).to.have.length(25);
      now += 30_000;
      for (let i = 200; i < 210; i++) events.report(target, decision(words(i)));
      expect(written).to.have.length(28);
    });

    it("tell what is true in the end, though too much was told before", () => {
      const words = (i: number) => String.fromCharCode(97 + i).repeat(3);
      for (let i = 0; i < 26; i++) events.report(target, decision(words(i)));
      for (let i = 0; i < 60; i++) {
        now += 1000;
        events.report(target, decision("the last reason"));
      }
      expect(written.map((e) => e.note).filter((note) => note === "the last reason")).to.have.length(1);
    });

    it("tell of an act that failed", () => {
      const action = { kind: "evictPod", name: "p", uid: "u" } as const;
      const reason = "p is restarted, which fails: no answer";
      events.report(target, decision(reason, { action }), { kind: "unanswered", words: "no answer" });
      // It waits for its next try, and then is tried once more.
      events.report(target, decision(reason, { warnings: [reason] }));
      events.report(target, decision(reason, { action, warnings: [reason] }));
      expect(written.map((e) => [e.type, e.reason, e.note])).to.deep.equal([
        ["Warning", "ActFailed", reason],
      ]);
    });

    it("warns of what can't be done yet only when that lasts", () => {
      const action = { kind: "evictPod", name: "p", uid: "u" } as const;
      const reason = "p is restarted, which has to wait: the budget";
      const budget = { kind: "not-yet", words: "the budget" } as const;
      const waits = decision(reason, { warnings: [reason] });
      for (now = 0; now < 59_000; now += 800) {
        events.report(target, decision(reason, { action, warnings: [reason] }), budget);
        events.report(target, waits);
      }
      expect(written.map((e) => [e.type, e.reason])).to.deep.equal([["Normal", "Waiting"]]);
      events.report(target, decision("p is there", { action }));
      for (const until = now + 61_000; now < until; now += 400) events.report(target, waits);
      const warnings = written.filter((e) => e.type === "Warning");
      expect(warnings.map((e) => [e.reason, e.note])).to.deep.equal([["NotAsDeclared", reason]]);
    });
  });

  const logged = () => {
    const lines: string[] = [];
    const line = (_more: object | string, text?: string) => lines.push(text ?? (_more as string));
    return { lines, log: new DecisionLog({ info: line, warn: line } as never, clock) };
  };

  it("logs acts that differ in the member alone, each once however often it is tried", () => {
    const { lines, log } = logged();
    const evict = (n: number, uid = "u") =>
      decision(`etcd-${n} is restarted at the declared revision`, {
        action: { kind: "evictPod", name: `etcd-${n}`, uid },
      });
    for (const n of [1, 1, 2, 2, 0]) log.decision(evict(n));
    log.decision(evict(0, "its next pod"));
    const grow = (resourceVersion: string) =>
      decision("data-etcd-0 grows", {
        action: { kind: "growClaim", name: "data-etcd-0", uid: "u", resourceVersion, bytes: 5 },
      });
    for (const version of ["1", "2", "3"])
      log.decision(grow(version), { kind: "changed", words: `conflict ${version}` });
    expect(lines).to.deep.equal([
      ...[1, 2, 0, 0].map((n) => `etcd-${n} is restarted at the declared revision`),
      "data-etcd-0 grows",
    ]);
  });

  it("logs a warning once, also one that comes and goes, and again after a while without it", () => {
    const { lines, log } = logged();
    for (let i = 0; i < 100; i++) {
      now += 10_000;
      log.decision(decision("waits", { warnings: i % 3 === 0 ? [] : ["etcd-1 crashes", "old version"] }));
    }
    now += 300_000;
    log.decision(decision("waits", { warnings: ["etcd-1 crashes"] }));
    expect(lines).to.deep.equal(["waits", "etcd-1 crashes", "old version", "etcd-1 crashes"]);
  });

  it("takes the same sentence with other numbers for the same, but not about another member", () => {
    for (const [a, b, same] of [
      ["has 1 of 100 entries", "has 99 of 100 entries", true],
      ["etcd-1 has 5 of 10", "etcd-1 has 6 of 12", true],
      ["etcd-1 has 5 of 10", "etcd-2 has 5 of 10", false],
      ["data-etcd-1 grows", "data-etcd-12 grows", false],
      ["my-2-0 leads", "my-2-1 leads", false],
      ["replaced in 59 s", "replaced in 8 s", true],
      ["runs etcd 3.6.14", "runs etcd 3.6.16", true],
    ] as const) {
      expect(withoutNumbers(a) === withoutNumbers(b), `${a} / ${b}`).to.equal(same);
    }
  });

  it("logs a line for a decision that is new, and none while idle", () => {
    const { lines, log } = logged();
    for (let i = 0; i < 100; i++) log.decision(decision("as declared", { converged: "h" }));
    for (let i = 0; i < 100; i++) log.decision(decision(`has ${i} of 100`, { warnings: ["old version"] }));
    log.problem("watch failed", new Error("gone"));
    log.problem("watch failed", new Error("gone"));
    expect(lines).to.deep.equal(["as declared", "old version", "has 0 of 100", "watch failed"]);
  });
});
