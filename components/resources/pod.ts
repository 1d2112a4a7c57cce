import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { binaries } from "../config/images";
import { literal } from "./literal";
import {
  annotationKeys,
  commonLabels,
  containerNames,
  dataVolume,
  dnsNames,
  memberPairs,
  memberSelector,
  pairFolder,
  pairPaths,
  paths,
  portNames,
  ports,
} from "../contract/names";
import type { MemberPair } from "../contract/names";
import type { Identity } from "./certificates";
import {
  codeVolume,
  etcdContainer,
  fullNamesFirst,
  nodeContainer,
  podSpec,
  podVariables,
  secretVolume,
} from "./container";
import type { Context } from "./context";
import { memberPlacement } from "./scheduling";
import { gateEnv, podEnv } from "../contract/env";

type Container = k8s.types.input.core.v1.Container;

export interface PodParts {
  readonly identity: Identity;
  readonly gateCode: pulumi.Output<string>;
  readonly serviceAccount: pulumi.Output<string>;
}

const volumes = { data: dataVolume, gate: "gate", pair: (pair: string) => `tls-${pair}` };

const pairMount = (pair: MemberPair) => ({
  name: volumes.pair(pair),
  mountPath: pairFolder(pair),
  readOnly: true,
});

const dataMount = { name: volumes.data, mountPath: paths.volume };

/** The pod template of the members. Every change of it is a rolling restart. */
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
        [annotationKeys.version]: spec.version.text,
        [annotationKeys.generation]: String(spec.generation),
        [annotationKeys.defaultContainer]: containerNames.etcd,
      },
    },
    spec: podSpec(ctx, {
      serviceAccountName: parts.serviceAccount,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: spec.graceSeconds,
      dnsConfig: fullNamesFirst,
      ...memberPlacement(ctx),
      initContainers: [gateContainer(ctx)],
      containers: [memberContainer(ctx)],
      volumes: [
        ...memberPairs.map((pair) => secretVolume(volumes.pair(pair), parts.identity.secrets[pair])),
        codeVolume(volumes.gate, parts.gateCode),
      ],
    }),
  };
}

/** The gate, an init container: it asks the controller, writes etcd's configuration, and lets etcd start or not. */
function gateContainer(ctx: Context): Container {
  const { spec } = ctx;
  const dns = ctx.namespace.apply((namespace) => dnsNames(spec.name, namespace, spec.domain));
  return nodeContainer(ctx, "gate", containerNames.gate, ["node", `${paths.gate}/gate.js`], {
    env: [
      podVariables.name,
      podVariables.uid,
      podVariables.ips,
      { name: gateEnv.volume, value: paths.volume },
      { name: gateEnv.dataDir, value: paths.data },
      { name: gateEnv.configFile, value: paths.config },
      { name: gateEnv.tlsDir, value: pairFolder("peer-client") },
      { name: gateEnv.controllerUrl, value: dns.apply((d) => d.controllerUrl) },
      { name: gateEnv.peerUrl, value: dns.apply((d) => d.peerUrl(`$(${podEnv.name})`)) },
      { name: gateEnv.clientUrl, value: dns.apply((d) => d.clientUrl(`$(${podEnv.name})`)) },
      { name: gateEnv.peerPort, value: String(ports.peer) },
      { name: gateEnv.clientPort, value: String(ports.client) },
      { name: gateEnv.metricsPort, value: String(ports.metrics) },
      { name: gateEnv.generation, value: String(spec.generation) },
      { name: gateEnv.version, value: spec.version.text },
      { name: gateEnv.settings, value: literal(spec.settings) },
    ],
    volumeMounts: [
      dataMount,
      { name: volumes.gate, mountPath: paths.gate, readOnly: true },
      pairMount("peer-client"),
    ],
  });
}

function memberContainer(ctx: Context): Container {
  const { spec } = ctx;
  const client = pairPaths("root");
  return etcdContainer(ctx, "etcd", containerNames.etcd, [binaries.etcd, `--config-file=${paths.config}`], {
    env: [
      { name: "GOMEMLIMIT", value: spec.goMemoryLimit },
      // etcdctl works in `kubectl exec` without flags.
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
    ...probes(ctx),
    volumeMounts: [dataMount, ...memberPairs.map(pairMount)],
  });
}

/**
 * Liveness and startup probes never need a quorum: a restart can't restore it, and would stop the remaining members.
 * Their budgets are longer than a defragmentation and than the replay of a long log.
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
