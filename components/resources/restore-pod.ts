import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { binaries } from "../config/images";
import type { RebuildSpec } from "../config/resolve";
import { containerNames, dnsNames, objectNames, paths } from "../contract/names";
import { restoreFiles, revisionBump } from "../contract/restore-files";
import { codeVolume, fullNamesFirst, podSpec, secretVolume } from "./container";
import type { Context } from "./context";
import { sourceOf } from "./restore-source";
import { etcdStep, mounts, restorePort, stepContainer } from "./restore-steps";
import { fastFailoverPlacement } from "./scheduling";
import { scratchOf } from "./scratch";
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
 * Each step is a container. The first ones bring the snapshot and check it. etcdutl makes a data directory from it,
 * with another cluster ID and a higher revision. The last step hands it over when the controller tells it to.
 */
export function restorePodSpec(ctx: Context, rebuild: RebuildSpec, parts: RestoreParts): PodSpec {
  const scratch = scratchOf(ctx, rebuild.scratchOnClaim);
  const source = sourceOf(ctx, rebuild, parts.backupCode);
  return podSpec(ctx, {
    restartPolicy: "Never",
    serviceAccountName: parts.serviceAccount,
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 15,
    dnsConfig: fullNamesFirst,
    ...fastFailoverPlacement(ctx),
    initContainers: [...source.containers, statusContainer(ctx), restoreContainer(ctx)],
    containers: [
      stepContainer(ctx, restoreSteps.handOver, { ports: [restorePort], nodeDisk: scratch.nodeDisk }),
    ],
    volumes: [
      { name: mounts.scratch.name, ...scratch.volume },
      codeVolume(mounts.code.name, parts.code),
      secretVolume(mounts.pair.name, parts.secret),
      ...source.volumes,
    ],
  });
}

const statusContainer = (ctx: Context): Container =>
  etcdStep(ctx, "status", [binaries.etcdutl, "snapshot", "status", snapshot, "--write-out", "table"]);

/** The cluster's ID is made from the token, which differs in each pod: no older disk belongs to the new cluster. */
function restoreContainer(ctx: Context): Container {
  const { spec } = ctx;
  const seed = objectNames(spec.name).pod(0);
  const url = ctx.namespace.apply((ns) => dnsNames(spec.name, ns, spec.domain).peerUrl(seed));
  return etcdStep(ctx, containerNames.restore, [
    ...[binaries.etcdutl, "snapshot", "restore", snapshot],
    `--data-dir=${paths.scratch}/${restoreFiles.restored}`,
    `--name=${seed}`,
    pulumi.interpolate`--initial-cluster=${seed}=${url}`,
    pulumi.interpolate`--initial-advertise-peer-urls=${url}`,
    `--initial-cluster-token=restore-${spec.generation}-$(${podEnv.uid})`,
    `--bump-revision=${revisionBump}`,
    "--mark-compacted",
  ]);
}
