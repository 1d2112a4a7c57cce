import * as k8s from "@pulumi/kubernetes";
import { commonLabels } from "../contract/names";
import type { Context } from "./context";
import { protection } from "./context";

/** The cluster's namespace, which enforces the Pod Security Standard `restricted`. */
export function createNamespace(ctx: Context): k8s.core.v1.Namespace {
  const { spec } = ctx;
  const level = "restricted";
  return new k8s.core.v1.Namespace(
    `${ctx.name}-namespace`,
    {
      metadata: {
        name: ctx.namespace,
        annotations: spec.args.metadata?.annotations,
        labels: {
          ...spec.args.metadata?.labels,
          ...commonLabels(spec.name),
          "pod-security.kubernetes.io/enforce": level,
          "pod-security.kubernetes.io/audit": level,
          "pod-security.kubernetes.io/warn": level,
        },
      },
    },
    { ...ctx.opts, protect: protection(ctx) },
  );
}
