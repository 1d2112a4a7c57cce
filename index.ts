import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "./components";
import { EtcdCluster } from "./components";

const config = new pulumi.Config();

// A declared key always has a value. An empty one means the argument's own default.
function object<Key extends keyof EtcdClusterArgs>(key: Key): EtcdClusterArgs[Key] | undefined {
  const given = config.getObject<object>(key);
  return given && Object.keys(given).length > 0 ? (given as EtcdClusterArgs[Key]) : undefined;
}

const cluster = new EtcdCluster("etcd", {
  clusterName: config.get("clusterName"),
  members: config.getNumber("members"),
  allowEvenMembers: config.getBoolean("allowEvenMembers"),
  version: config.get("version"),
  namespace: config.get("namespace") || undefined,
  createNamespace: config.getBoolean("createNamespace"),
  clusterDomain: config.get("clusterDomain"),
  allowDataDeletion: config.getBoolean("allowDataDeletion"),
  generation: config.getNumber("generation"),
  restore: object("restore"),
  recovery: object("recovery"),
  etcd: object("etcd"),
  tls: object("tls"),
  clients: object("clients"),
  storage: object("storage"),
  resources: object("resources"),
  scheduling: object("scheduling"),
  service: object("service"),
  image: object("image"),
  nodeImage: object("nodeImage"),
  controller: object("controller"),
  backup: object("backup"),
  imagePullSecrets: object("imagePullSecrets"),
  security: object("security"),
  probes: object("probes"),
  terminationGracePeriodSeconds: config.getNumber("terminationGracePeriodSeconds") || undefined,
  metadata: object("metadata"),
  podMetadata: object("podMetadata"),
  serviceAccountAnnotations: object("serviceAccountAnnotations"),
});

// Not single exports, because the CLI warns of one that is undefined.
export = {
  clusterName: cluster.clusterName,
  namespace: cluster.namespace,
  version: cluster.version,
  endpoints: cluster.endpoints,
  serviceEndpoint: cluster.serviceEndpoint,
  ...(cluster.externalAddress ? { externalAddress: cluster.externalAddress } : {}),
  metricsPort: cluster.metricsPort,
  ...(cluster.clientCaCertificate ? { clientCaCertificate: cluster.clientCaCertificate } : {}),
  secretNames: cluster.secretNames,
  connections: cluster.connections,
};
