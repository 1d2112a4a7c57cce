import type * as k8s from "@pulumi/kubernetes";
import { dnsNames, pairFolder, paths, portNames, ports, restorePair } from "../contract/names";
import type { Context } from "./context";
import { containerSecurity } from "./security";
import { resourcesOf } from "./sizes";
import { podEnv, restoreEnv } from "../contract/env";
import type { RestoreStep } from "../contract/commands";

type Container = k8s.types.input.core.v1.Container;

export const mounts = {
  scratch: { name: "scratch", mountPath: paths.scratch },
  code: { name: "code", mountPath: paths.restore, readOnly: true },
  pair: { name: "tls", mountPath: pairFolder(restorePair), readOnly: true },
  source: { name: "source", mountPath: paths.source, readOnly: true },
  sourceTls: { name: "source-tls", mountPath: paths.sourceTls, readOnly: true },
};

export const restorePort = { name: portNames.restore, containerPort: ports.restore };

/** A step that talks, by code of our own. */
export function stepContainer(
  ctx: Context,
  step: RestoreStep,
  extra: Pick<Container, "ports"> & {
    /** Default: that of the step. */
    name?: string;
    env?: k8s.types.input.core.v1.EnvVar[];
    volumeMounts?: k8s.types.input.core.v1.VolumeMount[];
    room?: Record<string, string>;
  } = {},
): Container {
  const { spec } = ctx;
  const dns = ctx.namespace.apply((namespace) => dnsNames(spec.name, namespace, spec.domain));
  return {
    name: extra.name ?? step,
    image: spec.nodeImage,
    imagePullPolicy: spec.args.nodeImage?.pullPolicy ?? "IfNotPresent",
    command: ["node", `${paths.restore}/restore.js`, step],
    env: [
      podUid,
      { name: restoreEnv.generation, value: String(spec.generation) },
      { name: restoreEnv.controllerUrl, value: dns.apply((d) => d.controllerUrl) },
      { name: restoreEnv.tlsDir, value: pairFolder(restorePair) },
      { name: restoreEnv.port, value: String(ports.restore) },
      { name: restoreEnv.version, value: spec.version.text },
      { name: restoreEnv.scratch, value: paths.scratch },
      ...(extra.env ?? []),
    ],
    ports: extra.ports,
    resources: resourcesOf(ctx, "step", extra.room),
    securityContext: containerSecurity,
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [mounts.scratch, mounts.code, mounts.pair, ...(extra.volumeMounts ?? [])],
  };
}

const podUid = { name: podEnv.uid, valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } };

/** A step that is one of etcd's own programs. */
export function etcdContainer(ctx: Context, name: string, command: string[]): Container {
  const { spec } = ctx;
  return {
    name,
    image: spec.etcdImage,
    imagePullPolicy: spec.args.image?.pullPolicy ?? "IfNotPresent",
    command,
    env: [podUid],
    resources: resourcesOf(ctx, "tool"),
    securityContext: containerSecurity,
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [mounts.scratch],
  };
}
