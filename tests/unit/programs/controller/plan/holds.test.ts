/**
 * Every reason that keeps a disk from starting, and what ends it: the disk isn't an intact member, or the
 * world changes as the table says. Every new reason must be added to the table.
 */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import type { Order } from "../../../../../programs/shared/protocol";
import { plan } from "../../../../../programs/controller/plan";
import { emptyRecord } from "../../../../../programs/controller/plan/record";
import type { Change } from "../../../../support/worlds";
import {
  EMPTY,
  gated,
  idOf,
  keyOf,
  listed,
  NOW,
  remembered,
  report,
  silent,
  status,
  wal,
  world,
} from "../../../../support/worlds";

/** Not a member of the last known cluster, so nothing has to end it. */
const NOT_INTACT = "not intact";
/** Together the disks may lack acknowledged writes. Only a person can decide what to do, and the reason says how. */
const DIFFERENT_MOMENTS = "different moments";

interface Held {
  /** As in the source, up to the variable part. */
  readonly says: string;
  readonly order: Order["kind"];
  readonly ordinal?: number;
  readonly held: Change;
  readonly ends:
    typeof NOT_INTACT | typeof DIFFERENT_MOMENTS | { readonly by: string; readonly then: Change };
}

const three = [0, 1, 2];
const asks = (disk = wal(2)): Change => ({ pods: [gated(2)], gates: [report(2, disk)] });
const born = { seeding: { state: "seeding" as const, token: "t", podUid: "pod-0", claimUid: "claim-0" } };
const rebuild = { generation: 2, kind: "restore" as const, phase: "stopping" as const };
const declared = { generation: 2, rebuild: { kind: "restore" as const, url: "https://r", abandoned: [] } };
const first = (disk = EMPTY, more = {}): Change => ({
  record: { ...emptyRecord(1), birth: born.seeding },
  list: "none",
  pods: [gated(0, more)],
  gates: [report(0, disk)],
  statuses: three.map(silent),
});
const learner = remembered(2, {
  phase: "ordered",
  floor: 0,
  joinPodUid: "pod-2",
  joinListKey: keyOf(0, 1, 2),
});
const added = listed(2, { isLearner: true, name: "" });
const joining = (list: Change["list"], joinListKey = keyOf(0, 1, 2)): Change => ({
  ...asks(EMPTY),
  list,
  record: { members: [remembered(0), remembered(1), { ...learner, joinListKey }] },
});
const removing = { kind: "remove" as const, ordinal: 2, memberId: idOf(2), claimUid: "claim-2", atMs: NOW };

