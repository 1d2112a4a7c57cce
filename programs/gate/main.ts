import { existsSync, writeFileSync } from "node:fs";
import { runGate } from "./run";
import { readSettings } from "./settings";
import { messageOf } from "../shared/errors";

/** The init container of a member's pod: it lets etcd start with the right configuration, or says why not. */

/** `kubectl describe pod` shows this file, also after the gate has ended. */
const TERMINATION_LOG = "/dev/termination-log";

function say(text: string): void {
  console.log(`${new Date().toISOString()} ${text}`);
  try {
    if (existsSync(TERMINATION_LOG)) writeFileSync(TERMINATION_LOG, text);
  } catch {
    // The log has the text as well.
  }
}

// The kernel delivers a signal to the first process of a container only if that process handles it.
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
