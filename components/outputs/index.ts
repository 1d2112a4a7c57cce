import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ServiceType } from "../args";
import type { ReachedOutput } from "../contract/desired";
import { annotationKeys, dnsNames, objectNames, ports } from "../contract/names";
import type { Identity } from "../resources/certificates";
import type { Context } from "../resources/context";
import { clientConnection } from "./connection";
import type { ClientConnection, SecretNames } from "./types";

export { checkDeclared } from "./connection";
export type { DeclaredClients } from "./connection";
export * from "./types";

/** What the outputs are made from. */
export interface OutputParts {
  /** Empty if the component did not create the namespace. */
  readonly namespace: readonly pulumi.Resource[];
  readonly identity: Identity;
  /** The annotation that holds the declared state. */
  readonly desired: pulumi.Output<string>;
  /** Names of the clients' Secrets, by the client's name. */
  readonly clients: Readonly<Record<string, string>>;
  readonly service: k8s.core.v1.Service;
  /** Exists once the cluster is as declared. It depends on all other resources but the clients' Service. */
  readonly converged: pulumi.Resource;
}

export interface Outputs {
  readonly clusterName: pulumi.Output<string>;
  readonly namespace: pulumi.Output<string>;
  readonly version: pulumi.Output<string>;
  readonly endpoints: pulumi.Output<string[]>;
  readonly serviceEndpoint: pulumi.Output<string>;
  readonly externalAddress?: pulumi.Output<string>;
  readonly metricsPort: pulumi.Output<number>;
  readonly clientCaCertificate?: pulumi.Output<string>;
  readonly secretNames: pulumi.Output<SecretNames>;
  readonly connections: pulumi.Output<{ [client: string]: ClientConnection }>;
  /** No field of the component: only the next `up` reads it. */
  readonly reached: pulumi.Output<ReachedOutput>;
}

/**
 * All but the cluster's name and namespace wait for the cluster, so that whatever uses them starts with an etcd that
 * serves. Those two wait for the namespace only: what the cluster itself needs there, such as a Secret of a registry,
 * is made with them.
 */
export function outputsOf(ctx: Context, parts: OutputParts): Outputs {
  const { spec } = ctx;
  const { identity, service, converged } = parts;
  const ready = [converged];
  const pods = Array.from({ length: spec.members }, (_, ordinal) => objectNames(spec.name).pod(ordinal));
  const dns = ctx.namespace.apply((namespace) => dnsNames(spec.name, namespace, spec.domain));
  const urls = dns.apply((names) => pods.map(names.clientUrl));
  return {
    clusterName: after(parts.namespace, spec.name),
    namespace: after(parts.namespace, ctx.namespace),
    version: after(ready, spec.version.text),
    endpoints: after(ready, urls),
    serviceEndpoint: after(
      [converged, service],
      dns.apply((names) => names.serviceUrl),
    ),
    externalAddress:
      spec.args.service?.type === ServiceType.LoadBalancer ? after(ready, addressOf(service)) : undefined,
    metricsPort: after(ready, ports.metrics),
    clientCaCertificate: identity.clients && after(ready, identity.clients.bundlePem),
    // Not from the Secrets' own outputs, on which `converged` waits: the engine replaces a renewed Secret, and would
    // then replace every workload that has its name from those.
    secretNames: after(
      ready,
      identity.secrets.root.apply((root) => ({ root, clients: { ...parts.clients } })),
    ),
    reached: after(
      ready,
      pulumi.output({ desired: parts.desired, trust: identity.annotations[annotationKeys.trust] }),
    ),
    connections: after(
      ready,
      urls.apply((endpoints) =>
        Object.fromEntries(
          Object.entries(parts.clients).map(([client, secret]) => [
            client,
            clientConnection(spec.name, secret, endpoints),
          ]),
        ),
      ),
    ),
  };
}

/**
 * The value, once the resources exist. By their URNs, which are known in a preview and never secret, so that the value
 * stays as known and as readable as it is.
 */
const after = <T>(resources: readonly pulumi.Resource[], value: pulumi.Input<T>): pulumi.Output<T> =>
  pulumi
    .all([pulumi.output(value), pulumi.all(resources.map(({ urn }) => urn))])
    .apply(([plain]) => plain) as pulumi.Output<T>;

/** Empty if nobody waited for the load balancer, as with `pulumi.com/skipAwait`. */
const addressOf = ({ status }: k8s.core.v1.Service): pulumi.Output<string> =>
  status.loadBalancer.ingress.apply((all) => {
    const [at] = all ?? [];
    return at?.hostname ?? at?.ip ?? "";
  });
