import { expect } from "chai";
import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "../../components";
import { EtcdCluster } from "../../components";
import type { Rendered, RenderedResource, RenderOptions } from "../../hack/offline/render";
import { plain, render } from "../../hack/offline/render";

/** The kinds that a cluster is made of, as the engine names them. */
export const kinds = {
  component: "etcd-cluster:index:EtcdCluster",
  namespace: "kubernetes:core/v1:Namespace",
  secret: "kubernetes:core/v1:Secret",
  service: "kubernetes:core/v1:Service",
  serviceAccount: "kubernetes:core/v1:ServiceAccount",
  configMap: "kubernetes:core/v1:ConfigMap",
  statefulSet: "kubernetes:apps/v1:StatefulSet",
  configMapPatch: "kubernetes:core/v1:ConfigMapPatch",
  deployment: "kubernetes:apps/v1:Deployment",
  role: "kubernetes:rbac.authorization.k8s.io/v1:Role",
  roleBinding: "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
  job: "kubernetes:batch/v1:Job",
  cronJob: "kubernetes:batch/v1:CronJob",
  claim: "kubernetes:core/v1:PersistentVolumeClaim",
  lease: "kubernetes:coordination.k8s.io/v1:Lease",
  budget: "kubernetes:policy/v1:PodDisruptionBudget",
  key: "tls:index/privateKey:PrivateKey",
  selfSigned: "tls:index/selfSignedCert:SelfSignedCert",
  request: "tls:index/certRequest:CertRequest",
  signed: "tls:index/locallySignedCert:LocallySignedCert",
} as const;

export type ClusterRender = Rendered<EtcdCluster>;

/** One cluster, rendered. The Pulumi name is `etcd` unless another is given. */
export function renderCluster(
  args: EtcdClusterArgs | (() => EtcdClusterArgs) = {},
  options: RenderOptions & { name?: string } = {},
): Promise<ClusterRender> {
  return withoutStacks(() =>
    render(
      () => new EtcdCluster(options.name ?? "etcd", typeof args === "function" ? args() : args),
      options,
    ),
  );
}

/** The SDK keeps a stack with each promise, and to write those down is most of a render's time. */
export async function withoutStacks<T>(work: () => Promise<T>): Promise<T> {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return await work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** The Kubernetes objects; a patch is none, but a change of one. */
export const objectsOf = (rendered: Rendered<unknown>) =>
  rendered.resources.filter((r) => r.type.startsWith("kubernetes:") && r.type !== kinds.configMapPatch);

/** `type name` of every resource, sorted. */
export const listOf = (rendered: Rendered<unknown>) =>
  rendered.resources.map((resource) => `${resource.type} ${resource.name}`).sort();

/** The one resource of that type and Pulumi name. */
export function resource(rendered: Rendered<unknown>, type: string, name: string): RenderedResource {
  const found = rendered.resources.filter((r) => r.type === type && r.name === name);
  expect(found, `${type} ${name}`).to.have.lengthOf(1);
  return found[0] as RenderedResource;
}

/** Inputs of the one resource of that type and Pulumi name, secrets opened. */
export function inputs<T>(rendered: Rendered<unknown>, type: string, name: string): T {
  return plain(resource(rendered, type, name).inputs) as T;
}

export const statefulSetOf = (rendered: Rendered<unknown>, name = "etcd") =>
  inputs<types.output.apps.v1.StatefulSet>(rendered, kinds.statefulSet, `${name}-members`);

/** The annotation that the controller obeys, as it was rendered. */
export const desiredOf = (rendered: Rendered<unknown>, name = "etcd") =>
  statefulSetOf(rendered, name).metadata.annotations["etcd-cluster/desired"] ?? "";

export const declaredOf = (rendered: Rendered<unknown>, name = "etcd") =>
  JSON.parse(desiredOf(rendered, name)) as Record<string, unknown> & { hash: string };

export const podOf = (rendered: Rendered<unknown>, name = "etcd") =>
  statefulSetOf(rendered, name).spec.template;

export function containersOf(rendered: Rendered<unknown>): {
  gate: types.output.core.v1.Container;
  etcd: types.output.core.v1.Container;
} {
  const { initContainers, containers } = podOf(rendered).spec;
  expect(initContainers.map((c) => c.name)).to.deep.equal(["gate"]);
  expect(containers.map((c) => c.name)).to.deep.equal(["etcd"]);
  return { gate: initContainers[0]!, etcd: containers[0]! };
}

export function envOf(container: types.output.core.v1.Container): Record<string, string> {
  return Object.fromEntries(container.env.filter((e) => e.value !== undefined).map((e) => [e.name, e.value]));
}

/** The one ConfigMap with the code of that program. */
export function codeOf(
  rendered: Rendered<unknown>,
  program: "gate" | "controller" | "backup",
): RenderedResource {
  const found = rendered.resources.filter(
    (r) => r.type === kinds.configMap && new RegExp(`-${program}-[0-9a-f]{10}$`).test(r.name),
  );
  expect(found, `the code of ${program}`).to.have.lengthOf(1);
  return found[0] as RenderedResource;
}

export const deploymentOf = (rendered: Rendered<unknown>, name = "etcd") =>
  inputs<types.output.apps.v1.Deployment>(rendered, kinds.deployment, `${name}-controller`);

export function controllerContainerOf(rendered: Rendered<unknown>): types.output.core.v1.Container {
  const { initContainers, containers } = deploymentOf(rendered).spec.template.spec;
  expect(initContainers).to.equal(undefined);
  expect(containers.map((c) => c.name)).to.deep.equal(["controller"]);
  return containers[0]!;
}

export const serviceOf = (
  rendered: Rendered<unknown>,
  name: "etcd-headless" | "etcd-client" | "etcd-controller-server",
) => inputs<types.output.core.v1.Service>(rendered, kinds.service, name);

/** An output's value; rejects where computing it failed. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as unknown as { promise(): Promise<T> }).promise();
}

/** What a program says to the engine, by what `withLog` tells of it: a line for each. */
export const saidIn = (log: string): string[] =>
  log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(" [runtime]", ""));

/** Runs `work`, and tells everything it wrote to the console. */
export async function withLog<T>(work: () => Promise<T>): Promise<{ result: T; log: string }> {
  const streams = [process.stdout, process.stderr];
  const written: string[] = [];
  const originals = streams.map((stream) => stream.write.bind(stream));
  const record = (chunk: Uint8Array | string) => {
    written.push(Buffer.from(chunk as string).toString());
    return true;
  };
  streams.forEach((stream) => (stream.write = record));
  try {
    return { result: await work(), log: written.join("") };
  } finally {
    streams.forEach((stream, index) => (stream.write = originals[index] as typeof stream.write));
  }
}
