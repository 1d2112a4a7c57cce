/** What the controller says of a declaration, in its status. */
export type Said =
  | { readonly kind: "reached" }
  | { readonly kind: "waits"; readonly reason: string }
  /** As the cluster is, what is declared can't be: waiting won't help. */
  | { readonly kind: "refused"; readonly reason: string };

/** `hash`: of the declaration, as it stands on the StatefulSet. `status`: the data of the status. */
export function said(hash: string, status: Readonly<Record<string, string>> | undefined): Said {
  if (status?.converged === hash) {
    return { kind: "reached" };
  }
  if (status?.declared === hash && status.refused) {
    return { kind: "refused", reason: status.refused };
  }
  return { kind: "waits", reason: status?.converged || "the controller has not said anything yet" };
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

/** Whether the one that speaks is the declared controller: an older one may refuse what the next knows how to do. */
export function isExchanged({ metadata, status }: DeploymentObject): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    status?.replicas === 1 &&
    status.updatedReplicas === 1 &&
    status.readyReplicas === 1
  );
}
