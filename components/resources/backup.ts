import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { BackupArgs } from "../args";
import { defaults } from "../config/defaults";
import { containerNames, objectNames } from "../contract/names";
import type { JobParts } from "./backup-job";
import { createCronJob, jobContainer, podName, rootPair, settingsVariable } from "./backup-job";
import { createBackupClaim, createBackupRights } from "./backup-rights";
import { codeVolume, storeParts } from "./backup-store";
import type { Identity } from "./certificates";
import type { Context } from "./context";
import { createDrill } from "./drill";
import { backupCommands } from "../contract/commands";

type PodSpec = k8s.types.input.core.v1.PodSpec;

/** Backups: a CronJob, what it may do, where it writes to, and the drill if one is declared. */
export function createBackup(
  ctx: Context,
  backup: BackupArgs,
  identity: Identity,
  code: pulumi.Output<string>,
): pulumi.Resource[] {
  const { serviceAccount, resources } = createBackupRights(ctx, backup);
  const parts: JobParts = {
    backup,
    serviceAccount: serviceAccount.metadata.name,
    code,
    identity,
    resources: [...resources, ...createBackupClaim(ctx, backup), ...identity.resources],
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

function backupPod(ctx: Context, parts: JobParts, timeoutSeconds: number): PodSpec {
  const { backup, identity } = parts;
  const store = storeParts(ctx, backup);
  const code = codeVolume(parts.code);
  const root = rootPair(identity);
  return {
    containers: [
      {
        ...jobContainer(ctx, containerNames.backup, backupCommands.backup),
        env: [podName, settingsVariable(ctx, backup, timeoutSeconds), root.variable, ...store.env],
        volumeMounts: [code.mount, root.mount, ...store.volumeMounts],
      },
    ],
    volumes: [code.volume, root.volume, ...store.volumes],
  };
}
