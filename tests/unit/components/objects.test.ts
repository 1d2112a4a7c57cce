import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import type { types } from "@pulumi/kubernetes";
import type { EtcdClusterArgs } from "../../../components";
import { ServiceType, SessionAffinity } from "../../../components";
import { plain } from "../../../hack/offline/render";
import { readSettings } from "../../../programs/gate/settings";
import {
  codeOf,
  containersOf,
  envOf,
  inputs,
  kinds,
  podOf,
  renderCluster,
  serviceOf,
  statefulSetOf,
} from "../../support/render";
import { argsOf, scenario, scenarioNames } from "../../support/scenarios";

const selector = (cluster: string) => ({
  "app.kubernetes.io/name": "etcd",
  "app.kubernetes.io/instance": cluster,
  "app.kubernetes.io/component": "member",
});

describe("the namespace", () => {
  it("enforces the Pod Security Standard restricted", async () => {
    const object = inputs<types.output.core.v1.Namespace>(
      await scenario("default"),
      kinds.namespace,
      "etcd-namespace",
    );
    expect(object.metadata.labels).to.deep.equal({
      "app.kubernetes.io/name": "etcd",
      "app.kubernetes.io/instance": "etcd",
      "app.kubernetes.io/managed-by": "pulumi",
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/audit": "restricted",
      "pod-security.kubernetes.io/warn": "restricted",
    });
  });
});

describe("the headless Service", () => {
  it("publishes members that are not ready, with peer and client port", async () => {
    for (const [name, cluster] of [
      ["default", "etcd"],
      ["everything", "orders"],
    ] as const) {
      const { metadata, spec } = serviceOf(await scenario(name), "etcd-headless");
      expect(metadata.name).to.equal(cluster);
      expect(spec).to.deep.equal({
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: selector(cluster),
        ports: [
          { name: "client", port: 2379, targetPort: "client", protocol: "TCP", appProtocol: "tls" },
          { name: "peer", port: 2380, targetPort: "peer", protocol: "TCP", appProtocol: "tls" },
        ],
      });
    }
  });
});

describe("the client Service", () => {
  it("selects ready members on the client port only, and isn't waited for", async () => {
    const { metadata, spec } = serviceOf(await scenario("default"), "etcd-client");
    expect(metadata.name).to.equal("etcd-client");
    expect(metadata.annotations).to.deep.equal({
      // Without an engine no object has a version.
      "etcd-cluster/declaration": "",
      "pulumi.com/skipAwait": "true",
    });
    expect(spec).to.deep.equal({
      type: "ClusterIP",
      selector: selector("etcd"),
      ports: [{ name: "client", port: 2379, targetPort: "client", protocol: "TCP", appProtocol: "tls" }],
    });
  });

  it("follows a load balancer's options and is then waited for", async () => {
    const { metadata, spec } = serviceOf(await scenario("everything"), "etcd-client");
    expect(metadata.labels).to.include({ exposed: "yes", team: "storage" });
    expect(metadata.annotations).to.deep.equal({
      "example.com/owner": "storage",
      "example.com/internal": "true",
      "etcd-cluster/declaration": "",
    });
    expect(spec).to.deep.equal({
      type: "LoadBalancer",
      selector: selector("orders"),
      ports: [
        {
          name: "client",
          port: 2379,
          targetPort: "client",
          protocol: "TCP",
          appProtocol: "tls",
          nodePort: 32379,
        },
      ],
      loadBalancerClass: "example.com/nlb",
      loadBalancerSourceRanges: ["10.0.0.0/8"],
      externalTrafficPolicy: "Local",
      sessionAffinity: "ClientIP",
      trafficDistribution: "PreferSameZone",
    });
  });

  it("follows a node port", async () => {
    const { metadata, spec } = serviceOf(await scenario("node port"), "etcd-client");
    expect(spec.type).to.equal("NodePort");
    expect(spec.ports.map((port) => port.nodePort)).to.deep.equal([30379]);
    expect(metadata.annotations).to.include({ "pulumi.com/skipAwait": "true" });
  });

  it("changes its declaration with its own arguments only", async () => {
    const declared = async (args: EtcdClusterArgs) =>
      inputs<types.output.core.v1.ConfigMap>(
        await renderCluster(args),
        kinds.configMap,
        "etcd-declared-service",
      ).metadata.annotations["etcd-cluster/declared"];
    const usual = await declared({});
    expect(usual).to.match(/^[0-9a-f]{16}$/);
    expect(await declared({ members: 5, etcd: { snapshotCount: 5000 } })).to.equal(usual);
    const others: (string | undefined)[] = [];
    for (const service of [
      { type: ServiceType.LoadBalancer },
      { type: ServiceType.NodePort, nodePort: 30379 },
      { sessionAffinity: SessionAffinity.ClientIP },
      { metadata: { annotations: { "example.com/internal": "true" } } },
    ]) {
      others.push(await declared({ service }));
    }
    expect(new Set([usual, ...others]).size).to.equal(5);
  });
});

