import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  readdirSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { paths } from "../../../../components/contract/names";
import { renderConfig } from "../../../../programs/gate/config";
import { readDisk } from "../../../../programs/gate/disk";
import { gateTimes } from "../../../../programs/gate/run";
import { writeMark } from "../../../../programs/gate/files";
import { writeWhole } from "../../../../programs/shared/files";
import { until } from "../../../support/until";
import { loadFixture, unpack, versions } from "../shared/wal/fixtures";
import { root } from "../../../../hack/root";

const bundle = join(root, "components/bundles/gate.js");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gate-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const inData = (...path: string[]) => join(folder, "data", ...path);
/** Not joined: that would take the way back out of it. */
const configIn = (dataDir: string) => dataDir + paths.config.slice(paths.data.length);
function touch(file: string): void {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "x");
}
const version = versions["3.6"];

describe("what the gate sees on a disk", () => {
  it("nothing, where there is nothing, or what a volume comes with", () => {
    expect(readDisk(inData(), version)).to.deep.equal({ state: "empty" });
    mkdirSync(inData("member", "wal"), { recursive: true });
    mkdirSync(join(folder, "lost+found"));
    expect(readDisk(inData(), version)).to.deep.equal({ state: "empty" });
  });

  it("nothing, where only the gate's own files or half a log is", () => {
    touch(inData("member", "etcd.yaml"));
    writeMark(inData(), { generation: 1, lastVersion: version });
    touch(inData("member", "wal", "0.tmp"));
    expect(readDisk(inData(), version)).to.deep.equal({ state: "empty" });
  });

  it("a member, with whose and how old it is", () => {
    const fixture = loadFixture("3.6", "single");
    unpack(fixture, inData("member"));
    const { memberId, clusterId, term, index, voters } = fixture.etcd;
    const known = { memberId, clusterId, lastTerm: term, lastIndex: index, voters };
    expect(readDisk(inData(), version)).to.deep.equal({
      state: "wal",
      ...known,
      term,
      voted: true,
      commit: 7,
      generation: 0,
      lastVersion: "0.0.0",
    });
    writeMark(inData(), { generation: 2, lastVersion: "3.6.15" });
    expect(readDisk(inData(), version)).to.deep.include({ generation: 2, lastVersion: "3.6.15" });
  });

  it("something broken, where a database has no log", () => {
    const database = inData("member", "snap", "db");
    touch(database);
    // Created, and nothing written by a member yet.
    expect(readDisk(inData(), version)).to.deep.equal({ state: "empty" });
    writeFileSync(database, "consistent_index");
    expect(readDisk(inData(), version).state).to.equal("broken");
  });
});

describe("the gate's file", () => {
  it("is replaced as a whole: who has the old one open reads the old one", () => {
    const file = inData("member", "etcd.yaml");
    writeWhole(file, "one: 1\n");
    const open = openSync(file, "r");
    const before = statSync(file).ino;
    try {
      writeWhole(file, "two: 2\n");
      expect(readFileSync(open, "utf8")).to.equal("one: 1\n");
    } finally {
      closeSync(open);
    }
    expect(readFileSync(file, "utf8")).to.equal("two: 2\n");
    expect(statSync(file).ino).to.not.equal(before);
    expect(readdirSync(inData("member"))).to.deep.equal(["etcd.yaml"]);
  });

  it("is written over the draft of a run that died", () => {
    const file = inData("member", "etcd.yaml");
    touch(`${file}.tmp`);
    writeWhole(file, "one: 1\n");
    expect(readFileSync(file, "utf8")).to.equal("one: 1\n");
    expect(readdirSync(inData("member"))).to.deep.equal(["etcd.yaml"]);
  });

  it("is for nobody else to read, in a directory as etcd wants it", () => {
    writeWhole(inData("member", "etcd.yaml"), "");
    expect(statSync(inData("member", "etcd.yaml")).mode & 0o777).to.equal(0o600);
    expect(statSync(inData("member")).mode & 0o777).to.equal(0o700);
  });
});

const member = {
  name: "etcd-0",
  podIps: ["10.0.0.1"],
  peerUrl: "https://etcd-0.etcd:2380",
  clientUrl: "https://etcd-0.etcd:2379",
  ports: { peer: "2380", client: "2379", metrics: "2381" },
  initialCluster: "etcd-0=https://etcd-0.etcd:2380",
  initialClusterState: "new",
  token: "etcd-1",
} as const;

describe("the gate's configuration", () => {
  it("is the settings, with what is the member's own", () => {
    expect(parse(renderConfig("data-dir: /x\n", member))).to.deep.equal({
      "data-dir": "/x",
      name: "etcd-0",
      "listen-peer-urls": "https://0.0.0.0:2380",
      "listen-client-urls": "https://0.0.0.0:2379",
      "listen-metrics-urls": "http://0.0.0.0:2381",
      "initial-advertise-peer-urls": "https://etcd-0.etcd:2380",
      "advertise-client-urls": "https://etcd-0.etcd:2379",
      "initial-cluster": "etcd-0=https://etcd-0.etcd:2380",
      "initial-cluster-state": "new",
      "initial-cluster-token": "etcd-1",
    });
  });

  it("listens on IPv6 too where the pod has it", () => {
    for (const podIps of [["fd00::1"], ["10.0.0.1", "fd00::1"]]) {
      const config = parse(renderConfig("", { ...member, podIps })) as Record<string, string>;
      expect(config["listen-peer-urls"]).to.equal("https://[::]:2380");
      expect(config["listen-client-urls"]).to.equal("https://[::]:2379");
      expect(config["listen-metrics-urls"]).to.equal("http://[::]:2381");
    }
  });

  it("holds text for text, whatever is in it", () => {
    const token = 'a: "b"\n#c\\';
    const config = parse(renderConfig("", { ...member, token })) as Record<string, string>;
    expect(config["initial-cluster-token"]).to.equal(token);
  });
});

