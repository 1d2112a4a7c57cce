import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { annotationKeys, objectNames } from "../spec/names";
import type { Context } from "./context";

/**
 * The end of `pulumi up`: waits until the controller says that the cluster is as declared, and shows what it waits for
 * meanwhile. A patch of the status, so that a wait that was cut short is simply made again.
 */
export function awaitConvergence(
  ctx: Context,
  hash: pulumi.Output<string>,
  dependsOn: pulumi.Resource[],
): k8s.core.v1.ConfigMapPatch {
  return new k8s.core.v1.ConfigMapPatch(
    `${ctx.name}-converged`,
    {
      metadata: {
        name: objectNames(ctx.spec.name).status,
        namespace: ctx.namespace,
        annotations: {
          [annotationKeys.wanted]: hash,
          "pulumi.com/waitFor": pulumi.interpolate`jsonpath={.data.converged}=${hash}`,
          "pulumi.com/timeoutSeconds": String(ctx.spec.waitSeconds),
          "pulumi.com/patchForce": "true",
        },
      },
    },
    { ...ctx.opts, dependsOn },
  );
}
