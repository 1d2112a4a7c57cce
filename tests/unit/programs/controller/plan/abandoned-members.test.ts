import { expect } from "chai";
import type {
  ControllerRecord,
  Decision,
  Desired,
  PodView,
  World,
} from "../../../../../programs/controller/model";
import type { RestoreReport } from "../../../../../programs/shared/protocol";
import { parseRecord, recordData } from "../../../../../programs/controller/model/record";
import { plan } from "../../../../../programs/controller/plan";
import { age, aging } from "../../../../../programs/controller/plan/age";
import { EMPTY, gated, idOf, NOW, pod, report, silent, status, wal, world } from "../../../../support/worlds";

const URL = "https://etcd-restore.test.svc:2383";
const declared = (...abandoned: string[]): Partial<Desired> => ({
  generation: 2,
  nodeLossGraceSeconds: 300,
  rebuild: { kind: "recovery", url: URL, abandoned },
});
const job = { uid: "job", name: "etcd-restore-2-x" };
const receive: RestoreReport = { podUid: "job", generation: 2, atMs: NOW, step: "receive" };
const survivor = {
  ordinal: 2,
  claimUid: "claim-2",
  memberId: idOf(2),
  lastTerm: 3,
  lastIndex: 1000,
  commit: 990,
};
const ready: RestoreReport = {
  podUid: "job",
  generation: 2,
  atMs: NOW,
  step: "ready",
  sha256: "abc",
  memberId: "7",
  clusterId: "8",
  source: "a disk",
  revision: 42,
  keys: 7,
  from: { ...survivor, commit: 1000 },
};
const rebuild = (phase: "stopping" | "building", more = {}) =>
  ({ generation: 2, kind: "recovery", phase, ...more }) as const;
const recordOf = (d: Decision) => d.record as ControllerRecord;
const given = (ordinal: number, untouched?: true) => ({
  ...{ ordinal, claimUid: `claim-${ordinal}` },
  ...(untouched ? { untouched } : {}),
});
const dead = (n: number) => pod(n, { ready: false, deleting: { graceMs: 30_000 } });
const overdue = (...ordinals: number[]) =>
  Object.fromEntries(ordinals.map((n) => [age.deleting(`pod-${n}`), 3_600_000]));

const AFFINITY = "node(s) didn't match PersistentVolume's node affinity";
const noNode = `0/3 nodes are available: 3 ${AFFINITY}. preemption: 0/3 nodes are available.`;
const lostNode = `0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 2 ${AFFINITY}. preemption: 0/3.`;
const unplaced = (n: number, unschedulable: string): PodView =>
  gated(n, { nodeName: undefined, gate: { state: "waiting", restarts: 0 }, unschedulable });

