import type * as k8s from "@pulumi/kubernetes";
import type { BackupDrill } from "../args";
import { binaries } from "../config/images";
import { defaults } from "../config/defaults";
import { containerNames, objectNames, pairFolder, pairPaths, paths, ports } from "../contract/names";
import type { JobParts } from "./backup-job";
import { createCronJob, jobContainer, rootPair, settingsVariable } from "./backup-job";
import { jobCode, storeParts } from "./backup-store";
import { etcdContainer, podVariables, secretVolume } from "./container";
import type { Context } from "./context";
import { scratchOf } from "./scratch";
import { backupEnv } from "../contract/env";
import { backupCommands } from "../contract/commands";

type Container = k8s.types.input.core.v1.Container;

const mount = { name: "scratch", mountPath: paths.drill };
const data = `${paths.drill}/data`;
const peerUrl = `http://127.0.0.1:${ports.peer}`;
const clientUrl = `https://127.0.0.1:${ports.client}`;

/**
 * A CronJob whose pod restores the newest backup: it fetches and checks the backup, etcdutl restores it, etcd starts
 * from it on the pod's loopback, and the pod compares that etcd with the backup's manifest. It has no Service and no
 * peers.
 */
export function createDrill(ctx: Context, parts: JobParts, drill: BackupDrill): k8s.batch.v1.CronJob {
  const { backup, identity } = parts;
  const scratch = scratchOf(ctx, drill.scratchOnClaim ?? false);
  const timeoutSeconds = drill.timeoutSeconds ?? defaults.backupTimeoutSeconds;
  const store = storeParts(ctx, "backup", backup);
  const code = jobCode(parts.code);
  const root = rootPair(identity);
  const server = {
    volume: secretVolume("tls-server", identity.secrets.server),
    mount: { name: "tls-server", mountPath: pairFolder("server"), readOnly: true },
  };
  const env = [
    podVariables.name,
    settingsVariable(ctx, backup, timeoutSeconds),
    { name: backupEnv.folder, value: paths.drill },
  ];
  return createCronJob(ctx, parts, {
    resourceName: "drill",
    name: objectNames(ctx.spec.name).drill,
    schedule: drill.schedule,
    timeZone: drill.timeZone ?? backup.timeZone,
    timeoutSeconds,
    defaultContainer: containerNames.judge,
    pod: {
      initContainers: [
        jobContainer(ctx, containerNames.fetch, backupCommands.drillPrepare, {
          env: [...env, ...store.env],
          volumeMounts: [code.mount, mount, ...store.volumeMounts],
        }),
        restoreContainer(ctx),
        serverContainer(ctx, [mount, server.mount]),
      ],
      containers: [
        jobContainer(ctx, containerNames.judge, backupCommands.drillJudge, {
          nodeDisk: scratch.nodeDisk,
          env: [...env, root.variable, { name: backupEnv.etcdUrl, value: clientUrl }],
          volumeMounts: [code.mount, root.mount, { ...mount, readOnly: true }],
        }),
      ],
      volumes: [
        code.volume,
        root.volume,
        server.volume,
        { name: mount.name, ...scratch.volume },
        ...store.volumes,
      ],
    },
  });
}

function restoreContainer(ctx: Context): Container {
  const command = [
    ...[binaries.etcdutl, "snapshot", "restore", `${paths.drill}/snapshot.db`],
    `--data-dir=${data}`,
    "--name=drill",
    `--initial-cluster=drill=${peerUrl}`,
    "--initial-cluster-token=drill",
    `--initial-advertise-peer-urls=${peerUrl}`,
  ];
  return etcdContainer(ctx, "tool", containerNames.restore, command, { volumeMounts: [mount] });
}

function serverContainer(ctx: Context, volumeMounts: Container["volumeMounts"]): Container {
  const server = pairPaths("server");
  const command = [
    binaries.etcd,
    "--name=drill",
    `--data-dir=${data}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=drill=${peerUrl}`,
    "--initial-cluster-token=drill",
    // As on the members: etcd's authentication may be enabled in a backup.
    "--client-cert-auth",
    `--trusted-ca-file=${server.ca}`,
    `--cert-file=${server.cert}`,
    `--key-file=${server.key}`,
    `--quota-backend-bytes=${ctx.spec.quotaBytes}`,
  ];
  return etcdContainer(ctx, "tool", containerNames.etcd, command, {
    env: [{ name: "GOMEMLIMIT", value: ctx.spec.goMemoryLimit }],
    volumeMounts,
    restartPolicy: "Always",
  });
}
