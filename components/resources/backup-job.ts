/** What the CronJobs of backups and drills have in common. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Backup } from "../args";
import { defaults } from "../config/defaults";
import { backupSettings } from "../config/jobs";
import { annotationKeys, backupLabels, commonLabels, pairFolder } from "../contract/names";
import { jobCommand } from "./backup-store";
import type { Identity } from "./certificates";
import { fullNamesFirst, nodeContainer, podSpec, secretVolume } from "./container";
import type { Context } from "./context";
import { metadataOf } from "./context";
import { literal } from "./literal";
import { placement } from "./scheduling";
import { backupEnv } from "../contract/env";
import { exitCodes } from "../contract/exit-codes";
import type { BackupCommand } from "../contract/commands";

type PodSpec = k8s.types.input.core.v1.PodSpec;

/** What all jobs of backups are made from. */
export interface JobParts {
  readonly backup: Backup;
  readonly serviceAccount: pulumi.Output<string>;
  readonly code: pulumi.Output<string>;
  readonly identity: Identity;
  readonly resources: pulumi.Resource[];
}

export interface CronParts {
  readonly resourceName: string;
  readonly name: string;
  readonly schedule: string;
  readonly timeZone?: string;
  readonly timeoutSeconds: number;
  readonly defaultContainer: string;
  readonly pod: Pick<PodSpec, "containers" | "initContainers" | "volumes">;
}

export function createCronJob(ctx: Context, parts: JobParts, cron: CronParts): k8s.batch.v1.CronJob {
  const { spec } = ctx;
  const { podMetadata } = parts.backup;
  return new k8s.batch.v1.CronJob(
    `${ctx.name}-${cron.resourceName}`,
    {
      metadata: metadataOf(ctx, cron.name),
      spec: {
        schedule: cron.schedule,
        timeZone: cron.timeZone ?? defaults.backupTimeZone,
        // The job of a lost node does not end before the node is back or deleted, and the next job must not
        // wait for it. Two at once make two backups. The time-out limits their number.
        concurrencyPolicy: "Allow",
        // A missed backup starts late, unless the next one is near.
        startingDeadlineSeconds: 600,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: { labels: { ...spec.args.metadata?.labels, ...commonLabels(spec.name) } },
          spec: {
            backoffLimit: 2,
            // The job itself fails before that, and reports why.
            activeDeadlineSeconds: cron.timeoutSeconds + 60,
            podFailurePolicy: {
              rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [exitCodes.permanent] } }],
            },
            template: {
              metadata: {
                labels: { ...podMetadata?.labels, ...commonLabels(spec.name), ...backupLabels(spec.name) },
                annotations: {
                  ...podMetadata?.annotations,
                  [annotationKeys.defaultContainer]: cron.defaultContainer,
                },
              },
              spec: podSpec(ctx, {
                restartPolicy: "Never",
                serviceAccountName: parts.serviceAccount,
                automountServiceAccountToken: true,
                terminationGracePeriodSeconds: 30,
                dnsConfig: fullNamesFirst,
                ...placement(ctx),
                ...cron.pod,
              }),
            },
          },
        },
      },
    },
    { ...ctx.opts, dependsOn: parts.resources },
  );
}

/** The variable with the job's settings. */
export const settingsVariable = (ctx: Context, backup: Backup, timeoutSeconds: number) => ({
  name: backupEnv.settings,
  value: ctx.namespace.apply((namespace) =>
    literal(JSON.stringify(backupSettings(ctx.spec, backup, namespace, timeoutSeconds))),
  ),
});

/** The administrator's key pair, which works with etcd's authentication enabled, too. */
export const rootPair = (identity: Identity) => ({
  volume: secretVolume("tls-root", identity.secrets.root),
  mount: { name: "tls-root", mountPath: pairFolder("root"), readOnly: true },
  variable: { name: backupEnv.tlsDir, value: pairFolder("root") },
});

/** A container that runs the jobs' code. */
export const jobContainer = (
  ctx: Context,
  name: string,
  command: BackupCommand,
  extra: Parameters<typeof nodeContainer>[4],
): k8s.types.input.core.v1.Container => nodeContainer(ctx, "job", name, jobCommand(command), extra);
