import { expect } from "chai";
import type { EtcdClusterArgs } from "../../../../components";
import { CaRotationStep, VolumeRetention } from "../../../../components";
import { defaultVersion } from "../../../../components/contract/versions";
import type { Progress } from "../../../../components/effects/state";
import { change, reached, said } from "./change";

const rolling = (names: string) => `restarts all 3 members, one by one, the leader last: ${names}`;

const given = { storage: { size: "16Gi" }, etcd: { quota: "2Gi" } };
const backup = { schedule: "15 * * * *", s3: { bucket: "backups", credentialsSecret: "s" } };

describe("what a change does, in words", () => {
  const rows: readonly [title: string, before: EtcdClusterArgs, after: EtcdClusterArgs, lines: string[]][] = [
    [
      "an image and a setting",
      {},
      { image: { repository: "r.example/etcd" }, etcd: { quota: "2Gi" } },
      [rolling("image, etcd.quota")],
    ],
    ["growing", {}, { members: 5 }, ["grows from 3 to 5 members, one by one; none restarts"]],
    [
      "shrinking",
      { members: 5 },
      {},
      ["shrinks from 5 to 3 members: etcd-4, then etcd-3 leave; their volumes stay"],
    ],
    [
      "shrinking with another setting: only those that stay restart",
      { members: 5 },
      { etcd: { quota: "2Gi" } },
      [
        "restarts all 3 members that stay, one by one, the leader last: etcd.quota",
        "shrinks from 5 to 3 members: etcd-4, then etcd-3 leave, before the restarts; their volumes stay",
      ],
    ],
    [
      "shrinking to one with another setting",
      {},
      { members: 1, etcd: { quota: "2Gi" } },
      [
        "! restarts the member that stays: etcd.quota; it doesn't serve meanwhile",
        "shrinks from 3 to 1 member: etcd-2, then etcd-1 leave, before the restarts; their volumes stay",
      ],
    ],
    [
      "one that leaves",
      { members: 2, allowEvenMembers: true },
      { members: 1, allowEvenMembers: true },
      ["shrinks from 2 to 1 member: etcd-1 leaves; its volume stays"],
    ],
    [
      "growing with another setting",
      {},
      { members: 5, etcd: { quota: "2Gi" } },
      [rolling("etcd.quota"), "grows from 3 to 5 members, one by one, after the restarts"],
    ],
    [
      "one member",
      { members: 1 },
      { members: 1, nodeImage: { tag: "22-slim" } },
      ["! restarts the only member: nodeImage; it doesn't serve meanwhile"],
    ],
    [
      "two members",
      { members: 2, allowEvenMembers: true },
      { members: 2, allowEvenMembers: true, nodeImage: { tag: "22-slim" } },
      [
        "! restarts both members, one by one, the leader last: nodeImage; writes stop while one of them restarts",
      ],
    ],
    [
      "two members of three",
      { members: 2, allowEvenMembers: true },
      { members: 3, allowEvenMembers: true, nodeImage: { tag: "22-slim" } },
      [
        "! restarts both members, one by one, the leader last: nodeImage; after a third has joined",
        "grows from 2 to 3 members, one by one",
      ],
    ],
    [
      "larger volumes",
      { ...given, storage: { size: "8Gi" } },
      given,
      ["volumes grow from 8Gi to 16Gi, one by one; none restarts, unless the storage driver needs a new pod"],
    ],
    [
      "larger volumes, in decimal units",
      { ...given, storage: { size: "8G" } },
      { ...given, storage: { size: "16G" } },
      ["volumes grow from 8G to 16G, one by one; none restarts, unless the storage driver needs a new pod"],
    ],
    [
      "larger volumes, and the quota that follows",
      { storage: { size: "8Gi" } },
      { storage: { size: "10Gi" } },
      [rolling("etcd.quota (follows storage.size)"), "volumes grow from 8Gi to 10Gi, one by one"],
    ],
    [
      "less memory, and the quota that follows",
      {},
      { resources: { memoryLimit: "512Mi" } },
      [rolling("resources.memoryLimit, etcd.quota (follows resources.memoryLimit)")],
    ],
    [
      "an unset version, once the package's default is another",
      { version: "3.6.15" },
      {},
      [rolling(`version (3.6.15 to ${defaultVersion})`)],
    ],
    ["a patch", { version: "3.6.14" }, { version: "3.6.16" }, [rolling("version (3.6.14 to 3.6.16)")]],
    [
      "a minor version up",
      { version: "3.5.33" },
      { version: "3.6.16" },
      [rolling("version (3.5.33 to 3.6.16)")],
    ],
    [
      "a minor version up, from 3.6",
      { version: "3.6.16" },
      { version: "3.7.3" },
      [rolling("version (3.6.16 to 3.7.3)")],
    ],
    [
      "a minor version down",
      { version: "3.7.3" },
      { version: "3.6.16", controller: { allowDowngrade: true } },
      [rolling("version (3.7.3 to 3.6.16)"), "no member restarts for controller.allowDowngrade"],
    ],
    [
      "a restore",
      { backup },
      { backup, generation: 2, restore: { backup: { name: "20261126T191500Z-5f3a9c" } } },
      [
        "! restores generation 2 from backup 20261126T191500Z-5f3a9c: all members stop, and their data is replaced",
      ],
    ],
    [
      "a restore of the newest backup, with another setting",
      { backup },
      { backup, generation: 2, restore: { backup: {} }, etcd: { quota: "2Gi" } },
      [
        "! restores generation 2 from the newest backup: all members stop, and their data is replaced. " +
          "They come back with: etcd.quota",
      ],
    ],
    [
      "a restore with more members and larger volumes",
      { backup, etcd: { quota: "2Gi" } },
      {
        ...{ backup, generation: 2, restore: { backup: {} }, members: 5 },
        ...{ etcd: { quota: "2Gi" }, storage: { size: "16Gi" } },
      },
      [
        "! restores generation 2 from the newest backup: all members stop, and their data is replaced",
        "grows from 3 to 5 members with it",
        "volumes grow from 8Gi to 16Gi, one by one",
      ],
    ],
    [
      "a restore from a file",
      {},
      { generation: 2, restore: { file: { claim: "old", path: "a/etcd.db" } } },
      ["! restores generation 2 from the snapshot a/etcd.db: all members stop, and their data is replaced"],
    ],
    [
      "a restore from another etcd",
      {},
      { generation: 2, restore: { endpoints: { urls: ["https://old:2379"], tlsSecret: "old" } } },
      [
        "! restores generation 2 from the etcd at https://old:2379: all members stop, and their data is replaced",
      ],
    ],
    [
      "a recovery",
      {},
      { generation: 2, recovery: { confirmed: true } },
      ["! makes generation 2 from the newest disk that is left: all members stop"],
    ],
    [
      "a source without a higher generation",
      {},
      { restore: { file: { claim: "c", path: "p" } } },
      ["no member restarts for restore"],
    ],
    [
      "new authorities",
      {},
      { tls: { caRotation: { revision: 2, step: CaRotationStep.TrustBoth } } },
      [
        rolling("tls.caRotation"),
        "certificate authorities: step TrustBoth: those of revision 1 sign, those of 2 are trusted as well; " +
          "then the clients' Secrets follow",
      ],
    ],
    [
      "new authorities that sign",
      { tls: { caRotation: { revision: 2, step: CaRotationStep.TrustBoth } } },
      { tls: { caRotation: { revision: 2, step: CaRotationStep.SignWithNew } } },
      [
        rolling("tls.caRotation"),
        "certificate authorities: step SignWithNew: those of revision 2 sign, those of 1 are still trusted; " +
          "then the clients' Secrets follow",
      ],
    ],
    [
      "old authorities that go",
      { tls: { caRotation: { revision: 2, step: CaRotationStep.SignWithNew } } },
      { tls: { caRotation: { revision: 2, step: CaRotationStep.DropOld } } },
      [
        rolling("tls.caRotation"),
        "certificate authorities: step DropOld: those of revision 2 sign, and only they are trusted; " +
          "then the clients' Secrets follow",
      ],
    ],
    [
      "renewed authorities",
      {},
      { tls: { caValidityDays: 100 } },
      [rolling("the authorities' renewed certificates")],
    ],
    [
      "a pause",
      {},
      { controller: { paused: true } },
      ["the controller pauses: it changes nothing until controller.paused is false"],
    ],
    [
      "a pause and a change",
      {},
      { controller: { paused: true }, etcd: { quota: "2Gi" } },
      [
        "! the controller pauses: none of this is done until controller.paused is false, and `pulumi up` waits for it",
        rolling("etcd.quota"),
      ],
    ],
    [
      "a change while it is paused",
      { controller: { paused: true } },
      { controller: { paused: true }, members: 5 },
      [
        "! the controller is still paused: none of this is done until controller.paused is false, and `pulumi up` waits for it",
        "grows from 3 to 5 members, one by one; none restarts",
      ],
    ],
    ["the end of a pause", { controller: { paused: true } }, {}, ["the controller is no longer paused"]],
    [
      "what only the controller obeys",
      { allowDataDeletion: true },
      {
        allowDataDeletion: true,
        allowEvenMembers: true,
        controller: { nodeLossGraceSeconds: 600, defragmentFreePercent: 50, defragmentMinSize: "1Gi" },
        storage: { onDestroy: VolumeRetention.Delete, keepReplacedDays: 3 },
      },
      [
        "no member restarts for allowEvenMembers, controller.nodeLossGraceSeconds, controller.defragmentFreePercent, " +
          "controller.defragmentMinSize, storage.keepReplacedDays, storage.onDestroy",
      ],
    ],
    ["labels of the objects", {}, { metadata: { labels: { team: "a" } } }, ["no member restarts"]],
  ];

  for (const [title, before, after, lines] of rows) {
    it(title, async () => {
      expect(said(await change(before, after))).to.deep.equal(lines);
    });
  }

  it("says of another release what it changes, and nothing of the paths that come with it", async () => {
    const { before, after, spec } = await change({}, { etcd: { quota: "2Gi" } });
    const template = JSON.parse(JSON.stringify(before.template)) as {
      spec: { volumes: { name: string; configMap?: { name: string } }[]; hostUsers?: boolean };
    };
    template.spec.volumes.forEach(({ name, configMap }) => {
      if (name === "gate" && configMap) configMap.name = "etcd-gate-0000000000";
    });
    template.spec.hostUsers = true;
    const older = { ...before, template };
    expect(said({ before: older, after, spec, progress: reached })).to.deep.equal([
      rolling("etcd.quota, another version of this package"),
    ]);
  });

  it("says that a value isn't known yet", async () => {
    const { before, spec } = await change({}, {});
    const template = JSON.parse(JSON.stringify(before.template)) as {
      metadata: { annotations: Record<string, unknown> };
    };
    template.metadata.annotations.from = { __pulumiUnknown: true };
    const after = { ...before, hash: undefined, template };
    expect(said({ before, after, spec, progress: reached })).to.deep.equal([
      "may restart all 3 members, one by one, the leader last: podMetadata",
    ]);
  });
});

