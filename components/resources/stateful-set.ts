import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { VolumeRetention } from "../args";
import { desiredState } from "../config/desired";
import { annotationKeys, commonLabels, dataVolume, memberSelector, objectNames } from "../contract/names";
import type { Context } from "./context";
import { metadataOf } from "./context";
import type { Declaration } from "./declaration";
import { createDeclaration } from "./declaration";
import { hashOf } from "./hash";
import type { PodParts } from "./pod";
import { memberPodTemplate } from "./pod";

export interface Members {
  readonly statefulSet: k8s.apps.v1.StatefulSet;
  /** Of everything declared, the pod template included: what the controller shows once the cluster is like that. */
  readonly hash: pulumi.Output<string>;
  readonly declaration: Declaration;
}

/**
 * The members. Protected unless the data may go: a replacement would stop all of them at once.
 *
 * `OnDelete`, because the controller chooses which pod is next and when, by the health of the others; `Parallel`,
 * because none can be ready before a quorum has started. The number of pods is the controller's after the creation, and
 * so are the claims' sizes: a changed claim template would make the provider replace the StatefulSet.
 */
export function createMembers(ctx: Context, parts: PodParts, dependsOn: pulumi.Resource[]): Members {
  const { spec } = ctx;
  const { storage = {} } = spec.args;
  const names = objectNames(spec.name);
  const template = memberPodTemplate(ctx, parts);
  const declared = pulumi
    .all([ctx.namespace, pulumi.output(template)])
    .apply(([namespace, plainTemplate]) => {
      const desired = desiredState(spec, namespace);
      const hash = hashOf([desired, plainTemplate]);
      return { hash, annotation: JSON.stringify({ ...desired, hash }) };
    });
  const declaration = createDeclaration(ctx, "members", declared.hash);
  const statefulSet = new k8s.apps.v1.StatefulSet(
    `${ctx.name}-members`,
    {
      metadata: metadataOf(ctx, names.statefulSet, {
        annotations: {
          [annotationKeys.desired]: declared.annotation,
          ...declaration.annotation,
          // The wait is on the status, which knows more than the StatefulSet does.
          "pulumi.com/skipAwait": "true",
        },
      }),
      spec: {
        serviceName: names.headlessService,
        replicas: spec.members,
        selector: { matchLabels: memberSelector(spec.name) },
        podManagementPolicy: "Parallel",
        updateStrategy: { type: "OnDelete" },
        persistentVolumeClaimRetentionPolicy: {
          whenScaled: "Retain",
          whenDeleted: storage.onDestroy ?? VolumeRetention.Retain,
        },
        template,
        volumeClaimTemplates: [
          {
            metadata: {
              name: dataVolume,
              labels: { ...storage.metadata?.labels, ...commonLabels(spec.name) },
              annotations: storage.metadata?.annotations,
            },
            spec: {
              accessModes: ["ReadWriteOnce"],
              storageClassName: storage.storageClass,
              resources: { requests: { storage: spec.storageSize } },
            },
          },
        ],
      },
    },
    {
      ...ctx.opts,
      protect: !spec.args.allowDataDeletion,
      ignoreChanges: ["spec.replicas", "spec.volumeClaimTemplates"],
      dependsOn,
    },
  );
  return { statefulSet, hash: declared.hash, declaration };
}
