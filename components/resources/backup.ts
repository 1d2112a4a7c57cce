import type * as pulumi from "@pulumi/pulumi";
import type { Backup } from "../args";
import { defaults } from "../config/defaults";
import { containerNames, objectNames } from "../contract/names";
import type { CronParts, JobParts } from "./backup-job";
import { createCronJob, jobContainer, rootPair, settingsVariable } from "./backup-job";
import { createBackupClaim, createBackupRights } from "./backup-rights";
import { jobCode, storeParts } from "./backup-store";
import type { Identity } from "./certificates";
import { podVariables } from "./container";
import type { Context } from "./context";
import { createDrill } from "./drill";
import { backupCommands } from "../contract/commands";

/** Backups: a CronJob, its rights, its claim, and the drill if one is declared. */
export function createBackup(
  ctx: Context,
  backup: Backup,
  identity: Identity,
  code: pulumi.Output<string>,
  credentials: pulumi.Resource[],
): pulumi.Resource[] {
  const { serviceAccount, resources } = createBackupRights(ctx, backup);
  const parts: JobParts = {
    backup,
    serviceAccount: serviceAccount.metadata.name,
    code,
    identity,
    resources: [...resources, ...createBackupClaim(ctx, backup), ...credentials, ...identity.resources],
  };
  const timeoutSeconds = backup.timeoutSeconds ?? defaults.backupTimeoutSeconds;
  const cronJob = createCronJob(ctx, parts, {
    resourceName: "backup",
    name: objectNames(ctx.spec.name).backup,
    schedule: backup.schedule,
    timeZone: backup.timeZone,
    timeoutSeconds,
    defaultContainer: containerNames.backup,
    pod: backupPod(ctx, parts, timeoutSeconds),
  });
  return [cronJob, ...(backup.drill ? [createDrill(ctx, parts, backup.drill)] : [])];
}

function backupPod(ctx: Context, parts: JobParts, timeoutSeconds: number): CronParts["pod"] {
  const { backup, identity } = parts;
  const store = storeParts(ctx, "backup", backup);
  const code = jobCode(parts.code);
  const root = rootPair(identity);
  return {
    containers: [
      jobContainer(ctx, containerNames.backup, backupCommands.backup, {
        env: [podVariables.name, settingsVariable(ctx, backup, timeoutSeconds), root.variable, ...store.env],
        volumeMounts: [code.mount, root.mount, ...store.volumeMounts],
      }),
    ],
    volumes: [code.volume, root.volume, ...store.volumes],
  };
}