// An interrupted wait leaves the earlier values in the engine's state, so a reverted change would look like none.
describe("an object that the engine waits for", () => {
  interface Waited {
    readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
    readonly spec?: { readonly clusterIP?: string };
  }

  it("carries a version of its declaration, so that reverting an interrupted change counts as a change", async () => {
    const awaited =
      /:(Deployment|StatefulSet|DaemonSet|Service|Job|Pod|PersistentVolumeClaim|Ingress|\w+Patch)$/;
    for (const name of scenarioNames) {
      const waits = (await scenario(name)).resources
        .filter((r) => awaited.test(r.type))
        .map((r) => ({ ...(plain(r.inputs) as Waited), of: r.name }))
        .filter(({ metadata }) => metadata.annotations?.["pulumi.com/skipAwait"] !== "true")
        // The engine doesn't wait for a Service without an address.
        .filter(({ spec }) => spec?.clusterIP !== "None");
      expect(waits.length, name).to.be.greaterThan(1);
      for (const { metadata, of } of waits) {
        expect(metadata.annotations, `${name}: ${of}`).to.have.property("etcd-cluster/declaration");
      }
    }
  });
});

describe("the ServiceAccount", () => {
  const account = async (rendered: ReturnType<typeof renderCluster>) =>
    inputs<types.output.core.v1.ServiceAccount>(await rendered, kinds.serviceAccount, "etcd-account");

  it("mounts no token", async () => {
    const object = await account(scenario("default"));
    expect(object.automountServiceAccountToken).to.equal(false);
    expect(object.metadata).to.not.have.property("annotations");
  });

  it("takes annotations, also those that are outputs", async () => {
    expect((await account(scenario("everything"))).metadata.annotations).to.deep.equal({
      "example.com/owner": "storage",
      "example.com/role": "etcd",
    });
    const late = await account(
      renderCluster(() => ({
        serviceAccountAnnotations: pulumi.output({ "example.com/role": pulumi.output("late") }),
      })),
    );
    expect(late.metadata.annotations).to.deep.equal({ "example.com/role": "late" });
  });
});

describe("the PodDisruptionBudget", () => {
  it("allows one disruption at a time and doesn't block the drain of a single member", async () => {
    for (const name of ["default", "smallest", "seven"] as const) {
      const { spec } = inputs<types.output.policy.v1.PodDisruptionBudget>(
        await scenario(name),
        kinds.budget,
        "etcd-budget",
      );
      expect(spec, name).to.deep.equal({
        maxUnavailable: 1,
        selector: { matchLabels: selector("etcd") },
        unhealthyPodEvictionPolicy: "IfHealthyBudget",
      });
    }
  });
});

describe("the StatefulSet", () => {
  it("starts all members at once, leaves their update order to the controller, and keeps their claims", async () => {
    const { metadata, spec } = statefulSetOf(await scenario("default"));
    const { template, volumeClaimTemplates, ...rest } = spec;
    expect(metadata.name).to.equal("etcd");
    expect(metadata.annotations).to.have.all.keys(
      "etcd-cluster/desired",
      "etcd-cluster/declaration",
      "pulumi.com/skipAwait",
    );
    // The final wait is on the controller's status.
    expect(metadata.annotations["pulumi.com/skipAwait"]).to.equal("true");
    expect(rest).to.deep.equal({
      serviceName: "etcd",
      replicas: 3,
      selector: { matchLabels: selector("etcd") },
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "OnDelete" },
      persistentVolumeClaimRetentionPolicy: { whenScaled: "Retain", whenDeleted: "Retain" },
    });
    expect(template.metadata.labels).to.include(selector("etcd"));
    expect(volumeClaimTemplates).to.deep.equal([
      {
        metadata: {
          name: "data",
          labels: {
            "app.kubernetes.io/name": "etcd",
            "app.kubernetes.io/instance": "etcd",
            "app.kubernetes.io/managed-by": "pulumi",
          },
        },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "8Gi" } } },
      },
    ]);
  });

  it("has as many replicas as members", async () => {
    const replicas: number[] = [];
    for (const name of ["smallest", "even", "default", "everything", "seven"] as const) {
      replicas.push(statefulSetOf(await scenario(name)).spec.replicas);
    }
    expect(replicas).to.deep.equal([1, 2, 3, 5, 7]);
  });

  it("follows a volume's size, class, metadata and retention", async () => {
    const { spec } = statefulSetOf(await scenario("everything"));
    expect(spec.persistentVolumeClaimRetentionPolicy).to.deep.equal({
      whenScaled: "Retain",
      whenDeleted: "Delete",
    });
    const [claim] = spec.volumeClaimTemplates;
    expect(spec.volumeClaimTemplates).to.have.lengthOf(1);
    expect(claim?.metadata.labels).to.include({ tier: "gold" });
    expect(claim?.metadata.annotations).to.deep.equal({ "example.com/snapshots": "daily" });
    expect(claim?.spec).to.deep.equal({
      accessModes: ["ReadWriteOnce"],
      storageClassName: "fast-ssd",
      resources: { requests: { storage: "24Gi" } },
    });
  });

  it("keeps its selector and claims when metadata changes", async () => {
    const changed = await renderCluster({
      metadata: { labels: { team: "b" }, annotations: { note: "x" } },
      podMetadata: { labels: { pod: "y" } },
    });
    const [before, after] = [statefulSetOf(await scenario("default")), statefulSetOf(changed)];
    expect(after.spec.selector).to.deep.equal(before.spec.selector);
    expect(after.spec.volumeClaimTemplates).to.deep.equal(before.spec.volumeClaimTemplates);
  });
});

