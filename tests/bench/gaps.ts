import { setTimeout as sleep } from "node:timers/promises";
import { leader } from "../e2e/support/controller";
import { TestCluster } from "../e2e/support/etcd-cluster";
import { assertNothingLost, Load } from "../e2e/support/load";
import { Processes } from "../e2e/support/process";
import { patches } from "../e2e/support/versions";
import { bareLeaderKilled, timeoutMs } from "./bare";
import { repeat } from "./clock";
import type { Row } from "./table";
import { median } from "./table";

/** The longest time without an acknowledged write, in milliseconds, while something happens. */
async function gap(cluster: TestCluster, happens: () => Promise<unknown>): Promise<number> {
  const load = await Load.start(cluster, { timeoutMs });
  await happens();
  await cluster.waitForVoters(240);
  const report = await load.stop();
  assertNothingLost(report);
  return report.longestGapMs;
}

async function leaderKilled(cluster: TestCluster): Promise<void> {
  const processes = await Processes.of(cluster, await leader(cluster));
  const killed = await processes.signal("etcd", "KILL");
  if (killed.length !== 1) throw new Error(`killed ${killed.length} processes`);
  // Until another one leads; what is waited for after this may still be what was before it.
  await sleep(5000);
}

export async function gaps(rounds: number): Promise<Row[]> {
  const [from = "", to = ""] = await patches("3.6", "3.7");
  const bare = await repeat(rounds, () => bareLeaderKilled(from));
  const cluster = await TestCluster.deploy("bench-gaps", { version: from });
  try {
    let setting = 5000;
    const killed = await repeat(rounds, () => gap(cluster, () => leaderKilled(cluster)));
    const restart = () => cluster.apply({ etcd: { snapshotCount: ++setting } });
    const restarted = await repeat(rounds, () => gap(cluster, restart));
    const step = await gap(cluster, () => cluster.apply({ version: to }));
    const floor = median(bare);
    const rows = (what: string, values: readonly number[]): Row[] => [
      { what, values, unit: "ms", digits: 0 },
      {
        what: "  as a multiple of the bare processes'",
        values: values.map((value) => value / floor),
        unit: "x",
        target: 1.5,
        digits: 2,
      },
    ];
    return [
      { what: "three bare processes, leader killed", values: bare, unit: "ms", digits: 0 },
      ...rows("leader killed", killed),
      ...rows("full rolling restart", restarted),
      ...rows(`version step, ${from} to ${to}`, [step]),
    ];
  } finally {
    await cluster.destroy({ wait: true });
  }
}
