import * as pulumi from "@pulumi/pulumi";
import { EtcdCluster, ServiceType } from "etcd-cluster";

const config = new pulumi.Config();

// The name is in the server certificate before the load balancer exists. It points to its address afterwards.
const name = config.require("dnsName");

const etcd = new EtcdCluster("etcd", {
  clients: [{ name: "outside" }],
  tls: { extraServerNames: [name] },
  service: {
    type: ServiceType.LoadBalancer,
    loadBalancerSourceRanges: config.requireObject<string[]>("clientRanges"),
    // What your platform needs to make the right kind of load balancer: docs/external-access.md has examples.
    metadata: { annotations: config.getObject<Record<string, string>>("loadBalancerAnnotations") ?? {} },
  },
});

/** What the DNS record of that name has to contain: a host name (CNAME) or an IP address (A). */
export const address = etcd.externalAddress;

/** What clients outside use, with the certificate in the Secret. */
export const endpoint = `https://${name}:2379`;
export const secret = etcd.connection("outside").secretName;
