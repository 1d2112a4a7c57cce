/**
 * The program of the backup Jobs: `backup`, `fetch`, and both steps of a drill. The exit code says whether a retry can
 * help.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readKeyPair } from "../shared/tls";
import { accessInCluster } from "../shared/kubernetes/access";
import { Api } from "../shared/kubernetes/api";
import { steadyClock } from "../shared/clock";
import { prepare, verify } from "./drill";
import { addressOfUrl } from "../shared/etcd/address";
import { EtcdClient } from "../shared/etcd/client";
import { fetchBackup, files } from "./fetch";
import type { Which } from "./fetch";
import { runBackup } from "./job";
import { parseManifest } from "../shared/backups/manifest";
import { createLog } from "../shared/log";
import { Refusal } from "../shared/refusal";
import { Report } from "./report";
import type { BackupSettings, StoreSettings } from "../../components/contract/jobs";
import { readSettings } from "./settings";
import { openStore } from "./store";
import { S3Error, isRetryable } from "./store/s3-errors";
import { volumesOf } from "./volumes";
import { backupCommands } from "../../components/contract/commands";
import { backupEnv, podEnv } from "../../components/contract/env";
import { exitCodes } from "../../components/contract/exit-codes";
import { messageOf } from "../shared/errors";

const { env } = process;
const log = createLog();

const variable = (name: string): string => {
  const value = env[name];
  if (!value) throw new Error(`the environment variable ${name} is missing`);
  return value;
};
const store = () => openStore(readSettings<StoreSettings>(env, backupEnv.store));
const settings = () => readSettings<BackupSettings>(env, backupEnv.settings);

function reporting(of: BackupSettings): { api: Api; report: Report } {
  const api = new Api(accessInCluster(env, steadyClock()));
  const warn = (text: string) => log.warn(text);
  return { api, report: new Report(api, of.namespace, of.statusName, variable(podEnv.name), warn) };
}

const commands: Readonly<Record<string, () => Promise<string>>> = {
  [backupCommands.backup]: async () => {
    const of = settings();
    const { api, report } = reporting(of);
    const pair = readKeyPair(variable(backupEnv.tlsDir));
    const abort = new AbortController();
    process.once("SIGTERM", () => abort.abort(new Error("the job was told to stop (SIGTERM)")));
    // Kubernetes kills the job a little later. By then the failure has to be reported.
    const limit = setTimeout(
      () => abort.abort(new Error(`it took longer than ${of.timeoutSeconds} s (backup.timeoutSeconds)`)),
      of.timeoutSeconds * 1000,
    );
    const made = await runBackup({
      settings: of,
      store: store(),
      report,
      open: (url) => new EtcdClient(addressOfUrl(url), pair),
      volumes: () => volumesOf(api, of.namespace, of.claims),
      signal: abort.signal,
      log: (text) => log.info(text),
      peakMebibytes: () => Math.ceil(process.resourceUsage().maxRSS / 1024),
    });
    clearTimeout(limit);
    return (
      `the backup ${made.name} is complete: revision ${made.revision}, ${made.keys} entries, ` +
      `${made.snapshot.bytes} bytes`
    );
  },
  [backupCommands.fetch]: async () => {
    const folder = variable(backupEnv.folder);
    const made = await fetchBackup(store(), readSettings<Which>(env, backupEnv.which), folder);
    return `the backup ${made.name} is in ${folder}: revision ${made.revision}, ${made.snapshot.bytes} bytes`;
  },
  [backupCommands.drillPrepare]: async () => {
    const of = settings();
    const made = await prepare(store(), reporting(of).report, variable(backupEnv.folder), of.timeoutSeconds);
    return `the backup ${made.name} was fetched and matches its record`;
  },
  [backupCommands.drillJudge]: async () => {
    const of = settings();
    const manifest = parseManifest(readFileSync(join(variable(backupEnv.folder), files.manifest), "utf8"));
    const client = new EtcdClient(
      addressOfUrl(variable(backupEnv.etcdUrl), "localhost"),
      readKeyPair(variable(backupEnv.tlsDir)),
    );
    await verify(manifest, client, reporting(of).report, of.timeoutSeconds * 1000);
    return `the backup ${manifest.name} was restored and etcd started from it`;
  },
};

/** An error that a retry can't cure, found by this program or by the store. */
const isPermanent = (error: unknown): boolean =>
  error instanceof Refusal || (error instanceof S3Error && !isRetryable(error));

async function main(): Promise<string> {
  const command = commands[process.argv[2] ?? ""];
  if (!command)
    throw new Error(
      `"${process.argv[2] ?? ""}" is no command. The commands are: ${Object.keys(commands).join(", ")}`,
    );
  return command();
}

main().then(
  (message) => {
    log.info(message);
    process.exit(0);
  },
  (error: unknown) => {
    log.error(messageOf(error));
    process.exit(isPermanent(error) ? exitCodes.permanent : exitCodes.retryable);
  },
);