const table: readonly Held[] = [
  {
    says: "this volume was given up with its node",
    order: "refuse",
    held: {
      ...asks(),
      list: [listed(0), listed(1)],
      record: { members: [remembered(0), remembered(1)], abandoned: [{ ordinal: 2, claimUid: "claim-2" }] },
    },
    ends: NOT_INTACT,
  },
  {
    says: "it may be a copy",
    order: "wait",
    held: {
      record: { ...emptyRecord(1) },
      list: "none",
      pods: three.map((o) => gated(o)),
      gates: [90, 90, 95].map((lastIndex, o) => report(o, wal(o, { lastIndex, commit: lastIndex }))),
    },
    ends: DIFFERENT_MOMENTS,
  },
  {
    says: "not a member by the newest disk",
    order: "wait",
    held: {
      record: { ...emptyRecord(1) },
      list: "none",
      pods: three.map((o) => gated(o)),
      gates: [0, 1]
        .map((o) => report(o, wal(o, { voters: [idOf(0), idOf(1)] })))
        .concat(report(2, wal(2, { lastIndex: 1 }))),
    },
    ends: NOT_INTACT,
  },
  {
    says: "the disk is of generation",
    order: "refuse",
    held: asks(wal(2, { generation: 9 })),
    ends: NOT_INTACT,
  },
  {
    says: "it is stopped first",
    order: "wait",
    held: { ...asks(), desired: declared, record: { rebuild } },
    ends: { by: "the old generation is declared again", then: { desired: { generation: 1 } } },
  },
  {
    says: "waits for the first member",
    order: "wait",
    held: { ...asks(), desired: declared, record: { rebuild: { ...rebuild, phase: "building" } } },
    ends: { by: "the old generation is declared again", then: { desired: { generation: 1 } } },
  },
  {
    says: "its volume isn't the bootstrapped one",
    order: "wait",
    ordinal: 0,
    held: { ...first(wal(0, { voters: [idOf(0)] }), { claimUid: "claim-9" }) },
    ends: NOT_INTACT,
  },
  {
    says: "the bootstrap is of",
    order: "wait",
    ordinal: 0,
    held: first(wal(0, { generation: 0, voters: [idOf(0)] })),
    ends: NOT_INTACT,
  },
  {
    says: "its disk can't be read",
    order: "wait",
    ordinal: 0,
    held: first({ state: "broken", reason: "crc" }),
    ends: NOT_INTACT,
  },
  {
    says: "a bootstrap is ordered once per pod",
    order: "wait",
    ordinal: 0,
    held: {
      ...first(EMPTY, { uid: "pod-9" }),
      pods: [gated(0, { uid: "pod-9" }), gated(1), gated(2)],
      gates: [report(0, EMPTY, "pod-9")],
    },
    ends: NOT_INTACT,
  },
  {
    says: "its member was removed",
    order: "wait",
    held: {
      ...asks(),
      record: { members: [remembered(0), remembered(1)], removed: [idOf(2)] },
      list: "none",
    },
    ends: NOT_INTACT,
  },
  {
    says: "its member is being removed",
    order: "wait",
    held: {
      ...joining([listed(0), listed(1), added]),
      record: {
        members: [remembered(0), remembered(1), learner],
        intent: { ...removing, why: "failed-join" },
      },
    },
    ends: NOT_INTACT,
  },
  {
    says: "it holds another cluster's data",
    order: "wait",
    held: {
      ...asks(wal(2, { clusterId: "5" })),
      list: "none",
      record: { members: [remembered(0), remembered(1)] },
    },
    ends: NOT_INTACT,
  },
  {
    says: "waits for its turn",
    order: "wait",
    held: {
      ...asks(EMPTY),
      list: [listed(0), listed(1)],
      record: { members: [remembered(0), remembered(1)] },
    },
    ends: NOT_INTACT,
  },
  {
    says: "waits for a quorum to join",
    order: "wait",
    held: joining("none"),
    ends: { by: "a quorum", then: { list: [listed(0), listed(1), added] } },
  },
  {
    says: "it has joined before",
    order: "wait",
    held: joining([listed(0), listed(1), listed(2, { name: "" })]),
    ends: NOT_INTACT,
  },
  {
    says: "the member list has changed since it was added",
    order: "wait",
    held: { ...joining([listed(0), listed(1), added], "another"), desired: { paused: true } },
    ends: NOT_INTACT,
  },
];

describe("plan: a reason that keeps a disk fenced", () => {
  for (const { says, order, ordinal = 2, held, ends } of table) {
    it(`ends as the table says: "${says}", ${typeof ends === "string" ? ends : `until ${ends.by}`}`, () => {
      const uid = held.gates?.find((g) => g.podUid.startsWith("pod-"))?.podUid ?? "";
      const asked = held.gates?.length === 1 ? uid : `pod-${ordinal}`;
      const found = plan(world(3, held)).orders[asked];
      expect(found?.kind).to.equal(order);
      expect(JSON.stringify(found)).to.contain(says);
      if (ends === DIFFERENT_MOMENTS) expect(plan(world(3, held)).reason).to.contain("declare a recovery");
      if (typeof ends === "string") return;
      expect(plan(world(3, { ...held, ...ends.then })).orders[asked]?.kind).to.be.oneOf(["start", "join"]);
    });
  }

  it("is in the table if orders.ts has it", () => {
    const source = readFileSync("programs/controller/plan/orders.ts", "utf8");
    const reasons = [...source.matchAll(/hold\(([`"])(.*?)\1\)|reason: ([`"])(.*?)\3,/g)].map(
      ([, , held, , refused]) => held ?? refused ?? "",
    );
    expect(reasons.length).to.be.greaterThan(15);
    for (const reason of reasons) {
      const known = table.some(({ says }) => reason.includes(says));
      expect(known, reason).to.equal(true);
    }
  });

  it("never applies to an intact recorded member, whatever else is true of the cluster", () => {
    const healths: readonly Change["statuses"][] = [
      [],
      [silent(0)],
      [status(1, { linearizableRead: false })],
    ];
    for (const list of ["none", undefined] as const)
      for (const statuses of healths)
        for (const desired of [
          {},
          { paused: true },
          { members: 4 },
          { members: 1 },
          { generation: 2 },
          declared,
        ]) {
          const d = plan(world(3, { ...asks(), list, statuses, desired }));
          const order = d.orders["pod-2"];
          // A removal that is executed in this round needs nobody to start.
          const goes = d.action?.kind === "removeMember";
          if (!goes)
            expect(order?.kind, `${JSON.stringify({ list, desired })} ${d.reason}`).to.equal("start");
        }
  });
});
