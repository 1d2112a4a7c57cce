import { expect } from "chai";
import { steadyClock } from "../../../../programs/shared/clock";
import { Lease } from "../../../../programs/controller/loop/lease";
import { ApiServer } from "../../../support/api-server";

const HOUR_MS = 3_600_000;

/** A machine: time that passes, its wall clock, and the clock of a process, which stops in a suspension. */
function machine() {
  const at = { own: 500, wall: 1_700_000_000_000 };
  const steady = steadyClock(
    () => at.own,
    () => at.wall,
  );
  const began = steady();
  return {
    passed: () => steady() - began,
    runs(ms: number) {
      at.own += ms;
      at.wall += ms;
    },
    suspended(ms: number) {
      at.wall += ms;
    },
    set(ms: number) {
      at.wall += ms;
    },
    tick(own: number, wall: number) {
      at.own += own;
      at.wall += wall;
    },
  };
}

describe("the steady clock", () => {
  it("never shows less than has passed, when the wall clock went ahead and came back", () => {
    const m = machine();
    m.set(HOUR_MS);
    expect(m.passed()).to.equal(HOUR_MS);
    m.runs(5000);
    m.set(-HOUR_MS);
    expect(m.passed()).to.equal(HOUR_MS + 5000);
    m.runs(5000);
    expect(m.passed()).to.equal(HOUR_MS + 10_000);
  });

  it("counts a suspension, also after the wall clock was set back", () => {
    const m = machine();
    m.set(-HOUR_MS);
    expect(m.passed()).to.equal(0);
    m.suspended(60_000);
    expect(m.passed()).to.equal(60_000);
  });

  it("doesn't run fast because the wall clock has whole milliseconds", () => {
    const m = machine();
    for (let i = 0; i < 30_000; i++) {
      m.tick(1 / 3, i % 3 === 2 ? 1 : 0);
      m.passed();
    }
    expect(m.passed()).to.be.within(9999, 10_001);
  });

  it("follows a wall clock that is slowed down or sped up", () => {
    const m = machine();
    for (let i = 0; i < 10_000; i++) {
      m.tick(1, i % 2 === 0 ? 0.9995 : 1.0005);
      m.passed();
    }
    expect(m.passed()).to.be.within(9999, 10_051);
  });
});

describe("the lease and the clocks", () => {
  it("a standby whose wall clock jumps ahead waits as long as any other", async () => {
    const server = new ApiServer();
    const now = { own: 0, wall: 0 };
    const lease = (identity: string) =>
      new Lease(
        {
          lease: () => server.readLease(),
          writeLease: (...[spec, version]) => server.writeLease(spec, version),
        },
        identity,
        steadyClock(
          () => now.own,
          () => now.wall,
        ),
        () => now.own,
        () => undefined,
        () => undefined,
      );
    const [holder, standby] = [lease("a"), lease("b")];
    await holder.tick();
    await standby.tick();
    now.wall += HOUR_MS;
    await standby.tick();
    expect(standby.leftMs()).to.equal(0);
    // The holder itself can't know that it was only a clock, and not its machine that slept.
    expect(holder.leftMs()).to.equal(0);
    now.own += 14_999;
    await standby.tick();
    expect(standby.leftMs()).to.equal(0);
    now.own += 1;
    await standby.tick();
    expect(standby.leftMs()).to.equal(10_000);
  });
});
