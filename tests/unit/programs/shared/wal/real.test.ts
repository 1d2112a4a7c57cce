import { expect } from "chai";
import { truncateSync, statSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readMember } from "../../../../../programs/shared/wal";
import type { Minor } from "./fixtures";
import { loadFixture, put, removeFolders, temporaryFolder, unpack, versions } from "./fixtures";

const minors = Object.keys(versions) as Minor[];
const whole = ["single", "three-0", "three-1", "three-2", "learner", "promoted", "snapshot"];

describe("a log written by etcd", () => {
  afterEach(removeFolders);

  for (const minor of minors) {
    for (const name of whole) {
      it(`${minor}: ${name} is what the cluster said`, () => {
        const fixture = loadFixture(minor, name);
        const { memberId, clusterId, term, index, voters } = fixture.etcd;
        const found = readMember(unpack(fixture), versions[minor]);
        expect(found).to.deep.include({
          state: "wal",
          memberId,
          clusterId,
          voters: [...voters].sort(),
          torn: false,
        });
        expect(found).to.include({ lastTerm: term, lastIndex: index });
      });
    }

    it(`${minor}: a restored member begins at its snapshot`, () => {
      const { memberId, clusterId } = loadFixture(minor, "restored").etcd;
      const found = readMember(unpack(loadFixture(minor, "restored")), versions[minor]);
      expect(found).to.include({ state: "wal", memberId, clusterId, lastTerm: 1, lastIndex: 1, commit: 1 });
      expect(found).to.deep.include({ voters: [memberId] });
    });

    it(`${minor}: without its database a member with a snapshot is broken, one without replays`, () => {
      const without = (name: string) =>
        readMember(unpack({ ...loadFixture(minor, name), database: false }), versions[minor]);
      expect(without("snapshot")).to.include({ state: "broken", reason: "the database is missing" });
      expect(without("single")).to.include({ state: "wal" });
    });

    it(`${minor}: cut off anywhere it ends earlier, and is never another's`, () => {
      const fixture = loadFixture(minor, "promoted");
      const folder = unpack(fixture, undefined, 0);
      const file = join(folder, "wal", readdirSync(join(folder, "wal"))[0]!);
      let last = Infinity;
      for (let size = statSync(file).size - 1; size >= 0; size -= 3) {
        truncateSync(file, size);
        const found = readMember(folder, versions[minor]);
        if (found.state === "wal") {
          expect(found.memberId).to.equal(fixture.etcd.memberId);
          expect(found.lastIndex).to.be.at.most(last);
          last = found.lastIndex;
        } else {
          expect(found).to.deep.equal({
            state: "broken",
            reason: "the log has no member ID or no cluster ID",
          });
          expect(last, "what is left of the head").to.equal(0);
        }
      }
    });
  }

  it("tells where what 3.5 wrote ends, which 3.7 can't read, and forgets it after a snapshot", () => {
    const oldEntry = (minor: Minor, name: string) => {
      const found = readMember(unpack(loadFixture(minor, name)), versions[minor]);
      return found.state === "wal" ? [found.oldEntry, found.lastIndex] : [];
    };
    for (const name of ["single", "three-0", "three-1", "three-2", "learner", "promoted"]) {
      const [old, last] = oldEntry("3.5", name);
      expect(old, name).to.be.within(1, last!);
      for (const minor of ["3.6", "3.7"] as const) expect(oldEntry(minor, name)[0], name).to.equal(undefined);
    }
    expect(oldEntry("3.5", "snapshot")[0]).to.equal(undefined);
  });

  it("the last write torn: zeros in a sector of its data", () => {
    const fixture = loadFixture("3.6", "single");
    const folder = unpack(fixture);
    const file = join(folder, "wal", readdirSync(join(folder, "wal"))[0]!);
    const bytes = readFileSync(file);
    // What is written last is a state of some 20 bytes, or an entry with it.
    const used = bytes.findLastIndex((byte) => byte !== 0) + 1;
    bytes.fill(0, used - 12, used);
    writeFileSync(file, bytes);
    const found = readMember(folder, "3.6.16");
    expect(found).to.include({ memberId: fixture.etcd.memberId });
  });

  it("nothing, and what a start leaves that never had a log", () => {
    const folder = temporaryFolder();
    expect(readMember(join(folder, "member"), "3.6.16")).to.deep.equal({ state: "empty" });
    put(join(folder, "member/etcd.yaml"), Buffer.from("name: x"));
    put(join(folder, "member/snap/db"), Buffer.alloc(16_801_792));
    expect(readMember(join(folder, "member"), "3.6.16")).to.deep.equal({ state: "empty" });
    put(join(folder, "member/snap/db"), Buffer.from("....consistent_index...."));
    expect(readMember(join(folder, "member"), "3.6.16")).to.include({ state: "broken" });
  });
});
