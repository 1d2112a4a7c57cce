import { expect } from "chai";
import type { Claim, Pod, StatefulSet } from "../../../../../programs/shared/kubernetes/objects";
import { parseDesired } from "../../../../../programs/controller/observe/desired";
import {
  claimViews,
  ordinalOf,
  podViews,
  statefulSetView,
} from "../../../../../programs/controller/observe/kubernetes";
import { bytesOf } from "../../../../../components/contract/units";
import { parseRecord } from "../../../../../programs/controller/model/record";
import { trustView } from "../../../../../programs/controller/observe/trust";
import { emptyRecord } from "../../../../../programs/controller/plan/record";

const desired = {
  format: 1,
  hash: "abc",
  members: 3,
  allowEvenSize: false,
  generation: 1,
  paused: false,
  etcdVersion: "3.6.16",
  allowDowngrade: false,
  memberName: "etcd-{ordinal}",
  peerUrl: "https://etcd-{ordinal}.etcd:2380",
  volumeBytes: 1,
  quotaBytes: 1,
  defragment: { freePercent: 45, minBytes: 1 },
};

describe("what the controller reads", () => {
  describe("the declaration", () => {
    it("is read whole, and what isn't known is dropped", () => {
      expect(parseDesired(JSON.stringify({ ...desired, another: 1 }))).to.deep.equal(desired);
      const grace = { ...desired, nodeLossGraceSeconds: 60 };
      expect(parseDesired(JSON.stringify(grace))).to.deep.equal(grace);
      const rebuild = { kind: "recovery", url: "https://etcd-restore.etcd.svc:2383", abandoned: ["etcd-1"] };
      expect(parseDesired(JSON.stringify({ ...desired, rebuild }))).to.deep.equal({ ...desired, rebuild });
    });

    const wrong: readonly [string, unknown, RegExp][] = [
      ["another format", { ...desired, format: 2 }, /format 2 is not known/],
      ["no object", [], /it is not an object/],
      ["no hash", { ...desired, hash: undefined }, /hash is not a string/],
      ["a hash that could be taken for words", { ...desired, hash: "a b" }, /hash is not a hash/],
      ["no member", { ...desired, members: 0 }, /members is not from 1 to 7/],
      ["half a member", { ...desired, members: 2.5 }, /members/],
      ["members as text", { ...desired, members: "3" }, /members/],
      ["a version that is none", { ...desired, etcdVersion: "v3.6.16" }, /etcdVersion is not a version/],
      ["a name without a place for the ordinal", { ...desired, memberName: "etcd" }, /memberName/],
      ["two places for it", { ...desired, peerUrl: "{ordinal}{ordinal}" }, /peerUrl/],
      [
        "a threshold over 100",
        { ...desired, defragment: { freePercent: 101, minBytes: 1 } },
        /defragment\.freePercent/,
      ],
      [
        "a rebuild of no kind",
        { ...desired, rebuild: { kind: "x", url: "https://a", abandoned: [] } },
        /rebuild\.kind/,
      ],
      ["a rebuild from nowhere", { ...desired, rebuild: { kind: "restore", abandoned: [] } }, /rebuild\.url/],
      ["a negative grace", { ...desired, nodeLossGraceSeconds: -1 }, /nodeLossGraceSeconds/],
    ];
    for (const [name, value, problem] of wrong) {
      it(`has a problem with ${name}`, () => {
        expect(parseDesired(JSON.stringify(value)))
          .to.have.property("problem")
          .that.matches(problem);
      });
    }

    it("has a problem when it is missing or no JSON", () => {
      expect(parseDesired(undefined))
        .to.have.property("problem")
        .that.matches(/missing/);
      expect(parseDesired("{"))
        .to.have.property("problem")
        .that.matches(/not JSON/);
    });
  });

  describe("what a pod shows and trusts", () => {
    const [one, two] = ["1".repeat(16), "2".repeat(16)];
    const made = {
      revision: 2,
      peer: { shows: one, trusts: [one, two] },
      client: { shows: two, trusts: [two] },
    };
    const view = (text: string) => trustView({ annotations: { "etcd-cluster/trust": text } });

    it("is read whole, with the mark by which it is asked for", () => {
      expect(view(JSON.stringify({ ...made, another: 1 }))).to.deep.include({ statement: made });
      expect(view('{"own":true}')).to.deep.include({ statement: { own: true } });
      expect(view(JSON.stringify(made)))
        .to.have.property("key")
        .that.matches(/^[0-9a-f]{16}$/);
      expect(view(JSON.stringify(made))).to.not.deep.equal(view(JSON.stringify({ ...made, revision: 3 })));
    });

    it("is nothing where nothing is said, and a problem where it can't be read", () => {
      expect(trustView(undefined)).to.equal(undefined);
      expect(trustView({ annotations: {} })).to.equal(undefined);
      for (const [text, problem] of [
        ["{", /not JSON/],
        ["[]", /not an object/],
        ['{"own":false}', /revision/],
        [JSON.stringify({ ...made, revision: 0 }), /revision/],
        [
          JSON.stringify({ ...made, peer: { shows: "x", trusts: [one] } }),
          /peer\.shows is not a fingerprint/,
        ],
        [JSON.stringify({ ...made, client: { shows: one } }), /client\.trusts is not a list/],
      ] as const) {
        expect(view(text), text).to.have.property("problem").that.matches(problem);
      }
    });
  });

  describe("the record", () => {
    const record = {
      ...emptyRecord(1),
      birth: { state: "born" as const, clusterId: "18446744073709551615", sealed: true },
      members: [
        { ordinal: 0, claimUid: "c", memberId: "1", floor: 0, floorMs: 0, phase: "started" as const },
      ],
      intent: {
        kind: "remove" as const,
        ordinal: 0,
        memberId: "1",
        claimUid: "c",
        why: "shrink" as const,
        atMs: 5,
      },
      notes: [{ ordinal: 0, replacing: true, brokenMs: 2 }],
      ages: [{ what: "deleting/p", ms: 1, atMs: 2 }],
      abandoned: [{ ordinal: 0, claimUid: "c" }],
      clusterVersion: "3.6.0",
      rebuild: {
        generation: 2,
        kind: "recovery" as const,
        phase: "building" as const,
        survivor: { ordinal: 1, claimUid: "c", memberId: "1", lastTerm: 2, lastIndex: 9, commit: 8 },
        seed: { jobPodUid: "j", sha256: "s" },
      },
      made: { generation: 1, kind: "restore" as const, atMs: 1, words: "made from a backup" },
      space: {
        revision: 5,
        atMs: 1,
        compacted: true,
        defragmented: [{ memberId: "18446744073709551615", times: 2 }],
      },
    };

    it("comes back as it was written", () => {
      expect(parseRecord({ record: JSON.stringify(record) })).to.deep.equal(record);
      const empty = emptyRecord(2);
      expect(parseRecord({ record: JSON.stringify(empty) })).to.deep.equal(empty);
    });

    it("is absent only where nothing is written", () => {
      expect(parseRecord(undefined)).to.equal(undefined);
      expect(parseRecord({})).to.equal(undefined);
      for (const [text, problem] of [
        ["", /not JSON/],
        ["{}", /format undefined/],
        [JSON.stringify({ ...record, birth: { state: "dead" } }), /birth\.state is not one of/],
        [JSON.stringify({ ...record, birth: { ...record.birth, clusterId: 5 } }), /birth\.clusterId/],
        [JSON.stringify({ ...record, members: [{}] }), /members\[0\]\.ordinal/],
        [JSON.stringify({ ...record, intent: { kind: "add" } }), /intent/],
      ] as const) {
        expect(parseRecord({ record: text }))
          .to.have.property("problem")
          .that.matches(problem);
      }
    });
  });

  it("reads quantities", () => {
    for (const [text, bytes] of [
      ["1Gi", 2 ** 30],
      ["1.5Gi", 1.5 * 2 ** 30],
      ["10G", 1e10],
      ["128974848", 128974848],
      ["1e3", 1000],
      ["500m", 1],
      ["100Ki", 102400],
      ["", 0],
      ["much", 0],
    ] as const) {
      expect(bytesOf(text), text).to.equal(bytes);
    }
  });

  it("knows which ordinal a name has", () => {
    expect(ordinalOf("data-etcd-0", "data-etcd-")).to.equal(0);
    expect(ordinalOf("data-etcd-12", "data-etcd-")).to.equal(12);
    for (const name of ["data-etcd-", "data-etcd-01", "data-etcd-a", "data-etcd-2-0", "other-0"]) {
      expect(ordinalOf(name, "data-etcd-"), name).to.equal(undefined);
    }
  });

  it("sees a StatefulSet's revision only once its controller has", () => {
    const set = (generation: number, observedGeneration?: number): StatefulSet => ({
      metadata: { name: "etcd", uid: "u", resourceVersion: "7", generation },
      spec: { replicas: 3, selector: {} },
      status: observedGeneration === undefined ? undefined : { observedGeneration, updateRevision: "r" },
    });
    expect(statefulSetView(set(2, 2))).to.deep.include({ observed: true, updateRevision: "r", replicas: 3 });
    expect(statefulSetView(set(2, 1)).observed).to.equal(false);
    expect(statefulSetView(set(2)).observed).to.equal(false);
  });

  describe("pods and claims", () => {
    const meta = (name: string, more = {}) => ({ name, uid: `${name}-uid`, resourceVersion: "1", ...more });
    const claim: Claim = {
      metadata: meta("data-etcd-0"),
      spec: { resources: { requests: { storage: "2Gi" } } },
      status: { phase: "Bound", capacity: { storage: "1Gi" } },
    };
    const view = (pod: Pod) => podViews([pod], claimViews([claim], "data-etcd-"), "etcd", "data-etcd-")[0];

    it("leave out what isn't a member's", () => {
      expect(
        podViews([{ metadata: meta("etcd-controller-0"), spec: {} }], [], "etcd", "data-etcd-"),
      ).to.deep.equal([]);
      expect(claimViews([{ ...claim, metadata: meta("data-etcd-restore-0") }], "data-etcd-")).to.deep.equal(
        [],
      );
      expect(claimViews([claim], "data-etcd-")[0]).to.deep.include({
        requestedBytes: 2 ** 31,
        actualBytes: 2 ** 30,
        phase: "Bound",
      });
    });

    it("wait while nothing is known of them", () => {
      expect(view({ metadata: meta("etcd-0"), spec: {} })).to.deep.include({
        ordinal: 0,
        phase: "Pending",
        ready: false,
        claimUid: "data-etcd-0-uid",
        etcd: {
          state: "waiting",
          waitingReason: undefined,
          waitingMessage: undefined,
          restarts: 0,
          lastExit: undefined,
        },
      });
    });

    it("tell how a container ended, also when it runs again", () => {
      const terminated = { exitCode: 137, reason: "OOMKilled", finishedAt: "2026-01-01T00:00:01Z" };
      const pod = (state: object, lastState: object): Pod => ({
        metadata: meta("etcd-0"),
        spec: {},
        status: {
          phase: "Running",
          containerStatuses: [{ name: "etcd", restartCount: 2, state, lastState }],
        },
      });
      const atMs = Date.parse("2026-01-01T00:00:01Z");
      const running = view(pod({ running: { startedAt: "2026-01-01T00:00:05Z" } }, { terminated }))?.etcd;
      expect(running).to.deep.include({ state: "running", restarts: 2 });
      expect(running?.lastExit).to.deep.equal({ code: 137, oomKilled: true, atMs });
      const why = { reason: "CrashLoopBackOff", message: "back-off 10s" };
      const waiting = view(pod({ waiting: why }, { terminated }))?.etcd;
      expect(waiting).to.deep.include({
        state: "waiting",
        waitingReason: "CrashLoopBackOff",
        waitingMessage: "back-off 10s",
      });
      expect(view(pod({ terminated }, {}))?.etcd.lastExit?.code).to.equal(137);
    });

    it("tell when their own grace is over, and why they have no node", () => {
      const seen = view({
        metadata: meta("etcd-0", {
          deletionTimestamp: "2026-01-01T00:01:00Z",
          deletionGracePeriodSeconds: 60,
        }),
        spec: {},
        status: {
          conditions: [
            { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no room" },
          ],
        },
      });
      expect(seen?.deleting).to.deep.equal({ graceMs: 60_000 });
      expect(seen?.unschedulable).to.equal("no room");
    });
  });
});
