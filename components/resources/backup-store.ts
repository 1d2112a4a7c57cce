import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { StoreArgs } from "../config/jobs";
import { storeSettings } from "../config/jobs";
import { literal } from "./literal";
import { objectNames, paths } from "../contract/names";
import { codeVolume, secretVolume } from "./container";
import type { Context } from "./context";
import { backupEnv } from "../contract/env";
import type { StoreOf } from "./store-credentials";
import { credentialsName } from "./store-credentials";
import type { BackupCommand } from "../contract/commands";

const volumes = { credentials: "credentials", backups: "backups" };

/** Variables and volumes of a container that reads or writes backups. */
export interface StoreParts {
  readonly env: k8s.types.input.core.v1.EnvVar[];
  readonly volumes: k8s.types.input.core.v1.Volume[];
  readonly volumeMounts: k8s.types.input.core.v1.VolumeMount[];
}

export function storeParts(ctx: Context, of: StoreOf, store: StoreArgs): StoreParts {
  const prefix = ctx.namespace.apply((namespace) => `${namespace}/${ctx.spec.name}`);
  const settings = storeSettings(store, prefix).apply((value) => literal(JSON.stringify(value)));
  const env = [{ name: backupEnv.store, value: settings }];
  if (store.claim) {
    const claimName = store.claim.existing ?? objectNames(ctx.spec.name).backups;
    return {
      env,
      volumes: [{ name: volumes.backups, persistentVolumeClaim: { claimName } }],
      volumeMounts: [{ name: volumes.backups, mountPath: paths.backups }],
    };
  }
  const secretName = credentialsName(ctx, of, store.s3);
  if (secretName === undefined) {
    return { env, volumes: [], volumeMounts: [] };
  }
  return {
    env,
    volumes: [secretVolume(volumes.credentials, secretName)],
    volumeMounts: [{ name: volumes.credentials, mountPath: paths.credentials, readOnly: true }],
  };
}

/**
 * Whatever the database's size, the jobs use about 110 MiB with Node.js 24 (85 MiB with 20), a third of which is the
 * mapped program of Node.js itself. The heap is a small part of it.
 */
export const jobNodeFlags = ["--max-old-space-size=64", "--max-semi-space-size=1", "--v8-pool-size=1"];

/** The code of the jobs, as a volume. */
export function jobCode(code: pulumi.Input<string>): {
  readonly volume: k8s.types.input.core.v1.Volume;
  readonly mount: k8s.types.input.core.v1.VolumeMount;
} {
  return {
    volume: codeVolume("code", code),
    mount: { name: "code", mountPath: paths.backup, readOnly: true },
  };
}

/** The command line of a job. */
export const jobCommand = (command: BackupCommand): string[] => [
  "node",
  ...jobNodeFlags,
  `${paths.backup}/backup.js`,
  command,
];
