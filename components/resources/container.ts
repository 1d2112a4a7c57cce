/** What all containers and pods of the component have in common. */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs, Image } from "../args";
import type { Role } from "../config/containers";
import { defaults } from "../config/defaults";
import { podEnv } from "../contract/env";
import type { Context } from "./context";
import { containerSecurity, podSecurity } from "./security";
import { resourcesOf } from "./sizes";

type Container = k8s.types.input.core.v1.Container;
type PodSpec = k8s.types.input.core.v1.PodSpec;
type EnvVar = k8s.types.input.core.v1.EnvVar;

/** `extra.nodeDisk`: ephemeral storage that the container requests, and that it may use at most. */
type Extra = Omit<Container, "name" | "image" | "command" | "resources"> & {
  nodeDisk?: Record<string, string>;
};

/** A container that runs one of the component's own programs. */
export const nodeContainer = (
  ctx: Context,
  role: Exclude<Role, "etcd" | "tool">,
  name: string,
  command: Container["command"],
  extra: Extra,
): Container => container(ctx, ctx.spec.nodeImage, ctx.spec.args.nodeImage, role, name, command, extra);

/** A container that runs etcd or one of its tools. */
export const etcdContainer = (
  ctx: Context,
  role: "etcd" | "tool",
  name: string,
  command: Container["command"],
  extra: Extra,
): Container => container(ctx, ctx.spec.etcdImage, ctx.spec.args.image, role, name, command, extra);

function container(
  ctx: Context,
  image: pulumi.Output<string>,
  args: Image | undefined,
  role: Role,
  name: string,
  command: Container["command"],
  { nodeDisk, ...extra }: Extra,
): Container {
  return {
    name,
    image,
    imagePullPolicy: args?.pullPolicy ?? defaults.pullPolicy,
    command,
    resources: resourcesOf(ctx, role, nodeDisk),
    securityContext: containerSecurity,
    // Why a container ended is in the pod's status, and so in the controller's reason.
    terminationMessagePolicy: "FallbackToLogsOnError",
    ...extra,
  };
}

/** `extra.automountServiceAccountToken` is required: whether a pod may speak to the API server is never a default. */
export function podSpec(
  ctx: Context,
  extra: Omit<PodSpec, "automountServiceAccountToken"> & { automountServiceAccountToken: boolean },
): PodSpec {
  return {
    // A Service called etcd would make variables such as ETCD_PORT, which etcd would read as settings.
    enableServiceLinks: false,
    securityContext: podSecurity(ctx),
    imagePullSecrets: pullSecrets(ctx.spec.args.imagePullSecrets),
    ...extra,
  };
}

const pullSecrets = (given: EtcdClusterArgs["imagePullSecrets"]): PodSpec["imagePullSecrets"] =>
  given && pulumi.output(given).apply((names) => names.map((name) => ({ name })));

/** Makes the resolver try a full name as it is first, whatever the number of dots in the cluster's domain. */
export const fullNamesFirst: PodSpec["dnsConfig"] = { options: [{ name: "ndots", value: "1" }] };

const field = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });

/** Variables that Kubernetes sets from the pod itself. */
export const podVariables = {
  name: field(podEnv.name, "metadata.name"),
  uid: field(podEnv.uid, "metadata.uid"),
  namespace: field(podEnv.namespace, "metadata.namespace"),
  ips: field(podEnv.ips, "status.podIPs"),
};

/** Mounts a Secret with a key pair, readable for the pod's group. */
export const secretVolume = (
  name: string,
  secretName: k8s.types.input.core.v1.SecretVolumeSource["secretName"],
): k8s.types.input.core.v1.Volume => ({ name, secret: { secretName, defaultMode: 0o440 } });

/** Mounts a program's code, readable for everybody. */
export const codeVolume = (
  name: string,
  configMap: k8s.types.input.core.v1.ConfigMapVolumeSource["name"],
): k8s.types.input.core.v1.Volume => ({ name, configMap: { name: configMap, defaultMode: 0o444 } });
