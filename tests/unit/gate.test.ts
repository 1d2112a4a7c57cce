import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { renderConfig } from "../../controller/gate/config";
import { readDisk, writeConfig } from "../../controller/gate/disk";

const bundle = join(__dirname, "..", "..", "components", "bundles", "gate.js");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gate-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const inData = (...path: string[]) => join(folder, "data", ...path);
function touch(file: string): void {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "x");
}

describe("what the gate sees on a disk", () => {
  it("nothing, where there is nothing, or what a volume comes with", () => {
    expect(readDisk(inData())).to.deep.equal({ state: "empty" });
    mkdirSync(inData("member", "wal"), { recursive: true });
    mkdirSync(join(folder, "lost+found"));
    expect(readDisk(inData())).to.deep.equal({ state: "empty" });
  });

  it("nothing, where only the gate's own file or half a log is", () => {
    touch(inData("member", "etcd.yaml"));
    touch(inData("member", "wal", "0.tmp"));
    expect(readDisk(inData())).to.deep.equal({ state: "empty" });
  });

  it("a member, once it has a file of its write-ahead log", () => {
    touch(inData("member", "wal", "0000000000000000-0000000000000000.wal"));
    expect(readDisk(inData())).to.deep.equal({ state: "member" });
    touch(inData("member", "snap", "db"));
    expect(readDisk(inData())).to.deep.equal({ state: "member" });
  });

  it("something broken, where a database has no log", () => {
    touch(inData("member", "snap", "db"));
    const disk = readDisk(inData());
    expect(disk.state).to.equal("broken");
    expect(disk.state === "broken" && disk.reason).to.contain("no write-ahead log");
  });
});

describe("the gate's file", () => {
  it("is replaced as a whole: who has the old one open reads the old one", () => {
    const file = inData("member", "etcd.yaml");
    writeConfig(file, "one: 1\n");
    const open = openSync(file, "r");
    const before = statSync(file).ino;
    try {
      writeConfig(file, "two: 2\n");
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
    writeConfig(file, "one: 1\n");
    expect(readFileSync(file, "utf8")).to.equal("one: 1\n");
    expect(readdirSync(inData("member"))).to.deep.equal(["etcd.yaml"]);
  });

  it("is for nobody else to read, in a directory as etcd wants it", () => {
    writeConfig(inData("member", "etcd.yaml"), "");
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

describe("the gate as it runs in a pod", () => {
  const run = (change: Record<string, string | undefined> = {}) =>
    spawnSync(process.execPath, [bundle], {
      encoding: "utf8",
      env: {
        POD_NAME: "etcd-1",
        POD_IPS: "10.0.0.1",
        GATE_DATA_DIR: inData(),
        GATE_CONFIG_FILE: inData("member", "etcd.yaml"),
        GATE_PEER_URL: "https://etcd-1.etcd:2380",
        GATE_CLIENT_URL: "https://etcd-1.etcd:2379",
        GATE_PEER_PORT: "2380",
        GATE_CLIENT_PORT: "2379",
        GATE_METRICS_PORT: "2381",
        GATE_INITIAL_CLUSTER: "etcd-1=https://etcd-1.etcd:2380",
        GATE_TOKEN: "etcd-1",
        GATE_SETTINGS: "data-dir: /x\n",
        ...change,
      },
    });
  const config = () => parse(readFileSync(inData("member", "etcd.yaml"), "utf8")) as Record<string, unknown>;

  it("lets a first start through", () => {
    const ran = run();
    expect(ran.stderr).to.equal("");
    expect(ran.status).to.equal(0);
    expect(ran.stdout).to.contain("this is a first start");
    expect(config()).to.include({ name: "etcd-1", "data-dir": "/x", "initial-cluster-state": "new" });
  });

  it("lets a member start as it is, with today's settings", () => {
    touch(inData("member", "wal", "0.wal"));
    expect(run().stdout).to.contain("holds a member");
    expect(config()["data-dir"]).to.equal("/x");
    expect(run({ GATE_SETTINGS: "data-dir: /y\n", POD_IPS: "fd00::1" }).status).to.equal(0);
    expect(config()).to.include({ "data-dir": "/y", "listen-peer-urls": "https://[::]:2380" });
  });

  it("lets nothing start on a database without a log, and changes nothing", () => {
    touch(inData("member", "snap", "db"));
    const ran = run();
    expect(ran.status).to.equal(1);
    expect(ran.stderr).to.match(/^etcd may not start: there is a database .*\. Nothing was changed\.\n$/);
    expect(existsSync(inData("member", "etcd.yaml"))).to.equal(false);
    expect(readdirSync(inData("member"))).to.deep.equal(["snap"]);
  });

  it("says which variable is missing, and writes nothing", () => {
    const ran = run({ GATE_TOKEN: undefined });
    expect(ran.status).to.equal(1);
    expect(ran.stderr).to.equal("etcd may not start: the variable GATE_TOKEN is missing\n");
    expect(existsSync(inData())).to.equal(false);
  });
});
