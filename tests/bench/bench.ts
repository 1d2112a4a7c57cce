import { living } from "../e2e/support/etcd-cluster";
import { endTurn, takeTurn } from "../e2e/support/turn";
import { backup } from "./backup";
import { boot } from "./boot";
import { gaps } from "./gaps";
import { idle } from "./idle";
import { members } from "./members";
import type { Row } from "./table";
import { table } from "./table";

/**
 * `make bench`: what the component takes, beside the targets. Seconds depend on the machine and on what else runs on
 * it; multiples of what was measured in the same run are what can be compared. `PARTS=boot,idle` runs some of it only,
 * `ROUNDS=3` measures less often.
 */
const parts: Record<string, [title: string, run: (rounds: number) => Promise<Row[]>]> = {
  boot: ["From nothing", boot],
  members: ["Members that come", members],
  gaps: ["The longest time without an acknowledged write", gaps],
  idle: ["While nothing happens", idle],
  backup: ["A database of a gibibyte", backup],
};

async function main(): Promise<void> {
  const rounds = Number(process.env.ROUNDS ?? 5);
  const chosen = process.env.PARTS?.split(",") ?? Object.keys(parts);
  const unknown = chosen.filter((name) => !(name in parts));
  if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`PARTS are ${Object.keys(parts).join(", ")}, ROUNDS a whole number from 1`);
  }
  takeTurn();
  try {
    for (const name of chosen) {
      const [title, run] = parts[name]!;
      console.log(table(`${title}, median of ${rounds} (${name})`, await run(rounds)));
    }
  } finally {
    for (const cluster of living) {
      await cluster.destroy();
    }
    endTurn();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
