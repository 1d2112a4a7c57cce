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
  /** The members', for the annotations by which a platform knows a pod. */
  readonly serviceAccount: pulumi.Output<string>;
  /** Of the program that reads stores of backups. */
  readonly backupCode?: pulumi.Output<string>;
}

/**
 * The pod that makes the declared generation's data, one Job a generation, and the Service by which the members' gates
 * reach it. It touches no member: the controller tells the gates what to send or to fetch. Once it was there it is not
 * changed any more: what it makes, it makes once.
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
        // It takes a survivor's data long before it is ready.
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
        // The wait is on the status, which knows what it is good for.
        annotations: { "pulumi.com/skipAwait": "true" },
      }),
      spec: {
        // Each try is a pod of its own, with an empty scratch volume.
        backoffLimit: 30,
        // Not only once the last one has failed: one on a node that has just died is never seen to. That leaves no
        // podFailurePolicy, so that a pod which was refused is tried again; the controller takes no notice of what that one finds.
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
            // Whoever may write backups may read them.
            serviceAccount: spec.args.backup ? pulumi.output(names.backup) : parts.serviceAccount,
          }),
        },
      },
    },
    { ...ctx.opts, ignoreChanges: ["spec"], dependsOn: [...dependsOn, ...identity.resources] },
  );
  return [service, job];
}