describe("plan: a volume that a recovery gives up", () => {
  describe("while all members are stopped", () => {
    const stopping = (pods: readonly PodView[], more: Parameters<typeof world>[1] = {}): World => ({
      ...world(3, {
        desired: declared("etcd-1"),
        list: "none",
        replicas: 0,
        statuses: [0, 1, 2].map(silent),
        ages: overdue(1, 2),
        ...more,
        record: { rebuild: rebuild("stopping"), ...more.record },
        world: { restore: { pod: job, report: receive } },
      }),
      pods,
    });

    it("is none as long as a member that isn't named hangs or stops", () => {
      expect(plan(stopping([dead(1), dead(2)])).reason).to.match(/etcd-2 can't be confirmed gone.*node-2/);
      const leaving = plan(stopping([dead(1), dead(0)]));
      expect(leaving.reason).to.match(/etcd-0 is being stopped/);
      expect(leaving.action).to.equal(undefined);
      expect(leaving.record?.abandoned ?? []).to.deep.equal([]);
      expect(recordOf(plan(stopping([dead(1)]))).abandoned).to.deep.equal([given(1, true)]);
    });

    it("is kept when the pod is confirmed gone before it was deleted by force", () => {
      const then = plan(stopping([], { record: { abandoned: [given(1, true)] } }));
      expect(then.action).to.equal(undefined);
      expect(recordOf(then).abandoned).to.deep.equal([]);
    });

    it("is kept when the declaration is withdrawn, and all start, unless a pod was deleted by force", () => {
      const seen = (abandoned: ControllerRecord["abandoned"]) =>
        world(3, {
          desired: { generation: 1 },
          list: "none",
          record: { abandoned, rebuild: rebuild("stopping") },
          pods: [0, 1, 2].map((n) => gated(n)),
          gates: [0, 1, 2].map((n) => report(n, wal(n))),
        });
      const back = plan(seen([given(1, true), given(2)]));
      expect(recordOf(back)).to.deep.include({ abandoned: [given(2)], rebuild: undefined });
      expect(back.orders["pod-1"]).to.include({ kind: "start" });
      expect(back.orders["pod-2"]).to.include({ kind: "refuse" });
    });

    it("is deleted only if its member is named", () => {
      const forced = { record: { abandoned: [given(1)] } };
      expect(plan(stopping([], forced)).action).to.include({ kind: "deleteClaim", uid: "claim-1" });
      const other = plan(stopping([], { ...forced, desired: declared("etcd-0") }));
      expect(other.action).to.equal(undefined);
      expect(other.reason).to.match(/given up by an earlier declaration.*name etcd-1 in recovery\./);
      const before = stopping(
        [0, 1, 2].map((n) => pod(n)),
        {
          ...forced,
          replicas: 3,
          desired: declared("etcd-2"),
          record: { abandoned: [given(1)], rebuild: undefined },
        },
      );
      expect(plan(before).reason).to.match(/hasn't touched anything: .*name etcd-1 in recovery\./);
    });

    it("is given up without the gate of a named member whose node is dead", () => {
      const frozen = gated(1);
      const seen = (names: string[], ms: number) =>
        stopping([pod(0), frozen, pod(2)], {
          replicas: 3,
          desired: declared(...names),
          ages: { [age.running(frozen, "gate")]: ms },
        });
      expect(plan(seen([], 3_600_000)).reason).to.match(
        /etcd-1's gate hasn't asked yet\. If its node is gone, name it in recovery\.abandonedMembers/,
      );
      expect(plan(seen(["etcd-1"], 10_000)).reason).to.match(/etcd-1's gate hasn't asked yet$/);
      expect(plan(seen(["etcd-1"], 60_000)).action).to.include({ kind: "setReplicas", replicas: 0 });
    });
  });

  describe("isn't one that an announced removal would give up", () => {
    const intent = {
      kind: "remove" as const,
      ordinal: 2,
      memberId: idOf(2),
      claimUid: "claim-2",
      why: "lost-node" as const,
      atMs: NOW,
    };
    const announced = (names: string[], more: Parameters<typeof world>[1] = {}) =>
      world(3, {
        desired: declared(...names),
        list: "none",
        record: { intent, abandoned: [given(2)] },
        pods: [pod(0, { ready: false }), dead(1), dead(2)],
        statuses: [status(0, { leaderId: undefined, linearizableRead: false }), silent(1), silent(2)],
        ages: overdue(1, 2),
        world: { restore: { pod: job, report: receive } },
        ...more,
      });

    it("so that its disk must return or be named", () => {
      const d = plan(announced(["etcd-1"]));
      expect(d.reason).to.match(/2 of 3 members may still be intact \(.*etcd-2 /);
      expect(d.record?.rebuild).to.equal(undefined);
      expect(plan(announced([], { desired: { nodeLossGraceSeconds: 300 } })).reason).to.match(/^no quorum: /);
    });

    it("and its disk is read once it has returned", () => {
      const begun = recordOf(plan(announced(["etcd-1", "etcd-2"])));
      expect(begun).to.deep.include({ abandoned: [], rebuild: rebuild("stopping") });
      const seen = announced(["etcd-1", "etcd-2"], { record: begun, replicas: 0 });
      const stopped = recordOf(plan({ ...seen, pods: [] }));
      expect(stopped).to.deep.include({ abandoned: [], rebuild: rebuild("building") });
    });
  });

  describe("while the gates read the disks", () => {
    const built = (unschedulable: string, more: Parameters<typeof world>[1] = {}) => {
      const at = unplaced(1, unschedulable);
      return world(3, {
        desired: declared("etcd-1"),
        list: "none",
        pods: [gated(0), at, gated(2)],
        gates: [report(0, EMPTY), report(2, wal(2, { commit: 990 }))],
        ages: { [age.placeless(at)]: 60_000 },
        ...more,
        record: { rebuild: rebuild("building"), ...more.record },
        world: { restore: { pod: job, report: receive }, ...more.world },
      });
    };
    const handedOver = {
      record: { rebuild: rebuild("building", { survivor }) },
      world: { restore: { pod: job, report: ready } },
    };

    it("isn't one whose pod lacks only resources: the plan waits for it and says so", () => {
      const room = /: make room for it, or declare what fits$/;
      const closed = /is named, but .*kubectl delete pvc data-etcd-1/;
      for (const [words, way] of [
        ["0/3 nodes are available: 3 Insufficient cpu.", room],
        [`0/3 nodes are available: 1 Insufficient memory, 2 ${AFFINITY}. preemption: no.`, room],
        [`0/3 nodes are available: 1 node(s) were unschedulable, 2 ${AFFINITY}.`, closed],
        ["0/3 nodes are available: 3 node(s) had untolerated taint {a.example.com/b: c}.", closed],
      ] as const) {
        const seen = built(words);
        expect(
          aging(seen).some(({ what }) => what.startsWith("placeless/")),
          words,
        ).to.equal(false);
        const d = plan({ ...seen, ages: {} });
        expect(d.reason).to.match(/every disk is looked at: etcd-1 /);
        expect(d.reason).to.match(way);
        expect(d.record).to.equal(undefined);
        const late = { ...built(words, handedOver), ages: {} };
        expect(recordOf(plan(late)).abandoned, words).to.deep.equal([]);
      }
    });

    it("isn't suggested if resources or an image are missing", () => {
      const nobody = { desired: declared() };
      const full = plan(built("0/3 nodes are available: 3 Insufficient memory.", nobody));
      expect(full.reason).to.match(/Insufficient memory.*make room for it, or declare what fits$/);
      const seen = built("", nobody);
      const gate = { state: "waiting" as const, waitingReason: "ImagePullBackOff", restarts: 0 };
      const pods = [gated(0), gated(1, { gate }), gated(2)];
      for (const d of [full, plan({ ...seen, pods })])
        expect(d.reason).not.to.match(/abandonedMembers|delete pvc/);
    });

    for (const words of [noNode, lostNode]) {
      it(`is skipped after a minute and deleted once the new data exists: ${words}`, () => {
        const seen = built(words);
        expect(aging(seen).map(({ what }) => what)).to.include(age.placeless(unplaced(1, words)));
        expect(plan({ ...seen, ages: {} }).reason).to.match(/looked at: etcd-1 .*passed over after 60 s/);
        const chosen = plan(seen);
        expect(recordOf(chosen).rebuild?.survivor).to.include({
          ordinal: 2,
          passedOver: "etcd-0 has no data; etcd-1 is given up by its name, and wasn't looked at",
        });
        expect(recordOf(chosen).abandoned).to.deep.equal([]);
        expect(plan({ ...built(words, handedOver), ages: {} }).reason).to.match(/etcd-1 .*after 60 s/);
        const first = plan(built(words, handedOver));
        expect(recordOf(first).abandoned).to.deep.equal([given(1, true)]);
        const written = parseRecord(recordData(recordOf(first))) as ControllerRecord;
        const then = plan(built(words, { ...handedOver, record: written }));
        expect(then.action).to.include({ kind: "deleteClaim", uid: "claim-1" });
        expect(recordOf(then).abandoned).to.deep.equal([given(1)]);
        const back = plan(built(words, { ...handedOver, record: written, desired: declared("etcd-0") }));
        expect(recordOf(back).abandoned).to.deep.equal([]);
      });
    }

    it("isn't deleted if no other disk holds data", () => {
      const d = plan(built(noNode, { gates: [report(0, EMPTY), report(2, EMPTY)] }));
      expect(d.refused).to.match(/no disk is left/);
      expect(d.action).to.equal(undefined);
      expect(d.record).to.equal(undefined);
    });

    it("isn't the chosen survivor's if another disk takes its place while its member can't be reached", () => {
      const own = { ...survivor, ordinal: 1, claimUid: "claim-1", memberId: idOf(1), lastIndex: 2000 };
      const d = plan(built(noNode, { record: { rebuild: rebuild("building", { survivor: own }) } }));
      expect(recordOf(d).rebuild?.survivor).to.include({ ordinal: 2, lastIndex: 1000 });
    });

    it("is that of a named member whose node dies meanwhile, and of no other", () => {
      const hangs = (names: string[], more = {}) => {
        const seen = built("", { ...more, desired: declared(...names), ages: overdue(1) });
        return { ...seen, pods: [gated(0), dead(1), gated(2)] };
      };
      expect(plan(hangs([])).reason).to.match(/etcd-1 is being stopped\. Bring its node back, or name it/);
      expect(recordOf(plan(hangs(["etcd-1"]))).rebuild?.survivor).to.include({ ordinal: 2 });
      const record = { ...handedOver.record, abandoned: [given(1, true)] };
      expect(recordOf(plan(hangs(["etcd-1"], handedOver))).abandoned).to.deep.equal(record.abandoned);
      const then = hangs(["etcd-1"], { ...handedOver, record });
      expect(plan(then).action).to.include({ kind: "deleteClaim", uid: "claim-1" });
      const claims = then.claims.map((c) => ({ ...c, deleting: c.ordinal === 1 }));
      expect(plan({ ...then, claims }).action).to.include({ kind: "deletePod", name: "etcd-1", force: true });
    });
  });
});
