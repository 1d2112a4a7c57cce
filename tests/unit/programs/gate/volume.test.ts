/** Gates on volumes that are full, or may not be written to: real ones, which only root can mount. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { ControllerServer } from "../../../../programs/controller/server";
import { createControllerServer } from "../../../../programs/controller/server";
import { carryOut } from "../../../../programs/gate/act";
import { isFenced, readMark, writeMark } from "../../../../programs/gate/files";
import { gateTimes, runGate } from "../../../../programs/gate/run";
import { keepReserve } from "../../../../programs/gate/space";
import type { Settings } from "../../../../programs/gate/settings";
import type { GateReport } from "../../../../programs/controller/model";
import type { Order } from "../../../../programs/shared/protocol";
import { until } from "../../../support/until";
import { authority, pair } from "../controller/server/pairs";
import { loadFixture, unpack } from "../shared/wal/fixtures";

const start: Order = { kind: "start", acceptVersion: true, dropAside: false };
const hold: Order = { kind: "wait", reason: "generation 2 is made", hold: true };

describe("a gate on a volume", () => {
  let folder: string;
  let volume: string;
  let settings: Settings;
  let controllerServer: ControllerServer;
  let order: Order;
  let reports: GateReport[];
  let said: string[];
  let stopped: boolean;
  let running: Promise<unknown>[];
  const mount = (...args: string[]) => execFileSync("mount", [...args, volume]);
  const fill = (into = "fill") => {
    const parts = [262_144, 4096, 512];
    for (const bytes of parts) {
      try {
        for (;;) appendFileSync(join(volume, into), Buffer.alloc(bytes, 1));
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).to.equal("ENOSPC");
      }
    }
  };
  const decideNow = () => {
    const [report] = controllerServer.reports();
    if (report) reports.push(report);
    controllerServer.answer({ u: order });
  };
  const gate = (changes: Partial<Settings> = {}) => {
    const times = { ...gateTimes, pauseMs: 10, longPauseMs: 20, silenceMs: 200 };
    const countedSleep = async (ms: number) => {
      await sleep(ms);
      if (stopped) throw new Error("the test is over");
    };
    const run = runGate({ ...settings, ...changes }, (text) => said.push(text), {
      times,
      sleep: countedSleep,
    });
    const state = { through: false, failed: undefined as unknown };
    running.push(run.then(() => (state.through = true)).catch((error: unknown) => (state.failed = error)));
    return { run, state };
  };
  const member = (...path: string[]) => join(settings.dataDir, "member", ...path);

  before(function () {
    if (process.getuid?.() === 0) return;
    console.log("      SKIPPED: only root can mount a volume that is full");
    this.skip();
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "volume-"));
    volume = join(folder, "volume");
    mkdirSync(volume);
    mount("-t", "tmpfs", "-o", "size=2m", "tmpfs");
    said = [];
    reports = [];
    running = [];
    stopped = false;
    order = start;
    const peers = await authority("peers");
    const tlsDir = await pair(join(folder, "controllerServer"), "controller", peers, ["localhost"]);
    const times = { keepMs: 60_000, lifeMs: 20 };
    controllerServer = await createControllerServer({ tlsDir, port: 0, times });
    controllerServer.setHolder(() => true);
    controllerServer.expect({ members: new Map([["u", []]]) });
    controllerServer.onReport(decideNow);
    const dataDir = join(volume, "data");
    settings = {
      podName: "etcd-0",
      podUid: "u",
      podIps: ["10.0.0.1"],
      volume,
      dataDir,
      configFile: join(dataDir, "member", "etcd.yaml"),
      tlsDir: await pair(join(folder, "gate"), "peer-client", peers),
      controllerUrl: `https://localhost:${controllerServer.port}`,
      peerUrl: "https://etcd-0.etcd:2380",
      clientUrl: "https://etcd-0.etcd:2379",
      ports: { peer: "2380", client: "2379", metrics: "2381" },
      generation: 1,
      version: "3.6.16",
      etcdSettings: "quota-backend-bytes: 1\n",
    };
    unpack(loadFixture("3.6", "single"), member());
    writeMark(dataDir, { generation: 1, lastVersion: "3.6.14" });
  });
  afterEach(async () => {
    if (!folder) return;
    stopped = true;
    await controllerServer.close();
    await Promise.all(running);
    execFileSync("umount", ["--lazy", volume]);
    rmSync(folder, { recursive: true, force: true });
  });

  it("full of what was set aside: that goes, as it was told, and the member starts", async () => {
    mkdirSync(join(volume, "aside-1"));
    fill(join("aside-1", "db"));
    order = { ...start, dropAside: true };
    await gate().run;
    expect(existsSync(join(volume, "aside-1"))).to.equal(false);
    expect(readMark(settings.dataDir).lastVersion).to.equal("3.6.16");
    expect(existsSync(join(volume, "gate.reserve")), "for the next time").to.equal(true);
  });

  it("full of what a defragmentation left behind that was killed: that goes, and nothing else does", async () => {
    const snap = join(settings.dataDir, "member", "snap");
    mkdirSync(snap, { recursive: true });
    for (const name of ["db", "db.tmp.x", "0000000000000001-0000000000000002.snap"])
      writeFileSync(join(snap, name), "");
    fill(relative(volume, join(snap, "db.tmp.3141592653")));
    await gate().run;
    expect(readdirSync(snap).sort()).to.deep.equal([
      "0000000000000001-0000000000000002.snap",
      "db",
      "db.tmp.x",
    ]);
    expect(readMark(settings.dataDir).lastVersion).to.equal("3.6.16");
  });

  it("full of its own data: the reserve is given up for what has to be written", async () => {
    keepReserve(volume);
    fill();
    await gate().run;
    expect(readMark(settings.dataDir).lastVersion).to.equal("3.6.16");
    expect(readFileSync(settings.configFile, "utf8")).to.include("quota-backend-bytes");
  });

  it("full, and all that it would write is there already: starts as it is", async () => {
    carryOut(settings, { kind: "start", dropAside: false, generation: 1, why: "" });
    rmSync(join(volume, "gate.reserve"));
    fill();
    await gate().run;
    expect(said.at(-1)).to.match(/^starting the member on this disk/);
  });

  it("full, and told to start what needs room: says so, hears on, and starts once there is room", async () => {
    fill();
    const { run, state } = gate();
    await until("it tells the controller", () => reports.at(-1)?.problem !== undefined);
    expect(reports.at(-1)?.problem).to.match(/ENOSPC/);
    expect(said.at(-1)).to.match(/^ordered to start, but the volume prevents it: ENOSPC/);
    order = hold;
    await until("it hears on", () => said.some((text) => text.startsWith("waiting: generation 2 is made")));
    expect(state).to.deep.equal({ through: false, failed: undefined });
    rmSync(join(volume, "fill"));
    order = start;
    decideNow();
    await run;
  });

  for (const reserve of [true, false]) {
    it(`full, and told to hold, ${reserve ? "with" : "without"} a reserve: holds, whoever answers`, async () => {
      if (reserve) keepReserve(volume);
      fill();
      order = hold;
      const { state } = gate();
      await until("the hold is reported", () => reports.at(-1)?.held === true);
      expect(isFenced(volume), "written down").to.equal(reserve);
      if (!reserve) {
        expect(reports.at(-1)?.problem).to.match(/the fence can't be written.*ENOSPC/);
        expect(said.some((text) => /the fence can't be written.*ENOSPC/.test(text))).to.equal(true);
      }
      await controllerServer.close();
      await until("nobody answers", () => said.some((text) => /the disk is fenced/.test(text)));
      await sleep(500);
      expect(state).to.deep.equal({ through: false, failed: undefined });
    });
  }

  it("full, and told to lend: tries to", async () => {
    fill();
    order = { kind: "lend", url: "https://localhost:1/job" };
    const { state } = gate();
    await until("it has tried", () => said.some((text) => text.includes("ECONNREFUSED")));
    expect(state).to.deep.equal({ through: false, failed: undefined });
    expect(existsSync(member("wal"))).to.equal(true);
  });

  it("that may only be read: says so, and starts once it may be written to", async () => {
    mount("-o", "remount,ro");
    const { run } = gate();
    await until("it tells the controller", () => reports.at(-1)?.problem !== undefined);
    expect(reports.at(-1)?.problem).to.match(/EROFS/);
    mount("-o", "remount,rw");
    await run;
  });

  it("where a hold can't be looked for: is held", () => {
    symlinkSync("gate.json", join(volume, "gate.json"));
    expect(isFenced(volume)).to.equal(true);
    rmSync(join(volume, "gate.json"));
    expect(isFenced(volume)).to.equal(false);
    writeFileSync(join(volume, "gate.json"), "{}");
    expect(isFenced(volume)).to.equal(true);
  });
});
