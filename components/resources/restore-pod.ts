import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RestoreBackupArgs } from "../args";
import type { RebuildSpec } from "../spec";
import {
  dnsNames,
  objectNames,
  pairFolder,
  pairPaths,
  paths,
  portNames,
  ports,
  restorePair,
} from "../spec/names";
import { jobContainer } from "./backup";
import { codeVolume, storeParts } from "./backup-store";
import type { Context } from "./context";
import { impatient } from "./scheduling";
import { containerSecurity, podSecurity } from "./security";

type Container = k8s.types.input.core.v1.Container;
type PodSpec = k8s.types.input.core.v1.PodSpec;

export interface RestoreParts {
  readonly code: pulumi.Output<string>;
  readonly backupCode?: pulumi.Output<string>;
  readonly secret: pulumi.Output<string>;
  readonly serviceAccount: pulumi.Output<string>;
}

/** Added to the revision: what a watcher or a cache has seen of the old data lies far below. */
const bump = 1_000_000_000;

const snapshot = `${paths.scratch}/snapshot.db`;
const mounts = {
  scratch: { name: "scratch", mountPath: paths.scratch },
  code: { name: "code", mountPath: paths.restore, readOnly: true },
  pair: { name: "tls", mountPath: pairFolder(restorePair), readOnly: true },
  source: { name: "source", mountPath: paths.source, readOnly: true },
  sourceTls: { name: "source-tls", mountPath: paths.sourceTls, readOnly: true },
};

/**
 * Step by step, each a container: the snapshot comes here and is checked; etcd's own tools look at it and make a data
 * directory of it, with another cluster ID and a higher revision; that is handed over when the controller says so.
 */
export function restorePodSpec(ctx: Context, rebuild: RebuildSpec, parts: RestoreParts): PodSpec {
  const { spec } = ctx;
  const { scheduling = {} } = spec.args;
  const source = sourceOf(ctx, rebuild, parts.backupCode);
  return {
    restartPolicy: "Never",
    serviceAccountName: parts.serviceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 15,
    securityContext: podSecurity(ctx),
    dnsConfig: { options: [{ name: "ndots", value: "1" }] },
    imagePullSecrets: spec.args.imagePullSecrets?.map((name) => ({ name })),
    nodeSelector: scheduling.nodeSelector,
    tolerations: impatient(ctx),
    priorityClassName: scheduling.priorityClassName,
    initContainers: [...source.containers, statusContainer(ctx), restoreContainer(ctx)],
    containers: [stepContainer(ctx, "hand-over", "hand-over", { ports: [restorePort] })],
    volumes: [
      { name: mounts.scratch.name, ...scratchVolume(ctx, rebuild) },
      { name: mounts.code.name, configMap: { name: parts.code, defaultMode: 0o444 } },
      { name: mounts.pair.name, secret: { secretName: parts.secret, defaultMode: 0o440 } },
      ...source.volumes,
    ],
  };
}

/** By itself on the node: what provisions volumes may be as lost as the members are. */
function scratchVolume({ spec }: Context, rebuild: RebuildSpec): k8s.types.input.core.v1.Volume | object {
  if (!rebuild.scratchOnClaim) {
    return { emptyDir: {} };
  }
  return {
    ephemeral: {
      volumeClaimTemplate: {
        spec: {
          accessModes: ["ReadWriteOnce"],
          storageClassName: spec.args.storage?.storageClass,
          resources: { requests: { storage: spec.storageSize } },
        },
      },
    },
  };
}

const restorePort = { name: portNames.restore, containerPort: ports.restore };

interface Source {
  readonly containers: Container[];
  readonly volumes: k8s.types.input.core.v1.Volume[];
}

function sourceOf(ctx: Context, { restore }: RebuildSpec, code?: pulumi.Output<string>): Source {
  if (!restore) {
    // What a survivor's gate sends is started, alone and for nobody else, so that its log is in the snapshot.
    const receive = stepContainer(ctx, "receive", "receive", { ports: [restorePort] });
    return { containers: [receive, survivorContainer(ctx), stepContainer(ctx, "save", "save")], volumes: [] };
  }
  const { backup, file, endpoints } = restore;
  if (backup && code) {
    return backupSource(ctx, backup, code);
  }
  if (file) {
    const env = [{ name: "RESTORE_FILE", value: `${paths.source}/${file.path}` }];
    return {
      containers: [stepContainer(ctx, "fetch", "file", { env, volumeMounts: [mounts.source] })],
      volumes: [
        { name: mounts.source.name, persistentVolumeClaim: { claimName: file.claim, readOnly: true } },
      ],
    };
  }
  const env = [
    {
      name: "RESTORE_ENDPOINTS",
      value: JSON.stringify({ urls: endpoints?.urls ?? [], serverName: endpoints?.serverName }),
    },
    { name: "RESTORE_SOURCE_TLS_DIR", value: paths.sourceTls },
  ];
  return {
    containers: [stepContainer(ctx, "fetch", "endpoints", { env, volumeMounts: [mounts.sourceTls] })],
    volumes: [
      {
        name: mounts.sourceTls.name,
        secret: { secretName: pulumi.output(endpoints?.tlsSecret ?? ""), defaultMode: 0o440 },
      },
    ],
  };
}

