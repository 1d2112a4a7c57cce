import { setTimeout as sleep } from "node:timers/promises";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BareCluster, etcdVersions } from "../e2e/support/bare-etcd";
import type { LoadReport } from "../e2e/load/report";
import { reportMark, startedLine } from "../e2e/load/report";
import { assertNothingLost, loadCode } from "../e2e/support/load";
import { eventually } from "../e2e/support/poll";

const all = [0, 1, 2];

/** Shorter than an election, so that the gap is not that of a writer that waits for an answer. */
export const timeoutMs = 500;

/** What the others are measured by: three processes on this machine, whose leader is killed under the same load. */
export async function bareLeaderKilled(version: string): Promise<number> {
  const programs = etcdVersions().get(version);
  if (!programs) throw new Error(`etcd ${version} is not built here`);
  const cluster = new BareCluster(programs);
  try {
    await cluster.prepare(all.length);
    for (const i of all) cluster.start(i, "new", all);
    const led = await eventually("a leader answers", () => leaderOf(cluster), 30);
    const load = await LocalLoad.start(cluster);
    await sleep(3000);
    await cluster.kill(led);
    await sleep(5000);
    const report = await load.stop();
    assertNothingLost(report);
    return report.longestGapMs;
  } finally {
    await cluster.destroy();
  }
}

/** Once each member knows it. */
function leaderOf(cluster: BareCluster): number | undefined {
  const led = all.map((i) => {
    const fields = cluster.etcdctl(i, "endpoint", "status", "-w", "fields");
    const value = (name: string) => new RegExp(`"${name}" : (\\d+)`).exec(fields)?.[1];
    return { member: value("MemberID"), leader: value("Leader") };
  });
  const known = led.every(({ leader }) => leader !== undefined && leader !== "0");
  const found = led.findIndex(({ member, leader }) => member === leader);
  return known && found >= 0 ? found : undefined;
}

/** The load of the clusters in Kubernetes, as a process here. */
class LocalLoad {
  private output = "";
  private readonly ended: Promise<unknown>;

  private constructor(
    private readonly folder: string,
    private readonly child: ReturnType<typeof spawn>,
  ) {
    child.stdout?.on("data", (data: Buffer) => (this.output += data.toString()));
    this.ended = new Promise((resolve) => child.once("exit", resolve));
  }

  static async start(cluster: BareCluster): Promise<LocalLoad> {
    const folder = mkdtempSync(join(tmpdir(), "bare-load-"));
    const file = join(folder, "load.js");
    writeFileSync(file, await loadCode());
    const endpoints = cluster.members.map((member) => `https://localhost:${member.clientPort}`);
    const child = spawn(process.execPath, [file], {
      env: {
        LOAD_NAME: "bare",
        LOAD_ENDPOINTS: endpoints.join(","),
        LOAD_TLS: cluster.clientTls,
        LOAD_TIMEOUT_MS: String(timeoutMs),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const load = new LocalLoad(folder, child);
    await eventually("a first write is acknowledged", () => load.output.includes(startedLine) || undefined);
    return load;
  }

  async stop(): Promise<LoadReport> {
    this.child.kill("SIGTERM");
    await this.ended;
    rmSync(this.folder, { recursive: true });
    const line = this.output.split("\n").find((text) => text.startsWith(reportMark));
    if (!line) throw new Error(`the load told nothing:\n${this.output}`);
    return JSON.parse(line.slice(reportMark.length)) as LoadReport;
  }
}
