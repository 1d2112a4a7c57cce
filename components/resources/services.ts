import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ServiceType } from "../args";
import { memberSelector, objectNames, portNames, ports } from "../contract/names";
import type { Context } from "./context";
import { metadataOf } from "./context";
import { createDeclaration } from "./declaration";
import { hashOf } from "./hash";

const clientPort = {
  name: portNames.client,
  port: ports.client,
  targetPort: portNames.client,
  protocol: "TCP",
  // Says to proxies that this is neither plain HTTP nor theirs to end.
  appProtocol: "tls",
};
const peerPort = {
  name: portNames.peer,
  port: ports.peer,
  targetPort: portNames.peer,
  protocol: "TCP",
  appProtocol: "tls",
};

/** Gives each member its DNS name, ready or not: peers have to find each other before any of them can be ready. */
export function createHeadlessService(ctx: Context): k8s.core.v1.Service {
  return new k8s.core.v1.Service(
    `${ctx.name}-headless`,
    {
      metadata: metadataOf(ctx, objectNames(ctx.spec.name).headlessService),
      spec: {
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: memberSelector(ctx.spec.name),
        ports: [clientPort, peerPort],
      },
    },
    ctx.opts,
  );
}

/** Leads clients to ready voters. A learner is not ready, and the peer port is not here. */
export function createClientService(ctx: Context): k8s.core.v1.Service {
  const { service = {} } = ctx.spec.args;
  const type = service.type ?? ServiceType.ClusterIP;
  const spec = {
    type,
    selector: memberSelector(ctx.spec.name),
    ports: [{ ...clientPort, ...(service.nodePort ? { nodePort: service.nodePort } : {}) }],
    loadBalancerClass: service.loadBalancerClass,
    loadBalancerSourceRanges: service.loadBalancerSourceRanges,
    externalTrafficPolicy: service.externalTrafficPolicy,
    sessionAffinity: service.sessionAffinity,
    trafficDistribution: service.trafficDistribution,
  };
  // Whoever gives up waiting for an address and takes the load balancer back shall be rid of it.
  const value = pulumi.output({ spec, metadata: service.metadata }).apply(hashOf);
  const declaration = createDeclaration(ctx, "service", value);
  return new k8s.core.v1.Service(
    `${ctx.name}-client`,
    {
      metadata: metadataOf(ctx, objectNames(ctx.spec.name).clientService, {
        labels: service.metadata?.labels,
        annotations: {
          ...service.metadata?.annotations,
          ...declaration.annotation,
          // The wait for the members is the StatefulSet's; only a load balancer's address is worth another.
          ...(type === ServiceType.LoadBalancer ? {} : { "pulumi.com/skipAwait": "true" }),
        },
      }),
      spec,
    },
    // Nothing may wait for it, as it may wait for the members; so a `destroy` that is refused must find it protected.
    { ...ctx.opts, protect: !ctx.spec.args.allowDataDeletion },
  );
}
