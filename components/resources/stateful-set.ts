import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { VolumeRetention } from "../args";
import { commonLabels, memberSelector, objectNames } from "../spec/names";
import type { Context } from "./context";
import { metadataOf } from "./context";
import type { PodParts } from "./pod";
import { dataVolume, memberPodTemplate } from "./pod";

/**
 * The members. `Parallel`, since none can be ready before a quorum has started. Protected unless the data may go: a
 * replacement would stop all members at once.
 */
export function createStatefulSet(
  ctx: Context,
  parts: PodParts,
  dependsOn: pulumi.Resource[],
): k8s.apps.v1.StatefulSet {
  const { spec } = ctx;
  const { storage = {} } = spec.args;
  const names = objectNames(spec.name);
  return new k8s.apps.v1.StatefulSet(
    `${ctx.name}-members`,
    {
      metadata: metadataOf(ctx, names.statefulSet),
      spec: {
        serviceName: names.headlessService,
        replicas: spec.members,
        selector: { matchLabels: memberSelector(spec.name) },
        podManagementPolicy: "Parallel",
        updateStrategy: { type: "RollingUpdate" },
        persistentVolumeClaimRetentionPolicy: {
          whenScaled: "Retain",
          whenDeleted: storage.onDestroy ?? VolumeRetention.Retain,
        },
        template: memberPodTemplate(ctx, parts),
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
    { ...ctx.opts, protect: !spec.args.allowDataDeletion, dependsOn },
  );
}
