import fc from "fast-check";
import { USUAL } from "./faults";
import { STORAGE } from "./faults/disks";
import type { Story } from "./story";

const eventFields = (ticks: number) => ({ a: fc.nat(30), b: fc.nat(30), ticks: fc.nat(ticks) });
const eventOf = (faults: readonly string[], ticks: number) =>
  fc.record({ fault: fc.constantFrom(...faults), ...eventFields(ticks) });

const CONTROL = ["controllerDies", "controllerStarts", "controllerSlow", "controllerFreezes"];
const DISKS = [
  "deleteDirectoryInPlace",
  "nodeReturnsEmpty",
  "deleteLogInPlace",
  "deletePodAndClaim",
  "crash",
  "deletePod",
  "allNodesReboot",
];

const anything: fc.Arbitrary<Story> = fc.record({
  seed: fc.nat(1_000_000),
  members: fc.constantFrom(1, 3, 3, 3, 5),
  nodeLossGraceSeconds: fc.constantFrom(undefined, 30),
  warmUp: fc.constantFrom(0, 3, 10, 40, 60),
  events: fc.array(eventOf(Object.keys(USUAL), 14), { maxLength: 25 }),
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
  // The longer grace exceeds the time that Kubernetes leaves pods on a lost node, so that a replacement that
  // comes too early is seen.
  nodeLossGraceSeconds: fc.constantFrom(10, 120),
  warmUp: fc.constant(30),
  events: fc.array(eventOf(["nodeDies", "nodeCut", "nodeDeleted", "drain", "nodesReturn", ...CONTROL], 40), {
    maxLength: 8,
  }),
});

/** What may happen before a disaster and while the declared rebuild runs. */
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
      /** Which member misses the last writes. It may be among the survivors. */
      behind: fc.nat(4),
      lag: fc.nat(6),
      between: fc.nat(12),
      /** One member can't be confirmed gone until its node is back. */
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

const MEANWHILE = ["deletePod", "allNodesReboot", "deletePodAndClaim", "declareSize", ...CONTROL];

const during = (faults: readonly string[], ticks: number, most: number): fc.Arbitrary<Story> =>
  fc.record({
    seed: fc.nat(1_000_000),
    members: fc.constantFrom(1, 3, 3, 5),
    nodeLossGraceSeconds: fc.constantFrom(undefined, 30),
    warmUp: fc.constantFrom(10, 40, 60),
    events: fc.array(eventOf([...faults, ...faults, ...MEANWHILE], ticks), { maxLength: most }),
  });

const clocks = during(
  [
    "clockIsSet",
    "clockIsSetALittle",
    "nodeDies",
    "nodeCut",
    "nodesReturn",
    "rollBackDisk",
    "declareTemplate",
  ],
  20,
  14,
);
const failing = during(
  ["requestsFail", "answersAreLost", "requestsWorkAgain", "crash", "breakWal", "declareTemplate", "nodeDies"],
  14,
  14,
);
const space = during(["volumeFills", "spaceIsMade", "worksSlowly", "slowSnapshots", "breakWal"], 14, 12);
const oldRecords = during(["oldRecordPutBack"], 20, 8);

/** All volumes are replaced by others or by older copies, and a recovery is declared. */
const storage: fc.Arbitrary<Story> = fc
  .record({
    seed: fc.nat(1_000_000),
    members: fc.constantFrom(1, 3, 3, 5),
    warmUp: fc.constantFrom(40, 60, 80),
    before: fc.array(trouble, { maxLength: 3 }),
    how: fc.record({ ...eventFields(12), fault: fc.constantFrom(...Object.keys(STORAGE)) }),
    meanwhile: fc.array(trouble, { maxLength: 5 }),
  })
  .map(({ seed, members, warmUp, before, how, meanwhile }) => ({
    seed,
    members,
    warmUp,
    events: [
      ...before,
      at("nodesReturn"),
      at("networkHeals", 0, 20),
      how,
      at("declareRecovery", 0, 30),
      ...meanwhile,
    ],
  }));

export interface Kind {
  /** Completes the sentence "a simulated cluster under random faults keeps its promises ...". */
  readonly title: string;
  readonly stories: fc.Arbitrary<Story>;
  /** The weight of this kind among all kinds. */
  readonly share: number;
}

export const KINDS: readonly Kind[] = [
  { title: "after every step and converges once the faults stop", stories: anything, share: 10 },
  { title: "in its first seconds, whatever happens to the disks", stories: firstSeconds, share: 8 },
  { title: "while disks change and the controller restarts", stories: changedDisks, share: 6 },
  { title: "while nodes fail and return", stories: lostNodes, share: 3 },
  { title: "while a lost quorum is recovered", stories: disasters(true), share: 4 },
  { title: "while a backup is restored", stories: disasters(false), share: 2 },
  { title: "whatever the clocks of its machines say", stories: clocks, share: 3 },
  { title: "while requests fail, briefly or permanently", stories: failing, share: 3 },
  { title: "while volumes are full and members are slow", stories: space, share: 2 },
  { title: "when an old record is restored", stories: oldRecords, share: 2 },
  { title: "when the storage hands out other or older volumes", stories: storage, share: 2 },
];
