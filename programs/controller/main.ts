/** The entry point of the controller: one Deployment that manages one cluster. */
import process from "node:process";
import { Controller } from "./controller";
import { createControllerServer } from "./server";
import { steadyClock } from "../shared/clock";
import { createLog } from "../shared/log";
import { settingsFrom } from "./settings";
import { accessInCluster } from "../shared/kubernetes/access";

async function main(): Promise<void> {
  const settings = settingsFrom(process.env);
  const steady = steadyClock();
  const log = createLog(settings.logLevel);
  const server = await createControllerServer({
    tlsDir: settings.serverTlsDir,
    port: settings.serverPort,
    warn: (text) => log.warn(text),
  });
  const controller = new Controller(settings, accessInCluster(process.env, steady), log, steady, server);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => controller.stop());
  await controller.run();
  await server.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
