import * as k8s from "@pulumi/kubernetes";
import { EtcdCluster } from "etcd-cluster";

const etcd = new EtcdCluster("etcd", { clients: [{ name: "app" }] });

// The client's Secret as a volume, and where etcd is. A name that isn't declared above is an error here.
const { env, volume, volumeMount } = etcd.connection("app");

// It starts once the cluster serves, and has to be in the cluster's namespace: a pod mounts no other Secrets.
const labels = { app: "watcher" };
new k8s.apps.v1.Deployment("watcher", {
  metadata: { namespace: etcd.namespace },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        automountServiceAccountToken: false,
        // The namespace enforces the Pod Security Standard "restricted".
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          runAsGroup: 65532,
          fsGroup: 65532,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            // In place of your application. It prints what changes below /app/.
            name: "watcher",
            image: "gcr.io/etcd-development/etcd:v3.6.16",
            command: ["etcdctl", "watch", "--prefix", "/app/"],
            env,
            volumeMounts: [volumeMount],
            resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
          },
        ],
        volumes: [volume],
      },
    },
  },
});

export const endpoints = etcd.endpoints;
