import * as pulumi from "@pulumi/pulumi";
import type { S3Store } from "etcd-cluster";
import { EtcdCluster } from "etcd-cluster";

const config = new pulumi.Config();

// Where the first cluster's backups are, and what the second one is restored from.
const store: S3Store = {
  bucket: config.require("backupBucket"),
  region: config.require("backupRegion"),
  prefix: "orders",
  credentials: {
    accessKeyId: config.requireSecret("backupAccessKeyId"),
    secretAccessKey: config.requireSecret("backupSecretAccessKey"),
  },
};

// In the namespace "orders".
const orders = new EtcdCluster("orders", {
  clients: [{ name: "api" }],
  backup: { schedule: "0 * * * *", s3: store },
});

// In the namespace "orders-copy": one member, with authorities and certificates of its own. With the generation 1 it is
// empty. Each higher number replaces its data, once, by the newest backup of the first cluster.
const generation = config.getNumber("copyGeneration") ?? 1;
const copy = new EtcdCluster("orders-copy", {
  members: 1,
  clients: [{ name: "api" }],
  generation,
  restore: generation > 1 ? { backup: { s3: store } } : undefined,
  allowDataDeletion: true,
});

export const endpoints = orders.endpoints;
export const copyEndpoints = copy.endpoints;
