import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Compression, EtcdCluster, Spread } from "etcd-cluster";

const config = new pulumi.Config();

// Not `system-cluster-critical`, which some platforms allow in their own namespaces only.
const priority = new k8s.scheduling.v1.PriorityClass("etcd", {
  metadata: { name: "etcd" },
  value: 100_000_000,
  description: "etcd is scheduled before what depends on it",
});

const etcd = new EtcdCluster(
  "etcd",
  {
    namespace: "etcd-production",
    members: 5,

    // Without this line, a newer release of the package may come with a newer etcd.
    version: "3.6.16",

    storage: { size: "25Gi", storageClass: config.require("storageClass") },
    resources: { cpuRequest: "2", memoryLimit: "8Gi" },
    etcd: { quota: "8Gi", autoCompactionRetention: "1h" },

    // Five members in three zones, on nodes of their own.
    scheduling: {
      zoneSpread: Spread.Required,
      nodeSelector: { "node-role.example.com/etcd": "" },
      tolerations: [{ key: "node-role.example.com/etcd", operator: "Exists", effect: "NoSchedule" }],
      priorityClassName: priority.metadata.name,
    },

    // A node that is gone this long after its pod should have stopped doesn't come back.
    controller: { nodeLossGraceSeconds: 900 },

    // A certificate for each team. Its common name is the user's name, once etcd's authentication is on.
    clients: config.requireObject<string[]>("clients").map((name) => ({ name })),

    backup: {
      schedule: "15 * * * *",
      timeZone: "Europe/Berlin",
      compression: Compression.Gzip,
      s3: {
        bucket: config.require("backupBucket"),
        region: config.require("backupRegion"),
        credentials: {
          accessKeyId: config.requireSecret("backupAccessKeyId"),
          secretAccessKey: config.requireSecret("backupSecretAccessKey"),
        },
      },
      retention: { keepLast: 24, keepDays: 30 },
      // Every Sunday the newest backup is restored in a pod, and compared.
      drill: { schedule: "0 4 * * 0" },
    },
  },
  // Also the objects that hold no data: the clients' Service, the Secrets, the controller.
  { protect: true },
);

export const version = etcd.version;
export const endpoints = etcd.endpoints;
export const secretNames = etcd.secretNames;
