import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { sizesOf } from "../config/containers";
import { quantity } from "../contract/units";
import {
  commonLabels,
  containerNames,
  controllerPairs,
  controllerSelector,
  dnsNames,
  objectNames,
  pairFolder,
  paths,
  portNames,
  ports,
} from "../contract/names";
import { createBundle } from "./bundle";
import type { Identity } from "./certificates";
import { codeVolume, nodeContainer, podSpec, podVariables, secretVolume } from "./container";
import type { Context } from "./context";
import { metadataOf } from "./context";
import { createControllerRights } from "./controller-rights";
import { createDeclaration } from "./declaration";
import { hashOf } from "./hash";
import { fastFailoverPlacement } from "./scheduling";
import { controllerEnv } from "../contract/env";

/**
 * The controller decides a few times a minute, so memory matters more than speed. Compiled code and the compiler's
 * threads would be a fifth of its memory.
 */
const nodeFlags = (memoryLimit: string) => [
  "--jitless",
  "--v8-pool-size=1",
  "--max-semi-space-size=1",
  `--max-old-space-size=${Math.floor((quantity(memoryLimit) ?? NaN) / 4 / 2 ** 20)}`,
];

const volumes = { code: "code", pair: (pair: string) => `tls-${pair}` };

/** The controller's Deployment of one pod, and the Service of its server. */
export function createController(ctx: Context, identity: Identity): k8s.apps.v1.Deployment {
  const { spec } = ctx;
  const names = objectNames(spec.name);
  const code = createBundle(ctx, "controller", names.controllerCode);
  const { serviceAccount, binding } = createControllerRights(ctx);
  const service = createControllerService(ctx);
  const template = controllerPod(ctx, identity, code.metadata.name, serviceAccount.metadata.name);
  const declaration = createDeclaration(ctx, "controller", pulumi.output(template).apply(hashOf));
  return new k8s.apps.v1.Deployment(
    `${ctx.name}-controller`,
    {
      metadata: metadataOf(ctx, names.controller, { annotations: declaration.annotation }),
      spec: {
        replicas: 1,
        // No surge: only one controller may act, and a second one would wait for the Lease. Nor is the old pod waited
        // for, because its node may never answer again.
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
        selector: { matchLabels: controllerSelector(spec.name) },
        template,
      },
    },
    { ...ctx.opts, dependsOn: [binding, service, ...identity.resources] },
  );
}

function controllerPod(
  ctx: Context,
  identity: Identity,
  code: pulumi.Output<string>,
  serviceAccountName: pulumi.Output<string>,
): k8s.types.input.core.v1.PodTemplateSpec {
  const { spec } = ctx;
  return {
    metadata: {
      labels: {
        ...spec.args.metadata?.labels,
        ...commonLabels(spec.name),
        ...controllerSelector(spec.name),
      },
      annotations: { ...spec.args.metadata?.annotations, ...identity.annotations },
    },
    spec: podSpec(ctx, {
      serviceAccountName,
      automountServiceAccountToken: true,
      // The action in flight may take up to 8 s (`LONGEST_MS`).
      terminationGracePeriodSeconds: 15,
      ...fastFailoverPlacement(ctx, spec.args.controller?.priorityClassName),
      containers: [controllerContainer(ctx)],
      volumes: [
        codeVolume(volumes.code, code),
        ...controllerPairs.map((pair) => secretVolume(volumes.pair(pair), identity.secrets[pair])),
      ],
    }),
  };
}

function controllerContainer(ctx: Context): k8s.types.input.core.v1.Container {
  const { spec } = ctx;
  const names = objectNames(spec.name);
  const dns = ctx.namespace.apply((namespace) => dnsNames(spec.name, namespace, spec.domain));
  const { memoryLimit } = sizesOf(spec.args, "controller");
  const probe = (path: string) => ({
    httpGet: { path, port: portNames.health, scheme: "HTTP" },
    timeoutSeconds: 5,
  });
  const command = ["node", ...nodeFlags(memoryLimit), `${paths.controller}/controller.js`];
  return nodeContainer(ctx, "controller", containerNames.controller, command, {
    env: [
      podVariables.name,
      podVariables.uid,
      podVariables.namespace,
      { name: controllerEnv.statefulSet, value: names.statefulSet },
      { name: controllerEnv.record, value: names.record },
      { name: controllerEnv.status, value: names.status },
      { name: controllerEnv.trust, value: names.trust },
      { name: controllerEnv.verdict, value: names.verdict },
      { name: controllerEnv.lease, value: names.controller },
      ...(ctx.spec.args.backup ? [{ name: controllerEnv.backups, value: names.backups }] : []),
      { name: controllerEnv.claimPrefix, value: names.claimPrefix },
      {
        name: controllerEnv.clientUrl,
        value: dns.apply((d) => d.clientUrl(`${names.statefulSet}-{ordinal}`)),
      },
      { name: controllerEnv.etcdTlsDir, value: pairFolder("controller") },
      { name: controllerEnv.serverTlsDir, value: pairFolder("controller-server") },
      { name: controllerEnv.serverPort, value: String(ports.api) },
      { name: controllerEnv.healthPort, value: String(ports.health) },
    ],
    ports: [
      { name: portNames.api, containerPort: ports.api },
      { name: portNames.health, containerPort: ports.health },
    ],
    livenessProbe: { ...probe("/healthz"), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...probe("/readyz"), periodSeconds: 2, failureThreshold: 3 },
    volumeMounts: [
      { name: volumes.code, mountPath: paths.controller, readOnly: true },
      ...controllerPairs.map((pair) => ({
        name: volumes.pair(pair),
        mountPath: pairFolder(pair),
        readOnly: true,
      })),
    ],
  });
}

/** Publishes the pod before it is ready, because gates have to reach it at any time. */
function createControllerService(ctx: Context): k8s.core.v1.Service {
  return new k8s.core.v1.Service(
    `${ctx.name}-controller-server`,
    {
      metadata: metadataOf(ctx, objectNames(ctx.spec.name).controller, {
        annotations: { "pulumi.com/skipAwait": "true" },
      }),
      spec: {
        publishNotReadyAddresses: true,
        selector: controllerSelector(ctx.spec.name),
        ports: [
          {
            name: portNames.api,
            port: ports.api,
            // A number, because the Service changes before the pod, whose port may have another name.
            targetPort: ports.api,
            protocol: "TCP",
            appProtocol: "tls",
          },
        ],
      },
    },
    // Without the alias, the engine would make this Service anew and then delete it under its old name.
    { ...ctx.opts, aliases: [{ name: `${ctx.name}-controller-door` }] },
  );
}
