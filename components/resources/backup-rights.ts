import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Backup } from "../args";
import { claimNames } from "../config/jobs";
import { objectNames } from "../contract/names";
import type { Context } from "./context";
import { metadataOf, protection } from "./context";

/**
 * The jobs' rights in Kubernetes: read and write the ConfigMap with the status of backups, read the members' claims,
 * and create events. The component creates the ConfigMap empty, because RBAC can't limit `create` to a name. Its data
 * is not drift.
 */
export function createBackupRights(
  ctx: Context,
  backup: Backup,
): { serviceAccount: k8s.core.v1.ServiceAccount; resources: pulumi.Resource[] } {
  const names = objectNames(ctx.spec.name);
  const status = new k8s.core.v1.ConfigMap(
    `${ctx.name}-backups`,
    { metadata: metadataOf(ctx, names.backups) },
    ctx.opts,
  );
  const serviceAccount = new k8s.core.v1.ServiceAccount(
    `${ctx.name}-backup-account`,
    {
      metadata: metadataOf(ctx, names.backup, { annotations: backup.serviceAccountAnnotations }),
      automountServiceAccountToken: false,
    },
    ctx.opts,
  );
  const role = new k8s.rbac.v1.Role(
    `${ctx.name}-backup-role`,
    {
      metadata: metadataOf(ctx, names.backup),
      rules: [
        {
          apiGroups: [""],
          resources: ["configmaps"],
          resourceNames: [names.backups],
          verbs: ["get", "patch"],
        },
        {
          apiGroups: [""],
          resources: ["persistentvolumeclaims"],
          resourceNames: [...claimNames(ctx.spec)],
          verbs: ["get"],
        },
        { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create"] },
      ],
    },
    ctx.opts,
  );
  const binding = new k8s.rbac.v1.RoleBinding(
    `${ctx.name}-backup-binding`,
    {
      metadata: metadataOf(ctx, names.backup),
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: serviceAccount.metadata.name, namespace: ctx.namespace }],
    },
    ctx.opts,
  );
  return { serviceAccount, resources: [status, binding] };
}

/** The claim for backups, if the component creates it. It outlives the cluster. */
export function createBackupClaim(ctx: Context, backup: Backup): pulumi.Resource[] {
  const { size, storageClass } = backup.claim ?? {};
  if (size === undefined) {
    return [];
  }
  return [
    new k8s.core.v1.PersistentVolumeClaim(
      `${ctx.name}-backups-claim`,
      {
        metadata: metadataOf(ctx, objectNames(ctx.spec.name).backups, {
          // Many StorageClasses bind a claim only when a pod uses it, and the first backup's pod is the first.
          annotations: { "pulumi.com/skipAwait": "true" },
        }),
        spec: {
          accessModes: ["ReadWriteOnce"],
          storageClassName: storageClass,
          resources: { requests: { storage: size } },
        },
      },
      { ...ctx.opts, protect: protection(ctx) },
    ),
  ];
}
