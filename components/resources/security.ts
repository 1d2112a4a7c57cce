import type * as k8s from "@pulumi/kubernetes";
import { defaults } from "../config/defaults";
import type { Context } from "./context";

/** What the Pod Security Standard `restricted` asks for, and a read-only root file system. */

export function podSecurity(ctx: Context): k8s.types.input.core.v1.PodSecurityContext {
  const { security = {} } = ctx.spec.args;
  const user = security.runAsUser ?? defaults.runAsUser;
  // Another user alone is another group too: only by that does Kubernetes, with the policy below, give the files of the
  // user before to the group. `Always` would read all of a disk before the gate can tell that it is broken.
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
