import { existsSync, writeFileSync } from "node:fs";
import { log } from "./log";
import { Refusal } from "../shared/refusal";
import { readSettings } from "./settings";
import type { Endpoints } from "./sources";
import { fromEndpoints, fromFile, save } from "./sources";
import { handOver, receive } from "./steps";
import { wordsOf } from "../shared/errors";

/** One step of a restore pod: `node restore.js <step>`. What stops it are its last words, which the controller shows. */

const TERMINATION_LOG = "/dev/termination-log";

// The first process of a container gets no signal that it doesn't ask for.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(143));

async function main(step: string | undefined): Promise<void> {
  const { env } = process;
  const settings = readSettings(env);
  switch (step) {
    case "receive":
      return receive(settings);
    case "save":
      return save(settings);
    case "endpoints":
      return fromEndpoints(
        settings,
        JSON.parse(env.RESTORE_ENDPOINTS ?? "") as Endpoints,
        env.RESTORE_SOURCE_TLS_DIR ?? "",
      );
    case "file":
      return fromFile(settings, env.RESTORE_FILE ?? "");
    case "hand-over":
      return handOver(settings);
    default:
      throw new Refusal(`there is no step ${step ?? "without a name"}`);
  }
}

main(process.argv[2]).then(
  () => process.exit(0),
  (error: unknown) => {
    const words = wordsOf(error);
    log.error(words);
    if (existsSync(TERMINATION_LOG)) writeFileSync(TERMINATION_LOG, words);
    process.exit(error instanceof Refusal ? 3 : 1);
  },
);
