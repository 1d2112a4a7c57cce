import { expect } from "chai";
import fc from "fast-check";
import { FAULTS } from "./simulation/faults";
import type { Story } from "./simulation/run";
import { play } from "./simulation/run";

const RUNS = Number(process.env.SIMULATION_RUNS ?? 240);

const eventOf = (faults: readonly string[], ticks: number) =>
  fc.record({ fault: fc.constantFrom(...faults), a: fc.nat(30), b: fc.nat(30), ticks: fc.nat(ticks) });

const CONTROL = ["controllerDies", "controllerStarts", "controllerSlow", "controllerFreezes"];
const DISKS = [
  "deleteDirectoryInPlace",
  "deleteLogInPlace",
  "deletePodAndClaim",
  "crash",
  "deletePod",
  "allNodesReboot",
];

const story: fc.Arbitrary<Story> = fc.record({
  seed: fc.nat(1_000_000),
  members: fc.constantFrom(1, 3, 3, 3, 5),
  nodeLossGraceSeconds: fc.constantFrom(undefined, 30),
  warmUp: fc.constantFrom(0, 3, 10, 40, 60),
  events: fc.array(eventOf(Object.keys(FAULTS), 14), { maxLength: 25 }),
});

const firstSeconds: fc.Arbitrary<Story> = fc.record({
  seed: fc.nat(1_000_000),
  members: fc.constantFrom(1, 3),
  warmUp: fc.nat(16),
  events: fc.array(eventOf([...DISKS, ...DISKS, ...CONTROL], 4), { maxLength: 10 }),
});

const changedDisks: fc.Arbitrary<Story> = fc.record({
  seed: fc.nat(1_000_000),
  members: fc.constantFrom(3, 5),
  warmUp: fc.constantFrom(40, 60),
  events: fc.array(
    eventOf(
      ["rollBackDisk", "claimFromOldCopy", "foreignDisk", "deletePod", "allNodesReboot", ...CONTROL],
      10,
    ),
    { maxLength: 10 },
  ),
});

const lostNodes: fc.Arbitrary<Story> = fc.record({
  seed: fc.nat(1_000_000),
  members: fc.constantFrom(3, 5),
  nodeLossGraceSeconds: fc.constant(10),
  warmUp: fc.constant(30),
  events: fc.array(eventOf(["nodeDies", "nodeCut", "nodeDeleted", "drain", "nodesReturn", ...CONTROL], 40), {
    maxLength: 8,
  }),
});

/** A disaster, what is declared for it, and trouble meanwhile. */
const trouble = eventOf(
  [
    "deletePod",
    "allNodesReboot",
    "crash",
    "restorePodLost",
    "scaleByHand",
    "nodeCut",
    "nodesReturn",
    ...CONTROL,
  ],
  8,
);
const at = (fault: string, a = 0, ticks = 0) => ({ fault, a, b: 0, ticks });
const disasters = (recovery: boolean): fc.Arbitrary<Story> =>
  fc
    .record({
      seed: fc.nat(1_000_000),
      members: recovery ? fc.constantFrom(3, 5, 5) : fc.constantFrom(1, 3, 3, 5),
      lost: recovery ? fc.constant("loseQuorum") : fc.constantFrom("loseAll", ""),
      before: fc.array(trouble, { maxLength: 2 }),
      /** One that has missed the last writes is among those that are left, or not. */
      behind: fc.nat(4),
      lag: fc.nat(6),
      between: fc.nat(12),
      /** One can't be confirmed gone until its node is back. */
      cut: fc.boolean(),
      meanwhile: fc.array(trouble, { maxLength: 8 }),
    })
    .map(({ seed, members, lost, before, behind, lag, between, cut, meanwhile }) => ({
      seed,
      members,
      warmUp: 60,
      events: [
        ...before,
        at("nodesReturn"),
        at("networkHeals", 0, 40),
        ...(lag > 0 ? [at("isolate", behind, lag)] : []),
        at("backUp"),
        at(lost, seed, 0),
        at("networkHeals", 0, between),
        ...(cut ? [at("nodeCut", behind)] : []),
        at(recovery ? "declareRecovery" : "declareRestore", 0, 30),
        ...meanwhile,
      ],
    }));

