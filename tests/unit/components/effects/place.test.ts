import { expect } from "chai";
import { moveOf } from "../../../../components/effects/place";

const before = { cluster: "etcd", namespace: "home" };

describe("another name or namespace", () => {
  const allowed = { allowDataDeletion: true, ownsNamespace: true, deletesClaims: false };
  const named = 'deletes the cluster and creates an empty one (clusterName from "etcd" to "other")';
  const moved = 'deletes the cluster and creates an empty one (namespace from "home" to "away")';
  const rows = [
    ["the same place", before, allowed, []],
    [
      "another namespace",
      { ...before, namespace: "away" },
      allowed,
      [`${moved}: namespace home goes with all data in it`],
    ],
    [
      "another namespace than one's own",
      { ...before, namespace: "away" },
      { ...allowed, ownsNamespace: false },
      [`${moved}: the claims data-etcd-<number> stay in home`],
    ],
    [
      "another name",
      { ...before, cluster: "other" },
      allowed,
      [`${named}: the claims data-etcd-<number> stay in home`],
    ],
    [
      "another name, with claims that go",
      { ...before, cluster: "other" },
      { ...allowed, deletesClaims: true },
      [`${named}: its data goes with its volumes`],
    ],
    [
      "both",
      { cluster: "other", namespace: "away" },
      allowed,
      [
        'deletes the cluster and creates an empty one (clusterName from "etcd" to "other", namespace from "home" to ' +
          '"away"): namespace home goes with all data in it',
      ],
    ],
  ] as const;
  for (const [title, after, deletion, warnings] of rows) {
    it(title, () => {
      expect(moveOf(before, after, deletion)).to.deep.equal({ refusals: [], warnings });
      const { refusals, ...others } = moveOf(before, after, { ...deletion, allowDataDeletion: false });
      const changed = (["cluster", "namespace"] as const).filter((key) => after[key] !== before[key]);
      expect(refusals).to.have.lengthOf(changed.length);
      expect(others).to.deep.equal({ warnings: [] });
    });
  }
});