describe("the gate as it runs in a pod, with nobody to ask", () => {
  const env = (change: Record<string, string | undefined> = {}) => ({
    POD_NAME: "etcd-1",
    POD_UID: "u",
    POD_IPS: "10.0.0.1",
    GATE_VOLUME: folder,
    GATE_DATA_DIR: inData(),
    GATE_CONFIG_FILE: configIn(inData()),
    GATE_TLS_DIR: join(folder, "tls"),
    GATE_CONTROLLER_URL: "https://localhost:1",
    GATE_PEER_URL: "https://etcd-1.etcd:2380",
    GATE_CLIENT_URL: "https://etcd-1.etcd:2379",
    GATE_PEER_PORT: "2380",
    GATE_CLIENT_PORT: "2379",
    GATE_METRICS_PORT: "2381",
    GATE_GENERATION: "1",
    GATE_VERSION: version,
    GATE_SETTINGS: "data-dir: /x\n",
    ...change,
  });
  const run = (change: Record<string, string | undefined> = {}) =>
    spawnSync(process.execPath, [bundle], { encoding: "utf8", env: env(change), timeout: 100_000 });
  const config = () => parse(readFileSync(configIn(inData()), "utf8")) as Record<string, unknown>;

  it("lets a member start as it is, with today's settings", () => {
    unpack(loadFixture("3.6", "single"), inData("member"));
    writeMark(inData(), { generation: 1, lastVersion: version });
    const ran = run({ GATE_SETTINGS: "data-dir: /y\n", POD_IPS: "fd00::1" });
    expect(ran.status, ran.stdout + ran.stderr).to.equal(0);
    expect(ran.stdout).to.contain("starting the member on this disk");
    expect(config()).to.include({
      name: "etcd-1",
      "data-dir": "/y",
      "listen-peer-urls": "https://[::]:2380",
      // With a log, etcd reads no list; without one, this list can begin nothing.
      "initial-cluster-state": "existing",
    });
  }).timeout(120_000);

  // Each of them would go on asking for ever, so they are stopped together after a while.
  it("lets nothing start on an empty disk, a broken one, or one of another generation", async () => {
    const disks: Record<string, (dataDir: string) => void> = {
      empty: () => undefined,
      broken: (dataDir) => {
        touch(join(dataDir, "member", "snap", "db"));
        writeFileSync(join(dataDir, "member", "snap", "db"), "consistent_index");
      },
      older: (dataDir) => {
        unpack(loadFixture("3.6", "single"), join(dataDir, "member"));
        writeMark(dataDir, { generation: 1, lastVersion: version });
      },
    };
    await Promise.all(
      Object.entries(disks).map(async ([name, prepare]) => {
        const volume = join(folder, name);
        const dataDir = join(volume, "data");
        mkdirSync(volume);
        prepare(dataDir);
        const file = configIn(dataDir);
        const gate = spawn(process.execPath, [bundle], {
          env: env({
            GATE_VOLUME: volume,
            GATE_DATA_DIR: dataDir,
            GATE_CONFIG_FILE: file,
            GATE_GENERATION: name === "older" ? "2" : "1",
          }),
        });
        let out = "";
        let gone = false;
        gate.stdout.on("data", (data: Buffer) => (out += data.toString()));
        const ended = new Promise<unknown>((resolve) => gate.on("exit", resolve));
        void ended.then(() => (gone = true));
        await until(`${name}: nobody answers`, () => /doesn't start etcd by itself/.test(out) || gone);
        // From now on, longer than the silence after which a whole member starts by itself.
        const longEnough = Date.now() + gateTimes.silenceMs + 1_000;
        await until(`${name}: time passes`, () => Date.now() > longEnough || gone);
        expect(gone, `${name}: ${out}`).to.equal(false);
        gate.kill();
        // As a kubelet would stop it: the first process of a container has to ask for the signal.
        expect(await ended, name).to.equal(143);
        expect(out, name).to.match(/the disk (holds|is)/);
        expect(existsSync(file), name).to.equal(false);
      }),
    );
  }).timeout(120_000);

  it("says which variable is missing, and writes nothing", () => {
    for (const variable of ["POD_UID", "GATE_GENERATION", "GATE_SETTINGS"]) {
      const ran = run({ [variable]: undefined });
      expect(ran.status).to.equal(1);
      expect(ran.stdout).to.match(
        new RegExp(`etcd may not start: (the variable ${variable} is missing|${variable} is not)`),
      );
      expect(existsSync(inData())).to.equal(false);
    }
  }).timeout(120_000);
});
