/**
 * An outdated record. Whatever it says and whoever restarts then, no running member is stopped or fenced,
 * nothing is bootstrapped, and in the end the running members are recognized again.
 */
import { expect } from "chai";
import type { ControllerRecord, Decision, World } from "../../../../../programs/controller/model";
import type { Disk } from "../../../../../programs/shared/disk";
import { plan } from "../../../../../programs/controller/plan";
import { age } from "../../../../../programs/controller/plan/age";
import { emptyRecord } from "../../../../../programs/controller/plan/record";
import type { Change } from "../../../../support/worlds";
import {
  CLUSTER,
  gated,
  idOf,
  NOW,
  pod,
  remembered,
  report,
  silent,
  status,
  wal,
  world,
} from "../../../../support/worlds";

const three = [0, 1, 2];
const OLD = "17";
const was = (ordinal: number) => `90${ordinal}`;

/** A record of generation 1, which was another cluster. */
const first: Partial<ControllerRecord> = {
  generation: 1,
  birth: { state: "born", clusterId: OLD, sealed: true },
  members: three.map((o) => remembered(o, { memberId: was(o), floor: 5000 })),
  removed: undefined,
};
const making = (phase: "stopping" | "building", more = {}): Partial<ControllerRecord> => ({
  ...first,
  rebuild: { generation: 2, kind: "restore", phase, ...more },
});
const seeding: Partial<ControllerRecord> = {
  birth: { state: "seeding", token: "birth-pod-8", podUid: "pod-8", claimUid: "claim-0" },
  members: [],
};
const replaced = three.map((o) => remembered(o, { memberId: was(o), floor: 100 }));

/** Records beside a cluster of three members of the given generation. */
const records: readonly (readonly [string, number, Partial<ControllerRecord>])[] = [
  ["from the first seconds", 1, { ...seeding }],
  ["from before the first promotion", 1, { members: [remembered(0, { floor: 4 })] }],
  [
    "from an adoption",
    1,
    { birth: { state: "adopting", clusterId: CLUSTER, voters: [was(0)], start: [] }, members: [] },
  ],
  ["from before one member was replaced", 1, { members: [remembered(0), remembered(1), replaced[2]!] }],
  ["from before all members were replaced", 1, { members: replaced }],
  [
    "from before one member was replaced with a new volume",
    1,
    { members: [remembered(0), remembered(1), { ...replaced[2]!, claimUid: "claim-old" }] },
  ],
  ["from before a growth", 1, { members: [remembered(0, { floor: 50 })] }],
  ["from before a shrinking", 1, { members: [...three, 3, 4].map((o) => remembered(o, { floor: 100 })) }],
  [
    "with a withdrawn removal",
    1,
    {
      intent: {
        kind: "remove",
        ordinal: 2,
        memberId: idOf(2),
        claimUid: "claim-2",
        why: "shrink",
        atMs: NOW,
      },
    },
  ],
  ["from before a restore", 2, first],
  ["from a restore, while all members were stopped", 2, making("stopping")],
  ["from a restore, while the generation was made", 2, making("building")],
  [
    "from a restore, when the first member had the data",
    2,
    making("building", { seed: { jobPodUid: "job", sha256: "x" } }),
  ],
  [
    "from the bootstrap of a cluster with restored data",
    2,
    { ...emptyRecord(2), rebuild: { generation: 2, kind: "restore", phase: "building" } },
  ],
];

const rebuild = { kind: "restore" as const, url: "https://r:2383", abandoned: [] };
const declared = (generation: number) => ({ generation, ...(generation > 1 ? { rebuild } : {}) });
const own = (o: number, generation: number) => wal(o, { generation });

/** Runs rounds: each writes the record, and gates with an order to start are gone. */
function rounds(
  start: World,
  inspect: (d: Decision) => void,
): { readonly world: World; readonly last: Decision } {
  let now = start;
  for (let i = 0; i < 6; i++) {
    const d = plan(now);
    inspect(d);
    const started = (uid: string) => d.orders[uid]?.kind === "start";
    now = {
      ...now,
      record: d.record ?? now.record,
      gates: now.gates.filter((g) => !started(g.podUid)),
      pods: now.pods.map((p) => (started(p.uid) ? pod(p.ordinal, { generation: p.generation }) : p)),
    };
    if (!d.record) return { world: now, last: d };
  }
  throw new Error("it doesn't come to rest");
}

