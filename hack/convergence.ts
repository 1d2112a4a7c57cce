/** Whether the cluster is as declared, by the controller's status. */
export type Convergence =
  | { readonly kind: "reached" }
  | { readonly kind: "waits"; readonly reason: string }
  /** The controller refuses the declared state, so waiting doesn't help. */
  | { readonly kind: "refused"; readonly reason: string };

/** `hash` is that of the declared state, from the StatefulSet. `status` is the data of the status ConfigMap. */
export function convergenceOf(
  hash: string,
  status: Readonly<Record<string, string>> | undefined,
): Convergence {
  if (status?.converged === hash) {
    return { kind: "reached" };
  }
  if (status?.declared === hash && status.refused) {
    return { kind: "refused", reason: status.refused };
  }
  return { kind: "waits", reason: status?.converged || "the controller has not reported anything yet" };
}

export interface DeploymentObject {
  readonly metadata: { readonly generation?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
  };
}

/** Whether the declared controller runs, and no older one, which may refuse what the declared one accepts. */
export function isRolledOut({ metadata, status }: DeploymentObject): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    status?.replicas === 1 &&
    status.updatedReplicas === 1 &&
    status.readyReplicas === 1
  );
}
