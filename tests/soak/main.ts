import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labFolder } from "../e2e/support/lab";
import { endTurn, takeTurn } from "../e2e/support/turn";
import type { Options } from "./soak";
import { soakFor } from "./run";
import { inWords } from "./summary";

/** `make soak`: SEED fixes the faults and the clients' choices, MINUTES sets the duration. */
function options(): Options {
  const minutes = Number(process.env.MINUTES ?? 30);
  const seed = Number(process.env.SEED ?? 1);
  if (!(minutes > 0) || !Number.isInteger(seed) || seed < 0)
    throw new Error("MINUTES is a number above 0, SEED a whole number from 0");
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "");
  const folder = process.env.OUT ?? join(labFolder(), "soak", `${time}-seed-${seed}`);
  mkdirSync(folder, { recursive: true });
  return { minutes, seed, folder };
}

async function main(): Promise<void> {
  const chosen = options();
  console.log(`soak: ${chosen.minutes} minutes, seed ${chosen.seed}; everything goes into ${chosen.folder}`);
  takeTurn();
  try {
    const { summary, cluster, end } = await soakFor(chosen);
    writeFileSync(join(chosen.folder, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
    console.log(`\nsoak\n${inWords(summary)}`);
    if (summary.passed) await end();
    else console.log(`  The cluster is left as it is, in the namespace ${cluster.namespace}.`);
    process.exitCode = summary.passed ? 0 : 1;
  } finally {
    endTurn();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
