import * as k8s from "@pulumi/kubernetes";
import { memberSelector, objectNames } from "../contract/names";
import type { Context } from "./context";
import { metadataOf } from "./context";

/** Lets a drain evict one member at a time. With a single member it blocks nothing. */
export function createDisruptionBudget(ctx: Context): k8s.policy.v1.PodDisruptionBudget {
  return new k8s.policy.v1.PodDisruptionBudget(
    `${ctx.name}-budget`,
    {
      metadata: metadataOf(ctx, objectNames(ctx.spec.name).disruptionBudget),
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: memberSelector(ctx.spec.name) },
        // After a loss of quorum, the remaining members have the data and are not evicted.
        unhealthyPodEvictionPolicy: "IfHealthyBudget",
      },
    },
    ctx.opts,
  );
}
