import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "./components";
import { EtcdCluster } from "./components";

const config = new pulumi.Config();
const object = <Key extends keyof EtcdClusterArgs>(key: Key) => config.getObject<EtcdClusterArgs[Key]>(key);

const cluster = new EtcdCluster("etcd", {
  clusterName: config.get("clusterName"),
  members: config.getNumber("members"),
  allowEvenMembers: config.getBoolean("allowEvenMembers"),
  version: config.get("version"),
  namespace: config.get("namespace"),
  createNamespace: config.getBoolean("createNamespace"),
  clusterDomain: config.get("clusterDomain"),
  allowDataDeletion: config.getBoolean("allowDataDeletion"),
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
  imagePullSecrets: object("imagePullSecrets"),
  security: object("security"),
  probes: object("probes"),
  terminationGracePeriodSeconds: config.getNumber("terminationGracePeriodSeconds"),
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
