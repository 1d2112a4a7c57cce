import { expect } from "chai";
import { execFileSync, spawn } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { readMember } from "../../../controller/wal";
import { commitLog } from "../../../controller/wal/commit";
import { BareCluster, etcdVersions, freePorts } from "../support/bare-etcd";
import { eventually } from "../support/poll";

const versions = etcdVersions();

/**
 * What a recovery keeps of a survivor's log, with real etcd: an entry that was written there, and of which nobody can
 * say any more whether it was committed.
 */
describe("a survivor's log", function () {
  this.timeout(120_000);

  it("has programs to test with", function () {
    if (versions.size > 0) return;
    console.log("SKIPPED: no etcd programs here; `make cluster` builds them");
    this.skip();
  });

  for (const [version, programs] of versions) {
    it(`etcd ${version}: its last entries are kept, which etcd alone would drop`, async () => {
      const bare = new BareCluster(programs);
      try {
        await bare.prepare(3);
        for (const i of [0, 1, 2]) bare.start(i, "new", [0, 1, 2]);
        await eventually("there is a leader", () => bare.etcdctl(0, "put", "kept", "committed") && true);
        const leader = await eventually("it says so", () => [0, 1, 2].find((i) => leads(bare, i)));
        const followers = [0, 1, 2].filter((i) => i !== leader);
        for (const i of followers) await bare.kill(i, "SIGSTOP");
        // Nobody answers: the leader has written it, and can't know whether it holds.
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

/** Starts etcd on a directory as the restore pod does, and reads both keys. */
async function readAlone(programs: string, folder: string): Promise<{ kept: string; tail: string }> {
  const [client, peer] = (await freePorts(2)).map((port) => `http://127.0.0.1:${port}`);
  const etcd = spawn(
    join(programs, "etcd"),
    [
      "--name=survivor",
      `--data-dir=${folder}`,
      "--force-new-cluster",
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=survivor=${peer}`,
      "--log-level=error",
    ],
    { stdio: "ignore" },
  );
  const gone = new Promise((resolve) => etcd.once("exit", resolve));
  const get = (key: string) =>
    execFileSync(
      join(programs, "etcdctl"),
      [`--endpoints=${client}`, "--command-timeout=2s", "get", key, "--print-value-only"],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    ).trim();
  try {
    return await eventually("it answers alone", () => ({ kept: get("kept"), tail: get("tail") }), 30);
  } finally {
    etcd.kill("SIGKILL");
    await gone;
  }
}
