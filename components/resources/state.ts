import * as k8s from "@pulumi/kubernetes";
import { objectNames } from "../contract/names";
import type { Context } from "./context";
import { metadataOf, protection } from "./context";

/**
 * The controller's record. The component creates it empty, because RBAC can't limit `create` to a name. Its data is not
 * drift. Without it, the controller would have to learn from the disks what it knew. It is protected and created before
 * everything else, so that an `up` with another cluster name is refused before it creates anything.
 */
export function createRecord(ctx: Context): k8s.core.v1.ConfigMap {
  return new k8s.core.v1.ConfigMap(
    `${ctx.name}-record`,
    { metadata: metadataOf(ctx, objectNames(ctx.spec.name).record) },
    { ...ctx.opts, protect: protection(ctx) },
  );
}

/**
 * The objects that the controller writes besides its record: the status, what all pods agree to trust, its verdict, and
 * the Lease by which only one controller acts. The component creates them empty for the same reason.
 */
export function createState(ctx: Context): {
  status: k8s.core.v1.ConfigMap;
  trust: k8s.core.v1.ConfigMap;
  verdict: k8s.core.v1.ConfigMap;
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
  const verdict = new k8s.core.v1.ConfigMap(
    `${ctx.name}-verdict`,
    { metadata: metadataOf(ctx, names.verdict) },
    ctx.opts,
  );
  return { status, trust, verdict, lease };
}