describe("the metadata of every object", () => {
  it("restarts no pod, as its argument promises", async () => {
    const first = await renderCluster({});
    const second = await renderCluster(
      { metadata: { labels: { team: "b" }, annotations: { note: "x" } } },
      { tls: first.tls },
    );
    expect(podOf(second)).to.deep.equal(podOf(first));
  });
});

describe("a member's pod", () => {
  it("has no token, no root, no service links, and time for a clean stop", async () => {
    const { spec, metadata } = podOf(await scenario("default"));
    expect(spec).to.deep.include({
      serviceAccountName: "etcd",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 60,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
    });
    for (const absent of [
      "hostNetwork",
      "hostPID",
      "tolerations",
      "priorityClassName",
      "schedulerName",
      "runtimeClassName",
      "imagePullSecrets",
    ]) {
      expect(spec).to.not.have.property(absent);
    }
    expect(metadata.annotations).to.have.all.keys(
      "etcd-cluster/peer-ca-sha256",
      "etcd-cluster/client-ca-sha256",
      "etcd-cluster/generation",
      "etcd-cluster/trust",
      "etcd-cluster/version",
      "kubectl.kubernetes.io/default-container",
    );
    expect(metadata.annotations["etcd-cluster/version"]).to.equal("3.6.16");
    expect(metadata.annotations["kubectl.kubernetes.io/default-container"]).to.equal("etcd");
  });

  it("runs containers that can't write, gain privileges or keep a capability", async () => {
    for (const name of ["default", "everything", "ids of the platform"] as const) {
      const { gate, etcd } = containersOf(await scenario(name));
      for (const container of [gate, etcd]) {
        expect(container.securityContext, `${name}: ${container.name}`).to.deep.equal({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
      }
    }
  });

  it("runs as the given user or the platform's", async () => {
    expect(podOf(await scenario("everything")).spec.securityContext).to.deep.include({
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 2000,
      fsGroup: 2000,
    });
    const other = podOf(await renderCluster({ security: { runAsUser: 1001 } })).spec.securityContext;
    expect(other, "another group too, so that Kubernetes gives it the files").to.deep.include({
      runAsUser: 1001,
      runAsGroup: 1001,
      fsGroup: 1001,
    });
    const platform = podOf(await scenario("ids of the platform")).spec.securityContext;
    expect(platform).to.deep.equal({
      runAsNonRoot: true,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    });
  });

  it("is spread strictly by host, and by zone where possible", async () => {
    const { spec } = podOf(await scenario("default"));
    const apart = {
      labelSelector: { matchLabels: selector("etcd") },
      topologyKey: "kubernetes.io/hostname",
    };
    expect(spec.affinity).to.deep.equal({
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apart] },
    });
    expect(spec.topologySpreadConstraints).to.deep.equal([
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: selector("etcd") },
      },
    ]);
  });

  it("follows every scheduling argument", async () => {
    const { spec } = podOf(await scenario("everything"));
    expect(spec).to.deep.include({
      nodeSelector: { disk: "nvme", "kubernetes.io/os": "linux" },
      tolerations: [{ key: "etcd", operator: "Exists", effect: "NoSchedule" }],
      priorityClassName: "system-cluster-critical",
      schedulerName: "other",
      runtimeClassName: "gvisor",
      imagePullSecrets: [{ name: "registry" }],
      terminationGracePeriodSeconds: 300,
    });
    expect(spec.affinity).to.deep.equal({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "arch", operator: "In", values: ["amd64"] }] }],
        },
      },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: {
              labelSelector: { matchLabels: selector("orders") },
              topologyKey: "kubernetes.io/hostname",
            },
          },
        ],
      },
    });
    expect(spec.topologySpreadConstraints.map((c) => c.whenUnsatisfiable)).to.deep.equal(["DoNotSchedule"]);
  });

  it("isn't spread if the arguments say so", async () => {
    const { spec } = podOf(await scenario("no spread"));
    expect(spec.affinity).to.deep.equal({});
    expect(spec).to.not.have.property("topologySpreadConstraints");
  });

  it("takes labels and annotations", async () => {
    const { metadata } = podOf(await scenario("everything"));
    expect(metadata.labels).to.deep.equal({
      ...selector("orders"),
      "app.kubernetes.io/managed-by": "pulumi",
      pod: "yes",
    });
    expect(metadata.annotations).to.include({ "example.com/scrape": "true" });
  });

  it("mounts each pair from its own Secret, and only those that it needs", async () => {
    const pairs = ["peer", "peer-client", "server", "root"];
    for (const [name, prefix] of [
      ["default", "etcd"],
      ["own TLS", "own"],
    ] as const) {
      const rendered = await scenario(name);
      const { gate, etcd } = containersOf(rendered);
      const code = codeOf(rendered, "gate").name;
      expect(podOf(rendered).spec.volumes).to.deep.equal([
        ...pairs.map((pair) => ({
          name: `tls-${pair}`,
          secret: { secretName: `${prefix}-${pair}`, defaultMode: 0o440 },
        })),
        { name: "gate", configMap: { name: code, defaultMode: 0o444 } },
      ]);
      expect(etcd.volumeMounts).to.deep.equal([
        { name: "data", mountPath: "/var/lib/etcd" },
        ...pairs.map((pair) => ({
          name: `tls-${pair}`,
          mountPath: `/etc/etcd/tls/${pair}`,
          readOnly: true,
        })),
      ]);
      expect(gate.volumeMounts).to.deep.equal([
        { name: "data", mountPath: "/var/lib/etcd" },
        { name: "gate", mountPath: "/gate", readOnly: true },
        // The certificate that it shows to the controller. It doesn't need the other keys.
        { name: "tls-peer-client", mountPath: "/etc/etcd/tls/peer-client", readOnly: true },
      ]);
    }
  });
});

