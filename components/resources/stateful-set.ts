import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { VolumeRetention } from "../args";
import { desiredState } from "../config/desired";
import { annotationKeys, commonLabels, dataVolume, memberSelector, objectNames } from "../contract/names";
import type { Context } from "./context";
import { metadataOf, protection } from "./context";
import type { Declaration } from "./declaration";
import { createDeclaration } from "./declaration";
import type { EffectHooks } from "./effects";
import { hashOf } from "./hash";
import type { PodParts } from "./pod";
import { memberPodTemplate } from "./pod";

export interface Members {
  readonly statefulSet: k8s.apps.v1.StatefulSet;
  /** Hash of the declared state and the pod template. The controller reports it once the cluster is as declared. */
  readonly hash: pulumi.Output<string>;
  readonly declaration: Declaration;
  /** The annotation that holds the declared state. */
  readonly desired: pulumi.Output<string>;
}

/**
 * The members. The StatefulSet is protected unless `allowDataDeletion` is true, because a replacement would stop all
 * members at once.
 *
 * `OnDelete`, because the controller decides which pod restarts next, and when. `Parallel`, because no pod can be ready
 * before a quorum has started. After its creation, the controller sets the number of pods and expands the claims: the
 * provider would replace the StatefulSet for a changed claim template.
 */
export function createMembers(
  ctx: Context,
  parts: PodParts,
  effects: EffectHooks,
  dependsOn: pulumi.Resource[],
): Members {
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
          // `pulumi up` waits for the status, which knows more than the StatefulSet.
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
      ...effects.members,
      protect: protection(ctx),
      ignoreChanges: ["spec.replicas", "spec.volumeClaimTemplates"],
      dependsOn,
    },
  );
  return { statefulSet, hash: declared.hash, declaration, desired: declared.annotation };
}
