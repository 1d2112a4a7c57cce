import * as k8s from "@pulumi/kubernetes";
import { objectNames } from "../contract/names";
import type { Context } from "./context";
import { metadataOf } from "./context";

/**
 * The controller's memory, made empty here, because a right to create can't be limited to a name; what the controller
 * fills in is no drift. Without it, the controller would have to find out from the disks what it knew. Protected, and
 * made before everything else: another name of the cluster is refused here, before anything is made under that name.
 */
export function createRecord(ctx: Context): k8s.core.v1.ConfigMap {
  return new k8s.core.v1.ConfigMap(
    `${ctx.name}-record`,
    { metadata: metadataOf(ctx, objectNames(ctx.spec.name).record) },
    { ...ctx.opts, protect: !ctx.spec.args.allowDataDeletion },
  );
}

/**
 * What the controller writes beside its record: the status, what all pods agree to trust, and the lease by which only
 * one controller acts. Made empty here for the same reason.
 */
export function createState(ctx: Context): {
  status: k8s.core.v1.ConfigMap;
  trust: k8s.core.v1.ConfigMap;
  lease: k8s.coordination.v1.Lease;
} {
  const names = objectNames(ctx.spec.name);
  const lease = new k8s.coordination.v1.Lease(
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
  return { status, trust, lease };
}