function holds(told: Story): void {
  const end = play(told);
  expect(end.violations.join("; "), "promises").to.equal("");
  if (end.mustConverge) expect(end.converged, `stuck: ${end.reason}`).to.equal(true);
}

function check(stories: fc.Arbitrary<Story>, numRuns: number): void {
  const seed = Number(process.env.SIMULATION_SEED ?? 20261124);
  fc.assert(fc.property(stories, holds), {
    numRuns,
    seed,
    endOnFailure: process.env.SIMULATION_SHRINK === "no",
  });
}

describe("a simulated cluster under random faults", function () {
  this.timeout(300_000);

  it("keeps its promises after every step and converges once the faults stop", () => {
    check(story, RUNS);
  });

  it("keeps them in its first seconds, whatever happens to the disks", () => check(firstSeconds, RUNS));

  it("keeps them while disks change behind a controller that comes and goes", () =>
    check(changedDisks, RUNS / 2));

  it("keeps them while nodes go and come back", () => check(lostNodes, RUNS / 4));

  it("keeps them while a lost quorum is recovered", () => check(disasters(true), RUNS / 3));

  it("keeps them while all is restored", () => check(disasters(false), RUNS / 6));

  const fault = (name: string, a = 1, b = 0, ticks = 12) => ({ fault: name, a, b, ticks });
  const stories: Readonly<Record<string, Omit<Story, "seed" | "killAt">>> = {
    "birth and growing": { members: 3, warmUp: 40, events: [] },
    "a replacement": { members: 3, warmUp: 30, events: [fault("deletePodAndClaim")] },
    "a broken disk": { members: 3, warmUp: 30, events: [fault("breakWal", 1, 0, 40)] },
    "growing and shrinking": {
      members: 3,
      warmUp: 30,
      events: [fault("declareSize", 2, 0, 50), fault("declareSize", 0, 0, 30)],
    },
    "a rollout": { members: 3, warmUp: 30, events: [fault("declareTemplate", 0, 2, 40)] },
    "a lost record": {
      members: 3,
      warmUp: 30,
      events: [fault("allNodesReboot", 0, 0, 0), fault("recordDeleted")],
    },
    "a recovery": {
      members: 3,
      warmUp: 40,
      events: [fault("loseQuorum", 0, 0, 4), fault("declareRecovery", 0, 0, 60)],
    },
    "a restore": {
      members: 3,
      warmUp: 40,
      events: [fault("backUp", 0, 0, 4), fault("declareRestore", 0, 0, 60)],
    },
    "a lost node": {
      members: 3,
      nodeLossGraceSeconds: 30,
      warmUp: 30,
      events: [fault("nodeDies", 1, 0, 90)],
    },
    "a deleted node": {
      members: 3,
      nodeLossGraceSeconds: 30,
      warmUp: 30,
      events: [fault("nodeDeleted", 1, 0, 60)],
    },
  };
  it("brings nobody up below the cluster's version when a step up is turned round at any moment", () => {
    const up = 2;
    const back = 0;
    // A slow controller has its last member up after some 35 ticks; when etcd compares versions is shifted by a start.
    for (let ticks = 33; ticks <= 42; ticks++) {
      for (let warmUp = 30; warmUp < 35; warmUp++) {
        const events = [
          // Much happens between what it sees and what it does.
          fault("controllerSlow", 0, 0, 0),
          fault("declareTemplate", 0, up, ticks),
          fault("declareTemplate", 0, back, 20),
        ];
        const end = play({ seed: 1, members: 3, warmUp, events });
        const when = `turned after ${warmUp} and ${ticks} ticks`;
        expect(end.violations.join("; "), when).to.equal("");
        expect(end.converged, `${when}, and stuck: ${end.reason}`).to.equal(true);
      }
    }
  });

  for (const [name, told] of Object.entries(stories)) {
    it(`converges when the controller dies at any single step of ${name}`, () => {
      const whole = play({ ...told, seed: 1 });
      expect(whole.steps, "writes and acts").to.be.greaterThan(4);
      for (let n = 0; n < whole.steps; n++) {
        for (const when of ["before", "after"] as const) {
          const end = play({ ...told, seed: 1, killAt: { n, when } });
          expect(end.violations.join("; "), `killed ${when} step ${n}`).to.equal("");
          expect(end.converged, `killed ${when} step ${n}: ${end.reason}`).to.equal(true);
        }
      }
    });
  }
});
