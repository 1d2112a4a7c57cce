import { expect } from "chai";
import type { Situation, Step } from "../../../../programs/gate/decide";
import { decide } from "../../../../programs/gate/decide";
import type { Order } from "../../../../programs/shared/protocol";
import type { Disk } from "../../../../programs/shared/disk";

const silenceMs = 5_000;

const wal: Disk = {
  state: "wal",
  memberId: "1",
  clusterId: "2",
  lastTerm: 3,
  lastIndex: 4,
  voters: ["1"],
  generation: 1,
  lastVersion: "3.6.16",
};
const empty: Disk = { state: "empty" };
const broken: Disk = { state: "broken", reason: "wrong checksum" };
const older: Disk = { ...wal, generation: 0 };
const used = (lastVersion: string): Disk => ({ ...wal, lastVersion });

const start: Order = { kind: "start", acceptVersion: true, dropAside: false };
const birth: Order = { kind: "birth", token: "t", initialCluster: "a=https://a:2380" };
const join = (setAside: boolean): Order => ({
  kind: "join",
  memberId: "9",
  initialCluster: "a=https://a:2380",
  setAside,
});
const silence = (forMs = silenceMs) => ({ kind: "silence" as const, forMs });

const say = (s: Partial<Situation>): Step =>
  decide({ disk: wal, held: false, generation: 1, version: "3.6.16", answer: silence(), silenceMs, ...s });

describe("what a gate does", () => {
  const cases: [string, Partial<Situation>, Partial<Step>, RegExp?][] = [
    ["start", { answer: start }, { kind: "start", dropAside: false }],
    [
      "start, and the old directory goes",
      { answer: { ...start, dropAside: true } },
      { kind: "start", dropAside: true },
    ],
    ["start lifts a hold", { answer: start, held: true }, { kind: "start" }],
    ["start, nothing there", { answer: start, disk: empty }, { kind: "ask", hold: false }, /holds no member/],
    ["start, broken", { answer: start, disk: broken }, { kind: "ask" }, /wrong checksum/],
    ["start, another generation's disk", { answer: start, disk: older }, { kind: "ask" }, /generation 0/],
    ["start, the step was judged", { answer: start, disk: used("3.7.0") }, { kind: "start" }],
    [
      "start, the step was not judged",
      { answer: { ...start, acceptVersion: false }, disk: used("3.7.0") },
      { kind: "ask" },
      /downgrade/,
    ],
    ["birth", { answer: birth, disk: empty }, { kind: "birth", token: "t" }],
    ["birth on a member", { answer: birth }, { kind: "ask" }, /holds member 1/],
    ["birth on what can't be read", { answer: birth, disk: broken }, { kind: "ask" }],
    ["join", { answer: join(false), disk: empty }, { kind: "join", setAside: false }],
    [
      "join, nothing to set aside any more",
      { answer: join(true), disk: empty },
      { kind: "join", setAside: false },
    ],
    ["join over a member", { answer: join(false) }, { kind: "ask" }, /holds member 1/],
    ["join, set aside first", { answer: join(true) }, { kind: "join", setAside: true }],
    [
      "join, set aside what can't be read",
      { answer: join(true), disk: broken },
      { kind: "join", setAside: true },
    ],
    [
      "wait",
      { answer: { kind: "wait", reason: "r", hold: false } },
      { kind: "ask", hold: false },
      /^waiting: r$/,
    ],
    ["wait and hold", { answer: { kind: "wait", reason: "r", hold: true } }, { kind: "ask", hold: true }],
    ["refuse", { answer: { kind: "refuse", reason: "r" } }, { kind: "ask", hold: true }, /^refused: r$/],
    ["silence", {}, { kind: "start", dropAside: false }],
    ["silence, not for long", { answer: silence(silenceMs - 1) }, { kind: "ask", hold: false }],
    ["silence, held", { held: true }, { kind: "ask" }, /the disk is fenced/],
    ["silence, nothing there", { disk: empty, answer: silence(1e9) }, { kind: "ask" }, /holds no member/],
    ["silence, broken", { disk: broken, answer: silence(1e9) }, { kind: "ask" }],
    [
      "silence, another generation's disk",
      { disk: older, answer: silence(1e9) },
      { kind: "ask" },
      /generation 0/,
    ],
    ["silence, a newer generation's disk", { disk: { ...wal, generation: 2 } }, { kind: "ask" }],
  ];
  for (const [name, situation, step, why] of cases) {
    it(name, () => {
      const found = say(situation);
      expect(found).to.include(step);
      if (why) expect(found).to.have.property("why").match(why);
    });
  }

  const mixed: Disk = { ...wal, oldEntry: 3 };
  for (const answer of [start, silence()]) {
    it(`${answer.kind}, and the log holds what 3.5 wrote: not with 3.7`, () => {
      const refused = say({ disk: mixed, version: "3.7.3", answer });
      expect(refused).to.include({ kind: "ask" });
      expect(refused)
        .to.have.property("why")
        .match(/entries of etcd 3\.5.*declare 3\.6 again/);
      expect(say({ disk: mixed, version: "3.6.16", answer }).kind).to.equal("start");
      expect(say({ disk: wal, version: "3.7.3", answer }).kind).to.equal("start");
    });
  }

  const steps: [from: string, to: string, allowed: boolean][] = [
    ["3.6.16", "3.6.16", true],
    ["3.6.16", "3.6.11", true],
    ["3.5.33", "3.6.16", true],
    ["3.5.26", "3.6.16", true],
    ["3.5.25", "3.6.16", false],
    ["3.6.11", "3.7.3", true],
    ["3.6.10", "3.7.3", false],
    ["3.5.33", "3.7.3", false],
    ["3.7.3", "3.6.16", false],
    ["3.6.16", "4.0.0", false],
    ["0.0.0", "3.6.16", false],
    ["", "3.6.16", false],
  ];
  for (const [from, to, allowed] of steps) {
    it(`by itself ${from || "an unknown version"} → ${to}: ${allowed ? "yes" : "no"}`, () => {
      expect(say({ disk: used(from), version: to }).kind).to.equal(allowed ? "start" : "ask");
    });
  }
});
