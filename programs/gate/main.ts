import { existsSync, writeFileSync } from "node:fs";
import { runGate } from "./run";
import { readSettings } from "./settings";
import { messageOf } from "../shared/errors";

/** The init container of a member's pod: lets etcd start with the right configuration, or says why not. */

/** Shown by `kubectl describe pod`, also after the gate is through. */
const TERMINATION_LOG = "/dev/termination-log";

function say(text: string): void {
  console.log(`${new Date().toISOString()} ${text}`);
  try {
    if (existsSync(TERMINATION_LOG)) writeFileSync(TERMINATION_LOG, text);
  } catch {
    // It stands in the log.
  }
}

// The first process of a container gets no signal that it doesn't ask for.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(143));

async function main(): Promise<void> {
  await runGate(readSettings(process.env), say);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    say(`etcd may not start: ${messageOf(error)}`);
    process.exit(1);
  },
);
