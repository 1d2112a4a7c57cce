import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labelKeys, objectNames, portNames, ports, restorePair, restoreSelector } from "../contract/names";
import { createBundle } from "./bundle";
import type { Identity } from "./certificates";
import type { Context } from "./context";
import { metadataOf } from "./context";
import { restorePodSpec } from "./restore-pod";

interface Parts {
  readonly identity: Identity;
  /** The members' ServiceAccount, whose annotations give a pod its identity on some platforms. */
  readonly serviceAccount: pulumi.Output<string>;
  /** The ConfigMap with the program that reads stores of backups. */
  readonly backupCode?: pulumi.Output<string>;
}

/**
 * The Job that makes the declared generation's data, one for each generation, and its Service for the members' gates.
 * It does not touch a member: the controller tells the gates what to send or to fetch. An existing Job is never
 * changed, because a generation is made once.
 */
export function createRestore(ctx: Context, parts: Parts, dependsOn: pulumi.Resource[]): pulumi.Resource[] {
  const { spec } = ctx;
  const { identity, backupCode } = parts;
  const secret = identity.secrets[restorePair];
  if (!spec.rebuild || !secret) return [];
  const names = objectNames(spec.name);
  const code = createBundle(ctx, "restore", names.restoreCode);
  const service = new k8s.core.v1.Service(
    `${ctx.name}-restore`,
    {
      metadata: metadataOf(ctx, names.restoreService, { annotations: { "pulumi.com/skipAwait": "true" } }),
      spec: {
        clusterIP: "None",
        // The pod receives a survivor's data before it is ready.
        publishNotReadyAddresses: true,
        selector: restoreSelector(spec.name),
        ports: [
          {
            name: portNames.restore,
            port: ports.restore,
            targetPort: portNames.restore,
            protocol: "TCP",
            appProtocol: "tls",
          },
        ],
      },
    },
    ctx.opts,
  );
  const job = new k8s.batch.v1.Job(
    `${ctx.name}-restore-${spec.generation}`,
    {
      metadata: metadataOf(ctx, names.restoreJob(spec.generation), {
        // `pulumi up` waits for the status instead.
        annotations: { "pulumi.com/skipAwait": "true" },
      }),
      spec: {
        // Each try is a new pod with an empty scratch volume.
        backoffLimit: 30,
        // `Failed` would wait for ever for a pod on a lost node. It excludes a podFailurePolicy, so that Kubernetes
        // replaces even a pod that failed for good. The controller ignores what its replacement reports.
        podReplacementPolicy: "TerminatingOrFailed",
        template: {
          metadata: {
            labels: {
              ...spec.args.metadata?.labels,
              ...restoreSelector(spec.name),
              [labelKeys.generation]: String(spec.generation),
            },
            annotations: spec.args.metadata?.annotations,
          },
          spec: restorePodSpec(ctx, spec.rebuild, {
            code: code.metadata.name,
            backupCode,
            secret,
            // The backups' ServiceAccount may read them.
            serviceAccount: spec.args.backup ? pulumi.output(names.backup) : parts.serviceAccount,
          }),
        },
      },
    },
    { ...ctx.opts, ignoreChanges: ["spec"], dependsOn: [...dependsOn, ...identity.resources] },
  );
  return [service, job];
}
