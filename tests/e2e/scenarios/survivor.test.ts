import { expect } from "chai";
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { survivorCommand } from "../../../components/resources/survivor";
import { writeWhole } from "../../../programs/shared/files";
import type { Receipt } from "../../../programs/restore/receipt";
import { readContents } from "../../../programs/restore/receipt";
import { save } from "../../../programs/restore/sources";
import { readMember } from "../../../programs/shared/wal";
import { commitLog } from "../../../programs/shared/wal/commit";
import { BareCluster, etcdVersions, freePorts, issue, makeAuthority } from "../support/bare-etcd";
import { eventually } from "../support/poll";

const versions = etcdVersions();

/**
 * What a recovery keeps of a survivor's log, with real etcd. The last entry was written there, and nobody can
 * say whether it was committed.
 */
describe("a survivor's log", function () {
  this.timeout(120_000);

  it("needs at least one etcd program", function () {
    if (versions.size > 0) return;
    console.log("SKIPPED: no etcd programs here; `make cluster` builds them");
    this.skip();
  });

  for (const [version, programs] of versions) {
    it(`etcd ${version}: nothing is served without a survivor's data`, async () => {
      const scratch = mkdtempSync(join(tmpdir(), "nothing-"));
      for (const inside of ["", "member", "member/snap"]) {
        const dataDir = join(scratch, inside || "empty", "data");
        mkdirSync(join(dataDir, inside), { recursive: true });
        const etcd = await Alone.start(programs, dataDir);
        const over = setTimeout(() => void etcd.kill(), 60_000);
        expect(await etcd.gone, `its exit code, with data/${inside}`).to.equal(1);
        clearTimeout(over);
        await etcd.kill();
      }
      rmSync(scratch, { recursive: true });
    });

    it(`etcd ${version}: a snapshot is only taken of the survivor and holds everything committed there`, async () => {
      const bare = new BareCluster(programs);
      const scratch = join(bare.folder, "scratch");
      try {
        await bare.prepare(1);
        bare.start(0, "new", [0]);
        await eventually("there is a leader", () => bare.etcdctl(0, "put", "kept", "committed") && true);
        await bare.kill(0);
        const dataDir = received(scratch);
        cpSync(join(bare.folder, bare.at(0).name), dataDir, { recursive: true });
        const { commit: at } = commitLog(join(dataDir, "member"), 0);
        const data = readMember(join(dataDir, "member"), version);
        if (data.state !== "wal") throw new Error(JSON.stringify(data));
        const { memberId, clusterId, lastTerm, lastIndex } = data;
        const receipt = { memberId, clusterId, lastTerm, lastIndex, commit: at };
        const etcd = await Alone.start(programs, dataDir);
        try {
          for (const [more, words] of [
            [{ memberId: "1" }, /the survivor is member 1 of/],
            [{ clusterId: "2" }, /of cluster 2$/],
            [{ commit: 1_000_000 }, /are applied, but entries up to 1000000 are committed/],
          ] as const) {
            received(scratch, { ...receipt, ...more });
            expect(await etcd.save(scratch).then(() => "saved", String)).to.match(words);
          }
          received(scratch, receipt);
          await etcd.save(scratch);
          expect(readContents(scratch)).to.deep.equal({ revision: 2, keys: 1 });
        } finally {
          await etcd.kill();
        }
      } finally {
        await bare.destroy();
      }
    });

    it(`etcd ${version}: a disk without any writes is refused`, async () => {
      const bare = new BareCluster(programs);
      const scratch = join(bare.folder, "scratch");
      try {
        await bare.prepare(1);
        bare.start(0, "new", [0]);
        await eventually("there is a leader", () => bare.etcdctl(0, "get", "x") === "" || undefined);
        await bare.kill(0);
        const dataDir = received(scratch);
        cpSync(join(bare.folder, bare.at(0).name), dataDir, { recursive: true });
        const data = readMember(join(dataDir, "member"), version);
        if (data.state !== "wal") throw new Error(JSON.stringify(data));
        received(scratch, data);
        const etcd = await Alone.start(programs, dataDir);
        const end = await etcd.save(scratch).then(() => "saved", String);
        await etcd.kill();
        expect(end).to.match(/holds no data at all \(revision 0\)/);
      } finally {
        await bare.destroy();
      }
    });

    it(`etcd ${version}: the last entries are kept, which etcd's own --force-new-cluster would drop`, async () => {
      const bare = new BareCluster(programs);
      try {
        await bare.prepare(3);
        for (const i of [0, 1, 2]) bare.start(i, "new", [0, 1, 2]);
        await eventually("there is a leader", () => bare.etcdctl(0, "put", "kept", "committed") && true);
        const leader = await eventually("it says so", () => [0, 1, 2].find((i) => leads(bare, i)));
        const followers = [0, 1, 2].filter((i) => i !== leader);
        for (const i of followers) await bare.kill(i, "SIGSTOP");
        // The request times out: the leader has written the entry but can't know whether it will be committed.
        expect(() => bare.etcdctl(leader, "--command-timeout=1s", "put", "tail", "written")).to.throw();
        await bare.kill(leader);
        for (const i of followers) await bare.kill(i);

        const survivor = join(bare.folder, bare.at(leader).name);
        const [alone, committed] = [join(bare.folder, "alone"), join(bare.folder, "committed")];
        for (const copy of [alone, committed]) cpSync(survivor, copy, { recursive: true });
        const before = readMember(join(committed, "member"), version);
        if (before.state !== "wal") throw new Error(JSON.stringify(before));
        expect(before.lastIndex, "there is a tail").to.be.greaterThan(before.commit);
        expect(commitLog(join(committed, "member"), 0)).to.deep.equal({
          lastIndex: before.lastIndex,
          known: before.commit,
          commit: before.lastIndex,
        });
        expect(await readAlone(programs, alone)).to.deep.equal({ kept: "committed", tail: "" });
        expect(await readAlone(programs, committed)).to.deep.equal({ kept: "committed", tail: "written" });
      } finally {
        await bare.destroy();
      }
    });
  }
});

