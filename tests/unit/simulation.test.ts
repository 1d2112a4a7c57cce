import { expect } from "chai";
import fc from "fast-check";
import type { Kind } from "../simulation/kinds";
import { KINDS } from "../simulation/kinds";
import { KEPT } from "../simulation/kept";
import { keepsPromises, play } from "../simulation/run";
import type { AtStep, Story } from "../simulation/story";

const RUNS = Number(process.env.SIMULATION_RUNS ?? 48);

const check = ({ stories, share }: Kind) =>
  fc.assert(fc.property(stories, keepsPromises), {
    numRuns: Math.ceil((RUNS * share) / 12),
    seed: Number(process.env.SIMULATION_SEED ?? 20261124),
    endOnFailure: process.env.SIMULATION_SHRINK === "no",
  });

describe("a simulated cluster under random faults", function () {
  this.timeout(300_000);

  for (const kind of KINDS) it(`keeps its promises ${kind.title}`, () => check(kind));

  for (const [title, story] of Object.entries(KEPT))
    it(`keeps its promises when ${title}`, () => keepsPromises(story));

  const fault = (name: string, a = 1, b = 0, ticks = 12) => ({ fault: name, a, b, ticks });
  const stories: Readonly<Record<string, Omit<Story, "seed" | "atStep">>> = {
    "a bootstrap and growth": { members: 3, warmUp: 0, events: [fault("networkHeals", 0, 0, 40)] },
    "a replacement": { members: 3, warmUp: 30, events: [fault("deletePodAndClaim")] },
    "a corrupt disk": { members: 3, warmUp: 30, events: [fault("breakWal", 1, 0, 40)] },
    "growth and shrinking": {
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
  it("starts no member below the cluster's version when an upgrade is reversed at any moment", () => {
    const up = 2;
    const back = 0;
    // A slow controller has its last member running after about 35 ticks. A shifted start shifts when etcd
    // compares versions.
    for (let ticks = 33; ticks <= 42; ticks++) {
      for (let warmUp = 30; warmUp < 35; warmUp++) {
        const events = [
          // A slow controller lets many things happen between its observation and its action.
          fault("controllerSlow", 0, 0, 0),
          fault("declareTemplate", 0, up, ticks),
          fault("declareTemplate", 0, back, 20),
        ];
        const end = play({ seed: 1, members: 3, warmUp, events });
        const when = `reversed after ${warmUp} and ${ticks} ticks`;
        expect(end.violations.join("; "), when).to.equal("");
        expect(end.converged, `${when}, and stuck: ${end.reason}`).to.equal(true);
      }
    }
  });

  /** Disturbs each step after the story's first fault in turn, alternately before and after it. */
  function eachStep(
    story: Omit<Story, "seed" | "atStep">,
    disturb: (n: number) => Omit<AtStep, "n" | "when"> = () => ({}),
    whens: (n: number) => readonly AtStep["when"][] = (n) => [n % 2 === 0 ? "before" : "after"],
  ) {
    const whole = play({ ...story, seed: 1 });
    expect(whole.steps - whole.stepsBefore, "writes and acts").to.be.greaterThan(1);
    for (let n = whole.stepsBefore; n < whole.steps; n++) {
      for (const when of whens(n)) {
        const atStep = { n, when, ...disturb(n) };
        const end = play({ ...story, seed: 1, atStep });
        const what = JSON.stringify(atStep);
        expect(end.violations.join("; "), what).to.equal("");
        if (atStep.fault === undefined) expect(end.mustConverge, what).to.equal(true);
        expect(end.converged || !end.mustConverge, `${what}: ${end.reason}`).to.equal(true);
      }
    }
  }

  /** The steps of a rebuild can't be repeated by a person, so both moments of each are tested. */
  const bothMoments = (): readonly AtStep["when"][] => ["before", "after"];
  for (const [name, story] of Object.entries(stories)) {
    const rebuilds = name === "a recovery" || name === "a restore";
    it(`converges when the controller dies at any single step of ${name}`, () =>
      eachStep(story, undefined, rebuilds ? bothMoments : undefined));
  }

  const meanwhile = [
    { fault: "restorePodLost" },
    { fault: "allNodesReboot" },
    { fault: "deletePod", a: 0 },
    { fault: "deletePodAndClaim", a: 0 },
    { fault: "nodeCut", a: 0 },
    { fault: "nodeReturnsEmpty", a: 1 },
    { fault: "scaleByHand", a: 0 },
    { fault: "recordDeleted" },
    { fault: "declareRestore" },
  ];
  for (const name of ["a recovery", "a restore"] as const) {
    it(`keeps its promises when something else happens at any single step of ${name}`, () => {
      const story = stories[name];
      if (story) eachStep(story, (n) => meanwhile[n % meanwhile.length] ?? {});
    });
  }
});
