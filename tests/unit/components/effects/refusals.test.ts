import { expect } from "chai";
import type { EtcdClusterArgs, Tls } from "../../../../components";
import { CaRotationStep } from "../../../../components";
import { change, refused } from "./change";

const existing = {
  peerSecret: "a",
  peerClientSecret: "b",
  serverSecret: "c",
  rootSecret: "d",
  controllerSecret: "e",
  controllerServerSecret: "f",
};
const at = (revision: number, step: CaRotationStep): EtcdClusterArgs => ({
  tls: { caRotation: { revision, step } },
});
const { TrustBoth, SignWithNew, DropOld } = CaRotationStep;
const downgrade = { controller: { allowDowngrade: true } };
const recovery = { confirmed: true };

describe("what the last declaration forbids of the next", () => {
  const rows: readonly [
    title: string,
    before: EtcdClusterArgs,
    after: EtcdClusterArgs,
    refusals: string[],
  ][] = [
    [
      "a skipped minor version",
      { version: "3.5.33" },
      { version: "3.7.3" },
      [
        'version is "3.7.3": etcd 3.5.33 to 3.7.3 skips a minor version. Declare one minor version after the other.',
      ],
    ],
    [
      "a patch that must come before",
      { version: "3.6.10" },
      { version: "3.7.3" },
      [
        'version is "3.7.3": etcd 3.6.10 to 3.7.3 first needs 3.6.11 or later on every member. Declare that version first.',
      ],
    ],
    [
      "a downgrade",
      { version: "3.7.3" },
      { version: "3.6.16" },
      [
        'version is "3.6.16": etcd 3.7.3 to 3.6.16 is a downgrade. Declare "3.7.3" again, or set controller.allowDowngrade as well.',
      ],
    ],
    [
      "a downgrade by the package's default",
      { version: "3.7.3" },
      {},
      [
        'version is "3.6.16" by default: etcd 3.7.3 to 3.6.16 is a downgrade. Declare "3.7.3" again, or set controller.allowDowngrade as well.',
      ],
    ],
    [
      "another minor version of a restore, which makes the data anew",
      { version: "3.7.3" },
      { version: "3.5.33", generation: 2, restore: { file: { claim: "old", path: "etcd.db" } } },
      [],
    ],
    [
      "another minor version of a recovery, which keeps the data",
      { version: "3.7.3" },
      { version: "3.6.16", generation: 2, recovery },
      [
        'version is "3.6.16": etcd 3.7.3 to 3.6.16 is a downgrade. Declare "3.7.3" again, or set controller.allowDowngrade as well.',
      ],
    ],
    ["an allowed downgrade", { version: "3.7.3" }, { version: "3.6.16", ...downgrade }, []],
    [
      "an allowed downgrade by two",
      { version: "3.7.3" },
      { version: "3.5.33", ...downgrade },
      [
        'version is "3.5.33": etcd 3.7.3 to 3.5.33 is a downgrade of 2 minor versions, and etcd goes down by one at a time. ' +
          'Declare "3.7.3" again, or one minor version less.',
      ],
    ],
    [
      "a downgrade by two",
      { version: "3.7.3" },
      { version: "3.5.33" },
      [
        'version is "3.5.33": etcd 3.7.3 to 3.5.33 is a downgrade of 2 minor versions, and etcd goes down by one at a time. ' +
          'Declare "3.7.3" again, or one minor version less with controller.allowDowngrade.',
      ],
    ],
    ["a lower patch", { version: "3.6.16" }, { version: "3.6.14" }, []],
    ["the next minor version", { version: "3.6.11" }, { version: "3.7.3" }, []],
    [
      "a smaller volume",
      { storage: { size: "1Gi" } },
      { storage: { size: "900Mi" } },
      [
        'storage.size is "900Mi": the members\' volumes have 1Gi, and no volume shrinks. Declare "1Gi" or more.',
      ],
    ],
    [
      "a smaller volume by default",
      { storage: { size: "16Gi" } },
      {},
      [
        'storage.size is "8Gi" by default: the members\' volumes have 16Gi, and no volume shrinks. Declare "16Gi" or more.',
      ],
    ],
    ["the same volume in other words", { storage: { size: "2Gi" } }, { storage: { size: "2048Mi" } }, []],
    [
      "a lower generation",
      { generation: 2, recovery },
      {},
      [
        "generation is 1 by default: the members are of generation 2, and none goes back. " +
          "Declare 2 again, or 3 with restore or recovery.",
      ],
    ],
    [
      "a higher generation from nothing",
      {},
      { generation: 2 },
      [
        "generation is 2: the members are of generation 1, and it isn't declared what to make another from. " +
          "Declare restore or recovery with it, or generation 1 again.",
      ],
    ],
    ["a higher generation from something", {}, { generation: 2, recovery }, []],
    ["the same generation without its source", { generation: 2, recovery }, { generation: 2 }, []],
    [
      "another domain",
      {},
      { clusterDomain: "b.example" },
      [
        'clusterDomain is "b.example": the members know each other by names in "cluster.local", and a living cluster keeps its names. ' +
          'Declare "cluster.local" again.',
      ],
    ],
    [
      "to certificates of one's own",
      {},
      { tls: { existing } },
      [
        "tls.existing is given: the members have certificates that the component made, and would trust no others. " +
          "Leave it out, or restore a backup into a new cluster.",
      ],
    ],
    [
      "from certificates of one's own",
      { tls: { existing } },
      {},
      [
        "tls.existing is left out: the members have certificates of your own, and would trust no others. " +
          "Declare it again, or restore a backup into a new cluster.",
      ],
    ],
    [
      "other certificates of one's own",
      { tls: { existing } },
      { tls: { existing: { ...existing, caRevision: "2" } } },
      [],
    ],
    [
      "a step that comes later",
      {},
      at(2, SignWithNew),
      [
        'tls.caRotation is { revision: 2, step: "SignWithNew" }: the members have their first authorities, and would not trust ' +
          'each other while they restart one by one. Declare { revision: 2, step: "TrustBoth" } first.',
      ],
    ],
    [
      "a step left out",
      at(2, TrustBoth),
      at(2, DropOld),
      [
        'tls.caRotation is { revision: 2, step: "DropOld" }: the members are at { revision: 2, step: "TrustBoth" }, and would not ' +
          'trust each other while they restart one by one. Declare { revision: 2, step: "SignWithNew" } first.',
      ],
    ],
    [
      "two steps back",
      at(2, DropOld),
      at(2, TrustBoth),
      [
        'tls.caRotation is { revision: 2, step: "TrustBoth" }: the members are at { revision: 2, step: "DropOld" }, and would not ' +
          'trust each other while they restart one by one. Declare { revision: 2, step: "SignWithNew" } first.',
      ],
    ],
    [
      "a revision left out",
      {},
      at(3, TrustBoth),
      [
        'tls.caRotation is { revision: 3, step: "TrustBoth" }: the members have their first authorities, and would not trust ' +
          'each other while they restart one by one. Declare { revision: 2, step: "TrustBoth" } first.',
      ],
    ],
    [
      "a rotation that is left out again",
      at(2, DropOld),
      {},
      [
        'tls.caRotation is left out: the members are at { revision: 2, step: "DropOld" }, and would not trust each other while they ' +
          'restart one by one. Declare { revision: 2, step: "DropOld" } again.',
      ],
    ],
    ["the first step", {}, at(2, TrustBoth), []],
    ["the second step", at(2, TrustBoth), at(2, SignWithNew), []],
    ["the third step", at(2, SignWithNew), at(2, DropOld), []],
    ["one step back", at(2, SignWithNew), at(2, TrustBoth), []],
    ["the first step back", at(2, TrustBoth), {}, []],
    ["the next rotation", at(2, DropOld), at(3, TrustBoth), []],
    [
      "two things at once",
      { version: "3.7.3", storage: { size: "16Gi" } },
      { version: "3.6.16" },
      [
        'version is "3.6.16": etcd 3.7.3 to 3.6.16 is a downgrade. Declare "3.7.3" again, or set controller.allowDowngrade as well.',
        'storage.size is "8Gi" by default: the members\' volumes have 16Gi, and no volume shrinks. Declare "16Gi" or more.',
      ],
    ],
    ["anything else", {}, { members: 5, etcd: { quota: "1Gi" }, controller: { paused: true } }, []],
  ];

  for (const [title, before, after, refusals] of rows) {
    it(title, async () => {
      expect(refused(await change(before, after))).to.deep.equal(refusals);
    });
  }

  it("doesn't refuse a rotation after a release that didn't tell what pods trust", async () => {
    const { before, after, spec } = await change({}, { tls: { existing } satisfies Tls });
    const template = { ...(before.template as object), metadata: {} };
    expect(
      refused({ before: { ...before, template }, after, spec, progress: { reached: true } }),
    ).to.deep.equal([]);
  });
});
