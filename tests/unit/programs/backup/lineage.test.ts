/** Two clusters with one ID, as copies of volumes make them, and a cluster that is made again over its own volumes. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { readCatalog } from "../../../../programs/backup/catalog";
import { findBackup } from "../../../../programs/backup/fetch";
import { lineagesOf } from "../../../../programs/backup/lineage";
import type { Manifest } from "../../../../programs/shared/backups/manifest";
import { keys, parseManifest } from "../../../../programs/shared/backups/manifest";
import { Refusal } from "../../../../programs/shared/refusal";
import { retention } from "../../../../programs/backup/retention";
import { FolderStore } from "../../../../programs/backup/store/folder";
import { volumesOf } from "../../../../programs/backup/volumes";
import type { Api } from "../../../../programs/shared/kubernetes/api";
import { ApiError } from "../../../../programs/shared/kubernetes/api";
import { failure, manifest, nowMs, removeFolders, temporaryFolder, volumes } from "./fixtures";

const hour = 3600_000;
const day = 24;
const copied = ["copy-0", "copy-1", "copy-2"];
const without = (m: Manifest): Manifest => ({ ...m, volumes: undefined });

const decide = (good: readonly Manifest[], made: Manifest | undefined, keepLast = 3) =>
  retention({
    good,
    made: made?.name ?? "",
    settings: { keepLast },
    before: new Set(good.map((m) => m.name)),
    nowMs,
    writtenMs: new Map(good.map((m) => [m.name, Date.parse(m.time)])),
  });
const removed = (good: readonly Manifest[], made = good[0], keepLast = 3) => {
  const decided = decide(good, made, keepLast);
  if ("alert" in decided) throw new Error(decided.alert);
  return decided.remove.map((m) => good.indexOf(m)).sort((a, b) => a - b);
};
const alert = (good: readonly Manifest[], made = good[0], keepLast = 3) => {
  const decided = decide(good, made, keepLast);
  return "alert" in decided ? decided.alert : "";
};
/** Begun so many hours ago, one after the other. */
const series = (hours: readonly number[], more: Partial<Manifest> = {}) =>
  hours.map((h) => manifest(h, more));

