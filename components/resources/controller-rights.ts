import * as k8s from "@pulumi/kubernetes";
import { maxMembers, objectNames } from "../contract/names";
import type { Context } from "./context";
import { metadataOf } from "./context";

/**
 * The controller's rights in Kubernetes: read pods and claims, scale one StatefulSet, evict and delete its members'
 * pods, expand and delete their claims, write its own record, status, trust, verdict and Lease, read the status of
 * backups, and create events. It can't create or change a workload, so it can't get at the namespace's other Secrets
 * by one.
 */
export function createControllerRights(ctx: Context): {
  serviceAccount: k8s.core.v1.ServiceAccount;
  binding: k8s.rbac.v1.RoleBinding;
} {
  const names = objectNames(ctx.spec.name);
  const ordinals = Array.from({ length: maxMembers }, (_, ordinal) => ordinal);
  const pods = ordinals.map(names.pod);
  const claims = ordinals.map((ordinal) => `${names.claimPrefix}${ordinal}`);
  const serviceAccount = new k8s.core.v1.ServiceAccount(
    `${ctx.name}-controller-account`,
    { metadata: metadataOf(ctx, names.controller), automountServiceAccountToken: false },
    ctx.opts,
  );
  const role = new k8s.rbac.v1.Role(
    `${ctx.name}-controller-role`,
    {
      metadata: metadataOf(ctx, names.controller),
      rules: [
        { apiGroups: [""], resources: ["pods", "persistentvolumeclaims"], verbs: ["list", "watch"] },
        { apiGroups: [""], resources: ["pods"], resourceNames: pods, verbs: ["delete"] },
        { apiGroups: [""], resources: ["pods/eviction"], resourceNames: pods, verbs: ["create"] },
        {
          apiGroups: [""],
          resources: ["persistentvolumeclaims"],
          resourceNames: claims,
          verbs: ["patch", "delete"],
        },
        {
          apiGroups: ["apps"],
          resources: ["statefulsets"],
          resourceNames: [names.statefulSet],
          verbs: ["get", "watch"],
        },
        {
          apiGroups: ["apps"],
          resources: ["statefulsets/scale"],
          resourceNames: [names.statefulSet],
          verbs: ["patch"],
        },
        {
          apiGroups: [""],
          resources: ["configmaps"],
          resourceNames: [names.record],
          verbs: ["get", "patch"],
        },
        {
          apiGroups: [""],
          resources: ["configmaps"],
          resourceNames: [names.status, names.trust, names.verdict],
          verbs: ["patch"],
        },
        {
          apiGroups: ["coordination.k8s.io"],
          resources: ["leases"],
          resourceNames: [names.controller],
          verbs: ["get", "patch"],
        },
        ...(ctx.spec.args.backup
          ? [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [names.backups], verbs: ["get"] }]
          : []),
        { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create"] },
      ],
    },
    ctx.opts,
  );
  const binding = new k8s.rbac.v1.RoleBinding(
    `${ctx.name}-controller-binding`,
    {
      metadata: metadataOf(ctx, names.controller),
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: serviceAccount.metadata.name, namespace: ctx.namespace }],
    },
    ctx.opts,
  );
  return { serviceAccount, binding };
}
