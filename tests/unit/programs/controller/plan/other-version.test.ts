/** A restore or recovery that is declared together with another version of etcd. */
import { expect } from "chai";
import type { Desired } from "../../../../../programs/controller/model";
import type { RestoreReport } from "../../../../../programs/shared/protocol";
import { plan } from "../../../../../programs/controller/plan";
import { CLUSTER, EMPTY, gated, NOW, pod, report, status, wal, world } from "../../../../support/worlds";

const OLD = "3.7.3";
const three = [0, 1, 2];
const declared = (kind: "restore" | "recovery"): Partial<Desired> => ({
  generation: 2,
  etcdVersion: "3.6.14",
  rebuild: { kind, url: "https://etcd-restore.test.svc:2383", abandoned: [] },
});
const ready: RestoreReport = {
  ...{ podUid: "job", generation: 2, atMs: NOW, step: "ready", sha256: "abc" },
  ...{ memberId: "7", clusterId: "8", source: "backup b" },
};
const restore = (said: RestoreReport) => ({ restore: { pod: { uid: "job", name: "r" }, report: said } });
const disks = three.map((o) => report(o, wal(o, { lastVersion: OLD })));
const ran = { clusterVersion: "3.7.0" };

describe("plan: a new generation with another version of etcd", () => {
  it("may be restored with an earlier version, because the replaced data doesn't matter", () => {
    const seed = { jobPodUid: "job", sha256: "abc" };
    const rebuild = { generation: 2, kind: "restore" as const, phase: "building" as const, seed };
    const change = { desired: declared("restore"), list: "none" as const, record: { ...ran, rebuild } };
    const taking = { ...change, gates: disks, world: restore(ready) };
    const d = plan(world(3, { ...taking, pods: three.map((o) => gated(o)) }));
    expect(d.orders["pod-0"]?.kind).to.equal("seed");
    const old = plan(world(3, { ...taking, pods: three.map((o) => gated(o, { etcdVersion: OLD })) }));
    expect(old.orders["pod-0"]).to.include({ kind: "refuse" });
    // The new data exists, so the others join at that version, whatever is on their disks.
    const born = { state: "born" as const, clusterId: "8", sealed: true };
    const member = {
      ordinal: 0,
      claimUid: "claim-0",
      memberId: "7",
      floor: 1,
      floorMs: NOW,
      phase: "started" as const,
    };
    const there = world(3, {
      desired: declared("restore"),
      record: {
        generation: 2,
        birth: born,
        members: [member],
        replaced: [CLUSTER],
        clusterVersion: undefined,
      },
      pods: [pod(0), gated(1), gated(2)],
      gates: disks.slice(1),
      etcd: {
        list: {
          clusterId: "8",
          members: [
            {
              memberId: "7",
              name: "etcd-0",
              peerUrls: ["https://etcd-0.etcd.test.svc:2380"],
              isLearner: false,
            },
          ],
        },
      },
      statuses: [status(0, { memberId: "7", clusterId: "8", leaderId: "7" })],
    });
    expect(plan(there).action).to.include({ kind: "addLearner", ordinal: 1 });
  });

  it("is refused before any member stops if the survivors' disks don't allow the version", () => {
    const receive: RestoreReport = { podUid: "job", generation: 2, atMs: NOW, step: "receive" };
    const d = plan(
      world(3, {
        desired: declared("recovery"),
        list: "none",
        record: ran,
        pods: [gated(0), gated(1, { claimUid: "new-1" }), gated(2, { claimUid: "new-2" })],
        gates: [disks[0] ?? report(0, EMPTY), report(1, EMPTY), report(2, EMPTY)],
        world: restore(receive),
      }),
    );
    expect([d.action, d.record?.rebuild]).to.deep.equal([undefined, undefined]);
    expect(d.refused)
      .to.contain(`etcd ${OLD} to 3.6.14 is a downgrade`)
      .and.contain("Declare the version that ran");
  });
});
