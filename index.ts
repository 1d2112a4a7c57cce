import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "./components";
import { EtcdCluster } from "./components";

const config = new pulumi.Config();

// The component refuses whatever it can't read, all in one error. Only these can't be told from a number.
const text = (key: keyof EtcdClusterArgs): string | undefined => config.get(key) || undefined;

// A declared key always has a value. An empty one means the argument's own default.
function value<Key extends keyof EtcdClusterArgs>(key: Key): EtcdClusterArgs[Key] | undefined {
  const given = parsed(config.get(key) ?? "");
  const isEmpty = given === "" || (Object(given) === given && Object.keys(given as object).length === 0);
  return isEmpty ? undefined : (given as EtcdClusterArgs[Key]);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return json;
  }
}

// A key that is no argument is refused, too. Nobody may read its value, which may be a secret.
const keys = Object.keys(pulumi.runtime.allConfig())
  .filter((key) => key.startsWith(`${config.name}:`))
  .map((key) => [key.slice(config.name.length + 1), "…"] as const);

const cluster = new EtcdCluster("etcd", {
  ...Object.fromEntries(keys),
  clusterName: text("clusterName"),
  members: value("members"),
  allowEvenMembers: value("allowEvenMembers"),
  version: text("version"),
  namespace: text("namespace"),
  createNamespace: value("createNamespace"),
  clusterDomain: text("clusterDomain"),
  allowDataDeletion: value("allowDataDeletion"),
  generation: value("generation"),
  restore: value("restore"),
  recovery: value("recovery"),
  etcd: value("etcd"),
  tls: value("tls"),
  clients: value("clients"),
  storage: value("storage"),
  resources: value("resources"),
  scheduling: value("scheduling"),
  service: value("service"),
  image: value("image"),
  nodeImage: value("nodeImage"),
  controller: value("controller"),
  backup: value("backup"),
  imagePullSecrets: value("imagePullSecrets"),
  security: value("security"),
  probes: value("probes"),
  terminationGracePeriodSeconds: value("terminationGracePeriodSeconds") || undefined,
  metadata: value("metadata"),
  podMetadata: value("podMetadata"),
  serviceAccountAnnotations: value("serviceAccountAnnotations"),
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