function leads(bare: BareCluster, i: number): boolean {
  const fields = bare.etcdctl(i, "endpoint", "status", "-w", "fields");
  const number = (name: string) => new RegExp(`"${name}" : (\\d+)`).exec(fields)?.[1];
  return number("MemberID") === number("Leader");
}

type Read = { kept: string; tail: string };

/** Starts etcd on a directory as the restore pod does, and reads both keys. */
async function readAlone(programs: string, folder: string): Promise<Read> {
  const etcd = await Alone.start(programs, folder);
  const get = (key: string) => etcd.etcdctl("get", key, "--print-value-only").trim();
  try {
    return await eventually("it answers alone", () => ({ kept: get("kept"), tail: get("tail") }), 30);
  } finally {
    await etcd.kill();
  }
}

/** The restore pod's etcd, with its own command. */
class Alone {
  readonly gone: Promise<number | null>;

  private constructor(
    private readonly programs: string,
    readonly url: string,
    readonly tlsDir: string,
    private readonly etcd: ChildProcess,
  ) {
    this.gone = new Promise((resolve) => etcd.once("exit", resolve));
  }

  static async start(programs: string, dataDir: string): Promise<Alone> {
    const tlsDir = mkdtempSync(join(tmpdir(), "alone-"));
    await issue(tlsDir, await makeAuthority("peers"), "root", ["localhost"]);
    const [client = 0, peer = 0] = await freePorts(2);
    const file = (name: string) => join(tlsDir, name);
    const [program = "", ...flags] = survivorCommand({
      program: join(programs, "etcd"),
      dataDir,
      pair: { cert: file("tls.crt"), key: file("tls.key"), ca: file("ca.crt") },
      quotaBytes: 1_000_000_000,
      ports: { client, peer },
    });
    const etcd = spawn(program, [...flags, "--log-level=error"], { stdio: "ignore" });
    return new Alone(programs, `https://127.0.0.1:${client}`, tlsDir, etcd);
  }

  etcdctl(...args: string[]): string {
    const tls = ["cacert=ca.crt", "cert=tls.crt", "key=tls.key"].map((pair) => {
      const [flag = "", name = ""] = pair.split("=");
      return `--${flag}=${join(this.tlsDir, name)}`;
    });
    // The name in the certificate is not this machine's address.
    const common = [`--endpoints=${this.url}`, "--command-timeout=2s", "--insecure-skip-tls-verify", ...tls];
    return execFileSync(join(this.programs, "etcdctl"), [...common, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  }

  /** Does what the next step of the restore pod does. */
  save(scratch: string): Promise<void> {
    const nothing = { podUid: "", generation: 2, controllerUrl: "", port: 0, version: "" };
    return save({ ...nothing, tlsDir: this.tlsDir, scratch }, this.url);
  }

  async kill(): Promise<void> {
    this.etcd.kill("SIGKILL");
    await this.gone;
    rmSync(this.tlsDir, { recursive: true, force: true });
  }
}

/** Creates the folder of the copy as the previous step leaves it. */
function received(scratch: string, receipt: Partial<Receipt> = {}): string {
  const whole = { memberId: "1", clusterId: "2", lastTerm: 1, lastIndex: 10, commit: 10, ...receipt };
  writeWhole(join(scratch, "survivor", "receipt.json"), JSON.stringify(whole));
  return join(scratch, "survivor", "data");
}