describe("backups of clusters with one ID", () => {
  it("nothing goes while both write, whichever of them asks, and the busier one's revision is higher", () => {
    const original = series([0.2, 4, 5, 6, 7]);
    const copy = series([0.1, 1, 2, 3], { volumes: copied, revision: 5000 });
    for (const made of [original[0], copy[0]])
      for (const keepLast of [1, 3])
        expect(alert([...original, ...copy], made, keepLast))
          .to.contain("two clusters with the ID c1 write to one place")
          .and.contain(made === original[0] ? copy[0]!.name : original[0]!.name)
          .and.contain("its own prefix");
  });

  it("the original's stay when a copy writes far more often than it: it will write again", () => {
    const original = series([100, 124, 148, 172, 196]);
    let good = [...original];
    for (let h = 99; h > 0; h--) {
      const made = manifest(h, { volumes: copied, revision: 5000 - h });
      good.push(made);
      const decided = decide(good, made);
      if ("alert" in decided) throw new Error(decided.alert);
      good = good.filter((m) => !decided.remove.includes(m));
    }
    expect(good.filter((m) => original.includes(m))).to.deep.equal(original.slice(0, 3));
    expect(good).to.have.length(6);
    good.push(manifest(0.5));
    const next = manifest(0, { volumes: copied, revision: 6000 });
    expect(alert([...good, next], next)).to.contain("two clusters with the ID c1");
  });

  it("those of one that ended go when it has been silent for longer than any usual schedule", () => {
    const ended = series([100, 101, 102, 103].map((d) => d * day));
    const own = series([0, 1, 2, 3], { volumes: copied, revision: 5000 });
    expect(removed([...own, ...ended])).to.deep.equal([3, 4, 5, 6, 7]);
  });

  it("a stack that is made again over its volumes goes on as if nothing were, and so does one whose members moved", () => {
    expect(removed(series([0, 1, 2, 3, 4]))).to.deep.equal([3, 4]);
    const moved = [
      manifest(0, { volumes: ["d", "e", "f"] }),
      manifest(1, { volumes: ["a", "e", "f"] }),
      manifest(2, { volumes: ["a", "b", "f"] }),
      manifest(3, { volumes: ["a", "b", "c"] }),
    ];
    expect(removed(moved, moved[0], 2)).to.deep.equal([2, 3]);
    expect(lineagesOf([moved[0]!, moved[3]!, moved[1]!, moved[2]!]), "in whatever order").to.have.length(1);
  });

  it("those of an earlier release, which tell no volumes, are retained as they were", () => {
    const good = series([0, 1, 2, 3, 4, 5]).map((m, i) => (i < 2 ? m : without(m)));
    expect(removed(good)).to.deep.equal([3, 4, 5]);
    expect(lineagesOf(good.map(without))).to.have.length(1);
  });

  it("those of an earlier release and another name are another cluster's", () => {
    const good = [...series([0, 4]), ...series([1, 2], { cluster: "dr/etcd", revision: 900 }).map(without)];
    expect(alert(good)).to.contain("of dr/etcd on other volumes");
  });

  it("nothing goes when this cluster's own volumes can't be told", () => {
    const good = series([0, 1, 2, 3, 4]);
    expect(alert([without(good[0]!), ...good.slice(1)])).to.contain("the members' PVCs couldn't be read");
  });

  it("a copy of a bucket, whose times are those of the copying, makes two that followed each other no two that write", () => {
    const good = [...series([0, 1], { volumes: copied, revision: 5000 }), ...series([2, 3])];
    const times = good.map((m, i): [string, number] => [m.name, nowMs + (i - 4) * hour * 0.01]);
    const decided = retention({
      good,
      made: good[0]!.name,
      settings: { keepLast: 3 },
      nowMs,
      writtenMs: new Map(times),
    });
    expect(decided).to.deep.equal({ remove: [] });
  });

  describe("in a store", () => {
    afterEach(removeFolders);
    const filled = (backups: readonly Manifest[]) => {
      const folder = temporaryFolder();
      for (const m of backups)
        for (const [key, bytes] of [
          [m.object.key, Buffer.alloc(m.object.bytes)],
          [keys.manifest(m.clusterId, m.name), JSON.stringify(m)],
        ] as const) {
          mkdirSync(dirname(join(folder, key)), { recursive: true });
          writeFileSync(join(folder, key), bytes);
          utimesSync(join(folder, key), Date.parse(m.time) / 1000, Date.parse(m.time) / 1000);
        }
      return new FolderStore({ kind: "folder", folder, prefix: "" });
    };

    it("the newest is not chosen between a cluster and its copy, and both are named", async () => {
      const [original, copy] = [manifest(5), manifest(1, { volumes: copied, revision: 5000 })];
      const store = filled([original, manifest(6), copy]);
      for (const which of [{}, { clusterId: "c1" }]) {
        const error = await failure(findBackup(store, which));
        expect(error).to.be.instanceOf(Refusal);
        expect(error.message)
          .to.contain("2 clusters with the ID c1")
          .and.contain(`${original.name} (of ns/etcd, revision ${original.revision})`)
          .and.contain(`${copy.name} (of ns/etcd, revision 5000)`);
      }
      expect((await findBackup(store, { name: original.name })).volumes).to.deep.equal(volumes);
    });

    it("the newest is found among those of this release and an earlier one", async () => {
      const store = filled([manifest(1), without(manifest(2))]);
      expect((await findBackup(store, {})).name).to.equal(manifest(1).name);
      expect((await findBackup(filled([without(manifest(2))]), {})).volumes).to.equal(undefined);
    });

    it("one whose volumes are damaged is doubtful", async () => {
      for (const wrong of [[], [""], "claim-0", [7], {}]) {
        const store = filled([manifest(1, { volumes: wrong as unknown as string[] })]);
        const { good, doubtful } = await readCatalog(store);
        expect([good, doubtful.map((d) => d.why)]).to.deep.equal([
          [],
          ["its manifest can't be used: volumes is missing or wrong"],
        ]);
      }
    });
  });

  it("what a manifest says besides, an earlier or later release reads over", () => {
    const text = JSON.stringify({ ...manifest(1), lineage: { of: "a later release" } });
    expect(parseManifest(text).volumes).to.deep.equal(volumes);
  });

  it("a cluster's volumes are those of its claims that are there", async () => {
    const asked: string[] = [];
    const api = {
      call: ({ path }: { path: string }) => {
        asked.push(path);
        if (path.endsWith("-1")) return Promise.reject(new ApiError(404, "NotFound", "no such claim"));
        if (path.endsWith("-9")) return Promise.reject(new ApiError(403, "Forbidden", "may not"));
        return Promise.resolve({ metadata: { uid: `uid of ${path.slice(-1)}` } });
      },
    } as unknown as Api;
    expect(await volumesOf(api, "ns", ["data-etcd-0", "data-etcd-1", "data-etcd-2"])).to.deep.equal([
      "uid of 0",
      "uid of 2",
    ]);
    expect(asked[0]).to.equal("/api/v1/namespaces/ns/persistentvolumeclaims/data-etcd-0");
    expect((await failure(volumesOf(api, "ns", ["data-etcd-9"]))).message).to.equal("may not");
  });
});
