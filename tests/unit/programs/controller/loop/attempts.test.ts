import { expect } from "chai";
import { failing, nameOf } from "../../../../../programs/controller/model/acts";
import { Attempts } from "../../../../../programs/controller/loop/attempts";
import type { Action, Failure } from "../../../../../programs/controller/model";
import { withoutNumbers } from "../../../../../programs/controller/report/without-numbers";

const evict: Action = { kind: "evictPod", name: "etcd-1", uid: "u" };
const grow = (resourceVersion: string): Action => {
  return { kind: "growClaim", name: "data-etcd-0", uid: "c", resourceVersion, bytes: 20 };
};

describe("what this process tried", () => {
  let now: number;
  let attempts: Attempts;
  const fail = (action: Action, kind: Failure["kind"], tookMs = 0, words = "no") =>
    attempts.tried(action, { kind, words }, tookMs);
  const rests = () => attempts.seen().failed.some((f) => f.rests);
  /** How long it rests after each of many failures in a row. */
  const pauses = (kind: Failure["kind"], tookMs = 0) =>
    Array.from({ length: 12 }, () => {
      fail(evict, kind, tookMs);
      const from = now;
      while (rests()) now += 100;
      return now - from;
    });
  beforeEach(() => {
    now = 0;
    attempts = new Attempts(() => now);
  });

  it("is tried again ever more rarely: seconds at first, two minutes in the end", () => {
    const found = pauses("refused");
    expect(found.slice(0, 4)).to.deep.equal([400, 800, 1600, 3200]);
    expect(found.at(-1)).to.equal(120_000);
  });

  it("comes sooner where only somebody else has to be through, and at once where etcd asks for seconds", () => {
    expect(Math.max(...pauses("not-yet"))).to.equal(10_000);
    expect(Math.max(...pauses("unanswered"))).to.equal(30_000);
    expect(new Set(pauses("moment"))).to.deep.equal(new Set([400]));
  });

  it("leaves the others as much time as it hangs itself", () => {
    expect(Math.min(...pauses("unanswered", 8000))).to.equal(8000);
  });

  it("is the same act with another resourceVersion, and another one on another object", () => {
    fail(grow("1"), "refused");
    fail(grow("2"), "refused");
    fail({ ...grow("2"), uid: "other" } as Action, "refused");
    expect(attempts.seen().failed.map((f) => f.act)).to.have.length(2);
    attempts.tried(grow("3"), undefined, 0);
    expect(attempts.seen()).to.deep.include({ done: nameOf(grow("4")) });
    expect(attempts.seen().failed).to.have.length(1);
  });

  it("begins anew after a success, and after ten minutes in which nobody wanted it", () => {
    for (let i = 0; i < 8; i++) fail(evict, "refused");
    attempts.tried(evict, undefined, 0);
    fail(evict, "refused");
    now += 400;
    expect(rests()).to.equal(false);
    now += 600_001;
    expect(attempts.seen().failed).to.deep.equal([]);
  });

  it("is bounded", () => {
    for (let i = 0; i < 1000; i++) fail({ ...evict, uid: `u${i}` }, "refused");
    expect(attempts.seen().failed).to.have.length(100);
    expect(attempts.seen().failed.at(-1)?.act).to.contain("u999");
  });

  it("is told as one sentence, whichever try it was", () => {
    const refused = { kind: "refused", words: "quota 5 of 5 is used" } as const;
    const once = failing("data-etcd-0 grows to 2Gi", refused);
    expect(once).to.equal("data-etcd-0 grows to 2Gi, which fails: quota 5 of 5 is used");
    expect(failing(once, { ...refused, words: "a webhook" })).to.equal(
      "data-etcd-0 grows to 2Gi, which fails: a webhook",
    );
    expect(failing(once, { kind: "not-yet", words: "the budget" })).to.equal(
      "data-etcd-0 grows to 2Gi, which has to wait: the budget",
    );
    expect(withoutNumbers(failing("x", { ...refused, words: "quota 4 of 5 is used" }))).to.equal(
      withoutNumbers(failing("x", refused)),
    );
  });
});
