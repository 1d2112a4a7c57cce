import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RebuildSpec } from "../config/resolve";
import { dnsNames, objectNames, paths } from "../contract/names";
import { restoreFiles, revisionBump } from "../contract/restore-files";
import type { Context } from "./context";
import { sourceOf } from "./restore-source";
import { etcdContainer, mounts, restorePort, stepContainer } from "./restore-steps";
import { impatientPlacement } from "./scheduling";
import { scratchOf } from "./scratch";
import { podSecurity } from "./security";
import { podEnv } from "../contract/env";
import { restoreSteps } from "../contract/commands";

type Container = k8s.types.input.core.v1.Container;
type PodSpec = k8s.types.input.core.v1.PodSpec;

export interface RestoreParts {
  readonly code: pulumi.Output<string>;
  readonly backupCode?: pulumi.Output<string>;
  readonly secret: pulumi.Output<string>;
  readonly serviceAccount: pulumi.Output<string>;
}

const snapshot = `${paths.scratch}/${restoreFiles.snapshot}`;

/**
 * Step by step, each a container: the snapshot comes here and is checked; etcd's own tools look at it and make a data
 * directory of it, with another cluster ID and a higher revision; that is handed over when the controller says so.
 */
export function restorePodSpec(ctx: Context, rebuild: RebuildSpec, parts: RestoreParts): PodSpec {
  const { spec } = ctx;
  const scratch = scratchOf(ctx, rebuild.scratchOnClaim);
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
    ...impatientPlacement(ctx),
    initContainers: [...source.containers, statusContainer(ctx), restoreContainer(ctx)],
    containers: [stepContainer(ctx, restoreSteps.handOver, { ports: [restorePort], room: scratch.room })],
    volumes: [
      { name: mounts.scratch.name, ...scratch.volume },
      { name: mounts.code.name, configMap: { name: parts.code, defaultMode: 0o444 } },
      { name: mounts.pair.name, secret: { secretName: parts.secret, defaultMode: 0o440 } },
      ...source.volumes,
    ],
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
      `--data-dir=${paths.scratch}/${restoreFiles.restored}`,
      `--name=${seed}`,
      pulumi.interpolate`--initial-cluster=${seed}=${url}`,
      pulumi.interpolate`--initial-advertise-peer-urls=${url}`,
      `--initial-cluster-token=restore-${spec.generation}-$(${podEnv.uid})`,
      `--bump-revision=${revisionBump}`,
      "--mark-compacted",
    ],
  };
}