function harmless(d: Decision): void {
  expect(d.action?.kind, d.reason).to.not.be.oneOf(["removeMember", "deleteClaim", "deletePod", "promote"]);
  if (d.action?.kind === "setReplicas") expect(d.action.replicas).to.be.at.least(3);
  for (const order of Object.values(d.orders)) {
    expect(order.kind, d.reason).to.be.oneOf(["start", "wait"]);
    if (order.kind === "wait") expect(order.hold, `${order.reason}; ${d.reason}`).to.equal(false);
  }
  expect(d.record?.birth.state).to.not.equal("seeding");
  expect(d.record?.rebuild).to.equal(undefined);
}

for (const paused of [false, true]) {
  describe(`plan: an outdated record${paused ? " while paused" : ""}`, () => {
    for (const [name, generation, record] of records) {
      const base = (change: Change): World =>
        world(3, { ...change, desired: { ...declared(generation), paused }, record });
      const pods = (gates: readonly number[]) =>
        three.map((o) => (gates.includes(o) ? gated(o, { generation }) : pod(o, { generation })));

      it(`${name} does no harm beside the running cluster`, () => {
        const { world: end } = rounds(base({ pods: pods([]) }), harmless);
        const known = end.record as ControllerRecord;
        expect(known.birth).to.include({ state: "born", clusterId: CLUSTER });
        expect(known.generation).to.equal(generation);
        expect(known.members.map((m) => m.memberId)).to.deep.equal(three.map(idOf));
      });

      it(`${name} does no harm while one member restarts`, () => {
        const gates = [report(2, own(2, generation))];
        const started: string[] = [];
        rounds(base({ pods: pods([2]), gates }), (d) => {
          harmless(d);
          started.push(...Object.entries(d.orders).flatMap(([uid, o]) => (o.kind === "start" ? [uid] : [])));
        });
        expect(started).to.include("pod-2");
      });

      it(`${name} does no harm while all members restart`, () => {
        const gates = three.map((o) => report(o, own(o, generation)));
        const started = new Set<string>();
        const { world: silentWorld } = rounds(
          base({ pods: pods(three), gates, list: "none", statuses: three.map(silent) }),
          (d) => {
            harmless(d);
            for (const [uid, o] of Object.entries(d.orders)) if (o.kind === "start") started.add(uid);
          },
        );
        expect([...started].sort()).to.deep.equal(["pod-0", "pod-1", "pod-2"]);
        const lives = { ...base({ pods: pods([]) }), record: silentWorld.record };
        const known = rounds(lives, harmless).world.record as ControllerRecord;
        expect(known.birth).to.include({ state: "born", clusterId: CLUSTER });
        expect(known.members.map((m) => m.memberId)).to.deep.equal(three.map(idOf));
      });
    }
  });
}