describe("what a change does after a declaration that was not reached", () => {
  const stopped: Progress = { reached: false };
  const head =
    "the declaration before this one was not reached: what is left of it and still declared is done as well";
  const rows: readonly [
    title: string,
    before: EtcdClusterArgs,
    after: EtcdClusterArgs,
    progress: Progress,
    lines: string[],
  ][] = [
    [
      "a setting",
      { etcd: { quota: "2Gi" } },
      {},
      stopped,
      [head, "restarts each member that doesn't run this yet, one by one, the leader last: etcd.quota"],
    ],
    [
      "members that may not have come",
      { members: 5 },
      {},
      stopped,
      [head, "shrinks to 3 members: etcd-4, then etcd-3 leave, if they are there; their volumes stay"],
    ],
    [
      "members that may not have gone",
      {},
      { members: 5 },
      stopped,
      [head, "grows to 5 members, one by one; none restarts"],
    ],
    [
      "volumes that may not have grown",
      given,
      { ...given, storage: { size: "8Gi" } },
      stopped,
      [head, "volumes are to have 8Gi: smaller ones grow, larger ones can't shrink"],
    ],
    [
      "what was refused before any member had taken it",
      { version: "3.5.33" },
      { version: "3.6.16" },
      { reached: false, reason: "refused: version is 3.5.33", untouched: true },
      [
        head.replace(":", " (refused: version is 3.5.33):"),
        "restarts no member if this is what they run, since none had taken what was refused: version (3.5.33 to 3.6.16)",
      ],
    ],
    [
      "what was refused after a member had taken it",
      { version: "3.7.3" },
      { version: "3.6.16" },
      { reached: false, reason: "refused: no", untouched: false },
      [
        head.replace(":", " (refused: no):"),
        "restarts each member that doesn't run this yet, one by one, the leader last: version (3.7.3 to 3.6.16)",
      ],
    ],
  ];
  for (const [title, before, after, progress, lines] of rows) {
    it(title, async () => {
      expect(said(await change(before, after, progress))).to.deep.equal(lines);
    });
  }
});