describe("the container etcd", () => {
  it("runs the version's image on the gate's configuration", async () => {
    const { etcd } = containersOf(await scenario("default"));
    expect(etcd).to.deep.include({
      image: "gcr.io/etcd-development/etcd:v3.6.16",
      imagePullPolicy: "IfNotPresent",
      command: ["/usr/local/bin/etcd", "--config-file=/var/lib/etcd/data/member/wal/../etcd.yaml"],
      ports: [
        { name: "client", containerPort: 2379 },
        { name: "peer", containerPort: 2380 },
        { name: "metrics", containerPort: 2381 },
      ],
      resources: { requests: { cpu: "250m", memory: "2Gi" }, limits: { memory: "2Gi" } },
    });
    expect(containersOf(await scenario("etcd 3.5")).etcd.image).to.equal(
      "gcr.io/etcd-development/etcd:v3.5.33",
    );
  });

  it("sets the variables for etcdctl and Go's memory limit", async () => {
    expect(envOf(containersOf(await scenario("default")).etcd)).to.deep.equal({
      GOMEMLIMIT: "1740MiB",
      ETCDCTL_ENDPOINTS: "https://localhost:2379",
      ETCDCTL_CACERT: "/etc/etcd/tls/root/ca.crt",
      ETCDCTL_CERT: "/etc/etcd/tls/root/tls.crt",
      ETCDCTL_KEY: "/etc/etcd/tls/root/tls.key",
    });
  });

  it("has probes that need no quorum, except for readiness", async () => {
    const { etcd } = containersOf(await scenario("default"));
    const probe = (path: string, periodSeconds: number, failureThreshold: number) => ({
      httpGet: { path, port: "metrics", scheme: "HTTP" },
      periodSeconds,
      failureThreshold,
      timeoutSeconds: 5,
    });
    expect(etcd.startupProbe).to.deep.equal(probe("/livez", 2, 1800));
    expect(etcd.livenessProbe).to.deep.equal(probe("/livez", 10, 60));
    expect(etcd.readinessProbe).to.deep.equal(probe("/readyz", 5, 3));
  });

  it("follows image, resources and probe budgets", async () => {
    const { etcd } = containersOf(await scenario("everything"));
    expect(etcd.image).to.match(/^registry\.example\.com\/etcd@sha256:[0-9a-f]{64}$/);
    expect(etcd.imagePullPolicy).to.equal("Always");
    expect(etcd.resources).to.deep.equal({
      requests: { cpu: "2", memory: "4Gi" },
      limits: { cpu: "4", memory: "8Gi" },
    });
    expect(envOf(etcd).GOMEMLIMIT).to.equal("6963MiB");
    expect(etcd.startupProbe.failureThreshold).to.equal(300);
    expect(etcd.livenessProbe.failureThreshold).to.equal(12);
  });
});

