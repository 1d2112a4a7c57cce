/** Members that run but reject the controller, because their CAs were renewed after the certificates had expired. */
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

describe("plan: members that reject the controller", () => {
  const table: readonly (readonly [string, Change, string | undefined, string | undefined])[] = [
    [
      "lose the first pod by eviction if all reject it for minutes",
      { pods: three.map(old), list: "none", statuses: three.map(silent), ages: unheard(200_000, 0, 1, 2) },
      "evictPod",
      "etcd-0",
    ],
    [
      "stay if all reject it for a moment",
      { pods: three.map(old), list: "none", statuses: three.map(silent), ages: unheard(100_000, 0, 1, 2) },
      undefined,
      undefined,
    ],
    [
      "stay if all reject it and no other revision is declared",
      { list: "none", statuses: three.map(silent), ages: unheard(200_000, 0, 1, 2) },
      undefined,
      undefined,
    ],
    [
      "lose the next pod if the restarted one answers without a quorum",
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
      "stay if the restarted one rejects it too",
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
      "stay if one isn't ready, whatever the kubelet says of the others",
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
      "lose the last pod beside a quorum that answers",
      { pods: [old(2)], statuses: [silent(2)], ages: unheard(200_000, 2), list: three.map((o) => listed(o)) },
      "deletePod",
      "etcd-2",
    ],
  ];
  for (const [name, change, kind, who] of table) {
    it(name, () => {
      const { action } = plan(world(3, change));
      expect(action?.kind).to.equal(kind);
      if (who) expect(action).to.include({ name: who });
    });
  }
  for (const ms of [59_999, 60_000]) {
    const goes = ms >= 60_000;
    it(`${goes ? "are restarted" : "stay, because some may only be slow,"} after ${ms} ms if they are unready and outdated`, () => {
      const pods = three.map((o) => pod(o, { revision: "old", ready: false }));
      const statuses = three.map(silent);
      const { action } = plan(world(3, { pods, list: "none", statuses, ages: unheard(ms, 0, 1, 2) }));
      expect(action?.kind).to.equal(goes ? "deletePod" : undefined);
    });
  }
  it("are timed by this process's observations, which one answer resets", () => {
    const what = (change: Change) => aging(world(3, change)).map((a) => a.what);
    expect(what({ statuses: [silent(1)] })).to.include(age.unheard(pod(1)));
    expect(what({})).to.not.include(age.unheard(pod(1)));
  });
});
