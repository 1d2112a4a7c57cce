import { existsSync, writeFileSync } from "node:fs";
import { Environment } from "../shared/environment";
import { log } from "./log";
import { Refusal } from "../shared/refusal";
import { readSettings } from "./settings";
import { endpoints, fromEndpoints } from "./endpoints";
import { fromFile, save } from "./sources";
import { handOver, receive } from "./steps";
import { restoreSteps } from "../../components/contract/commands";
import { restoreEnv } from "../../components/contract/env";
import { exitCodes } from "../../components/contract/exit-codes";
import { messageOf } from "../shared/errors";

/**
 * One step of a restore pod: `node restore.js <step>`. The controller shows the termination message of a failed step.
 */

const TERMINATION_LOG = "/dev/termination-log";

// The kernel delivers a signal to the first process of a container only if that process handles it.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(143));

async function main(step: string | undefined): Promise<void> {
  const env = new Environment(process.env);
  const settings = readSettings(env);
  switch (step) {
    case restoreSteps.receive:
      return receive(settings);
    case restoreSteps.save:
      return save(settings);
    case restoreSteps.endpoints:
      return fromEndpoints(settings, env.json(restoreEnv.endpoints, endpoints), {
        tlsDir: env.maybe(restoreEnv.sourceTlsDir),
        passwordDir: env.maybe(restoreEnv.sourcePasswordDir),
      });
    case restoreSteps.file:
      return fromFile(settings, env.text(restoreEnv.file));
    case restoreSteps.handOver:
      return handOver(settings);
    default:
      throw new Refusal(
        step === undefined ? "the name of the step is missing" : `there is no step called ${step}`,
      );
  }
}

main(process.argv[2]).then(
  () => process.exit(0),
  (error: unknown) => {
    const message = messageOf(error);
    log.error(message);
    if (existsSync(TERMINATION_LOG)) writeFileSync(TERMINATION_LOG, message);
    process.exit(error instanceof Refusal ? exitCodes.permanent : exitCodes.retryable);
  },
);
