import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RestoreBackup, RestoreEndpoints } from "../args";
import { binaries } from "../config/images";
import type { RebuildSpec } from "../config/resolve";
import { literal } from "./literal";
import { containerNames, pairPaths, paths, ports, restorePair } from "../contract/names";
import { restoreFiles } from "../contract/restore-files";
import { jobContainer } from "./backup-job";
import { jobCode, storeParts } from "./backup-store";
import { secretVolume } from "./container";
import type { Context } from "./context";
import { etcdStep, mounts, restorePort, stepContainer } from "./restore-steps";
import { survivorCommand } from "./survivor";
import { backupEnv, restoreEnv } from "../contract/env";
import { backupCommands, restoreSteps } from "../contract/commands";

type Container = k8s.types.input.core.v1.Container;

/** The containers that bring the snapshot into a restore pod, and their volumes. */
export interface Source {
  readonly containers: Container[];
  readonly volumes: k8s.types.input.core.v1.Volume[];
}

export function sourceOf(ctx: Context, { restore }: RebuildSpec, code?: pulumi.Output<string>): Source {
  if (!restore) {
    // An etcd inside the pod starts from the survivor's data, so that the snapshot includes its write-ahead log.
    const receive = stepContainer(ctx, restoreSteps.receive, { ports: [restorePort] });
    return {
      containers: [receive, survivorContainer(ctx), stepContainer(ctx, restoreSteps.save)],
      volumes: [],
    };
  }
  const { backup, file, endpoints } = restore;
  if (backup && code) {
    return backupSource(ctx, backup, code);
  }
  if (file) {
    const env = [{ name: restoreEnv.file, value: literal(`${paths.source}/${file.path}`) }];
    return {
      containers: [
        stepContainer(ctx, restoreSteps.file, {
          name: containerNames.fetch,
          env,
          volumeMounts: [mounts.source],
        }),
      ],
      volumes: [
        { name: mounts.source.name, persistentVolumeClaim: { claimName: file.claim, readOnly: true } },
      ],
    };
  }
  return endpointsSource(ctx, endpoints ?? { urls: [] });
}

function endpointsSource(ctx: Context, from: RestoreEndpoints): Source {
  const { urls, serverName } = from;
  const secrets = [
    { secret: from.tlsSecret, mount: mounts.sourceTls, folder: restoreEnv.sourceTlsDir },
    { secret: from.passwordSecret, mount: mounts.sourcePassword, folder: restoreEnv.sourcePasswordDir },
  ].flatMap(({ secret, ...at }) => (secret === undefined ? [] : [{ secret: pulumi.output(secret), ...at }]));
  return {
    containers: [
      stepContainer(ctx, restoreSteps.endpoints, {
        name: containerNames.fetch,
        env: [
          {
            name: restoreEnv.endpoints,
            value: pulumi.output(urls).apply((known) => literal(JSON.stringify({ urls: known, serverName }))),
          },
          ...secrets.map(({ folder, mount }) => ({ name: folder, value: mount.mountPath })),
        ],
        volumeMounts: secrets.map(({ mount }) => mount),
      }),
    ],
    volumes: secrets.map(({ secret, mount }) => secretVolume(mount.name, secret)),
  };
}

function backupSource(ctx: Context, from: RestoreBackup, code: pulumi.Output<string>): Source {
  const { args } = ctx.spec;
  const inherited = (from.s3 ?? from.claim) === undefined ? args.backup : undefined;
  const store = inherited ? storeParts(ctx, "backup", inherited) : storeParts(ctx, "restore", from);
  const program = jobCode(code);
  const which = { name: from.name, clusterId: from.clusterId };
  return {
    containers: [
      jobContainer(ctx, containerNames.fetch, backupCommands.fetch, {
        env: [
          ...store.env,
          { name: backupEnv.which, value: literal(JSON.stringify(which)) },
          { name: backupEnv.folder, value: paths.scratch },
        ],
        volumeMounts: [
          mounts.scratch,
          { ...program.mount, name: "backup-code" },
          ...store.volumeMounts.map((mount) => ({ ...mount, readOnly: true })),
        ],
      }),
    ],
    volumes: [{ ...program.volume, name: "backup-code" }, ...store.volumes],
  };
}

/** Listens on the pod's loopback only, for the next step. */
function survivorContainer(ctx: Context): Container {
  const command = survivorCommand({
    program: binaries.etcd,
    dataDir: `${paths.scratch}/${restoreFiles.survivorData}`,
    pair: pairPaths(restorePair),
    quotaBytes: ctx.spec.quotaBytes,
    ports,
  });
  return etcdStep(ctx, containerNames.survivor, command, {
    restartPolicy: "Always",
    volumeMounts: [mounts.scratch, mounts.pair],
  });
}
