import { expect } from "chai";
import fc from "fast-check";
import { FAULTS } from "./simulation/faults";
import type { Story } from "./simulation/run";
import { play } from "./simulation/run";

const RUNS = Number(process.env.SIMULATION_RUNS ?? 400);

const event = fc.record({
  fault: fc.constantFrom(...Object.keys(FAULTS)),
  a: fc.nat(30),
  b: fc.nat(30),
  ticks: fc.nat(14),
});

const story: fc.Arbitrary<Story> = fc.record({
  seed: fc.nat(1_000_000),
  members: fc.constantFrom(1, 3, 3, 3, 5),
  nodeLossGraceSeconds: fc.constantFrom(undefined, 30),
  warmUp: fc.constantFrom(0, 3, 10, 40, 60),
  events: fc.array(event, { maxLength: 25 }),
});

function holds(told: Story): void {
  const end = play(told);
  expect(end.violations.join("; "), "promises").to.equal("");
  if (end.mustConverge) expect(end.converged, `stuck: ${end.reason}`).to.equal(true);
}

describe("a simulated cluster under random faults", function () {
  this.timeout(300_000);

  it("keeps its promises after every step and converges once the faults stop", () => {
    fc.assert(fc.property(story, holds), {
      numRuns: RUNS,
      seed: Number(process.env.SIMULATION_SEED ?? 20261124),
      endOnFailure: process.env.SIMULATION_SHRINK === "no",
    });
  });
});