function backupSource(ctx: Context, from: RestoreBackupArgs, code: pulumi.Output<string>): Source {
  const { args } = ctx.spec;
  const given = (from.s3 ?? from.claim) ? from : (args.backup ?? from);
  const store = storeParts(ctx, { s3: given.s3, claim: given.claim });
  const program = codeVolume(code);
  const which = { name: from.name, clusterId: from.clusterId };
  return {
    containers: [
      {
        ...jobContainer(ctx, "fetch", "fetch", args.backup?.memoryLimit),
        env: [
          ...store.env,
          { name: "BACKUP_WHICH", value: JSON.stringify(which) },
          { name: "BACKUP_FOLDER", value: paths.scratch },
        ],
        volumeMounts: [
          mounts.scratch,
          { ...program.mount, name: "backup-code" },
          ...store.volumeMounts.map((mount) => ({ ...mount, readOnly: true })),
        ],
      },
    ],
    volumes: [{ ...program.volume, name: "backup-code" }, ...store.volumes],
  };
}

function stepContainer(
  ctx: Context,
  name: string,
  step: string,
  extra: Pick<Container, "ports"> & {
    env?: k8s.types.input.core.v1.EnvVar[];
    volumeMounts?: k8s.types.input.core.v1.VolumeMount[];
  } = {},
): Container {
  const { spec } = ctx;
  const dns = ctx.namespace.apply((namespace) => dnsNames(spec.name, namespace, spec.domain));
  return {
    name,
    image: spec.nodeImage,
    imagePullPolicy: spec.args.nodeImage?.pullPolicy ?? "IfNotPresent",
    command: ["node", `${paths.restore}/restore.js`, step],
    env: [
      podUid,
      { name: "RESTORE_GENERATION", value: String(spec.generation) },
      { name: "RESTORE_CONTROLLER_URL", value: dns.apply((d) => d.doorUrl) },
      { name: "RESTORE_TLS_DIR", value: pairFolder(restorePair) },
      { name: "RESTORE_PORT", value: String(ports.restore) },
      { name: "RESTORE_VERSION", value: spec.version.text },
      { name: "RESTORE_SCRATCH", value: paths.scratch },
      ...(extra.env ?? []),
    ],
    ports: extra.ports,
    resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    securityContext: containerSecurity,
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [mounts.scratch, mounts.code, mounts.pair, ...(extra.volumeMounts ?? [])],
  };
}

const podUid = { name: "POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } };

function etcdContainer(ctx: Context, name: string, command: string[]): Container {
  const { spec } = ctx;
  return {
    name,
    image: spec.etcdImage,
    imagePullPolicy: spec.args.image?.pullPolicy ?? "IfNotPresent",
    command,
    env: [podUid],
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: spec.memoryLimit } },
    securityContext: containerSecurity,
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [mounts.scratch],
  };
}

function statusContainer(ctx: Context): Container {
  return etcdContainer(ctx, "status", [
    ...["/usr/local/bin/etcdutl", "snapshot", "status", snapshot],
    ...["--write-out", "table"],
  ]);
}

/** The token makes the cluster's ID: it is new in each pod, so that no older disk belongs to what is made here. */
function restoreContainer(ctx: Context): Container {
  const { spec } = ctx;
  const seed = objectNames(spec.name).pod(0);
  const url = ctx.namespace.apply((ns) => dnsNames(spec.name, ns, spec.domain).peerUrl(seed));
  return {
    ...etcdContainer(ctx, "restore", []),
    command: [
      "/usr/local/bin/etcdutl",
      "snapshot",
      "restore",
      snapshot,
      `--data-dir=${paths.scratch}/restored`,
      `--name=${seed}`,
      pulumi.interpolate`--initial-cluster=${seed}=${url}`,
      pulumi.interpolate`--initial-advertise-peer-urls=${url}`,
      `--initial-cluster-token=restore-${spec.generation}-$(POD_UID)`,
      `--bump-revision=${bump}`,
      "--mark-compacted",
    ],
  };
}

/** Reached over the pod's own loopback only, by the next step. */
function survivorContainer(ctx: Context): Container {
  const { cert, key, ca } = pairPaths(restorePair);
  const client = `https://127.0.0.1:${ports.client}`;
  const peer = `https://127.0.0.1:${ports.peer}`;
  const command = [
    "/usr/local/bin/etcd",
    "--name=survivor",
    `--data-dir=${paths.scratch}/survivor`,
    "--force-new-cluster",
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=survivor=${peer}`,
    `--cert-file=${cert}`,
    `--key-file=${key}`,
    `--trusted-ca-file=${ca}`,
    "--client-cert-auth",
    `--peer-cert-file=${cert}`,
    `--peer-key-file=${key}`,
    `--peer-trusted-ca-file=${ca}`,
    "--peer-client-cert-auth",
    `--quota-backend-bytes=${ctx.spec.quotaBytes}`,
  ];
  const container = etcdContainer(ctx, "survivor", command);
  return {
    ...container,
    restartPolicy: "Always",
    volumeMounts: [mounts.scratch, mounts.pair],
  };
}
