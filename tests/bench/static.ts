/**
 * What the component is compared with: the least that makes three members, of the same image and size, without TLS,
 * probes, budget, or anything that looks at the disk before etcd starts.
 */
export function staticCluster(namespace: string): object[] {
  const labels = { app: "etcd" };
  const host = (name: string) => `${name}.etcd.${namespace}.svc.cluster.local`;
  const members = [0, 1, 2].map((ordinal) => `etcd-${ordinal}=http://${host(`etcd-${ordinal}`)}:2380`);
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "etcd", namespace },
      spec: {
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: labels,
        ports: [
          { name: "client", port: 2379 },
          { name: "peer", port: 2380 },
        ],
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "etcd", namespace },
      spec: {
        serviceName: "etcd",
        replicas: 3,
        podManagementPolicy: "Parallel",
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            affinity: {
              podAntiAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: [
                  { labelSelector: { matchLabels: labels }, topologyKey: "kubernetes.io/hostname" },
                ],
              },
            },
            containers: [
              {
                name: "etcd",
                image: "gcr.io/etcd-development/etcd:v3.6.16",
                command: [
                  "etcd",
                  "--name=$(NAME)",
                  "--data-dir=/var/lib/etcd/data",
                  "--listen-peer-urls=http://0.0.0.0:2380",
                  "--listen-client-urls=http://0.0.0.0:2379",
                  `--initial-advertise-peer-urls=http://${host("$(NAME)")}:2380`,
                  `--advertise-client-urls=http://${host("$(NAME)")}:2379`,
                  `--initial-cluster=${members.join(",")}`,
                ],
                env: [{ name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
                resources: { requests: { cpu: "50m", memory: "512Mi" }, limits: { memory: "512Mi" } },
                volumeMounts: [{ name: "data", mountPath: "/var/lib/etcd" }],
              },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: "data" },
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
          },
        ],
      },
    },
  ];
}
