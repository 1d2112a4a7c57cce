import { EtcdCluster } from "etcd-cluster";

// Three members with mutual TLS, each on its own node and volume, in a new namespace "etcd".
const etcd = new EtcdCluster("etcd", { clients: [{ name: "app" }] });

// Known once the cluster serves.
export const endpoints = etcd.endpoints;
export const secretNames = etcd.secretNames;
