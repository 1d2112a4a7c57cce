import { expect } from "chai";
import { join } from "node:path";
import type { MemberData } from "../../../../../programs/shared/wal";
import { readMember } from "../../../../../programs/shared/wal";
import { crc32c } from "../../../../../programs/shared/wal/crc";
import type { Segment } from "../../../../../programs/shared/wal/decoder";
import { BrokenLog } from "../../../../../programs/shared/wal/decoder";
import { Log } from "../../../../../programs/shared/wal/log";
import { change, changeV2, LogWriter, metadata } from "./encoder";
import { loadFixture, put, removeFolders, temporaryFolder } from "./fixtures";

type Whole = Extract<MemberData, { state: "wal" }>;

const me = 18446744073709551615n;
const head = metadata(me, 9007199254740993n);

interface Disk {
  readonly database?: boolean;
  readonly without?: readonly number[];
  readonly alter?: (segments: Buffer[]) => void;
}

function read(log: LogWriter, disk: Disk = {}): MemberData {
  const folder = temporaryFolder();
  const segments = log.segments();
  disk.alter?.(segments.map((s) => s.bytes));
  segments.forEach((s, i) => {
    if (!disk.without?.includes(i)) put(join(folder, "wal", s.name), s.bytes);
  });
  if (disk.database !== false) put(join(folder, "snap", "db"), Buffer.from("consistent_index"));
  return readMember(folder, "3.7.0");
}

const begun = () => new LogWriter(head).snapshot(0, 0);
const three = () => begun().entry(1, 1).entry(2, 1).entry(3, 2).state(2, 2);

