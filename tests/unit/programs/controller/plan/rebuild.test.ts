import { expect } from "chai";
import type {
  ControllerRecord,
  Decision,
  Desired,
  PodView,
  RestoreView,
  World,
} from "../../../../../programs/controller/model";
import type { RestoreReport } from "../../../../../programs/shared/protocol";
import type { Disk } from "../../../../../programs/shared/disk";
import { parseRecord, recordData } from "../../../../../programs/controller/model/record";
import { plan } from "../../../../../programs/controller/plan";
import { age } from "../../../../../programs/controller/plan/age";
import {
  CLUSTER,
  crashing,
  EMPTY,
  gated,
  idOf,
  listed,
  NOW,
  pod,
  remembered,
  report,
  silent,
  status,
  wal,
  world,
} from "../../../../support/worlds";

const URL = "https://etcd-restore.test.svc:2383";
const declared = (kind: "restore" | "recovery", abandoned: string[] = []): Partial<Desired> => ({
  generation: 2,
  rebuild: { kind, url: URL, abandoned },
});
const jobPod = { uid: "job", name: "etcd-restore-2-x" };
const receive: RestoreReport = { podUid: "job", generation: 2, atMs: NOW, step: "receive" };
const ready: RestoreReport = {
  podUid: "job",
  generation: 2,
  atMs: NOW,
  step: "ready",
  sha256: "abc",
  memberId: "7",
  clusterId: "8",
  source: "backup b",
};
const at = (said?: RestoreReport, problem?: string): RestoreView => ({
  pod: { ...jobPod, problem },
  report: said,
});
const rebuilding = (more: Partial<NonNullable<ControllerRecord["rebuild"]>> = {}) => ({
  rebuild: { generation: 2, kind: "recovery" as const, phase: "building" as const, ...more },
});
const survivor = {
  ordinal: 1,
  claimUid: "claim-1",
  memberId: idOf(1),
  lastTerm: 3,
  lastIndex: 1000,
  commit: 990,
};
const recordOf = (d: Decision) => d.record as ControllerRecord;

/** Two claims are new and empty, and the third one's member runs alone without a quorum. */
const twoLost = (more: Parameters<typeof world>[1] = {}): World =>
  world(3, {
    desired: declared("recovery"),
    list: "none",
    pods: [gated(0, { claimUid: "new-0" }), pod(1, { ready: false }), gated(2, { claimUid: "new-2" })],
    gates: [report(0, EMPTY), report(2, EMPTY)],
    statuses: [status(1, { leaderId: undefined, linearizableRead: false })],
    ...more,
    world: { restore: at(receive), ...more.world },
  });

/** All members were stopped, and the gates of their new pods report the disks. */
const back = (more: Parameters<typeof world>[1] = {}): World =>
  world(3, {
    desired: declared("recovery"),
    list: "none",
    pods: [0, 1, 2].map((o) => gated(o, o === 1 ? {} : { claimUid: `new-${o}` })),
    gates: [report(0, EMPTY), report(1, wal(1, { commit: 990 })), report(2, EMPTY)],
    record: rebuilding(),
    ...more,
    world: { restore: at(receive), ...more.world },
  });

