import { expect } from "chai";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ControllerServer } from "../../../../programs/controller/server";
import { createControllerServer } from "../../../../programs/controller/server";
import { readMark, writeMark } from "../../../../programs/gate/files";
import { gateTimes, runGate } from "../../../../programs/gate/run";
import type { Settings } from "../../../../programs/gate/settings";
import type { GateReport } from "../../../../programs/controller/model";
import type { Order } from "../../../../programs/shared/protocol";
import { paths } from "../../../../components/contract/names";
import { until } from "../../../support/until";
import type { Authority } from "../controller/server/pairs";
import { authority, pair } from "../controller/server/pairs";
import { loadFixture, unpack } from "../shared/wal/fixtures";

/** What takes time by the machine's clock has as much as it needs; the rest goes by a clock that is moved below. */
const times = { ...gateTimes, patienceMs: 60_000, silenceMs: 2_000, namesMs: 5_000 };
const dns = (host: string) => Promise.resolve([`address of ${host}`]);

describe("a gate and a controller", () => {
  let peers: Authority;
  let folder: string;
  let settings: Settings;
  let controllerServer: ControllerServer;
  let said: string[];
  let reports: GateReport[];
  let gates: Promise<unknown>[];
  /** Time passes while a gate waits for its next question, and at no other moment. */
  let nowMs: number;
  let stopped: boolean;
  const now = () => nowMs;
  const sleep = async (ms: number) => {
    nowMs += ms;
    await new Promise((resolve) => setImmediate(resolve));
    if (stopped) throw new Error("the test is over");
  };

  /** Orders one after the other, each as soon as it is asked for. */
  const command = (...orders: Order[]) =>
    controllerServer.onReport(() => {
      const [report] = controllerServer.reports();
      reports.push(report!);
      const order = orders.length > 1 ? orders.shift()! : orders[0]!;
      controllerServer.answer({ u: order });
    });
  const gate = (changes: Partial<Settings> = {}, lookup = dns) => {
    const run = runGate({ ...settings, ...changes }, (text) => said.push(text), {
      ...{ times, now, sleep },
      resolve: lookup,
    });
    const through = { yet: false };
    gates.push(run.then(() => (through.yet = true)).catch(() => undefined));
    return { run, through };
  };
  const passes = async (ms: number) => {
    const end = nowMs + ms;
    await until(`${ms} ms pass for the gate`, () => nowMs >= end);
  };
  const member = (...path: string[]) => join(settings.dataDir, "member", ...path);
  const config = () => readFileSync(settings.configFile, "utf8");
  const asMember = (generation = 1, lastVersion = "3.6.16") => {
    unpack(loadFixture("3.6", "single"), member());
    writeMark(settings.dataDir, { generation, lastVersion });
  };

  before(async () => {
    peers = await authority("peers");
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "gate-"));
    said = [];
    reports = [];
    gates = [];
    nowMs = 0;
    stopped = false;
    const tlsDir = await pair(join(folder, "controllerServer"), "controller", peers, ["localhost"]);
    controllerServer = await createControllerServer({ tlsDir, port: 0, times: { lifeMs: 20 } });
    controllerServer.setHolder(() => true);
    controllerServer.expect({ members: new Map([["u", []]]) });
    const dataDir = join(folder, "volume", "data");
    settings = {
      podName: "etcd-0",
      podUid: "u",
      podIps: ["10.0.0.1"],
      volume: join(folder, "volume"),
      dataDir,
      // Not joined: that would take the way back out of it.
      configFile: dataDir + paths.config.slice(paths.data.length),
      tlsDir: await pair(join(folder, "gate"), "peer-client", peers),
      controllerUrl: `https://localhost:${controllerServer.port}`,
      peerUrl: "https://etcd-0.etcd:2380",
      clientUrl: "https://etcd-0.etcd:2379",
      ports: { peer: "2380", client: "2379", metrics: "2381" },
      generation: 1,
      version: "3.6.16",
      etcdSettings: "quota-backend-bytes: 1\n",
    };
    // As a kubelet mounts it.
    writeMark(dataDir, { generation: 1, lastVersion: "x" });
    rmSync(dataDir, { recursive: true });
  });
  afterEach(async () => {
    stopped = true;
    await controllerServer.close();
    await Promise.all(gates);
    rmSync(folder, { recursive: true, force: true });
  });

  it("birth: at once, and the order is where etcd looks as long as it has no log", async () => {
    command({ kind: "birth", token: "secret", initialCluster: "etcd-0=https://etcd-0.etcd:2380" });
    await gate().run;
    expect(config())
      .to.include('initial-cluster-state: "new"')
      .and.include('initial-cluster-token: "secret"');
    expect(config()).to.include("quota-backend-bytes: 1");
    expect(readMark(settings.dataDir)).to.deep.equal({ generation: 1, lastVersion: "3.6.16" });
    expect(reports.map((r) => r.disk)).to.deep.equal([{ state: "empty" }]);
  });

  it("start: reports what is on the disk, and etcd gets a list that can begin nothing", async () => {
    asMember(1, "3.6.14");
    mkdirSync(member("order"));
    command(
      { kind: "wait", reason: "not yet", hold: false },
      { kind: "start", acceptVersion: true, dropAside: false },
    );
    const { run } = gate();
    await until("it has heard that it has to wait", () => said.includes("waiting: not yet"));
    controllerServer.reports();
    controllerServer.answer({ u: { kind: "start", acceptVersion: true, dropAside: false } });
    await run;
    const { memberId, clusterId } = loadFixture("3.6", "single").etcd;
    expect(reports[0]?.disk).to.include({
      state: "wal",
      memberId,
      clusterId,
      generation: 1,
      lastVersion: "3.6.14",
    });
    expect(config())
      .to.include('initial-cluster-state: "existing"')
      .and.include('"etcd-0=https://etcd-0.etcd:2380"');
    expect(readMark(settings.dataDir).lastVersion).to.equal("3.6.16");
    expect(existsSync(member("order")), "an order that was used up").to.equal(false);
  });

  it("join: sets the old directory aside", async () => {
    asMember();
    const initialCluster = "etcd-1=https://etcd-1.etcd:2380,etcd-0=https://etcd-0.etcd:2380";
    command({ kind: "join", memberId: "9", initialCluster, setAside: true });
    await gate().run;
    expect(config()).to.include(JSON.stringify(initialCluster)).and.include('"existing"');
    expect(existsSync(join(settings.volume, "aside-1", "wal"))).to.equal(true);
    expect(readdirSync(member("wal"))).to.deep.equal([]);
  });

  it("join: not while a peer's name is unknown, but not for ever", async () => {
    command({ kind: "join", memberId: "9", initialCluster: "a=https://a:1,b=https://b:1", setAside: false });
    await gate({}, (host) => (host === "a" ? Promise.reject(new Error("ENOTFOUND")) : dns(host))).run;
    expect(nowMs).to.be.within(times.namesMs, times.namesMs + 2 * times.longPauseMs);
    expect(said).to.include("ordered to join, but there is no address for a");
    expect(reports.length, "asks on meanwhile").to.be.above(1);
  });

  it("join: never while two peers have one address", async () => {
    command({ kind: "join", memberId: "9", initialCluster: "a=https://a:1,b=https://b:1", setAside: false });
    const { through } = gate({}, () => Promise.resolve(["10.0.0.7"]));
    await passes(3 * times.namesMs);
    expect(through.yet).to.equal(false);
    expect(existsSync(settings.configFile)).to.equal(false);
  });

  it("a hold is written down, and stays in force when nobody answers any more", async () => {
    asMember();
    command({ kind: "wait", reason: "its member is being removed", hold: true });
    const { through } = gate();
    await until("the hold is reported", () => reports.at(-1)?.held === true);
    await controllerServer.close();
    await passes(3 * times.silenceMs);
    expect(through.yet).to.equal(false);
    const restarted = gate();
    await passes(3 * times.silenceMs);
    expect(restarted.through.yet).to.equal(false);
    expect(said.at(-1)).to.match(/the disk is fenced.*ECONNREFUSED/);
  });

  it("that never heard the controller says after a while what may keep it from the network", async () => {
    await controllerServer.close();
    gate();
    await passes(29_000);
    expect(said.at(-1)).to.match(/^no answer from the controller.*the disk holds no member.*ECONNREFUSED/);
    expect(said.at(-1)).to.not.include("service mesh");
    await passes(2_000);
    expect(said.at(-1)).to.match(
      /ECONNREFUSED.*the controller has never answered.*service mesh.*docs\/operation\.md/,
    );
  });

  it("starts a whole member by itself when nobody answers, and nothing else", async () => {
    controllerServer.setHolder(() => false);
    asMember();
    await gate().run;
    expect(nowMs).to.be.within(times.silenceMs, times.silenceMs + times.pauseMs);
    expect(said.at(-1)).to.match(/the data is intact/);
  });
});
