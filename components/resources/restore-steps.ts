import type * as k8s from "@pulumi/kubernetes";
import { dnsNames, pairFolder, paths, portNames, ports, restorePair } from "../contract/names";
import { etcdContainer, nodeContainer, podVariables } from "./container";
import type { Context } from "./context";
import { restoreEnv } from "../contract/env";
import type { RestoreStep } from "../contract/commands";

type Container = k8s.types.input.core.v1.Container;

export const mounts = {
  scratch: { name: "scratch", mountPath: paths.scratch },
  code: { name: "code", mountPath: paths.restore, readOnly: true },
  pair: { name: "tls", mountPath: pairFolder(restorePair), readOnly: true },
  source: { name: "source", mountPath: paths.source, readOnly: true },
  sourceTls: { name: "source-tls", mountPath: paths.sourceTls, readOnly: true },
  sourcePassword: { name: "source-password", mountPath: paths.sourcePassword, readOnly: true },
};

export const restorePort = { name: portNames.restore, containerPort: ports.restore };

/** A step that runs the component's own code. */
export function stepContainer(
  ctx: Context,
  step: RestoreStep,
  extra: Pick<Container, "ports"> & {
    /** Default: that of the step. */
    name?: string;
    env?: k8s.types.input.core.v1.EnvVar[];
    volumeMounts?: k8s.types.input.core.v1.VolumeMount[];
    nodeDisk?: Record<string, string>;
  } = {},
): Container {
  const { spec } = ctx;
  const dns = ctx.namespace.apply((namespace) => dnsNames(spec.name, namespace, spec.domain));
  const command = ["node", `${paths.restore}/restore.js`, step];
  return nodeContainer(ctx, "step", extra.name ?? step, command, {
    env: [
      podVariables.uid,
      { name: restoreEnv.generation, value: String(spec.generation) },
      { name: restoreEnv.controllerUrl, value: dns.apply((d) => d.controllerUrl) },
      { name: restoreEnv.tlsDir, value: pairFolder(restorePair) },
      { name: restoreEnv.port, value: String(ports.restore) },
      { name: restoreEnv.version, value: spec.version.text },
      { name: restoreEnv.scratch, value: paths.scratch },
      ...(extra.env ?? []),
    ],
    ports: extra.ports,
    nodeDisk: extra.nodeDisk,
    volumeMounts: [mounts.scratch, mounts.code, mounts.pair, ...(extra.volumeMounts ?? [])],
  });
}

/** A step that runs one of etcd's own programs. */
export const etcdStep = (
  ctx: Context,
  name: string,
  command: Container["command"],
  extra: Pick<Container, "restartPolicy" | "volumeMounts"> = {},
): Container =>
  etcdContainer(ctx, "tool", name, command, {
    env: [podVariables.uid],
    volumeMounts: [mounts.scratch],
    ...extra,
  });
