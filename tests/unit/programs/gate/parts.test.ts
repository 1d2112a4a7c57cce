import { expect } from "chai";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderConfig } from "../../../../programs/gate/config";
import {
  quarantineNames,
  dropQuarantine,
  isFenced,
  liftFence,
  quarantine,
  readMark,
  replace,
  finishReplacement,
  UNMARKED,
  writeFence,
  writeMark,
} from "../../../../programs/gate/files";
import { writeWhole } from "../../../../programs/shared/files";
import { peerProblem } from "../../../../programs/gate/peers";
import { readSettings } from "../../../../programs/gate/settings";
import { parseMessage, parseOrder } from "../../../../programs/shared/protocol";

describe("a gate's files", () => {
  let volume: string;
  let data: string;
  beforeEach(() => {
    volume = mkdtempSync(join(tmpdir(), "gate-"));
    data = join(volume, "data");
    mkdirSync(join(data, "member"), { recursive: true });
  });
  afterEach(() => rmSync(volume, { recursive: true }));

  it("the mark is of this data alone", () => {
    expect(readMark(data)).to.deep.equal(UNMARKED);
    writeMark(data, { generation: 2, lastVersion: "3.6.16" });
    expect(readMark(data)).to.deep.equal({ generation: 2, lastVersion: "3.6.16" });
    writeFileSync(join(data, "member/gate.json"), '{"generation":');
    expect(readMark(data)).to.deep.equal(UNMARKED);
  });

  it("a hold outlives the data, and what can't be read is a hold, too", () => {
    expect(isFenced(volume)).to.equal(false);
    writeFence(volume, "why");
    rmSync(data, { recursive: true });
    expect(isFenced(volume)).to.equal(true);
    liftFence(volume);
    liftFence(volume);
    expect(isFenced(volume)).to.equal(false);
    writeFileSync(join(volume, "gate.json"), "");
    expect(isFenced(volume)).to.equal(true);
  });

  it("keeps the newest directory that was set aside, and no other", () => {
    for (const [i, expected] of ["aside-1", "aside-2", "aside-3"].entries()) {
      mkdirSync(join(data, "member"), { recursive: true });
      writeFileSync(join(data, "member/x"), String(i));
      expect(quarantine(volume, data)).to.equal(expected);
      expect(quarantineNames(volume)).to.deep.equal([expected]);
      expect(readFileSync(join(volume, expected, "x"), "utf8")).to.equal(String(i));
      expect(existsSync(join(data, "member"))).to.equal(false);
    }
    mkdirSync(join(volume, "aside-10"));
    expect(quarantineNames(volume)).to.deep.equal(["aside-10", "aside-3"]);
    dropQuarantine(volume);
    expect(readdirSync(volume)).to.deep.equal(["data"]);
  });

  describe("of which a new one takes the member's place", () => {
    const fresh = () => {
      mkdirSync(join(volume, "incoming/member"), { recursive: true });
      writeMark(join(volume, "incoming"), { generation: 2, lastVersion: "3.6.16" });
      return join(volume, "incoming/member");
    };
    const generationOf = (name: string) =>
      (JSON.parse(readFileSync(join(volume, name, "gate.json"), "utf8")) as { generation: number })
        .generation;

    it("is set aside after that, and only then replaces an older one", () => {
      writeMark(data, { generation: 1, lastVersion: "3.6.16" });
      quarantine(volume, data);
      writeMark(data, { generation: 1, lastVersion: "3.6.16" });
      replace(volume, data, fresh());
      expect(generationOf("data/member")).to.equal(2);
      expect([quarantineNames(volume), generationOf("aside-2")]).to.deep.equal([["aside-2"], 1]);
      expect(readdirSync(volume).sort()).to.deep.equal(["aside-2", "data", "incoming"]);
    });

    it("comes back when the new one can't, and nothing is deleted", () => {
      writeMark(data, { generation: 1, lastVersion: "3.6.16" });
      mkdirSync(join(volume, "aside-1"));
      expect(() => replace(volume, data, join(volume, "incoming/member"))).to.throw(/ENOENT/);
      expect(generationOf("data/member")).to.equal(1);
      expect(quarantineNames(volume)).to.deep.equal(["aside-1"]);
    });

    it("comes back, or is set aside, if all ends between the two moves", () => {
      writeMark(data, { generation: 1, lastVersion: "3.6.16" });
      renameSync(join(data, "member"), join(volume, "replaced"));
      fresh();
      finishReplacement(volume, data);
      expect(generationOf("data/member")).to.equal(1);
      renameSync(join(data, "member"), join(volume, "replaced"));
      renameSync(join(volume, "incoming/member"), join(data, "member"));
      finishReplacement(volume, data);
      expect([generationOf("data/member"), generationOf("aside-1")]).to.deep.equal([2, 1]);
      finishReplacement(volume, data);
      expect(readdirSync(volume).sort()).to.deep.equal(["aside-1", "data", "incoming"]);
    });
  });

  it("keeps what a restore has set aside when its member is replaced later", () => {
    const asideOf = (generation: number) => {
      writeMark(data, { generation, lastVersion: "3.6.14" });
      return quarantine(volume, data);
    };
    for (const generation of [1, 2, 2, 2]) asideOf(generation);
    expect(quarantineNames(volume)).to.deep.equal(["aside-4", "aside-1"]);
    asideOf(3);
    expect(quarantineNames(volume)).to.deep.equal(["aside-5", "aside-4", "aside-1"]);
  });

  it("are whole, and nobody else's to read", () => {
    const file = join(data, "member", "deep", "etcd.yaml");
    writeWhole(file, "one");
    writeWhole(file, "two");
    expect(readFileSync(file, "utf8")).to.equal("two");
    expect(readdirSync(join(data, "member", "deep"))).to.deep.equal(["etcd.yaml"]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });
});

describe("a gate's configuration of etcd", () => {
  const member = {
    name: "etcd-0",
    podIps: ["10.0.0.1"],
    peerUrl: "https://etcd-0.etcd:2380",
    clientUrl: "https://etcd-0.etcd:2379",
    ports: { peer: "2380", client: "2379", metrics: "2381" },
    initialCluster: "etcd-0=https://etcd-0.etcd:2380",
    initialClusterState: "existing" as const,
    token: 'a "token"',
  };

  it("is the settings and the member's own", () => {
    const text = renderConfig("quota-backend-bytes: 1\n", member);
    expect(text)
      .to.include("quota-backend-bytes: 1\nname: ")
      .and.include('initial-cluster-token: "a \\"token\\""\n');
    expect(text)
      .to.include('listen-peer-urls: "https://0.0.0.0:2380"')
      .and.include('initial-cluster-state: "existing"');
    expect(renderConfig("", { ...member, podIps: ["10.0.0.1", "fd00::1"] })).to.include("https://[::]:2379");
  });

  it("says which variable is missing", () => {
    expect(() => readSettings({ GATE_GENERATION: "1" })).to.throw(/POD_NAME is missing/);
    expect(() => readSettings({ GATE_GENERATION: "0" })).to.throw(/not a generation/);
  });
});

describe("the peers of one that joins", () => {
  const list = "a=https://a.x:2380,b=https://b.x:2380,c=https://10.0.0.9:2380";
  const dns = (names: Record<string, string[]>) => (host: string) =>
    names[host] ? Promise.resolve(names[host]) : Promise.reject(new Error("ENOTFOUND"));

  it("have each an address of their own", async () => {
    expect(await peerProblem(list, dns({ "a.x": ["10.0.0.1", "fd00::1"], "b.x": ["10.0.0.2"] }))).to.equal(
      undefined,
    );
  });

  it("are waited for, within reason", async () => {
    const problem = await peerProblem(list, dns({ "a.x": ["10.0.0.1"], "b.x": [] }));
    expect(problem).to.deep.equal({ why: "there is no address for b.x", tolerable: true });
  });

  it("are never taken for one another", async () => {
    const same = await peerProblem(list, dns({ "a.x": ["10.0.0.1"], "b.x": ["10.0.0.2", "10.0.0.1"] }));
    expect(same).to.deep.equal({ why: "a.x and b.x have the same address, 10.0.0.1", tolerable: false });
    expect(await peerProblem(list, dns({ "a.x": ["10.0.0.9"] }))).to.include({ tolerable: false });
  });
});

describe("messages between gate and controller", () => {
  it("is understood, or passed over", () => {
    const report = { podUid: "u", podName: "n", disk: { state: "empty" }, aside: [], held: false };
    expect(parseMessage(JSON.stringify(report))).to.deep.equal(report);
    const wal = {
      state: "wal",
      memberId: "18446744073709551615",
      clusterId: "2",
      lastTerm: 1,
      lastIndex: 2,
      voters: ["3"],
      generation: 1,
      lastVersion: "3.6.16",
    };
    expect(parseMessage(JSON.stringify({ ...report, disk: wal }))).to.deep.equal({ ...report, disk: wal });
    const wrong = [
      { ...report, disk: { ...wal, memberId: 5 } },
      { ...report, disk: { state: "new" } },
      { ...report, held: "no" },
      { ...report, aside: [1] },
      null,
      [],
    ];
    for (const w of wrong) expect(parseMessage(JSON.stringify(w)), JSON.stringify(w)).to.equal(undefined);
    for (const text of [
      "",
      "{",
      '{"kind":"dance"}',
      '{"kind":"wait","reason":"x"}',
      '{"kind":"join","memberId":7}',
    ])
      expect(parseOrder(text), text).to.equal(undefined);
  });
});
