import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { defaults } from "../spec/derived";
import {
  annotationKeys,
  commonLabels,
  containerNames,
  dnsNames,
  memberPairs,
  memberSelector,
  objectNames,
  pairPaths,
  paths,
  portNames,
  ports,
} from "../spec/names";
import type { Identity } from "./certificates";
import type { Context } from "./context";
import { spreadRules } from "./scheduling";

type Container = k8s.types.input.core.v1.Container;

export interface PodParts {
  readonly identity: Identity;
  readonly gateCode: pulumi.Output<string>;
  readonly serviceAccount: pulumi.Output<string>;
}

const volumes = { data: "data", gate: "gate", pair: (pair: string) => `tls-${pair}` };
export const dataVolume = volumes.data;

const dataMount = { name: volumes.data, mountPath: paths.volume };

/** What a member's pod is made from. Every change of it is a rolling restart. */
export function memberPodTemplate(ctx: Context, parts: PodParts): k8s.types.input.core.v1.PodTemplateSpec {
  const { spec } = ctx;
  const { args } = spec;
  return {
    metadata: {
      labels: {
        ...args.podMetadata?.labels,
        ...commonLabels(spec.name),
        ...memberSelector(spec.name),
      },
      annotations: {
        ...args.podMetadata?.annotations,
        ...parts.identity.annotations,
        [annotationKeys.defaultContainer]: containerNames.etcd,
      },
    },
    spec: {
      serviceAccountName: parts.serviceAccount,
      automountServiceAccountToken: false,
      // Variables such as ETCD_PORT, made from a Service called etcd, would be read as etcd's settings.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: spec.graceSeconds,
      securityContext: podSecurity(ctx),
      // Full names are asked for first, whatever the number of dots in the cluster's domain.
      dnsConfig: { options: [{ name: "ndots", value: "1" }] },
      imagePullSecrets: args.imagePullSecrets?.map((name) => ({ name })),
      ...spreadRules(ctx),
      initContainers: [gateContainer(ctx, parts)],
      containers: [etcdContainer(ctx)],
      volumes: [
        ...memberPairs.map((pair) => ({
          name: volumes.pair(pair),
          secret: { secretName: parts.identity.secrets[pair], defaultMode: 0o440 },
        })),
        { name: volumes.gate, configMap: { name: parts.gateCode, defaultMode: 0o444 } },
      ],
    },
  };
}

function podSecurity(ctx: Context): k8s.types.input.core.v1.PodSecurityContext {
  const { security = {} } = ctx.spec.args;
  const user = security.runAsUser ?? defaults.runAsUser;
  const group = security.runAsGroup ?? defaults.runAsGroup;
  return {
    runAsNonRoot: true,
    ...(security.platformAssignsIds ? {} : { runAsUser: user, runAsGroup: group, fsGroup: group }),
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

const containerSecurity: k8s.types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** Writes etcd's configuration, and lets etcd start, or not. */
function gateContainer(ctx: Context, parts: PodParts): Container {
  const { spec } = ctx;
  const names = objectNames(spec.name);
  const dns = ctx.namespace.apply((namespace) => dnsNames(spec.name, namespace, spec.domain));
  const members = Array.from({ length: spec.members }, (_, ordinal) => names.pod(ordinal));
  return {
    name: containerNames.gate,
    image: spec.nodeImage,
    imagePullPolicy: spec.args.nodeImage?.pullPolicy ?? "IfNotPresent",
    command: ["node", `${paths.gate}/gate.js`],
    env: [
      { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "POD_IPS", valueFrom: { fieldRef: { fieldPath: "status.podIPs" } } },
      { name: "GATE_DATA_DIR", value: paths.data },
      { name: "GATE_CONFIG_FILE", value: paths.config },
      { name: "GATE_PEER_URL", value: dns.apply((d) => d.peerUrl("$(POD_NAME)")) },
      { name: "GATE_CLIENT_URL", value: dns.apply((d) => d.clientUrl("$(POD_NAME)")) },
      { name: "GATE_PEER_PORT", value: String(ports.peer) },
      { name: "GATE_CLIENT_PORT", value: String(ports.client) },
      { name: "GATE_METRICS_PORT", value: String(ports.metrics) },
      {
        name: "GATE_INITIAL_CLUSTER",
        value: dns.apply((d) => members.map((member) => `${member}=${d.peerUrl(member)}`).join(",")),
      },
      { name: "GATE_TOKEN", value: parts.identity.token },
      { name: "GATE_SETTINGS", value: spec.settings },
    ],
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "128Mi" } },
    securityContext: containerSecurity,
    volumeMounts: [dataMount, { name: volumes.gate, mountPath: paths.gate, readOnly: true }],
  };
}

function etcdContainer(ctx: Context): Container {
  const { spec } = ctx;
  const client = pairPaths("root");
  return {
    name: containerNames.etcd,
    image: spec.etcdImage,
    imagePullPolicy: spec.args.image?.pullPolicy ?? "IfNotPresent",
    command: ["/usr/local/bin/etcd", `--config-file=${paths.config}`],
    env: [
      { name: "GOMEMLIMIT", value: spec.goMemoryLimit },
      // So that `kubectl exec` finds etcdctl ready to use.
      { name: "ETCDCTL_ENDPOINTS", value: `https://localhost:${ports.client}` },
      { name: "ETCDCTL_CACERT", value: client.ca },
      { name: "ETCDCTL_CERT", value: client.cert },
      { name: "ETCDCTL_KEY", value: client.key },
    ],
    ports: [
      { name: portNames.client, containerPort: ports.client },
      { name: portNames.peer, containerPort: ports.peer },
      { name: portNames.metrics, containerPort: ports.metrics },
    ],
    resources: {
      requests: { cpu: spec.cpuRequest, memory: spec.memoryRequest },
      limits: {
        memory: spec.memoryLimit,
        ...(spec.args.resources?.cpuLimit ? { cpu: spec.args.resources.cpuLimit } : {}),
      },
    },
    ...probes(ctx),
    securityContext: containerSecurity,
    volumeMounts: [
      dataMount,
      ...memberPairs.map((pair) => ({
        name: volumes.pair(pair),
        mountPath: `${paths.tls}/${pair}`,
        readOnly: true,
      })),
    ],
  };
}

/**
 * Liveness and start never ask for quorum: a restart can't bring that back, and would take away the members that are
 * left. Their budgets outlast a defragmentation and the replay of a long log.
 */
function probes(ctx: Context): Pick<Container, "readinessProbe" | "livenessProbe" | "startupProbe"> {
  const probe = (path: string, periodSeconds: number, failureThreshold: number) => ({
    httpGet: { path, port: portNames.metrics, scheme: "HTTP" },
    periodSeconds,
    failureThreshold,
    timeoutSeconds: 5,
  });
  const { startupBudgetSeconds, livenessBudgetSeconds } = ctx.spec;
  return {
    startupProbe: probe("/livez", 2, Math.ceil(startupBudgetSeconds / 2)),
    livenessProbe: probe("/livez", 10, Math.ceil(livenessBudgetSeconds / 10)),
    readinessProbe: probe("/readyz", 5, 3),
  };
}