describe("plan: no outdated record is assumed for", () => {
  const restored = wal(0, { generation: 2, voters: [idOf(0)], clusterId: "99", memberId: "98" });
  it("the first member of a generation that is being made", () => {
    const d = plan(
      world(3, {
        desired: declared(2),
        record: making("building", { seed: { jobPodUid: "job", sha256: "x" } }),
        list: "none",
        pods: three.map((o) => gated(o, { generation: 2 })),
        gates: [
          report(0, restored),
          ...[1, 2].map((o) => report(o, wal(o, { memberId: was(o), clusterId: OLD }))),
        ],
      }),
    );
    expect(d.orders["pod-0"]?.kind).to.equal("start");
    expect(d.orders["pod-1"]).to.include({ kind: "wait", hold: true });
    expect(d.record).to.equal(undefined);
  });
  it("a cluster of an undeclared generation beside intact members", () => {
    const disks = [0, 1].map((o) => report(o, wal(o, { memberId: was(o), clusterId: OLD, lastIndex: 6000 })));
    const d = plan(
      world(3, {
        desired: declared(1),
        record: first,
        list: "none",
        pods: three.map((o) => gated(o)),
        gates: [...disks, report(2, own(2, 2))],
      }),
    );
    expect(d.orders["pod-0"]?.kind).to.equal("start");
    expect(d.orders["pod-2"]).to.include({ kind: "wait", hold: true });
  });
  describe("a disk of the declared generation on an unrecorded volume, if", () => {
    const half = wal(0, { generation: 2, clusterId: "99", memberId: "98", voters: ["98"], lastIndex: 20 });
    const foreign = (o: number, voters = ["77"]) =>
      wal(o, { generation: 2, clusterId: "42", memberId: "77", voters });
    const two = [1, 2].map(idOf);
    const pair = [1, 2].map((o) => wal(o, { voters: two, lastIndex: 9000 }));
    const beside = (disks: readonly (Disk | undefined)[], change: Change = {}) =>
      world(3, {
        desired: declared(2),
        record: { members: [1, 2].map((o) => remembered(o)) },
        list: "none",
        pods: three.map((o) => gated(o)),
        gates: disks.flatMap((disk, o) => (disk ? [report(o, disk)] : [])),
        statuses: three.map(silent),
        ...change,
      });
    const expectKept = ({ record }: Decision) => {
      if (!record) return;
      expect(record.birth.state).to.equal("born");
      expect(record.members.map((m) => m.floor)).to.deep.equal([990, 990]);
    };
    const ready = (generation: number) => ({
      pod: { uid: "job", name: "etcd-restore-x" },
      report: {
        ...{ podUid: "job", generation, atMs: NOW, step: "ready" as const, sha256: "x" },
        ...{ memberId: "7", clusterId: "8", source: "a backup" },
      },
    });

    it("one recorded member is intact and the others' volumes were replaced: no generation is made, with a reason", () => {
      const record = { members: three.map((o) => remembered(o)) };
      const pods = [gated(0, { claimUid: "new-0" }), gated(1, { claimUid: "new-1" }), gated(2)];
      const d = plan(
        beside([foreign(0), { state: "empty" }, wal(2)], { record, pods, world: { restore: ready(2) } }),
      );
      expect(d.record?.rebuild).to.equal(undefined);
      expect(d.record?.birth.state ?? "born").to.equal("born");
      expect(d.reason).to.match(/don't show which.*delete claim data-etcd-0 and the pod/);
      expect(d.orders["pod-0"]?.kind).to.equal("wait");
    });

    for (const [name, disk] of [
      ["an unfinished generation", half],
      ["a foreign cluster", foreign(0)],
      ["a foreign cluster of several voters", foreign(0, ["77", "78"])],
    ] as const) {
      it(`a quorum of the recorded members is intact: it starts (${name})`, () => {
        const d = plan(beside([disk, ...pair]));
        for (const uid of ["pod-1", "pod-2"]) expect(d.orders[uid]?.kind, uid).to.equal("start");
        expect(d.orders["pod-0"]?.kind).to.equal("wait");
        expectKept(d);
      });
      it(`one recorded member is intact and the other's volume was replaced: nothing is adopted (${name})`, () => {
        const pods = [gated(0), gated(1), gated(2, { claimUid: "new-2" })];
        const d = plan(beside([disk, pair[0], { state: "empty" }], { pods }));
        expect(d.orders["pod-0"]?.kind).to.equal("wait");
        expectKept(d);
      });
    }

    it("one recorded disk wasn't read: no generation is made before that, with a reason", () => {
      const d = plan(beside([foreign(0), pair[0], undefined], { world: { restore: ready(2) } }));
      expect(d.action).to.equal(undefined);
      expectKept(d);
      expect(d.record?.rebuild).to.equal(undefined);
      expect(d.orders["pod-1"]?.kind).to.equal("start");
      expect(d.reason).to.match(/may be an old one.*waits for etcd-2\. If it is old, delete its ConfigMap/);
    });

    it("one recorded disk can't be read: it may be intact, and the same applies", () => {
      const broken = { state: "broken" as const, reason: "EIO" };
      const d = plan(beside([foreign(0), pair[0], broken], { world: { restore: ready(2) } }));
      expect([d.action, d.record?.rebuild]).to.deep.equal([undefined, undefined]);
      expectKept(d);
    });

    it("a generation is being made: no member starts before the others' disks were read", () => {
      const record = {
        members: [0, 1].map((o) => remembered(o)),
        ...{ rebuild: making("building").rebuild },
      };
      const d = plan(beside([undefined, undefined, foreign(2)], { record, world: { restore: ready(2) } }));
      expect([d.action, d.record]).to.deep.equal([undefined, undefined]);
      expect(d.orders["pod-2"]?.kind).to.equal("wait");
      const on = plan(beside([wal(0), wal(1), foreign(2)], { record, world: { restore: ready(2) } }));
      expect(on.record?.rebuild?.seed).to.deep.equal({ jobPodUid: "job", sha256: "x" });
      const seeded = { ...record, rebuild: on.record?.rebuild };
      const made = plan(beside([half, wal(1), foreign(2)], { record: seeded, world: { restore: ready(2) } }));
      expect(made.orders["pod-0"]?.kind).to.equal("start");
    });

    it("all members are being stopped for a generation: no pod is created for the disk", () => {
      const record = {
        members: [0, 1].map((o) => remembered(o)),
        ...{ rebuild: making("stopping").rebuild },
      };
      const pods = [0, 1].map((o) => pod(o, { ready: false, deleting: { graceMs: 30_000 } }));
      const d = plan(
        beside([undefined, undefined, foreign(2)], { record, pods: [...pods, gated(2)], replicas: 0 }),
      );
      expect(d.action).to.equal(undefined);
      expectKept(d);
      expect(d.record?.rebuild ?? record.rebuild).to.deep.equal(record.rebuild);
      expect(d.reason).to.match(/etcd-0 is being stopped/);
    });

    describe("both other members are away: the record keeps what it says of them", () => {
      const members = [0, 1].map((o) => remembered(o));
      const away = [0, 1].map((o) => pod(o, { ready: false, deleting: { graceMs: 30_000 } }));
      const seen = [undefined, undefined, foreign(2)];
      const change = { record: { members }, pods: [...away, gated(2)] };
      const both = [0, 1].map((o) => wal(o, { voters: [0, 1].map(idOf) }));
      const base = (generation: number, more: Change = {}) =>
        beside(seen, { ...change, ...more, desired: { ...declared(generation), nodeLossGraceSeconds: 600 } });
      const ages = Object.fromEntries(away.map((p) => [age.deleting(p.uid), 25_000]));
      const kept = { ordinal: 3, name: "data-etcd-3", uid: "claim-3" };
      const old = world(1).claims.map((c) => ({ ...c, ...kept }));
      const cases: readonly (readonly [string, Partial<World>, Partial<ControllerRecord>])[] = [
        ["with the ages of their stop", { ages }, {}],
        ["before pods are created for kept volumes", { claims: [...base(1).claims, ...old] }, {}],
        ["while a generation is made", { ages }, { rebuild: making("building").rebuild }],
      ];
      for (const [name, there, more] of cases) {
        for (const generation of more.rebuild ? [2] : [1, 2]) {
          it(`${name}, while generation ${generation} is declared`, () => {
            const w = { ...base(generation, { record: { members, ...more } }), ...there };
            const d = plan(w);
            if (!d.action) expect(d.record).to.not.equal(undefined);
            const record = (d.record ?? w.record) as ControllerRecord;
            expect(record.members).to.deep.equal(members);
            expect(record.rebuild).to.deep.equal(more.rebuild);
            const back = { pods: three.map((o) => gated(o)), desired: { generation } };
            const then = plan({ ...beside([...both, foreign(2)], { ...back, record }) });
            const kinds = [0, 1].map((o) => then.orders[`pod-${o}`]?.kind);
            if (!more.rebuild) expect(kinds).to.deep.equal(["start", "start"]);
          });
        }
      }
    });
  });

  it("a later disk on a recorded volume beside an intact quorum: no member starts, and the reason says what to decide", () => {
    const disks = [1, 2].map((o) => report(o, wal(o, { memberId: was(o), clusterId: OLD, lastIndex: 6000 })));
    const begun = {
      desired: declared(2),
      record: first,
      list: "none" as const,
      pods: three.map((o) => gated(o)),
    };
    const alone = wal(0, { generation: 2, voters: [idOf(0)] });
    const d = plan(world(3, { ...begun, gates: [report(0, alone), ...disks] }));
    expect([d.action, d.record]).to.deep.equal([undefined, undefined]);
    expect(Object.values(d.orders).map((o) => o.kind)).to.deep.equal(["wait", "wait", "wait"]);
    expect(d.reason).to.match(/may be an old one.*don't show which\. If it is old, delete its ConfigMap/);
    const back1 = plan(world(3, { ...begun, desired: declared(1), gates: [report(0, alone), ...disks] }));
    expect(back1.orders["pod-1"]?.kind).to.equal("start");
  });
  it("another cluster of the same generation: nothing changes, and its listed members may start", () => {
    const d = plan(world(3, { record: first, pods: [gated(2)], gates: [report(2, wal(2))] }));
    expect(d.reason).to.contain("nothing is touched");
    expect(d.orders["pod-2"]?.kind).to.equal("start");
    expect(d.action).to.equal(undefined);
  });
  it("two disks with one unrecorded ID: neither is started", () => {
    const d = plan(
      world(3, {
        record: { members: [remembered(0, { floor: 50 })] },
        list: "none",
        pods: three.map((o) => gated(o)),
        gates: [report(1, wal(1)), report(2, wal(1))],
      }),
    );
    for (const uid of ["pod-1", "pod-2"]) expect(d.orders[uid]?.kind).to.equal("wait");
  });
  it("a disk that ends before its recorded index: its member may have been removed", () => {
    const record = { members: [remembered(0, { floor: 5000 })] };
    const d = plan(world(3, { record, list: "none", pods: [gated(2)], gates: [report(2, wal(2))] }));
    expect(d.orders["pod-2"]?.kind).to.equal("wait");
  });
  it("an older declared generation beside running members: they may start, and the declaration is refused", () => {
    const members = three.map((o) => remembered(o));
    const record = { generation: 2, members };
    const d = plan(
      world(3, { desired: { generation: 1 }, record, pods: [gated(2)], gates: [report(2, own(2, 2))] }),
    );
    expect(d.refused).to.contain("generation is 1, and the members are of 2. Declare 2 again");
    expect(d.orders["pod-2"]).to.deep.include({ kind: "start", generation: 2 });
  });
});

describe("plan: a smaller size with an outdated record", () => {
  const before = { members: three.map((o) => remembered(o, { floor: 100 })) };
  const alone = {
    desired: { members: 1 },
    record: before,
    replicas: 1,
    pods: [gated(0)],
    list: "none" as const,
  };
  it("creates no pod beyond the declared size by itself", () => {
    const d = plan(world(1, { ...alone, gates: [report(0, wal(0, { voters: [idOf(0)] }))] }));
    expect(d.action).to.equal(undefined);
    expect(d.orders["pod-0"]?.kind).to.equal("start");
  });
  it("creates the pods that a member needs for its quorum", () => {
    const lonely = status(0, { leaderId: undefined, linearizableRead: false });
    const d = plan(world(1, { ...alone, pods: [pod(0, { ready: false })], statuses: [lonely] }));
    expect(d.action).to.include({ kind: "setReplicas", replicas: 3 });
  });
});

describe("plan: an adoption", () => {
  const lost = { ...emptyRecord(1) };
  const adopt = (disks: readonly ReturnType<typeof wal>[]) =>
    plan(
      world(3, {
        record: lost,
        list: "none",
        pods: three.map((o) => gated(o)),
        gates: disks.map((d, o) => report(o, d)),
      }),
    );
  it("starts a voter whose own disk doesn't have its promotion yet", () => {
    const two = [idOf(0), idOf(1)];
    const d = adopt(three.map((o) => wal(o, { voters: two })));
    expect(d.orders["pod-2"]?.kind).to.equal("start");
  });
  it("fences a removed member whose disk says that it is a voter", () => {
    const two = [idOf(0), idOf(1)];
    const d = adopt([wal(0, { voters: two }), wal(1, { voters: two }), wal(2, { lastIndex: 900 })]);
    expect(d.orders["pod-0"]?.kind).to.equal("start");
    expect(d.orders["pod-2"]).to.include({ kind: "wait", hold: true });
  });
  it("doesn't count learners for the quorum", () => {
    const many = [idOf(0), "71", "72"];
    const d = adopt(three.map((o) => wal(o, { voters: many })));
    expect(d.orders["pod-0"]?.kind).to.equal("wait");
    expect(d.reason).to.contain("1 of 3 found");
  });
});