describe("plan: a new generation", () => {
  describe("isn't begun", () => {
    const cases: [string, World, RegExp][] = [
      ["if no source is declared", world(3, { desired: { generation: 2 } }), /not what to make it from/],
      [
        "by a recovery while there is a quorum",
        world(3, { desired: declared("recovery"), world: { restore: at(receive) } }),
        /has its quorum. Remove the argument/,
      ],
      [
        "by a recovery while members are only down",
        world(3, {
          desired: declared("recovery"),
          list: "none",
          statuses: [silent(0), silent(1), silent(2)],
          world: { restore: at(receive) },
        }),
        /3 of 3 members may still be intact.*recovery\.abandonedMembers/,
      ],
      [
        "by a recovery while one claim is lost and one member is down",
        twoLost({
          pods: [gated(0, { claimUid: "new-0" }), pod(1, { ready: false }), pod(2, { ready: false })],
          gates: [report(0, EMPTY)],
          statuses: [silent(0), silent(2)],
        }),
        /2 of 3 members may still be intact \(etcd-1 .*; etcd-2 /,
      ],
      ["while there is no restore pod", twoLost({ world: { restore: undefined } }), /no restore pod yet/],
      [
        "while its pod fails, and the reason quotes its error",
        world(3, {
          desired: declared("restore"),
          world: { restore: at(undefined, "fetch failed: wrong hash") },
        }),
        /hasn't touched anything: etcd-restore-2-x: fetch failed: wrong hash\. Its Job stays as it was first declared: .* with generation 3/,
      ],
      [
        "while its pod rejects the declaration, and the reason says what to do",
        world(3, {
          desired: declared("restore"),
          world: {
            // Even if a later attempt finds the backup.
            restore: { ...at(ready), refusal: "etcd-restore-2-a: fetch failed: no such backup" },
          },
        }),
        /^refused: .*no such backup\. Declare what is right with generation 3, or generation 1 again/,
      ],
      [
        "while its pod still works",
        world(3, { desired: declared("restore"), world: { restore: at() } }),
        /works on the data/,
      ],
      [
        "on another pod's report",
        world(3, { desired: declared("restore"), world: { restore: at({ ...ready, podUid: "old" }) } }),
        /works on the data/,
      ],
      [
        "on a report for another generation",
        world(3, { desired: declared("restore"), world: { restore: at({ ...ready, generation: 1 }) } }),
        /works on the data/,
      ],
      [
        "by a recovery that would find no disk, and the reason names each member",
        twoLost({
          pods: [gated(0, { claimUid: "new-0" }), gated(1), gated(2, { claimUid: "new-2" })],
          gates: [
            report(0, EMPTY),
            report(1, { state: "broken", reason: "crc" }),
            report(2, wal(2, { clusterId: "5" })),
          ],
          statuses: [],
        }),
        /^refused: the recovery hasn't touched anything: no disk is left.*etcd-0 has no data; etcd-1 can't be read: crc; etcd-2 is of another cluster, 5\): declare a restore from a backup, with generation 3/,
      ],
      [
        "before the reason says whose disk a recovery will use",
        twoLost({ world: { restore: undefined } }),
        /no restore pod yet; it takes the disk of etcd-1, which runs, and has entries up to 1000 of term 3/,
      ],
      ["while paused", twoLost({ desired: { ...declared("recovery"), paused: true } }), /paused/],
    ];
    for (const [name, seen, reason] of cases) {
      it(name, () => {
        const decision = plan(seen);
        expect(decision.reason).to.match(reason);
        expect(decision.action).to.equal(undefined);
        expect(decision.record?.rebuild).to.equal(undefined);
        expect(decision.converged).to.equal(undefined);
      });
    }

    it("and the old generation keeps running and is repaired: its disks start in any pod", () => {
      const decision = plan(
        world(3, {
          desired: declared("restore"),
          pods: [gated(2)],
          gates: [report(2, wal(2))],
          world: { restore: at(undefined, "fetch failed") },
        }),
      );
      expect(decision.orders["pod-2"]).to.include({ kind: "start", generation: 1 });
    });

    it("a second time, whether the argument stays or is removed", () => {
      for (const rebuild of [declared("restore").rebuild, undefined]) {
        const decision = plan(
          world(3, {
            desired: { generation: 2, rebuild },
            record: { generation: 2 },
            world: { restore: at(ready) },
          }),
        );
        expect(decision.converged).to.equal("h");
        expect(decision.restore).to.deep.equal({ kind: "done" });
      }
    });

    it("if its number is lower than the present one", () => {
      expect(plan(world(3, { record: { generation: 2 } })).reason).to.match(
        /members are of 2. Declare 2 again/,
      );
    });
  });

  describe("that can't be begun yet doesn't block a corrected template", () => {
    const noImage = { state: "waiting" as const, waitingReason: "ImagePullBackOff", restarts: 0 };
    const stuck = (o: number, revision: string) => gated(o, { revision, gate: noImage });
    const waiting = (kind: "restore" | "recovery", pods: readonly PodView[]) =>
      plan(
        world(3, {
          desired: declared(kind),
          list: "none",
          pods,
          statuses: [silent(0), silent(1), silent(2)],
          world: { restore: at(undefined, "fetch failed: no such backup") },
        }),
      );
    for (const kind of ["restore", "recovery"] as const) {
      it(`${kind}: a pod that can't start is replaced`, () => {
        const d = waiting(
          kind,
          [0, 1, 2].map((o) => stuck(o, "bad")),
        );
        expect(d.action).to.include({ kind: "deletePod", name: "etcd-0", force: false });
      });
      it(`${kind}: a pod that waits in its gate or has the declared revision stays`, () => {
        const asks = [0, 1, 2].map((o) => gated(o, { revision: "bad" }));
        const gates = [0, 1, 2].map((o) => report(o, wal(o)));
        const d = plan(world(3, { desired: declared(kind), list: "none", pods: asks, gates }));
        expect(d.action).to.equal(undefined);
        expect(
          waiting(
            kind,
            [0, 1, 2].map((o) => stuck(o, "new")),
          ).action,
        ).to.equal(undefined);
      });
    }
  });

  describe("begins by stopping all members", () => {
    it("when a quorum of disks is lost", () => {
      const decision = plan(twoLost());
      expect(decision.action).to.equal(undefined);
      expect(recordOf(decision).rebuild).to.deep.equal({
        generation: 2,
        kind: "recovery",
        phase: "stopping",
      });
      expect(decision.reason).to.match(/stopped first; by what is known now, it takes the disk of etcd-1/);
    });

    it("when all disks are intact on unrecorded claims, and the reason names the newest", () => {
      const gates = [800, 900, 850].map((lastIndex, o) => report(o, wal(o, { lastIndex })));
      const decision = plan(
        twoLost({ pods: [0, 1, 2].map((o) => gated(o, { claimUid: `copy-${o}` })), gates, statuses: [] }),
      );
      expect(recordOf(decision).rebuild).to.include({ phase: "stopping" });
      expect(decision.reason).to.match(/it takes the disk of etcd-1, which ends with entry 900 of term 3/);
    });

    it("when the remaining disks weren't read yet, and the reason says so", () => {
      const seen = twoLost({ statuses: [silent(1)] });
      expect(plan(seen).reason).to.match(/whose disk it takes is known once it was looked at: etcd-1/);
    });

    it("when the last missing member was given up by name", () => {
      const seen = twoLost({
        desired: declared("recovery", ["etcd-2"]),
        pods: [gated(0, { claimUid: "new-0" }), pod(1, { ready: false }), pod(2, { ready: false })],
        gates: [report(0, EMPTY)],
        statuses: [silent(0), silent(2)],
      });
      expect(recordOf(plan(seen)).rebuild).to.include({ phase: "stopping" });
    });

    it("when a snapshot was verified, although the cluster is healthy", () => {
      const decision = plan(world(3, { desired: declared("restore"), world: { restore: at(ready) } }));
      expect(recordOf(decision).rebuild).to.deep.equal({ generation: 2, kind: "restore", phase: "stopping" });
    });

    const stopping = (more: Parameters<typeof world>[1] = {}) =>
      twoLost({ record: rebuilding({ phase: "stopping" }), ...more });

    it("and creates no pod", () => {
      const decision = plan(stopping());
      expect(decision.action).to.include({ kind: "setReplicas", replicas: 0 });
      expect(decision.orders["pod-0"]).to.include({ kind: "wait", hold: true });
    });

    it("and waits for each pod", () => {
      const leaving = { graceMs: 60_000 };
      const decision = plan(
        stopping({ replicas: 0, pods: [1, 2].map((o) => pod(o, { deleting: leaving })) }),
      );
      expect(decision.action).to.equal(undefined);
      expect(decision.reason).to.match(/being stopped/);
    });

    const hanging = { graceMs: 60_000 };
    const cutOff = (abandoned: string[], record: Partial<ControllerRecord> = {}) => {
      const seen = stopping({
        desired: declared("recovery", abandoned),
        replicas: 0,
        pods: [0, 1, 2].map((o) => pod(o)),
        record: { ...rebuilding({ phase: "stopping" }), ...record },
      });
      const ages = { [age.deleting("pod-2")]: 100_000 };
      return { ...seen, pods: [pod(2, { deleting: hanging })], gates: [], ages };
    };

    it("and names a pod that can't be confirmed gone", () => {
      const decision = plan(cutOff([]));
      expect(decision.action).to.equal(undefined);
      expect(decision.reason).to.match(/etcd-2 can't be confirmed gone.*node-2.*recovery\.abandonedMembers/);
    });

    it("until that member is given up, which is recorded with its volume first", () => {
      const first = plan(cutOff(["etcd-2"]));
      expect(first.action).to.equal(undefined);
      const given = { ordinal: 2, claimUid: "claim-2" };
      expect(recordOf(first).abandoned).to.deep.equal([{ ...given, untouched: true }]);
      const then = plan(cutOff(["etcd-2"], { abandoned: recordOf(first).abandoned }));
      expect(then.action).to.include({ kind: "deletePod", name: "etcd-2", force: true });
      expect(recordOf(then).abandoned).to.deep.equal([given]);
    });

    it("then deletes the given-up volumes, and only then creates pods", () => {
      const abandoned = [{ ordinal: 2, claimUid: "claim-2" }];
      const seen = { ...cutOff(["etcd-2"], { abandoned }), pods: [] };
      expect(plan(seen).action).to.include({ kind: "deleteClaim", name: "data-etcd-2", uid: "claim-2" });
      const deleting = seen.claims.map((c) => ({ ...c, deleting: c.ordinal === 2 }));
      expect(plan({ ...seen, claims: deleting }).reason).to.match(/data-etcd-2 is being deleted/);
      const gone = plan({ ...seen, claims: seen.claims.filter((c) => c.ordinal !== 2) });
      expect(recordOf(gone).rebuild).to.include({ phase: "building" });
    });

    it("and lets the old cluster continue if it is withdrawn before the data changed", () => {
      const decision = plan(stopping({ desired: { generation: 1 } }));
      expect(recordOf(decision)).to.have.property("rebuild", undefined);
    });
  });

  describe("from the remaining disks", () => {
    it("creates the pods", () => {
      expect(plan(back({ replicas: 0 })).action).to.include({ kind: "setReplicas", replicas: 3 });
    });

    it("waits until every disk was read", () => {
      const decision = plan(back({ gates: [report(0, EMPTY), report(1, wal(1))] }));
      expect(decision.reason).to.match(/every disk is looked at: etcd-2/);
      expect(decision.record).to.equal(undefined);
    });

    it("takes the disk with the newest last entry, by term before index", () => {
      const seen = back({
        pods: [0, 1, 2].map((o) => gated(o)),
        gates: [
          report(0, wal(0, { lastTerm: 3, lastIndex: 2000, commit: 995 })),
          report(1, wal(1, { lastTerm: 4, lastIndex: 1000, commit: 990 })),
          report(2, wal(2, { lastTerm: 3, lastIndex: 1500, commit: 1 })),
        ],
      });
      const passedOver = "etcd-0 ends with entry 2000 of term 3; etcd-2 ends with entry 1500 of term 3";
      const chosen = { ...survivor, lastTerm: 4, commit: 995, passedOver };
      expect(recordOf(plan(seen)).rebuild?.survivor).to.deep.equal(chosen);
    });

    const unfit: [string, ReturnType<typeof wal>][] = [
      ["is another cluster's", wal(1, { clusterId: "5" })],
      ["is an older generation's", wal(1, { generation: 0 })],
      ["is a learner's", wal(1, { voters: [idOf(0), idOf(2)] })],
      ["can't be read", { state: "broken", reason: "crc" }],
    ];
    for (const [name, disk] of unfit) {
      it(`takes no disk that ${name}`, () => {
        const gates = [report(0, EMPTY), report(1, disk), report(2, EMPTY)];
        const decision = plan(back({ gates }));
        expect(decision.record?.rebuild?.survivor).to.equal(undefined);
        expect(decision.reason).to.match(/no disk is left.*\(.*etcd-1 .*declare a restore.*generation 3/);
      });
    }

    const copies: [string, Parameters<typeof world>[1]][] = [
      ["on unrecorded claims", { pods: [0, 1, 2].map((o) => gated(o, { claimUid: `copy-${o}` })) }],
      [
        "that end before the recorded indexes",
        {
          pods: [0, 1, 2].map((o) => gated(o)),
          record: { ...rebuilding(), members: [0, 1, 2].map((o) => remembered(o, { floor: 90_000 })) },
        },
      ],
      [
        "in the place of another member",
        {
          pods: [0, 1, 2].map((o) => gated(o)),
          record: { ...rebuilding(), members: [0, 1, 2].map((o) => remembered(o, { memberId: `${o}` })) },
        },
      ],
    ];
    for (const [name, more] of copies) {
      it(`takes the newest of disks ${name}`, () => {
        const gates = [800, 900, 850].map((lastIndex, o) =>
          report(o, wal(o, { lastIndex, commit: lastIndex - 10 })),
        );
        const decision = plan(back({ gates, ...more }));
        expect(recordOf(decision).rebuild?.survivor).to.deep.include({
          ordinal: 1,
          lastIndex: 900,
          commit: 890,
        });
        expect(decision.reason).to.match(/Not taken: etcd-0 ends with entry 800 of term 3; etcd-2 ends with/);
      });
    }

    it("considers what a learner's disk knows as committed", () => {
      const gates = [
        report(0, EMPTY),
        report(1, wal(1, { commit: 990 })),
        report(2, wal(2, { commit: 997, voters: [idOf(0), idOf(1)] })),
      ];
      const decision = plan(back({ gates }));
      expect(recordOf(decision).rebuild?.survivor).to.include({ commit: 997 });
      expect(decision.reason).to.match(/etcd-2 is a learner's/);
    });

    const chosen = rebuilding({
      survivor: { ...survivor, ordinal: 2, claimUid: "new-2", memberId: idOf(2), lastIndex: 2000 },
    });
    const fewer: [string, Disk][] = [
      ["can't be read", { state: "broken", reason: "EIO", memberId: idOf(2) }],
      ["shows empty", EMPTY],
      ["ends earlier", wal(2, { lastIndex: 1500 })],
      ["is another member's", wal(2, { memberId: "9" })],
    ];
    for (const [name, disk] of fewer) {
      const gates = [report(0, EMPTY), report(1, wal(1)), report(2, disk)];
      const other = { ordinal: disk.state === "wal" && disk.memberId === idOf(2) ? 2 : 1 };
      const seen = (more: Parameters<typeof world>[1] = {}) => back({ gates, record: chosen, ...more });

      it(`waits for a chosen disk that ${name} before its upload, and says so`, () => {
        const decision = plan(seen());
        expect(decision.record).to.equal(undefined);
        expect(decision.orders["pod-1"]).to.include({ kind: "wait", hold: true });
        expect(decision.reason).to.match(
          /etcd-2's disk was chosen, with entry 2000 of term 3 .*name etcd-2 in recovery\.abandonedMembers: then/,
        );
      });

      it(`takes another disk if the chosen one ${name} and is given up`, () => {
        const named = plan(seen({ desired: declared("recovery", ["etcd-2"]) }));
        expect(recordOf(named).rebuild?.survivor).to.include(other);
        const all = seen();
        const claims = all.claims.map((c) => ({ ...c, deleting: c.ordinal === 2 }));
        expect(recordOf(plan({ ...all, claims })).rebuild?.survivor).to.include(other);
      });

      it(`doesn't need a chosen disk that ${name} after its upload`, () => {
        const come = at({ ...ready, revision: 4, keys: 2, from: chosen.rebuild.survivor });
        const decision = plan({ ...seen({ pods: [0, 1, 2].map((o) => gated(o)) }), restore: come });
        expect(recordOf(decision).rebuild?.survivor).to.include({ lastIndex: 2000 });
      });
    }

    it("takes another disk if the chosen one's claim is gone", () => {
      const gone = plan(
        back({ pods: [gated(0), gated(1), gated(2, { claimUid: "newer" })], record: chosen }),
      );
      expect(recordOf(gone).rebuild?.survivor).to.include({ ordinal: 1 });
    });

    const newer = wal(0, { lastTerm: 5, lastIndex: 900 });
    const late = (more: Parameters<typeof world>[1] = {}) =>
      back({ gates: [report(0, newer), report(1, wal(1)), report(2, EMPTY)], ...more });

    it("takes a newer disk that appears after another was chosen", () => {
      const decision = plan(late({ record: rebuilding({ survivor }) }));
      expect(recordOf(decision).rebuild?.survivor).to.include({ ordinal: 0, lastTerm: 5, lastIndex: 900 });
    });

    it("doesn't take data made from an older disk, unless member 0 has the order", () => {
      const from = { memberId: idOf(1), lastTerm: 3, lastIndex: 1000, commit: 1000 };
      const come = { restore: at({ ...ready, revision: 42, keys: 7, from }) };
      const decision = plan(late({ record: rebuilding({ survivor }), world: come }));
      expect(decision.record).to.equal(undefined);
      expect(decision.refused).to.match(/etcd-0's disk is newer .*900 of term 5.*with generation 3/);
      const seed = { jobPodUid: "job", sha256: "abc" };
      const told = plan(late({ record: rebuilding({ survivor, seed }), world: come }));
      expect(told.orders["pod-0"]).to.include({ kind: "seed" });
    });

    const reached = (floor: number, disk: Disk, more: Parameters<typeof world>[1] = {}) =>
      back({
        pods: [gated(0), gated(1), gated(2, { claimUid: "new-2" })],
        gates: [report(0, disk), report(1, wal(1)), report(2, EMPTY)],
        ...more,
        record: {
          ...rebuilding(),
          members: [remembered(0, { floor }), remembered(1), remembered(2, { floor: 9000 })],
        },
      });
    const unread: [string, Disk][] = [
      ["can't be read", { state: "broken", reason: "EIO", memberId: idOf(0) }],
      ["shows empty", EMPTY],
      ["shows another cluster", wal(0, { clusterId: "5" })],
    ];
    for (const [name, disk] of unread) {
      it(`waits for a recorded disk that had more than the best one and ${name}`, () => {
        const decision = plan(reached(1001, disk));
        expect(decision.record).to.equal(undefined);
        expect(decision.reason).to.match(
          /etcd-0's disk had reached entry 1001, .*name etcd-0 in recovery\.abandonedMembers/,
        );
        for (const passed of [
          reached(1000, disk),
          reached(1001, disk, { desired: declared("recovery", ["etcd-0"]) }),
        ])
          expect(recordOf(plan(passed)).rebuild?.survivor).to.include({ ordinal: 1 });
      });
    }

    it("says whose disk it waits for", () => {
      const pods = [gated(0), pod(1, { ready: false, unschedulable: "no node" }), gated(2)];
      const decision = plan(
        back({ pods, gates: [report(0, EMPTY), report(2, EMPTY)], record: rebuilding({ survivor }) }),
      );
      expect(decision.reason).to.match(
        /waits for a survivor's data; etcd-1, whose disk it is, can't be scheduled/,
      );
    });

    it("says why the survivor's disk isn't uploaded", () => {
      const problem = "its data can't be sent: connect ECONNREFUSED";
      const pods = [gated(0), gated(1, { gateProblem: problem }), gated(2)];
      const decision = plan(back({ pods, record: rebuilding({ survivor }) }));
      expect(decision.reason).to.match(
        /waits for a survivor's data; etcd-1, whose disk it is, its data can't be sent: connect ECONN/,
      );
    });

    it("says that only an earlier attempt's data is left", () => {
      const made2 = wal(0, { generation: 2, memberId: "7", clusterId: "8", voters: ["7"] });
      const decision = plan(
        back({
          desired: { ...declared("recovery"), generation: 3 },
          gates: [report(0, made2), report(1, EMPTY), report(2, EMPTY)],
          record: { rebuild: { generation: 3, kind: "recovery", phase: "building" } },
          world: { restore: at({ ...receive, generation: 3 }) },
        }),
      );
      expect(decision.refused).to.match(/generation 2, which was half made.*declare generation 2 again/);
    });

    describe("after an earlier recovery", () => {
      const had = {
        ...survivor,
        ordinal: 0,
        claimUid: "claim-0",
        memberId: idOf(0),
        lastTerm: 5,
        lastIndex: 9000,
      };
      const half = wal(0, { generation: 2, memberId: "7", clusterId: "8", voters: ["7"], lastTerm: 6 });
      const older = wal(1, { lastTerm: 4 });
      const third = (more: Parameters<typeof world>[1] = {}, names: string[] = []) =>
        back({
          desired: { ...declared("recovery", names), generation: 3 },
          pods: [gated(0), gated(1), gated(2, { claimUid: "new-2" })],
          gates: [report(0, half), report(1, older), report(2, EMPTY)],
          ...more,
          world: { restore: at({ ...receive, generation: 3 }) },
        });
      const seeded = rebuilding({ survivor: had, seed: { jobPodUid: "older", sha256: "abc" } });
      const begun = (before: typeof had = had) =>
        ({ rebuild: { generation: 3, kind: "recovery", phase: "building", before } }) as const;
      const words =
        /had chosen a log that ends with entry 9000 of term 5, which no disk has any more, .*declare generation 2 again, or name etcd-0 in recovery\.abandonedMembers/;

      it("doesn't prefer an older disk to its unfinished data", () => {
        const first = plan(third({ record: seeded }));
        expect(first.refused).to.match(words);
        expect(first.record).to.equal(undefined);
        const then = plan(third({ record: begun() }));
        expect(then.refused).to.match(words);
        expect(then.record).to.equal(undefined);
        // The same on a claim that is gone.
        expect(plan(third({ record: begun({ ...had, ordinal: 2, claimUid: "claim-2" }) })).refused).to.match(
          words,
        );
      });

      it("prefers the older disk if the unfinished data's member is named", () => {
        const first = recordOf(plan(third({ record: seeded }, ["etcd-0"])));
        expect(first.rebuild).to.deep.include({ generation: 3, phase: "stopping", before: had });
        const read = parseRecord(recordData(first)) as ControllerRecord;
        expect(read.rebuild).to.deep.equal(first.rebuild);
        const then = plan(third({ record: begun() }, ["etcd-0"]));
        expect(recordOf(then).rebuild?.survivor).to.include({ ordinal: 1, lastTerm: 4 });
      });

      it("prefers the disk that the unfinished data was made from", () => {
        const own = { ...had, ordinal: 1, claimUid: "claim-1", memberId: idOf(1) };
        const gates = [
          report(0, half),
          report(1, wal(1, { lastTerm: 5, lastIndex: 9000 })),
          report(2, EMPTY),
        ];
        const record = rebuilding({ survivor: own, seed: { jobPodUid: "older", sha256: "abc" } });
        expect(recordOf(plan(third({ gates, record }))).rebuild).to.include({ generation: 3 });
        const then = plan(third({ gates, record: begun(own) }));
        expect(recordOf(then).rebuild?.survivor).to.include({ ordinal: 1, lastIndex: 9000 });
      });

      it("waits for a chosen disk that can't be read", () => {
        const gates = [report(0, { state: "broken", reason: "EIO" }), report(1, older), report(2, EMPTY)];
        const then = plan(third({ gates, record: begun() }));
        expect(then.record).to.equal(undefined);
        expect(then.reason).to.match(/etcd-0's disk was chosen, with entry 9000 .*can't be read: EIO/);
      });

      it("keeps its choice recorded, whatever is begun after it", () => {
        const restore = { kind: "restore" as const, url: URL, abandoned: [] };
        const fourth = third({
          desired: { generation: 4, rebuild: restore },
          record: begun({ ...had, ordinal: 2 }),
        });
        const decision = plan({ ...fourth, restore: at({ ...ready, generation: 4 }) });
        expect(recordOf(decision).rebuild).to.deep.include({
          generation: 4,
          kind: "restore",
          before: { ...had, ordinal: 2 },
        });
      });
    });

    it("takes no disk that was given up", () => {
      const abandoned = [{ ordinal: 1, claimUid: "claim-1" }];
      const decision = plan(back({ record: { ...rebuilding(), abandoned } }));
      expect(decision.action).to.equal(undefined);
      expect(decision.refused).to.match(/no disk is left/);
      expect(decision.orders["pod-1"]).to.include({ kind: "refuse" });
    });

    it("orders the upload to the restore pod that asks, and fences all disks", () => {
      const decision = plan(back({ record: rebuilding({ survivor }) }));
      expect(decision.orders["pod-1"]).to.deep.equal({ kind: "lend", url: `${URL}/job` });
      expect(decision.orders["pod-0"]).to.include({ kind: "wait", hold: true });
      expect(decision.restore).to.deep.include({ kind: "wait", commit: 990, survivor });
    });

    it("says why an upload was rejected", () => {
      const said: RestoreReport = { ...receive, problem: "it was older" };
      const decision = plan(back({ record: rebuilding({ survivor }), world: { restore: at(said) } }));
      expect(decision.reason).to.match(
        /waits for a survivor's data, and what came was not taken: it was older/,
      );
    });

    it("orders no upload of a disk that isn't the survivor's any more", () => {
      const gates = [report(0, EMPTY), report(1, wal(1, { memberId: idOf(4) })), report(2, EMPTY)];
      const decision = plan(back({ gates, record: rebuilding({ survivor }) }));
      expect(decision.orders["pod-1"]).to.include({ kind: "wait", hold: true });
    });

    it("orders the upload first and the download afterwards if the survivor is member 0", () => {
      const own = { ...survivor, ordinal: 0, claimUid: "claim-0", memberId: idOf(0) };
      const pods = [0, 1, 2].map((o) => gated(o));
      const gates = [report(0, wal(0)), report(1, EMPTY), report(2, EMPTY)];
      const record = rebuilding({ survivor: own });
      expect(plan(back({ pods, gates, record })).orders["pod-0"]).to.include({ kind: "lend" });
      const seed = { jobPodUid: "job", sha256: "abc" };
      const then = plan(
        back({ pods, gates, record: rebuilding({ survivor: own, seed }), world: { restore: at(ready) } }),
      );
      expect(then.orders["pod-0"]).to.deep.equal({ kind: "seed", url: `${URL}/job`, sha256: "abc" });
    });
  });

  describe("is downloaded by member 0 alone", () => {
    const from = { memberId: idOf(1), lastTerm: 3, lastIndex: 1000, commit: 1000 };
    const saved: RestoreReport = { ...ready, revision: 42, keys: 7, from };
    const seeding = (more: Parameters<typeof world>[1] = {}) =>
      back({ record: rebuilding({ survivor }), world: { restore: at(saved) }, ...more });
    const written = { survivor, seed: { jobPodUid: "job", sha256: "abc" } };

    it("after that was recorded", () => {
      const first = plan(seeding());
      expect(recordOf(first).rebuild?.seed).to.deep.equal({ jobPodUid: "job", sha256: "abc" });
      const then = plan(seeding({ record: rebuilding(written) }));
      expect(then.orders["pod-0"]).to.deep.equal({ kind: "seed", url: `${URL}/job`, sha256: "abc" });
      expect(then.orders["pod-1"]).to.include({ kind: "wait", hold: true });
      expect(then.orders["pod-2"]).to.include({ kind: "wait", hold: true });
    });

    for (const [name, said, words] of [
      ["says nothing of the disk", ready, /doesn't say which disk/],
      ["is of another member's log", { ...saved, from: { ...from, memberId: idOf(0) } }, /made from a log/],
      ["ends before the survivor's log", { ...saved, from: { ...from, lastIndex: 999 } }, /up to entry 999/],
      ["is of another term", { ...saved, from: { ...from, lastTerm: 2 } }, /of term 2.*of term 3/],
      ["lacks what is known as committed", { ...saved, from: { ...from, commit: 989 } }, /990 is known/],
      ["is empty", { ...saved, revision: 0, keys: 0 }, /no data at all \(revision 0\)/],
    ] as const) {
      it(`but not if it ${name}`, () => {
        const decision = plan(seeding({ world: { restore: at(said) } }));
        expect(decision.refused).to.match(words);
        expect(decision.refused).to.match(/with generation 3, or generation 1 again/);
        expect(decision.record).to.equal(undefined);
        expect(decision.orders["pod-0"]).to.include({ kind: "wait", hold: true });
      });
    }

    it("but not after the restore pod rejected the result, and the reason quotes it", () => {
      const restore = { ...at(receive), refusal: "etcd-restore-2-a: save failed: no data at all" };
      const decision = plan(back({ record: rebuilding({ survivor }), world: { restore } }));
      expect(decision.refused).to.match(/generation 2 can't be made: .*no data at all/);
    });

    it("which gets the reason as long as it can't", () => {
      const gateProblem = "the restored data can't be taken: ENOSPC";
      const pods = [gated(0, { gateProblem }), gated(1), gated(2)];
      const decision = plan(seeding({ pods, record: rebuilding(written) }));
      expect(decision.reason).to.match(/etcd-0 takes the restored data, and can't yet: .*ENOSPC/);
      expect(plan(seeding({ record: rebuilding(written) })).reason).to.match(/takes the restored data$/);
    });

    it("whose pod is reported if it can't be placed", () => {
      const pods = [gated(0, { unschedulable: "no node fits" }), gated(1), gated(2)];
      const gates = [report(1, wal(1)), report(2, EMPTY)];
      const decision = plan(seeding({ pods, gates, record: rebuilding(written) }));
      expect(decision.reason).to.match(/etcd-0 can't be scheduled.*or name it in recovery\.abandonedMembers/);
    });

    it("from another restore pod only after that was recorded", () => {
      const decision = plan(
        seeding({
          record: rebuilding({ survivor, seed: { jobPodUid: "older", sha256: "abc" } }),
        }),
      );
      expect(recordOf(decision).rebuild?.seed).to.include({ jobPodUid: "job" });
    });

    it("which starts with the data, even when the restore pod is gone", () => {
      const gates = [report(0, wal(0, { generation: 2, memberId: "7", clusterId: "8", voters: ["7"] }))];
      const decision = plan(seeding({ gates, record: rebuilding(written), world: { restore: undefined } }));
      expect(decision.orders["pod-0"]).to.include({ kind: "start" });
      expect(decision.action).to.equal(undefined);
    });

    it("and can't be withdrawn any more", () => {
      const decision = plan(seeding({ desired: { generation: 1 }, record: rebuilding(written) }));
      expect(decision.reason).to.match(/half made/);
      expect(decision.orders["pod-0"]).to.include({ kind: "wait", hold: true });
    });

    it("unless a higher generation starts over", () => {
      const decision = plan(
        seeding({
          desired: { generation: 3, rebuild: { kind: "restore", url: URL, abandoned: [] } },
          record: rebuilding(written),
          world: { restore: at({ ...ready, generation: 3 }) },
        }),
      );
      expect(recordOf(decision).rebuild).to.deep.equal({
        generation: 3,
        kind: "restore",
        phase: "stopping",
        // An older release reads only that the field exists.
        seed: { jobPodUid: "job", sha256: "abc", generation: 2 },
        before: survivor,
      });
    });

    describe("and was left unfinished for a later generation", () => {
      const half = wal(0, { generation: 2, memberId: "7", clusterId: "8", voters: ["7"] });
      const seed = { jobPodUid: "older", sha256: "abc", generation: 2 };
      const third = { generation: 3, kind: "restore" as const, phase: "building" as const, seed };
      const gates = [report(0, half), report(1, wal(1)), report(2, EMPTY)];
      const job = { uid: "job-3", name: "etcd-restore-3-x" };
      const begun = (generation: number, more: Parameters<typeof world>[1] = {}) =>
        seeding({
          desired: { generation, rebuild: { kind: "restore", url: URL, abandoned: [] } },
          gates,
          record: { rebuild: third },
          world: { restore: { pod: job, report: { ...ready, podUid: job.uid, generation: 3 } } },
          ...more,
        });

      it("which no longer allows anything below the unfinished one", () => {
        const desired = { generation: 1, rebuild: undefined };
        const decision = plan(begun(1, { desired, world: { restore: undefined } }));
        expect(decision.record).to.equal(undefined);
        expect(decision.reason).to.match(/generation 2 is half made, 1 can't be.*declare 2, or a later/);
        for (const order of Object.values(decision.orders)) expect(order).to.include({ hold: true });
      });

      it("and may be declared again, without its restore pod too, and starts with its data", () => {
        const decision = plan(begun(2, { world: { restore: undefined } }));
        const then = recordOf(decision).rebuild;
        expect(then).to.deep.equal({
          generation: 2,
          kind: "restore",
          phase: "stopping",
          seed: { jobPodUid: "older", sha256: "abc" },
        });
        const building = { rebuild: { ...third, ...then, phase: "building" as const } };
        const end = plan(begun(2, { record: building, world: { restore: undefined } }));
        expect(end.orders["pod-0"]).to.include({ kind: "start" });
        expect(end.orders["pod-1"]).to.include({ kind: "wait", hold: true });
      });

      it("which is made and then can't be withdrawn", () => {
        const decision = plan(begun(3));
        expect(recordOf(decision).rebuild?.seed).to.deep.equal({ jobPodUid: "job-3", sha256: "abc" });
        expect(decision.orders["pod-0"]).to.include({ kind: "seed" });
      });

      it("and stays recorded, whatever is recorded of the later one before", () => {
        const record = { rebuild: { ...third, kind: "recovery" as const } };
        const restore = { pod: job, report: { ...receive, podUid: job.uid, generation: 3 } };
        const rebuild = { kind: "recovery" as const, url: URL, abandoned: [] };
        const decision = plan(
          begun(3, {
            desired: { generation: 3, rebuild },
            record,
            world: { restore },
            gates: [report(0, EMPTY), ...gates.slice(1)],
          }),
        );
        expect(recordOf(decision).rebuild).to.deep.include({ seed });
        expect(recordOf(decision).rebuild?.survivor).to.include({ ordinal: 1 });
        const fourth = plan(
          begun(4, {
            record: { rebuild: third },
            world: { restore: { pod: job, report: { ...ready, podUid: job.uid, generation: 4 } } },
          }),
        );
        expect(recordOf(fourth).rebuild).to.deep.include({ generation: 4, seed });
      });
    });

    const running = (more: Parameters<typeof world>[1] = {}) =>
      seeding({
        pods: [pod(0, { claimUid: "new-0" }), gated(1), gated(2, { claimUid: "new-2" })],
        gates: [report(1, wal(1)), report(2, EMPTY)],
        list: [listed(0, { memberId: "7" })],
        etcd: { list: { clusterId: "8", members: [listed(0, { memberId: "7" })] } },
        statuses: [status(0, { memberId: "7", clusterId: "8", leaderId: "7" })],
        record: rebuilding(written),
        ...more,
      });

    it("is done when member 0 is a voter of the new cluster, and the status describes the data", () => {
      const decision = plan(running());
      const record = recordOf(decision);
      expect(record).to.include({ generation: 2, rebuild: undefined });
      expect(record.birth).to.deep.equal({ state: "born", clusterId: "8", sealed: true });
      expect(record.members.map((m) => [m.ordinal, m.memberId, m.claimUid])).to.deep.equal([
        [0, "7", "new-0"],
      ]);
      expect(record.made?.words).to.match(
        /etcd-1's disk, up to its last entry 1000 of term 3; of 10 entries.*revision 42.*, 7 entries/,
      );
      expect(decision.restore).to.deep.equal({ kind: "done" });
      expect(decision.orders["pod-1"], "the old disk").to.include({ kind: "wait", hold: true });
    });

    it("isn't done while the old cluster answers", () => {
      const old = running({
        etcd: { list: { clusterId: CLUSTER, members: [listed(0)] } },
        statuses: [status(0)],
      });
      expect(plan(old).record?.generation ?? 1).to.equal(1);
    });

    it("lets the others join as new members and quarantines their old disks", () => {
      const made = recordOf(plan(running()));
      const seen = { ...running({ record: made }) };
      const add = plan(seen);
      expect(add.action).to.include({ kind: "addLearner", ordinal: 1 });
      const list = {
        clusterId: "8",
        members: [listed(0, { memberId: "7" }), listed(1, { memberId: "9", isLearner: true, name: "" })],
      };
      const joined = plan({ ...seen, record: recordOf(add), etcd: { ...seen.etcd, list } });
      expect(joined.orders["pod-1"]).to.include({ kind: "join", setAside: true });
    });
  });

  describe("follows the declared template meanwhile", () => {
    const old = { revision: "bad" };
    const pulling = { state: "waiting" as const, waitingReason: "ImagePullBackOff", restarts: 0 };
    const unpulled = (o: number, more: Partial<PodView> = {}) => gated(o, { gate: pulling, ...more });
    const restoring = (more: Parameters<typeof world>[1] = {}, seed = false) =>
      world(3, {
        desired: declared("restore"),
        list: "none",
        pods: [0, 1, 2].map((o) => gated(o)),
        gates: [1, 2].map((o) => report(o, wal(o))),
        statuses: [0, 1, 2].map(silent),
        ...more,
        record: rebuilding({
          kind: "restore",
          ...(seed ? { seed: { jobPodUid: "job", sha256: "abc" } } : {}),
        }),
        world: { restore: at(ready), ...more.world },
      });
    const gone = (o: number) => ({ kind: "deletePod", name: `etcd-${o}`, uid: `pod-${o}`, force: false });

    const exchanged: [string, World][] = [
      ["a pod whose image isn't there", restoring({ pods: [unpulled(0, old)], gates: [] })],
      [
        "a pod that fits no node",
        restoring({
          pods: [gated(0, { ...old, nodeName: undefined, gate: { state: "waiting", restarts: 0 } })],
        }),
      ],
      ["a pod whose gate fences its disk", restoring({ pods: [gated(1), gated(0, old)] })],
      [
        "a pod whose gate can't use its volume",
        restoring({ pods: [gated(0, { ...old, gateProblem: "EIO" })] }),
      ],
      [
        "the first pod, whose etcd crashes with the new data",
        restoring({ pods: [crashing(0, 9, old)] }, true),
      ],
      [
        "the first pod, which runs and never answers",
        restoring(
          { pods: [pod(0, { ...old, ready: false })], ages: { [age.unheard(pod(0))]: 60_000 } },
          true,
        ),
      ],
      [
        "the first pod, when its restore pod is gone",
        restoring({ pods: [crashing(0, 9, old)], world: { restore: undefined } }, true),
      ],
    ];
    for (const [name, seen] of exchanged) {
      it(`replaces ${name} and keeps its disk`, () => {
        const d = plan(seen);
        expect(d.action).to.deep.equal(gone(0));
        expect(d.record?.rebuild?.phase).to.equal("building");
      });
    }

    it("replaces a pod that waits beside the first one", () => {
      expect(plan(restoring({ pods: [unpulled(2, old)] })).action).to.deep.equal(gone(2));
      const recovers = back({ pods: [gated(0), gated(1, old), gated(2)] });
      expect(plan(recovers).action).to.deep.equal(gone(1));
    });

    const left: [string, World][] = [
      ["at the declared revision", restoring({ pods: [unpulled(0)] })],
      ["that is being deleted", restoring({ pods: [unpulled(0, { ...old, deleting: { graceMs: 1 } })] })],
      [
        "that starts",
        restoring(
          { pods: [pod(0, { ...old, ready: false })], ages: { [age.running(pod(0))]: 50_000 } },
          true,
        ),
      ],
      ["that wasn't silent for long", restoring({ pods: [pod(0, { ...old, ready: false })] }, true)],
      [
        "that answers with a leader",
        restoring(
          {
            pods: [pod(0, { ...old, ready: false })],
            statuses: [status(0, { memberId: "7", clusterId: "8", leaderId: "7" }), silent(1), silent(2)],
            ages: { [age.unheard(pod(0))]: 60_000 },
          },
          true,
        ),
      ],
      ["that is ready", restoring({ pods: [pod(0, old)], ages: { [age.unheard(pod(0))]: 60_000 } }, true)],
    ];
    for (const [name, seen] of left) {
      it(`keeps a pod ${name}`, () => {
        expect(plan(seen).action).to.equal(undefined);
      });
    }

    it("keeps all pods while the declared revision isn't known", () => {
      const seen = restoring({ pods: [unpulled(0, old)] });
      const statefulSet = seen.statefulSet && { ...seen.statefulSet, observed: false };
      expect(plan({ ...seen, statefulSet }).action).to.equal(undefined);
    });

    it("and can be withdrawn until the first member asks for the data", () => {
      const room = "0/3 nodes are available: 3 Insufficient memory.";
      const full = gated(0, { nodeName: undefined, unschedulable: room });
      const noVolume = gated(0, { claimUid: undefined });
      const reports = [0, 1, 2].map((o) => report(o, wal(o)));
      for (const seen of [
        restoring({ pods: [unpulled(0)] }),
        restoring({ pods: [full] }),
        restoring({ pods: [noVolume], gates: reports }),
        restoring({ pods: [gated(0, { deleting: { graceMs: 1 } })], gates: reports }),
      ]) {
        expect(plan(seen).record).to.equal(undefined);
        const taken = plan({ ...seen, desired: { ...seen.desired, generation: 1 } });
        expect(recordOf(taken)).to.have.property("rebuild", undefined);
      }
      const asks = restoring({ pods: [gated(0)], gates: reports });
      expect(recordOf(plan(asks)).rebuild?.seed).to.include({ jobPodUid: "job" });
    });

    it("and says what keeps the first member from starting with its new data", () => {
      for (const restore of [at(ready), undefined]) {
        const d = plan(restoring({ pods: [crashing(0, 9)], world: { restore } }, true));
        expect(d.reason).to.match(/^etcd-0 has taken the restored data, and doesn't start: CrashLoopBackOff/);
      }
    });
  });

  describe("for a new cluster", () => {
    const nothing = (more: Parameters<typeof world>[1] = {}) =>
      world(3, {
        desired: { ...declared("restore"), generation: 1 },
        list: "none",
        record: { birth: { state: "unborn" }, members: [], clusterVersion: undefined },
        pods: [0, 1, 2].map((o) => gated(o)),
        gates: [0, 1, 2].map((o) => report(o, EMPTY)),
        ...more,
      });
    const first = { ...ready, generation: 1 };

    it("waits for the verified data instead of a bootstrap", () => {
      const decision = plan(nothing({ world: { restore: at(undefined, "fetch failed: no such backup") } }));
      expect(decision.reason).to.match(/no such backup/);
      expect(decision.orders["pod-0"]).to.include({ kind: "wait" });
      expect(decision.record).to.equal(undefined);
    });

    it("downloads the data", () => {
      const decision = plan(nothing({ world: { restore: at(first) } }));
      expect(recordOf(decision).rebuild).to.deep.equal({ generation: 1, kind: "restore", phase: "building" });
      const then = plan(nothing({ record: recordOf(decision), world: { restore: at(first) } }));
      const last = plan(nothing({ record: recordOf(then), world: { restore: at(first) } }));
      expect(last.orders["pod-0"]).to.include({ kind: "seed", sha256: "abc" });
    });

    it("bootstraps without data once no source is declared any more", () => {
      const record = {
        ...nothing().record,
        rebuild: { generation: 1, kind: "restore" as const, phase: "building" as const },
      };
      const taken = plan(nothing({ desired: { generation: 1 }, record }));
      expect(recordOf(taken).rebuild).to.equal(undefined);
      const then = plan(nothing({ desired: { generation: 1 }, record: recordOf(taken) }));
      expect(recordOf(then).birth).to.include({ state: "seeding" });
    });

    it("does nothing for a recovery", () => {
      const decision = plan(nothing({ desired: declared("recovery"), world: { restore: at(receive) } }));
      expect(decision.reason).to.match(/no disk holds data: declare a restore/);
      expect(decision.record).to.equal(undefined);
    });
  });

  describe("after the record was lost", () => {
    const lost = (generations: number[], more: Parameters<typeof world>[1] = {}) =>
      world(3, {
        desired: declared("restore"),
        list: "none",
        record: { birth: { state: "unborn" }, members: [], generation: 2 },
        pods: [0, 1, 2].map((o) => gated(o)),
        gates: generations.map((generation, o) =>
          report(
            o,
            generation === 0
              ? EMPTY
              : generation === 2
                ? wal(o, { generation, clusterId: "8", voters: [idOf(0), idOf(1)] })
                : wal(o, { generation }),
          ),
        ),
        world: { restore: at(ready) },
        ...more,
      });

    it("is recognized as made by the disks, and older disks are left alone", () => {
      const decision = plan(lost([2, 2, 1]));
      const { birth, generation, rebuild } = recordOf(decision);
      expect([generation, rebuild]).to.deep.equal([2, undefined]);
      expect(birth).to.deep.include({ state: "adopting", clusterId: "8" });
      expect(decision.orders["pod-2"]).to.include({ kind: "wait", hold: true });
    });

    it("is recognized as not made by the disks, and the old cluster returns first", () => {
      const decision = plan(lost([1, 1, 1]));
      expect(recordOf(decision)).to.include({ generation: 1 });
      expect(decision.orders["pod-0"]).to.include({ kind: "start", generation: 1 });
    });

    it("isn't assumed for a running cluster with a pod of the older generation", () => {
      const running = (generation: number) =>
        world(3, {
          desired: declared("restore"),
          record: { birth: { state: "unborn" }, members: [], generation: 2 },
          pods: [0, 1, 2].map((o) => pod(o, { generation: o === 1 ? generation : 2 })),
          world: { restore: at(ready) },
        });
      expect(recordOf(plan(running(1)))).to.deep.include({ generation: 1 });
      expect(recordOf(plan(running(2)))).to.deep.include({ generation: 2 });
    });

    const recovery = { desired: declared("recovery"), world: { restore: at(receive) } };

    it("by recovery comes before adoption, and takes one of the disks", () => {
      const decision = plan(lost([1, 1, 1], recovery));
      expect(recordOf(decision)).to.deep.include({
        generation: 1,
        rebuild: { generation: 2, kind: "recovery", phase: "stopping" },
      });
      expect(recordOf(decision).birth).to.deep.include({ state: "adopting", clusterId: CLUSTER, start: [] });
      expect(decision.orders["pod-0"]).to.include({ kind: "wait", hold: true });
    });

    it("by recovery doesn't begin if it is made already, or while there is a member list", () => {
      expect(recordOf(plan(lost([2, 2, 1], recovery))).rebuild).to.equal(undefined);
      const living = world(3, { ...recovery, record: { birth: { state: "unborn" }, members: [] } });
      expect(plan(living).record?.rebuild).to.equal(undefined);
    });

    it("by recovery doesn't begin before the disk of every unnamed member was read", () => {
      const pods = [gated(0), gated(1), gated(2, { unschedulable: "no node" })];
      const seen = lost([1, 1, 1], { ...recovery, pods });
      const without = { ...seen, gates: seen.gates.slice(0, 2) };
      expect(plan(without).reason).to.match(/every volume is looked at: waits for etcd-2/);
      const named = plan({
        ...without,
        desired: { ...seen.desired, ...declared("recovery", ["etcd-2"]) },
      });
      expect(recordOf(named).rebuild).to.include({ phase: "stopping" });
    });

    it("may give up adopted members without a quorum by name", () => {
      const start = [0, 1].map((o) => ({ ordinal: o, claimUid: `claim-${o}`, memberId: idOf(o) }));
      const birth = { state: "adopting" as const, clusterId: CLUSTER, voters: [0, 1, 2].map(idOf), start };
      const adopted = (names: string[]) =>
        world(3, {
          desired: declared("recovery", names),
          list: "none",
          record: { birth, members: [] },
          pods: [pod(0, { ready: false }), pod(1, { ready: false }), gated(2, { claimUid: "new-2" })],
          gates: [report(2, EMPTY)],
          statuses: [status(0, { leaderId: undefined }), silent(1)],
          world: { restore: at(receive) },
        });
      expect(plan(adopted([])).record?.rebuild).to.equal(undefined);
      const named = plan(adopted(["etcd-1"]));
      expect(recordOf(named).rebuild).to.include({ phase: "stopping" });
      expect(named.reason).to.match(/it takes the disk of etcd-0, which runs/);
    });

    it("recovers copies of different moments, which are fenced until it is declared", () => {
      const gates = [
        report(0, wal(0, { lastTerm: 4, lastIndex: 990, commit: 980, term: 4, voted: true })),
        report(1, wal(1, { lastTerm: 4, lastIndex: 990, commit: 980, term: 4, voted: false })),
        report(2, wal(2, { lastTerm: 5, lastIndex: 1010, commit: 980, term: 5, voted: true })),
      ];
      const found = (more: Parameters<typeof world>[1]) =>
        plan(lost([1, 1, 1], { desired: { generation: 1 }, gates, world: {}, ...more }));
      const decision = found({});
      expect(decision.record).to.equal(undefined);
      expect(decision.reason).to.match(
        /can't be from one moment: etcd-0.*elected in term 5.*declare a recovery with generation 2/,
      );
      for (const o of [0, 1, 2]) expect(decision.orders[`pod-${o}`]).to.include({ kind: "wait", hold: true });
      expect(recordOf(found(recovery)).rebuild).to.include({ kind: "recovery", phase: "stopping" });
    });

    it("is made if the disks can't show it", () => {
      const decision = plan(lost([1, 0, 0]));
      expect(recordOf(decision).rebuild).to.deep.equal({ generation: 2, kind: "restore", phase: "stopping" });
    });

    it("isn't made again after a full stop of a restored cluster", () => {
      const seen = world(3, {
        desired: declared("restore"),
        list: "none",
        record: { generation: 2 },
        pods: [0, 1, 2].map((o) => gated(o)),
        gates: [0, 1, 2].map((o) => report(o, wal(o, { generation: 2 }))),
      });
      const decision = plan(seen);
      expect(decision.record?.rebuild).to.equal(undefined);
      for (const o of [0, 1, 2]) expect(decision.orders[`pod-${o}`]).to.include({ kind: "start" });
    });
  });
});
