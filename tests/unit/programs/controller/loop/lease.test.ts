import { expect } from "chai";
import fc from "fast-check";
import { mock } from "node:test";
import { ApiError } from "../../../../../programs/shared/kubernetes/api";
import { Lease } from "../../../../../programs/controller/loop/lease";
import { ApiServer } from "../../../../support/api-server";

function leaseOf(
  server: ApiServer,
  identity: string,
  onWrite: () => Promise<void> = () => Promise.resolve(),
  slept: (forMs: number) => void = () => undefined,
) {
  const store = {
    lease: () => server.readLease(),
    writeLease: async (...[spec, version]: Parameters<ApiServer["writeLease"]>) => {
      await onWrite();
      const written = await server.writeLease(spec, version);
      await onWrite();
      return written;
    },
  };
  return new Lease(store, identity, server.clock, server.clock, () => undefined, slept);
}

describe("the lease", () => {
  it("is taken at once when nobody has it, and renewed", async () => {
    const server = new ApiServer();
    const a = leaseOf(server, "a");
    await a.tick();
    expect(a.leftMs()).to.equal(10_000);
    expect(server.lease?.spec).to.deep.include({
      holderIdentity: "a",
      leaseDurationSeconds: 15,
      leaseTransitions: 1,
    });
    expect(server.lease?.spec?.renewTime).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    server.nowMs += 5000;
    expect(a.leftMs()).to.equal(5000);
    await a.tick();
    expect(a.leftMs()).to.equal(10_000);
    expect(server.lease?.spec?.leaseTransitions).to.equal(1);
  });

  it("goes to another one only 15 s after that one last saw it change", async () => {
    const server = new ApiServer();
    const [a, b] = [leaseOf(server, "a"), leaseOf(server, "b")];
    await a.tick();
    await b.tick();
    expect(b.holder()).to.equal("a");
    server.nowMs += 14_999;
    await b.tick();
    expect([a.leftMs(), b.leftMs()]).to.deep.equal([0, 0]);
    server.nowMs += 1;
    await b.tick();
    expect(b.leftMs()).to.equal(10_000);
    await a.tick();
    expect([a.leftMs(), a.holder()]).to.deep.equal([0, "b"]);
  });

  it("goes to the next at once when it is given back", async () => {
    const server = new ApiServer();
    const [a, b] = [leaseOf(server, "a"), leaseOf(server, "b")];
    await a.tick();
    await b.tick();
    await a.release();
    expect(a.leftMs()).to.equal(0);
    await b.tick();
    expect(b.leftMs()).to.equal(10_000);
  });

  it("is taken back at once by a container that starts anew in the same pod", async () => {
    const server = new ApiServer();
    await leaseOf(server, "pod_uid").tick();
    const next = leaseOf(server, "pod_uid");
    await next.tick();
    expect(next.leftMs()).to.equal(10_000);
  });

  it("survives that somebody writes a label", async () => {
    const server = new ApiServer();
    const a = leaseOf(server, "a");
    await a.tick();
    await server.writeLease(server.lease?.spec, server.lease?.metadata.resourceVersion);
    server.nowMs += 5000;
    await a.tick();
    expect(a.leftMs()).to.equal(10_000);
  });

  it("goes to the next when its holder is gone, whoever writes a label every few seconds", async () => {
    const server = new ApiServer();
    const [a, b] = [leaseOf(server, "a"), leaseOf(server, "b")];
    await a.tick();
    for (let i = 0; i < 8; i++) {
      server.nowMs += 2000;
      await server.writeLease(server.lease?.spec, server.lease?.metadata.resourceVersion);
      await b.tick();
    }
    expect(b.leftMs()).to.equal(0);
    server.nowMs += 2000;
    await b.tick();
    expect([a.leftMs(), b.leftMs()]).to.deep.equal([0, 10_000]);
  });

  it("doesn't go to another one while its holder renews it, whatever the holder's clock tells", async () => {
    const server = new ApiServer();
    const [a, b] = [leaseOf(server, "a"), leaseOf(server, "b")];
    mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
    try {
      for (let i = 0; i < 20; i++) {
        await a.tick();
        await b.tick();
        server.nowMs += 5000;
      }
    } finally {
      mock.timers.reset();
    }
    expect(server.lease?.spec?.leaseTransitions).to.equal(1);
    expect(b.leftMs()).to.equal(0);
  });

  for (const [name, gone, status, words] of [
    ["it was deleted", true, 403, /^the Lease is gone, .*pulumi up --refresh/],
    ["nobody may write to it", false, 403, /^no controller has the Lease, and it can't be taken: no$/],
    ["each write is said to conflict", false, 409, /^no controller has the Lease, .*: no$/],
  ] as const) {
    it(`tells that no controller can act, once that is so: ${name}`, async () => {
      const server = new ApiServer();
      const [a, b] = [leaseOf(server, "a"), leaseOf(server, "b")];
      await a.tick();
      await b.tick();
      if (gone) server.lease = undefined;
      server.writeLease = () => Promise.reject(new ApiError(status, "No", "no"));
      for (let i = 0; i < 19; i++) {
        server.nowMs += 1000;
        await a.tick();
        await b.tick();
        expect([a.vacancy(), b.vacancy()]).to.deep.equal([undefined, undefined]);
      }
      server.nowMs += 13_000;
      await a.tick();
      await b.tick();
      expect(a.vacancy()).to.match(words);
      expect(b.vacancy()).to.match(words);
    });
  }

  it("tells nothing of the kind while another one has it, or may have it", async () => {
    const server = new ApiServer();
    const [a, b] = [leaseOf(server, "a"), leaseOf(server, "b")];
    await a.tick();
    await b.tick();
    const readLease = server.readLease.bind(server);
    for (let i = 0; i < 40; i++) {
      server.nowMs += 1000;
      await a.tick();
      server.readLease = () => Promise.reject(new ApiError(403, "Forbidden", "no"));
      await b.tick();
      server.readLease = readLease;
      expect([a.vacancy(), b.vacancy()]).to.deep.equal([undefined, undefined]);
    }
  });

  it("runs out while the API server can't be reached", async () => {
    const server = new ApiServer();
    const a = leaseOf(server, "a");
    await a.tick();
    server.reachable = false;
    server.nowMs += 9000;
    await a.tick();
    expect(a.leftMs()).to.equal(1000);
    server.nowMs += 1000;
    expect(a.leftMs()).to.equal(0);
    server.reachable = true;
    await a.tick();
    expect(a.leftMs()).to.equal(10_000);
  });

  it("tells when its holder stood still beyond it, and not when only the API server did", async () => {
    const server = new ApiServer();
    const slept: number[] = [];
    let onWrite = () => Promise.resolve();
    const a = leaseOf(
      server,
      "a",
      () => onWrite(),
      (forMs) => slept.push(forMs),
    );
    await a.tick();
    server.nowMs += 5000;
    await a.tick();
    // Late, and yet in time.
    server.nowMs += 9000;
    await a.tick();
    server.reachable = false;
    for (let i = 0; i < 20; i++) {
      server.nowMs += 1000;
      await a.tick();
    }
    expect(slept).to.deep.equal([]);
    server.reachable = true;
    server.nowMs += 2000;
    await a.tick();
    server.nowMs += 25_000;
    await a.tick();
    expect(slept, "between two renewals").to.deep.equal([20_000]);
    server.nowMs += 5000;
    onWrite = () => {
      server.nowMs += 30_000;
      onWrite = () => Promise.resolve();
      return Promise.resolve();
    };
    await a.tick();
    expect(slept, "in the middle of one").to.deep.equal([20_000, 21_000]);
    expect(a.leftMs()).to.equal(0);
  });

  it("is never counted on by two, whatever takes how long", async () => {
    const step = fc.record({
      who: fc.nat(2),
      what: fc.constantFrom("tick", "tick", "tick", "tick", "release", "touch", "restart"),
      before: fc.nat(9000),
      /** Passes, and the others work, while a write is on its way there, and on its way back. */
      delays: fc.tuple(fc.nat(20_000), fc.nat(20_000)),
      slow: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const server = new ApiServer();
        let delays: number[] = [];
        let depth = 0;
        const alone = () =>
          expect(leases.filter((l) => l.leftMs() > 0).length, "hold it at once").to.be.lessThan(2);
        const onWrite = async () => {
          server.nowMs += delays.shift() ?? 0;
          if (depth > 1 || delays.length === 0) return;
          depth += 1;
          for (const l of [...leases]) {
            await l.tick();
            alone();
          }
          depth -= 1;
        };
        const make = (i: number) => leaseOf(server, `holder-${i}`, onWrite);
        const leases = [make(0), make(1), make(2)];
        for (const { who, what, before, delays: taken, slow } of steps) {
          server.nowMs += before;
          delays = slow ? [...taken] : [];
          const lease = leases[who];
          if (what === "tick") await lease?.tick();
          else if (what === "touch") {
            await server.writeLease(server.lease?.spec, server.lease?.metadata.resourceVersion);
          } else {
            if (what === "release") await lease?.release();
            leases[who] = make(who);
          }
          alone();
        }
      }),
      { numRuns: 300, seed: 20261124 },
    );
  });
});
