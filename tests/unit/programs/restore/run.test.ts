/** Gates, the controller's server and the restore pod's steps, with one another over mutual TLS. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Server } from "node:https";
import type { ControllerServer } from "../../../../programs/controller/server";
import { createControllerServer } from "../../../../programs/controller/server";
import { isFenced, readMark, writeMark } from "../../../../programs/gate/files";
import { runGate } from "../../../../programs/gate/run";
import type { Settings as GateSettings } from "../../../../programs/gate/settings";
import type { Order, RestoreAnswer } from "../../../../programs/shared/protocol";
import { writeContents } from "../../../../programs/restore/receipt";
import { serve } from "../../../../programs/restore/serve";
import type { Settings } from "../../../../programs/restore/settings";
import { handOver, receive } from "../../../../programs/restore/steps";
import { download } from "../../../../programs/shared/https";
import { directoryStream, directorySum } from "../../../../programs/shared/archive/send";
import { readMember } from "../../../../programs/shared/wal";
import type { Authority } from "../controller/server/pairs";
import { authority, pair } from "../controller/server/pairs";
import { loadFixture, unpack } from "../shared/wal/fixtures";
import { root } from "../../../../hack/root";

const times = { pauseMs: 10, longPauseMs: 20, patienceMs: 5_000, silenceMs: 60_000, namesMs: 200 };
const wait: Order = { kind: "wait", reason: "not yet", hold: true };

describe("a restore", function () {
  this.timeout(60_000);
  let peers: Authority;
  let folder: string;
  let controllerServer: ControllerServer;
  let gate: GateSettings;
  let pod: Settings;
  let said: string[];
  let servers: Server[];
  /** What the controller says from now on, to the gate and to the restore pod. */
  let order: Order;
  let answer: RestoreAnswer;
  const decide = () => {
    controllerServer.reports();
    controllerServer.restore();
    controllerServer.answer({ u: order }, answer);
  };
  let running: Promise<unknown>[];

  before(async () => {
    peers = await authority("peers");
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "restore-"));
    said = [];
    servers = [];
    running = [];
    order = wait;
    answer = { kind: "wait", reason: "not yet", commit: 0 };
    const tlsDir = await pair(join(folder, "controllerServer"), "controller", peers, ["localhost"]);
    controllerServer = await createControllerServer({ tlsDir, port: 0, times: { keepMs: 100, lifeMs: 20 } });
    controllerServer.setHolder(() => true);
    controllerServer.expect({ members: new Map([["u", []]]), restore: new Map([["job", []]]) });
    controllerServer.onReport(decide);
    const controllerUrl = `https://localhost:${controllerServer.port}`;
    const dataDir = join(folder, "volume", "data");
    mkdirSync(join(folder, "volume"));
    gate = {
      podName: "etcd-0",
      podUid: "u",
      podIps: ["10.0.0.1"],
      volume: join(folder, "volume"),
      dataDir,
      configFile: join(dataDir, "member", "etcd.yaml"),
      tlsDir: await pair(join(folder, "gate"), "peer-client", peers),
      controllerUrl,
      peerUrl: "https://etcd-0.etcd:2380",
      clientUrl: "https://etcd-0.etcd:2379",
      ports: { peer: "2380", client: "2379", metrics: "2381" },
      generation: 2,
      version: "3.6.16",
      etcdSettings: "quota-backend-bytes: 1\n",
    };
    pod = {
      podUid: "job",
      generation: 2,
      controllerUrl,
      tlsDir: await pair(join(folder, "restore"), "root", peers, ["localhost"]),
      port: 0,
      version: "3.6.16",
      scratch: join(folder, "scratch"),
    };
    mkdirSync(pod.scratch);
  });
  afterEach(async () => {
    // Lets those through that still ask.
    rmSync(gate.dataDir, { recursive: true, force: true });
    order = { kind: "birth", token: "end", initialCluster: "etcd-0=https://etcd-0.etcd:2380" };
    answer = { kind: "done" };
    decide();
    const through = Promise.allSettled(running);
    await Promise.race([through, sleep(5_000)]);
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    await controllerServer.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const old = (generation: number) => {
    unpack(loadFixture("3.6", "three-0"), join(gate.dataDir, "member"));
    writeMark(gate.dataDir, { generation, lastVersion: "3.6.14" });
  };
  /** What etcdutl has left, of a snapshot of the revision 5 with four entries. */
  const restored = () => {
    const member = unpack(loadFixture("3.6", "restored"), join(pod.scratch, "restored", "member"));
    const database = join(root, "tests/fixtures/snapshots/3.6/small-restored.db.gz");
    writeFileSync(join(member, "snap", "db"), gunzipSync(readFileSync(database)));
    writeContents(pod.scratch, { revision: 5, keys: 4 });
  };
  const start = () => {
    const run = runGate(gate, (text) => said.push(text), { times });
    running.push(run);
    return run;
  };
  /** On the volume, beside the gate's own files. */
  const left = () =>
    readdirSync(gate.volume)
      .filter((file) => !file.startsWith("gate."))
      .sort();
  const portOf = (server: Server) => (server.address() as { port: number }).port;
  const until = async (what: () => boolean) => {
    while (!what()) await sleep(20);
  };
  /** A restore pod that has the restored data of the fixtures. */
  const offered = async (handler?: Parameters<typeof serve>[2]) => {
    const member = unpack(loadFixture("3.6", "restored"), join(folder, "restored", "member"));
    const send: Parameters<typeof serve>[2] = async (_request, response) => {
      for await (const part of directoryStream(member)) response.write(part);
      response.end();
    };
    const server = await serve(pod, "GET", handler ?? send);
    servers.push(server);
    return { url: `https://localhost:${portOf(server)}/job`, sha256: await directorySum(member), member };
  };
  const startOrder: Order = { kind: "start", acceptVersion: true, dropAside: false };

  for (const [name, prepare, aside] of [
    ["an empty disk", () => undefined, []],
    ["an older generation's disk, which is set aside", () => old(1), ["aside-1"]],
    [
      "a disk that can't be read, which is set aside",
      () => {
        old(1);
        const wal = join(gate.dataDir, "member", "wal");
        writeFileSync(join(wal, readdirSync(wal)[0]!), "x".repeat(100));
      },
      ["aside-1"],
    ],
  ] as const) {
    it(`is taken by the gate of ${name}`, async () => {
      prepare();
      const { url, sha256, member } = await offered();
      order = { kind: "seed", url, sha256 };
      const run = start();
      await until(() => said.some((text) => /generation 2/.test(text)));
      order = startOrder;
      decide();
      await run;
      const { etcd } = loadFixture("3.6", "restored");
      expect(readMember(join(gate.dataDir, "member"), "3.6.16")).to.include({ memberId: etcd.memberId });
      expect(readMark(gate.dataDir)).to.deep.equal({ generation: 2, lastVersion: "3.6.16" });
      expect(readFileSync(gate.configFile, "utf8")).to.include('initial-cluster-state: "existing"');
      expect(readdirSync(gate.volume).sort()).to.deep.equal([...aside, "data", "gate.reserve"].sort());
      expect(isFenced(gate.volume)).to.equal(false);
      expect(await directorySum(member)).to.equal(sha256);
    });
  }

  const never: [
    string,
    (offer: { url: string; sha256: string }) => Order,
    RegExp,
    Parameters<typeof serve>[2]?,
  ][] = [
    [
      "not the announced one",
      (o) => ({ kind: "seed", ...o, sha256: "0".repeat(64) }),
      /announced: wrong SHA-256/,
    ],
    ["another pod's", ({ sha256, url }) => ({ kind: "seed", sha256, url: url.replace("job", "old") }), /404/],
    [
      "cut off",
      (o) => ({ kind: "seed", ...o }),
      /stream is incomplete|aborted|closed/,
      (_, response) => {
        response.write('{"path":"wal/0","size":100}\nabc');
        setTimeout(() => response.destroy(), 50);
      },
    ],
  ];
  for (const [name, make, words, handler] of never) {
    it(`that is ${name} is not taken, and the disk is as it was`, async () => {
      old(1);
      const before = await directorySum(join(gate.dataDir, "member"));
      const offer = await offered(handler);
      order = make(offer);
      const run = start();
      await until(() => said.some((text) => /can't be taken/.test(text)));
      expect(said.find((text) => /can't be taken/.test(text))).to.match(words);
      await until(() => words.test(controllerServer.reports()[0]?.problem ?? ""));
      order = wait;
      decide();
      await until(() => said.at(-1) === "waiting: not yet");
      await until(() => controllerServer.reports()[0]?.problem === undefined);
      expect(await directorySum(join(gate.dataDir, "member"))).to.equal(before);
      expect(left()).to.deep.equal(["data"]);
      order = { ...startOrder, generation: 1 };
      decide();
      await run;
    });
  }

  it("doesn't delete a database that has lost its log", async () => {
    old(1);
    rmSync(join(gate.dataDir, "member", "wal"), { recursive: true });
    mkdirSync(join(gate.dataDir, "member", "snap"), { recursive: true });
    writeFileSync(join(gate.dataDir, "member", "snap", "db"), "entries");
    const { url, sha256 } = await offered();
    order = { kind: "seed", url, sha256 };
    const run = start();
    await until(() => said.some((text) => /generation 2/.test(text)));
    order = startOrder;
    decide();
    await run;
    expect(readFileSync(join(gate.volume, "aside-1", "snap", "db"), "utf8")).to.equal("entries");
  });

  it("whose old disk was on its way out when all ended, looks at that again", async () => {
    old(1);
    renameSync(join(gate.dataDir, "member"), join(gate.volume, "replaced"));
    const run = start();
    await until(() => controllerServer.reports()[0]?.disk.state === "wal");
    order = { ...startOrder, generation: 1 };
    decide();
    await run;
    expect(left()).to.deep.equal(["data"]);
  });

  it("never takes the place of data of its own generation", async () => {
    old(2);
    const { url, sha256 } = await offered();
    order = { kind: "seed", url, sha256 };
    const run = start();
    await until(() => said.some((text) => /ordered to take the restored data, but/.test(text)));
    order = startOrder;
    decide();
    await run;
    expect(existsSync(join(gate.volume, "aside-1"))).to.equal(false);
  });

  it("an older generation is started only when that is said, and stays what it is", async () => {
    old(1);
    order = startOrder;
    const run = start();
    await until(() => said.some((text) => /ordered to start, but the disk is of generation 1/.test(text)));
    order = { ...startOrder, generation: 1 };
    decide();
    await run;
    expect(readMark(gate.dataDir)).to.deep.equal({ generation: 1, lastVersion: "3.6.16" });
  });

  it("a survivor's disk is lent, stays as it is, and is held", async () => {
    old(1);
    const member = join(gate.dataDir, "member");
    const before = await directorySum(member);
    const receiving = await freePort();
    const step = receive({ ...pod, port: receiving });
    running.push(step);
    order = { kind: "lend", url: `https://localhost:${receiving}/job` };
    const own = readMember(member, "3.6.16");
    if (own.state !== "wal") throw new Error("it is no member");
    answer = { kind: "wait", reason: "lend", commit: own.commit, survivor: own };
    const run = start();
    await step;
    await until(() => said.some((text) => /was sent/.test(text)));
    expect(await directorySum(member), "lent").to.equal(before);
    expect(isFenced(gate.volume)).to.equal(true);
    expect(controllerServer.restore()).to.include({ step: "receive", podUid: "job", generation: 2 });
    const copy = readMember(join(pod.scratch, "survivor", "data", "member"), "3.6.16");
    expect(copy).to.include({ memberId: own.memberId, lastIndex: own.lastIndex, commit: own.lastIndex });
    order = { ...startOrder, generation: 1 };
    decide();
    await run;
    expect(isFenced(gate.volume)).to.equal(false);
  });

  it("a survivor that can't send its disk says why", async () => {
    old(1);
    order = { kind: "lend", url: `https://localhost:${await freePort()}/job` };
    const run = start();
    await until(() => /can't be sent: .*ECONNREFUSED/.test(controllerServer.reports()[0]?.problem ?? ""));
    order = { ...startOrder, generation: 1 };
    decide();
    await run;
  });

  it("is handed over until the controller says that it is made", async () => {
    restored();
    const manifest = { name: "b1", revision: 12, time: "2026-11-26T19:00:00Z" };
    writeFileSync(join(pod.scratch, "manifest.json"), JSON.stringify(manifest));
    const step = handOver(pod);
    running.push(step);
    await until(() => controllerServer.restore() !== undefined);
    const { memberId, clusterId } = loadFixture("3.6", "restored").etcd;
    expect(controllerServer.restore()).to.include({
      step: "ready",
      generation: 2,
      memberId,
      clusterId,
      source: "backup b1 of 2026-11-26T19:00:00Z, revision 12",
      revision: 5,
      keys: 4,
      sha256: await directorySum(join(pod.scratch, "restored", "member")),
    });
    answer = { kind: "done" };
    decide();
    await step;
  });

  it("of a later etcd than the declared one is refused before it is offered", async () => {
    restored();
    for (const [etcdVersion, refused] of [
      ["3.7.1", true],
      ["3.6.20", false],
      ["3.5.30", false],
    ] as const) {
      writeFileSync(join(pod.scratch, "version.json"), JSON.stringify({ etcdVersion }));
      answer = { kind: "done" };
      const end = await handOver(pod).then(
        () => "handed over",
        (error: unknown) => (error as Error).message,
      );
      if (refused) expect(end).to.match(/from etcd 3\.7\.1, but version 3\.6\.16 is declared/);
      else expect(end).to.equal("handed over");
    }
  });

  it("isn't handed over when it isn't the whole snapshot", async () => {
    restored();
    writeContents(pod.scratch, { revision: 6, keys: 4 });
    const problem = await handOver(pod).catch(String);
    expect(problem).to.match(/revision 1000000005 and 5 entries, .* has to give revision 1000000006 and 5/);
    expect(controllerServer.restore()).to.equal(undefined);
  });

  it("receives nothing for a generation that is made", async () => {
    answer = { kind: "done" };
    const step = receive({ ...pod, port: await freePort() });
    let problem = "";
    await step.catch((error: unknown) => (problem = (error as Error).message));
    expect(problem).to.match(/already complete/);
  });

  it("a stranger gets nothing", async () => {
    const { url } = await offered();
    const clients = await authority("clients");
    gate = { ...gate, tlsDir: await pair(join(folder, "stranger"), "root", clients, [], peers) };
    let problem = "";
    await download(url, gate.tlsDir, () => Promise.resolve()).catch((e: unknown) => (problem = String(e)));
    expect(problem).not.to.equal("");
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
