import * as k8s from "@pulumi/kubernetes";
import { objectNames } from "../contract/names";
import type { Context } from "./context";
import { metadataOf } from "./context";

/** The members' ServiceAccount. Their pods mount no token. */
export function createServiceAccount(ctx: Context): k8s.core.v1.ServiceAccount {
  return new k8s.core.v1.ServiceAccount(
    `${ctx.name}-account`,
    {
      metadata: metadataOf(ctx, objectNames(ctx.spec.name).serviceAccount, {
        annotations: ctx.spec.args.serviceAccountAnnotations,
      }),
      automountServiceAccountToken: false,
    },
    ctx.opts,
  );
}