describe("a log", () => {
  afterEach(removeFolders);

  it("has the checksum of the standard", () => {
    expect(crc32c(0, Buffer.from("123456789"))).to.equal(0xe3069283);
    expect(crc32c(crc32c(0, Buffer.from("1234")), Buffer.from("56789"))).to.equal(0xe3069283);
  });

  it("keeps IDs of 64 bits whole", () => {
    expect(read(three())).to.deep.equal({
      state: "wal",
      memberId: "18446744073709551615",
      clusterId: "9007199254740993",
      lastTerm: 2,
      lastIndex: 3,
      commit: 2,
      voters: [],
      term: 2,
      voted: false,
      torn: false,
    });
  });

  it("that never had an entry is a member's all the same", () => {
    expect(read(begun())).to.include({ state: "wal", lastIndex: 0, lastTerm: 0 });
  });

  const ends: [string, LogWriter, object][] = [
    [
      "a later entry with a lower index cuts off what stood behind",
      three().entry(2, 3),
      { lastIndex: 2, lastTerm: 3 },
    ],
    ["an entry may be replaced by one of an older term", three().entry(3, 1), { lastIndex: 3, lastTerm: 1 }],
    [
      "a snapshot that is ahead of the log",
      three().snapshot(50, 4, [me]).state(4, 50),
      { lastIndex: 50, lastTerm: 4 },
    ],
    [
      "entries after a snapshot",
      three().snapshot(50, 4, [me]).state(4, 50).entry(51, 5),
      { lastIndex: 51, lastTerm: 5 },
    ],
    [
      "a snapshot that was not committed doesn't count",
      three().snapshot(50, 4, [me]),
      { lastIndex: 3, lastTerm: 2 },
    ],
    [
      "several segments",
      three().cut(4).entry(4, 2).cut(5).entry(5, 3).state(3, 5),
      { lastIndex: 5, lastTerm: 3 },
    ],
    [
      "a large record",
      begun().entry(1, 1, Buffer.alloc(3_000_000, 7)).state(1, 1),
      { lastIndex: 1, commit: 1 },
    ],
  ];
  for (const [name, log, expected] of ends) {
    it(name, () => expect(read(log)).to.include({ state: "wal", ...expected }));
  }

  it("segments before the snapshot may be gone", () => {
    const log = three().cut(4).entry(4, 2).snapshot(4, 2, [me]).state(2, 4).cut(5).entry(5, 2);
    expect(read(log, { without: [0] })).to.include({ state: "wal", lastIndex: 5 });
    expect(read(log, { without: [0, 1] })).to.include({ state: "broken" });
  });

  it("up to 3.6 a snapshot record counts only with its file", () => {
    const log = three().cut(4).entry(4, 2).snapshot(4, 2, [me]).state(2, 4);
    const folder = temporaryFolder();
    const { name, bytes } = log.segments()[1]!;
    put(join(folder, "wal", name), bytes);
    put(join(folder, "snap", "db"), Buffer.from("consistent_index"));
    expect(readMember(folder, "3.7.0")).to.include({ state: "wal" });
    expect(readMember(folder, "3.6.16")).to.include({ state: "broken" });
    put(join(folder, "snap", "0000000000000002-0000000000000004.snap"), Buffer.from("x"));
    expect(readMember(folder, "3.6.16")).to.include({ state: "wal" });
  });

  const later = () => three().cut(4).entry(4, 2).cut(5).entry(5, 2).state(2, 5);
  const broken: [string, LogWriter, Disk, RegExp][] = [
    ["a segment is missing", later(), { without: [1] }, /segment before 0000000000000002-/],
    ["the first segment is missing", later(), { without: [0] }, /begins at 4/],
    [
      "the last segment is missing, with what was committed",
      three().state(2, 3).cut(4).state(2, 3).entry(4, 2).state(2, 4).cut(5).state(2, 4),
      { alter: (s) => s[1]!.fill(0) },
      /doesn't continue/,
    ],
    [
      "zeros in the middle",
      later(),
      { alter: (s) => s[1]!.fill(0, 40) },
      /doesn't continue|not a record|checksum/,
    ],
    [
      "a middle segment cut off within a record",
      later(),
      { alter: (s) => s[1]!.fill(0xff, s[1]!.length - 8) },
      /checksum|within the record|not a record/,
    ],
    ["of two members", three().metadata(metadata(5n, 6n)), {}, /belong to different members/],
    ["without an owner", new LogWriter(Buffer.alloc(0)), {}, /no member ID/],
    ["more was committed than there is", three().state(2, 4), {}, /ends at 3, but entries up to 4 were/],
    ["entries are missing", three().entry(9, 2), {}, /before 9 are missing/],
    ["a snapshot of two terms", three().snapshot(2, 1, [me]).snapshot(2, 2, [me]), {}, /twice/],
    ["a snapshot, and no database", three().snapshot(2, 1, [me]), { database: false }, /database is missing/],
    ["a record of an unknown kind", three().add(6, Buffer.alloc(0)), {}, /unknown type 6/],
    ["an entry of an unknown kind", three().entry(4, 2, undefined, 3), {}, /unknown type 3/],
    ["the commit index goes backwards", three().state(2, 1), {}, /backwards/],
    [
      "a term beyond all measure",
      three().add(3, Buffer.from("08ffffffffffffffffff01", "hex")),
      {},
      /counter is too large/,
    ],
    ["a state that is no message", three().add(3, Buffer.from("0807ff", "hex")), {}, /can't be read/],
  ];
  for (const [name, log, disk, reason] of broken) {
    it(`is broken: ${name}`, () => {
      const found = read(log, disk);
      expect(found).to.include({ state: "broken" });
      expect(found).to.have.property("reason").match(reason);
    });
  }

  it("a broken one still says whose it is", () => {
    expect(read(three().state(2, 4))).to.include({ memberId: String(me) });
  });

  describe("its voters", () => {
    const url = (name: string) => ({ peerURLs: [`https://${name}:2380`] });
    const votersOf = (log: LogWriter) => (read(log) as Whole).voters;
    const one = () => begun().entry(1, 1, change(0, 1n, url("a")), 1);

    it("learners don't vote until they are promoted", () => {
      const added = () => one().entry(2, 1, change(3, 2n, url("b")), 1);
      expect(votersOf(added().state(1, 2))).to.deep.equal(["1"]);
      const promoted = () => added().entry(3, 1, change(0, 2n, { isPromote: true, ...url("b") }), 1);
      expect(votersOf(promoted().state(1, 2)), "not committed").to.deep.equal(["1"]);
      expect(votersOf(promoted().state(1, 3))).to.deep.equal(["1", "2"]);
      expect(votersOf(promoted().entry(4, 1, change(1, 1n), 1).state(1, 4))).to.deep.equal(["2"]);
    });

    it("what etcd refused as it applied it means nothing", () => {
      expect(
        votersOf(
          one()
            .entry(2, 1, change(0, 2n, url("a")), 1)
            .state(1, 2),
        ),
        "same URL",
      ).to.deep.equal(["1"]);
      const back = one()
        .entry(2, 1, change(0, 2n, url("b")), 1)
        .entry(3, 1, change(1, 2n), 1);
      expect(votersOf(back.entry(4, 1, change(0, 2n, url("b")), 1).state(1, 4)), "removed ID").to.deep.equal([
        "1",
      ]);
    });

    it("come from the snapshot and what follows it", () => {
      const log = one().state(1, 1).snapshot(1, 1, [1n, 2n, 3n]).entry(2, 1, change(1, 2n), 1).state(1, 2);
      expect(votersOf(log)).to.deep.equal(["1", "3"]);
    });

    it("a change that was overwritten doesn't count", () => {
      const log = one()
        .entry(2, 1, change(0, 2n, url("b")), 1)
        .entry(2, 2)
        .state(2, 2);
      expect(votersOf(log)).to.deep.equal(["1"]);
    });

    it("changes of the second kind", () => {
      expect(
        votersOf(
          one()
            .entry(2, 1, changeV2([0, 5n], [3, 6n], [1, 1n]), 2)
            .state(1, 2),
        ),
      ).to.deep.equal(["5"]);
    });
  });
});

describe("a byte that is not what etcd wrote", () => {
  const masks = [1, 2, 4, 8, 16, 32, 64, 128, 255];

  function readLog(segments: readonly NamedBytes[]) {
    const log = new Log();
    try {
      log.read(segments.map(inMemory));
      const start = log.validSnapshots().at(-1) ?? { index: 0, term: 0 };
      const { metadata, last, state } = log;
      if (!metadata?.memberId || log.problemFrom(start)) return "broken";
      return { ...metadata, last, commit: state.commit, voters: log.voters() };
    } catch (error) {
      if (error instanceof BrokenLog) return "broken";
      throw error;
    }
  }

  /** Each byte of the segment in turn, changed in several ways. */
  function mutate(
    segments: readonly NamedBytes[],
    which: number,
    check: (found: Exclude<ReturnType<typeof readLog>, string>, at: number) => void,
  ): number {
    const { bytes } = segments[which]!;
    let broken = 0;
    for (let at = 0; at < bytes.length; at++) {
      const was = bytes[at]!;
      for (const changed of [...masks.map((mask) => was ^ mask), 0]) {
        bytes[at] = changed;
        const found = readLog(segments);
        if (typeof found === "string") broken++;
        else check(found, at);
      }
      bytes[at] = was;
    }
    return broken;
  }

  it("in an older segment is found, or changes nothing", () => {
    const log = begun()
      .entry(1, 1, change(0, 1n, { peerURLs: ["https://a"] }), 1)
      .entry(2, 1)
      .state(1, 2, me)
      .snapshot(1, 1, [1n]);
    log.cut(3).state(1, 2, me).entry(3, 1, Buffer.from("data")).state(1, 3, me);
    const segments = log.segments();
    const intact = readLog(segments);
    const broken = mutate(segments, 0, (found, at) => expect(found, `byte ${at}`).to.deep.equal(intact));
    expect(broken).to.be.above(1000);
  });

  it("in the last one is found, changes nothing, or ends the log there as a torn write does", () => {
    const fixture = loadFixture("3.6", "learner");
    const segments = Object.entries(fixture.files)
      .filter(([name]) => name.endsWith(".wal"))
      .map(([name, file]) => ({ name, bytes: Buffer.from(file.data, "base64") }));
    const intact = readLog(segments);
    if (typeof intact === "string") throw new Error(intact);
    mutate(segments, 0, (found, at) => {
      if (found.last.index === intact.last.index && found.commit === intact.commit) {
        expect(found, `byte ${at}`).to.deep.equal(intact);
      } else {
        const { memberId, clusterId } = intact;
        expect(found, `byte ${at}`).to.include({ memberId, clusterId });
        expect(found.last.index, `byte ${at}`).to.be.at.most(intact.last.index);
        expect(found.commit, `byte ${at}`).to.be.at.most(intact.commit);
      }
    });
  });
});

interface NamedBytes {
  readonly name: string;
  readonly bytes: Buffer;
}

function inMemory({ name, bytes }: NamedBytes): Segment {
  return { name, size: bytes.length, read: (into, at) => bytes.copy(into, 0, at, at + into.length) };
}
