import * as k8s from "@pulumi/kubernetes";
import { objectNames } from "../spec/names";
import type { Context } from "./context";
import { metadataOf } from "./context";

/**
 * What the controller writes: its record, the status, what all pods agree to trust, and the lease by which only one controller acts. They are made
 * empty here, because a right to create can't be limited to a name; what it fills in is no drift.
 */
export function createState(ctx: Context): {
  status: k8s.core.v1.ConfigMap;
  trust: k8s.core.v1.ConfigMap;
} {
  const names = objectNames(ctx.spec.name);
  new k8s.core.v1.ConfigMap(
    `${ctx.name}-record`,
    { metadata: metadataOf(ctx, names.record) },
    // Without it, the controller would have to find out from the disks what it knew.
    { ...ctx.opts, protect: !ctx.spec.args.allowDataDeletion },
  );
  new k8s.coordination.v1.Lease(
    `${ctx.name}-lease`,
    { metadata: metadataOf(ctx, names.controller) },
    ctx.opts,
  );
  const status = new k8s.core.v1.ConfigMap(
    `${ctx.name}-status`,
    { metadata: metadataOf(ctx, names.status) },
    ctx.opts,
  );
  const trust = new k8s.core.v1.ConfigMap(
    `${ctx.name}-trust`,
    { metadata: metadataOf(ctx, names.trust) },
    ctx.opts,
  );
  return { status, trust };
}
