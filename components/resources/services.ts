import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ServiceType } from "../args";
import { memberSelector, objectNames, portNames, ports } from "../contract/names";
import type { Context } from "./context";
import { metadataOf, protection } from "./context";
import { createDeclaration } from "./declaration";
import { hashOf } from "./hash";

const clientPort = {
  name: portNames.client,
  port: ports.client,
  targetPort: portNames.client,
  protocol: "TCP",
  // Tells proxies that this is TLS, which they must not terminate.
  appProtocol: "tls",
};
const peerPort = {
  name: portNames.peer,
  port: ports.peer,
  targetPort: portNames.peer,
  protocol: "TCP",
  appProtocol: "tls",
};

/**
 * The headless Service, for the members' DNS names. Peers have to resolve each other before any of them can be ready.
 */
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

/** The Service for clients. It selects ready voters, because a learner is never ready. */
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
  // An `up` that goes back from a load balancer, after an interrupted wait for its address, has to remove it.
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
          // Waits only for a load balancer's address: the wait at the end of `up` is for the members.
          ...(type === ServiceType.LoadBalancer ? {} : { "pulumi.com/skipAwait": "true" }),
        },
      }),
      spec,
    },
    // Nothing depends on it, because a load balancer may wait for the members. So it needs its own protection, or a
    // `destroy` that is refused would have deleted it.
    { ...ctx.opts, protect: protection(ctx) },
  );
}
