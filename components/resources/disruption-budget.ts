import * as k8s from "@pulumi/kubernetes";
import { memberSelector, objectNames } from "../contract/names";
import type { Context } from "./context";
import { metadataOf } from "./context";

/** Lets a drain take one member at a time. With a single member it blocks nothing: there is no other to keep. */
export function createDisruptionBudget(ctx: Context): k8s.policy.v1.PodDisruptionBudget {
  return new k8s.policy.v1.PodDisruptionBudget(
    `${ctx.name}-budget`,
    {
      metadata: metadataOf(ctx, objectNames(ctx.spec.name).disruptionBudget),
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: memberSelector(ctx.spec.name) },
        // Where quorum is lost the members that are left hold the data: they stay where they are.
        unhealthyPodEvictionPolicy: "IfHealthyBudget",
      },
    },
    ctx.opts,
  );
}
