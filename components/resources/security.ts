import type * as k8s from "@pulumi/kubernetes";
import { defaults } from "../config/defaults";
import type { Context } from "./context";

/** The security contexts: the Pod Security Standard `restricted`, and a read-only root file system. */

export function podSecurity(ctx: Context): k8s.types.input.core.v1.PodSecurityContext {
  const { security = {} } = ctx.spec.args;
  const user = security.runAsUser ?? defaults.runAsUser;
  // The group follows the user: with `OnRootMismatch`, Kubernetes gives existing files to the group only if the group
  // changes. `Always` would read the whole disk before the gate can report that it is broken.
  const group = security.runAsGroup ?? user;
  return {
    runAsNonRoot: true,
    ...(security.platformAssignsIds ? {} : { runAsUser: user, runAsGroup: group, fsGroup: group }),
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

export const containerSecurity: k8s.types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
