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

export const clusterName = cluster.clusterName;
export const namespace = cluster.namespace;
export const version = cluster.version;
export const endpoints = cluster.endpoints;
export const serviceEndpoint = cluster.serviceEndpoint;
export const clientCaCertificate = cluster.clientCaCertificate;
export const secretNames = cluster.secretNames;