describe("the init container gate", () => {
  it("runs the code on a stock image and gets all names in full", async () => {
    const { gate } = containersOf(await scenario("default"));
    expect(gate).to.deep.include({
      image: "docker.io/library/node:24-slim",
      imagePullPolicy: "IfNotPresent",
      command: ["node", "/gate/gate.js"],
      resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
      terminationMessagePolicy: "FallbackToLogsOnError",
    });
    const { GATE_SETTINGS, ...env } = envOf(gate);
    expect(env).to.deep.equal({
      GATE_VOLUME: "/var/lib/etcd",
      GATE_DATA_DIR: "/var/lib/etcd/data",
      GATE_CONFIG_FILE: "/var/lib/etcd/data/member/wal/../etcd.yaml",
      GATE_TLS_DIR: "/etc/etcd/tls/peer-client",
      GATE_CONTROLLER_URL: "https://etcd-controller.etcd.svc.cluster.local:2382",
      GATE_PEER_URL: "https://$(POD_NAME).etcd.etcd.svc.cluster.local:2380",
      GATE_CLIENT_URL: "https://$(POD_NAME).etcd.etcd.svc.cluster.local:2379",
      GATE_PEER_PORT: "2380",
      GATE_CLIENT_PORT: "2379",
      GATE_METRICS_PORT: "2381",
      GATE_GENERATION: "1",
      GATE_VERSION: "3.6.16",
    });
    expect(GATE_SETTINGS).to.contain("data-dir: /var/lib/etcd/data\n");
    const fields = gate.env.filter((e) => e.valueFrom).map((e) => [e.name, e.valueFrom.fieldRef.fieldPath]);
    // Kubernetes expands $(POD_NAME) only in later variables.
    expect(gate.env.slice(0, 3).map((e) => e.name)).to.deep.equal(["POD_NAME", "POD_UID", "POD_IPS"]);
    expect(fields).to.deep.equal([
      ["POD_NAME", "metadata.name"],
      ["POD_UID", "metadata.uid"],
      ["POD_IPS", "status.podIPs"],
    ]);
  });

  it("gets the given cluster, namespace and domain", async () => {
    const { gate } = containersOf(await scenario("everything"));
    const env = envOf(gate);
    expect(env.GATE_PEER_URL).to.equal("https://$(POD_NAME).orders.data.svc.k8s.example.com:2380");
    expect(env.GATE_CONTROLLER_URL).to.equal("https://orders-controller.data.svc.k8s.example.com:2382");
    expect(env.GATE_VERSION).to.equal("3.7.1");
    expect(gate.image).to.equal("registry.example.com/node:24-slim");
    expect(gate.imagePullPolicy).to.equal("Never");
  });

  it("gets every variable that it reads", async () => {
    for (const name of scenarioNames) {
      const { gate } = containersOf(await scenario(name));
      const fields = Object.fromEntries(gate.env.filter((e) => e.valueFrom).map((e) => [e.name, "x"]));
      const asked = new Set<string>();
      const variables = new Proxy<Record<string, string>>(
        { ...envOf(gate), ...fields },
        { get: (all, key) => (asked.add(String(key)), Reflect.get(all, key) as string) },
      );
      expect(() => readSettings(variables), name).to.not.throw();
      // It gets no variables that it doesn't read.
      expect([...asked].sort(), name).to.deep.equal(gate.env.map((e) => e.name).sort());
    }
  });

  it("doesn't depend on the size, so that growth restarts no member", async () => {
    const [one, other] = [
      await scenario("own TLS"),
      await renderCluster({ ...argsOf("own TLS"), members: 7 }),
    ];
    expect(podOf(other)).to.deep.equal(podOf(one));
  });
});
