/** Members that serve, and don't let the controller in: their authorities were renewed after their end. */
import { expect } from "chai";
import { plan } from "../../../../../programs/controller/plan";
import { age, aging } from "../../../../../programs/controller/plan/age";
import type { Change } from "../../../../support/worlds";
import { listed, pod, silent, status, world } from "../../../../support/worlds";

const three = [0, 1, 2];
const old = (o: number) => pod(o, { revision: "old" });
const unheard = (ms: number, ...ordinals: number[]) =>
  Object.fromEntries(ordinals.map((o) => [age.unheard(old(o)), ms]));
const alone = status(0, { leaderId: undefined, linearizableRead: false });

describe("plan: members that don't let the controller in", () => {
  const table: readonly (readonly [string, Change, string | undefined, string | undefined])[] = [
    [
      "all, for minutes: the first is evicted",
      { pods: three.map(old), list: "none", statuses: three.map(silent), ages: unheard(200_000, 0, 1, 2) },
      "evictPod",
      "etcd-0",
    ],
    [
      "all, for a moment",
      { pods: three.map(old), list: "none", statuses: three.map(silent), ages: unheard(100_000, 0, 1, 2) },
      undefined,
      undefined,
    ],
    [
      "all, and no other revision is declared",
      { list: "none", statuses: three.map(silent), ages: unheard(200_000, 0, 1, 2) },
      undefined,
      undefined,
    ],
    [
      "one was restarted, and answers without a quorum: the next",
      {
        pods: [pod(0, { ready: false }), old(1), old(2)],
        list: "none",
        statuses: [alone, silent(1), silent(2)],
        ages: unheard(200_000, 1, 2),
      },
      "deletePod",
      "etcd-1",
    ],
    [
      "one was restarted, and isn't heard either: nobody else goes",
      {
        pods: [pod(0), old(1), old(2)],
        list: "none",
        statuses: three.map(silent),
        ages: unheard(200_000, 1, 2),
      },
      undefined,
      undefined,
    ],
    [
      "one isn't ready: nobody goes on the kubelet's word",
      {
        pods: [old(0), old(1), pod(2, { revision: "old", ready: false })],
        list: "none",
        statuses: three.map(silent),
        ages: { ...unheard(200_000, 0, 1, 2), [age.running(old(2))]: 1000 },
      },
      undefined,
      undefined,
    ],
    [
      "the last, beside a quorum that answers",
      { pods: [old(2)], statuses: [silent(2)], ages: unheard(200_000, 2), list: three.map((o) => listed(o)) },
      "deletePod",
      "etcd-2",
    ],
  ];
  for (const [name, change, kind, who] of table) {
    it(`${name}`, () => {
      const { action } = plan(world(3, change));
      expect(action?.kind).to.equal(kind);
      if (who) expect(action).to.include({ name: who });
    });
  }
  for (const ms of [59_999, 60_000]) {
    const goes = ms >= 60_000;
    it(`that aren't ready and have an outdated revision ${goes ? "go" : "stay: some may only be slow"} after ${ms} ms`, () => {
      const pods = three.map((o) => pod(o, { revision: "old", ready: false }));
      const statuses = three.map(silent);
      const { action } = plan(world(3, { pods, list: "none", statuses, ages: unheard(ms, 0, 1, 2) }));
      expect(action?.kind).to.equal(goes ? "deletePod" : undefined);
    });
  }
  it("are counted by what this process has seen: one answer begins it anew", () => {
    const what = (change: Change) => aging(world(3, change)).map((a) => a.what);
    expect(what({ statuses: [silent(1)] })).to.include(age.unheard(pod(1)));
    expect(what({})).to.not.include(age.unheard(pod(1)));
  });
});
